import { type Data, Type } from 'apache-arrow'
import { DataType } from '../schema/index.js'
import type { Growable } from './growing-array.js'

/** Arrays that fixed-width columns keep their values in. */
export type NumberArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array

/** A typed array whose elements are written as they come out of {@link FixedWidthKind.convert}. */
export type Slots = Growable<Slots> & { [index: number]: number | bigint }

/** How one fixed-width type is kept. */
export interface FixedWidthKind {
  /** Tag of the typed array that is taken over as it is. */
  readonly tag: string
  readonly widthBytes: number
  /** What a value has to be, as errors say it. */
  readonly expected: string
  allocate(length: number): Slots
  /** The element for a value, undefined for a value that the type cannot hold. */
  convert(value: unknown): number | bigint | undefined
}

function smallInteger(bits: 8 | 16 | 32, array: (length: number) => NumberArray): FixedWidthKind {
  const max = 2 ** (bits - 1) - 1
  const min = -max - 1
  return {
    tag: `Int${bits}Array`,
    widthBytes: bits / 8,
    expected: `an integer of ${bits} bits`,
    allocate: (length) => array(length) as unknown as Slots,
    convert: (value) => {
      const number = typeof value === 'bigint' ? Number(value) : value
      if (typeof number !== 'number' || !Number.isInteger(number)) return undefined
      return number >= min && number <= max ? number : undefined
    },
  }
}

const INT64: FixedWidthKind = {
  tag: 'BigInt64Array',
  widthBytes: 8,
  expected: 'an integer of 64 bits (bigint or safe integer)',
  allocate: (length) => new BigInt64Array(length) as unknown as Slots,
  convert: (value) => {
    if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
    if (typeof value !== 'bigint') return undefined
    return BigInt.asIntN(64, value) === value ? value : undefined
  },
}

const FLOAT: FixedWidthKind = {
  tag: 'Float32Array',
  widthBytes: 4,
  expected: 'a number within float32',
  allocate: (length) => new Float32Array(length) as unknown as Slots,
  convert: (value) => {
    if (typeof value !== 'number') return undefined
    const kept = Math.fround(value)
    return Number.isFinite(kept) || !Number.isFinite(value) ? kept : undefined
  },
}

const DOUBLE: FixedWidthKind = {
  tag: 'Float64Array',
  widthBytes: 8,
  expected: 'a number',
  allocate: (length) => new Float64Array(length) as unknown as Slots,
  convert: (value) => (typeof value === 'number' ? value : undefined),
}

/** Every type that is kept as one number per row. */
export const FIXED_WIDTH_KINDS: ReadonlyMap<DataType, FixedWidthKind> = new Map([
  [DataType.Int8, smallInteger(8, (length) => new Int8Array(length))],
  [DataType.Int16, smallInteger(16, (length) => new Int16Array(length))],
  [DataType.Int32, smallInteger(32, (length) => new Int32Array(length))],
  [DataType.Int64, INT64],
  [DataType.Timestamptz, INT64],
  [DataType.Float, FLOAT],
  [DataType.Double, DOUBLE],
])

/** True for Arrow data of numbers, whatever their width. */
export function isNumeric({ type }: Data): boolean {
  const { typeId, precision } = type as { typeId: Type; precision?: number }
  return typeId === Type.Int || (typeId === Type.Float && precision !== 0)
}
