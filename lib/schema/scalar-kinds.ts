import { PackedError } from '../errors/index.js'
import { DataType, dataTypeName } from './data-type.js'

/** One element of an Array value. */
export type ScalarValue = boolean | number | bigint | string

/** How the elements of a `schemapb.ScalarField` are stored. */
export type ScalarKind = 'bool' | 'varint' | 'float' | 'double' | 'string'

/** The place and form of one element type in a `schemapb.ScalarField`. */
export interface ScalarSlot {
  /** Field number in the message. */
  number: number
  kind: ScalarKind
  /** Bits of an integer. */
  bits: number
}

const SLOTS: ReadonlyMap<DataType, ScalarSlot> = new Map<DataType, ScalarSlot>([
  [DataType.Bool, { number: 1, kind: 'bool', bits: 1 }],
  [DataType.Int8, { number: 2, kind: 'varint', bits: 8 }],
  [DataType.Int16, { number: 2, kind: 'varint', bits: 16 }],
  [DataType.Int32, { number: 2, kind: 'varint', bits: 32 }],
  [DataType.Int64, { number: 3, kind: 'varint', bits: 64 }],
  [DataType.Float, { number: 4, kind: 'float', bits: 0 }],
  [DataType.Double, { number: 5, kind: 'double', bits: 0 }],
  [DataType.String, { number: 6, kind: 'string', bits: 0 }],
  [DataType.VarChar, { number: 6, kind: 'string', bits: 0 }],
  [DataType.Timestamptz, { number: 11, kind: 'varint', bits: 64 }],
])

/** `valid_data` of a `schemapb.ScalarField`. */
export const VALID_DATA_NUMBER = 17

/**
 * Where the elements of a type are stored.
 *
 * @throws PackedError UnsupportedType for what no Array holds.
 */
export function scalarSlotOf(elementType: DataType): ScalarSlot {
  const slot = SLOTS.get(elementType)
  if (slot !== undefined) return slot
  throw new PackedError(
    'UnsupportedType',
    `Expected a scalar element type for an Array but received ${dataTypeName(elementType)}`,
  )
}
