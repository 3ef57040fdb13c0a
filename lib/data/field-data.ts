import type { Data, Vector } from 'apache-arrow'
import type { FieldSchema } from '../schema/index.js'

/** Variable-length values: value `i` is `bytes[offsets[i] .. offsets[i + 1]]`. */
export interface OffsetsAndBytes {
  /** One more than rows, ascending. */
  offsets: Int32Array
  bytes: Uint8Array
  /** Arrow validity bitmap: bit `i % 8` of byte `i / 8` is 0 for a null row. */
  validity?: Uint8Array | null
}

/** Fixed-width values: numbers, or dense vectors one after the other. */
export type TypedValues =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array

/** Fixed-width values of which some are null; null rows have (ignored) values, too. */
export interface ValuesAndValidity {
  values: TypedValues
  validity?: Uint8Array | null
}

/**
 * A column as it may be given: values one by one (null or undefined for a null), flat typed
 * arrays, variable-length bytes, or Arrow.
 *
 * A typed array of exactly the column's element type is taken over without a copy by an empty
 * column; it must not be changed afterwards.
 */
export type ColumnInput =
  | readonly unknown[]
  | TypedValues
  | ValuesAndValidity
  | OffsetsAndBytes
  | Data
  | Vector

/** Puts one value, null and undefined included, at the end of a column. */
export type Serialize = (column: FieldData, value: unknown) => void

/** The values of one field, growing at the end. Made by `createFieldData`. */
export interface FieldData {
  readonly field: FieldSchema
  /** Rows. */
  readonly length: number
  readonly nullCount: number
  /** Bytes by Milvus's formula for the type (GetMemorySize), which Arrow's buffers differ from. */
  memorySize(): number
  /** Whether a row, counted from 0, has no value. */
  isNull(row: number): boolean
  /** The value as `rowsOf` gives it, null for a null. Bytes and vectors view the column's memory. */
  get(row: number): unknown
  /** Arrow data over the column's memory; it stays valid and unchanged when the column grows. */
  toArrow(): Data
  /**
   * @throws PackedError TypeMismatch or InvalidData naming field and row; nothing is appended then.
   */
  append(value: unknown): void
  /** @throws PackedError InvalidData when the field is not nullable. */
  appendNull(): void
  /**
   * @param serialize for values given one by one; appends the value or a null by default.
   * @throws PackedError as `append`, after which `truncate` is due: some rows may be there.
   */
  appendColumn(input: ColumnInput, serialize?: Serialize): void
  /** Make room at once for so many rows (and bytes of variable length) in all. */
  reserve(rows: number, bytes: number): void
  /** Bytes of values of variable length so far; 0 for fixed width. */
  readonly valueBytes: number
  /** Forget every row from `rows` on. */
  truncate(rows: number): void
}
