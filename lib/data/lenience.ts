import { isPackedError, type PackedError } from '../errors/index.js'
import { DataType } from '../schema/index.js'
import { appendValue } from './base-field-data.js'
import type { Serialize } from './field-data.js'

/** A value that became null because its field could not hold it. */
export interface LenientReport {
  /** Name of the field. */
  field: string
  row: number
  value: unknown
  error: PackedError
}

/** Where values that became null are reported. */
export interface Lenience {
  /** Called once for each value that became null. */
  report(report: LenientReport): void
}

const TEXT_TYPES: ReadonlySet<DataType> = new Set([
  DataType.String,
  DataType.VarChar,
  DataType.Text,
])

/**
 * Serialize leniently: an object with a `toString()` of its own becomes that text in a text
 * field, and what a nullable field cannot hold becomes null and is reported. Other fields have
 * no null to fall back to: the error stays.
 */
export function lenientSerialize({ report }: Lenience): Serialize {
  return (column, value) => {
    try {
      appendValue(column, TEXT_TYPES.has(column.field.dataType) ? ownText(value) : value)
    } catch (error) {
      if (!column.field.nullable || !isPackedError(error)) throw error
      const row = column.length
      column.appendNull()
      report({ field: column.field.name, row, value, error })
    }
  }
}

/** The text of an object that says how it reads; anything else as it is. */
function ownText(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const object = value as { toString?: unknown }
  const speaks = typeof object.toString === 'function'
  return speaks && object.toString !== Object.prototype.toString ? String(object) : value
}
