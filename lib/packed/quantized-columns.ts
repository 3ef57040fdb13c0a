import type { Field } from 'apache-arrow'
import {
  expectId,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectText,
  unexpected,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'
import {
  elementOf,
  type IdentifiedSchema,
  isFixedSizeBinary,
  LARGEST_FIELD_ID,
} from '../schema/index.js'
import { type QuantizedField, stringifyQuantization } from './quantization.js'

const KEYS = [
  'fieldId',
  'name',
  'source',
  'dim',
  'bits',
  'scale',
  'scaleFieldId',
  'scaleValue',
  'maxAbs',
  'maxError',
] as const
const MOST_DIM = 2 ** 29 - 1

/**
 * Check the option `quantized` of a writer: columns of the schema that are codes already. Names are
 * those of the schema.
 *
 * @returns the value of the footer key; `''` without any.
 * @throws PackedError InvalidArgument; InvalidSchema (no such column), TypeMismatch naming the field.
 */
export function describeQuantized(stored: IdentifiedSchema, value: unknown): string {
  if (value === undefined) return ''
  if (!Array.isArray(value)) throw unexpected('an array of QuantizedField', 'quantized', value)
  if (value.length === 0) return ''
  const fields = value.map((one, index) => describeOne(stored, one, `quantized[${index}]`))
  const repeated = fields.find(({ fieldId }, index) =>
    fields.slice(0, index).some((other) => other.fieldId === fieldId),
  )
  if (repeated !== undefined) throw unexpected('every field once', 'quantized', repeated.fieldId)
  return stringifyQuantization(fields)
}

function describeOne(stored: IdentifiedSchema, value: unknown, where: string): QuantizedField {
  const given = expectObject(value, where)
  expectKnownKeys(given, KEYS, where)
  const source = expectObject(given.source, `${where}.source`)
  if (given.bits !== 8) throw unexpected('8', `${where}.bits`, given.bits)
  const fieldId = expectFieldId(given.fieldId, `${where}.fieldId`)
  const dim = expectInteger(given.dim, `${where}.dim`, { min: 1, max: MOST_DIM })
  const codes = columnOf(stored, fieldId, `${where}.fieldId`)
  if (!isFixedSizeBinary(codes.type) || codes.type.byteWidth !== dim) {
    throw mismatch(`codes of ${dim} numbers (FixedSizeBinary[${dim}])`, where, codes)
  }
  return {
    fieldId,
    name: codes.name,
    source: {
      fieldId: expectFieldId(source.fieldId, `${where}.source.fieldId`),
      name: expectText(source.name, `${where}.source.name`),
    },
    dim,
    bits: 8,
    ...scaleOf(stored, given, where),
    maxError: expectMagnitude(given.maxError, `${where}.maxError`),
  }
}

function scaleOf(
  stored: IdentifiedSchema,
  given: Record<string, unknown>,
  where: string,
): Pick<QuantizedField, 'scale' | 'scaleFieldId' | 'scaleValue' | 'maxAbs'> {
  const scale = expectOneOf(given.scale, `${where}.scale`, ['vector', 'segment'])
  if (scale === 'segment') {
    const scaleValue = expectMagnitude(given.scaleValue, `${where}.scaleValue`)
    return { scale, scaleValue, maxAbs: expectMagnitude(given.maxAbs, `${where}.maxAbs`) }
  }
  const scaleFieldId = expectFieldId(given.scaleFieldId, `${where}.scaleFieldId`)
  const scales = columnOf(stored, scaleFieldId, `${where}.scaleFieldId`)
  if (elementOf(scales.type) !== 'float32') throw mismatch('scales of float32', where, scales)
  return { scale, scaleFieldId }
}

function expectFieldId(value: unknown, name: string): bigint {
  const id = expectId(value, name)
  if (id <= LARGEST_FIELD_ID) return id
  throw unexpected('a number of 31 bits', name, value)
}

/** A number from 0 on that float32 has room for. */
function expectMagnitude(value: unknown, name: string): number {
  const isOne = typeof value === 'number' && value >= 0 && Number.isFinite(Math.fround(value))
  if (isOne) return value
  throw unexpected('a finite number from 0 on', name, value)
}

function columnOf({ schema, ids }: IdentifiedSchema, id: bigint, name: string): Field {
  const column = schema.fields[ids.indexOf(id)]
  if (column !== undefined) return column
  const message = `Expected the id of a field of the schema for ${name} but received ${id}`
  throw new PackedError('InvalidSchema', message)
}

function mismatch(expected: string, where: string, { name, type }: Field): PackedError {
  const message = `Expected ${expected} for ${where} but received ${type} in field "${name}"`
  return new PackedError('TypeMismatch', message, { field: name })
}
