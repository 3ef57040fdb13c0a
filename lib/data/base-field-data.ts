import type { Data, DataType } from 'apache-arrow'
import type { FieldSchema } from '../schema/index.js'
import { bytesForBits } from './bits.js'
import { readColumnInput } from './column-input.js'
import { badColumn, badValue } from './data-error.js'
import type { ColumnInput, FieldData, Serialize, TypedValues } from './field-data.js'
import { Validity } from './validity.js'

/**
 * What every column has: validity, the ways in, and errors that name field and row.
 *
 * Layouts store values only; a null is stored as whatever is empty in the layout.
 */
export abstract class BaseFieldData implements FieldData {
  readonly field: FieldSchema
  /** Arrow type of `toArrow`. */
  protected readonly type: DataType
  protected readonly validity = new Validity()

  constructor(field: FieldSchema, type: DataType) {
    this.field = field
    this.type = type
  }

  get length(): number {
    return this.validity.length
  }

  get nullCount(): number {
    return this.validity.nullCount
  }

  get valueBytes(): number {
    return 0
  }

  abstract memorySize(): number
  abstract toArrow(): Data

  protected abstract makeRoom(rows: number, bytes: number): void
  /** Store one value; nothing is stored when it throws. */
  protected abstract store(value: unknown): void
  protected abstract storeNull(): void
  protected abstract load(row: number): unknown
  /** Store a flat column; the number of its rows. */
  protected abstract storeTyped(values: TypedValues, validity: Uint8Array | null): number
  protected abstract storeArrow(data: Data): void
  protected abstract cut(rows: number): void

  /** Store variable-length bytes; only layouts that have such values take them. */
  protected storeBytes(
    _offsets: Int32Array,
    _bytes: Uint8Array,
    _validity: Uint8Array | null,
  ): number {
    throw badColumn(this.field.name, 'values of fixed width', 'offsets and bytes', 'TypeMismatch')
  }

  isNull(row: number): boolean {
    return this.validity.isNull(row)
  }

  get(row: number): unknown {
    if (!Number.isInteger(row) || row < 0 || row >= this.length) return undefined
    return this.isNull(row) ? null : this.load(row)
  }

  append(value: unknown): void {
    this.store(value)
    this.validity.appendValid(1)
  }

  appendNull(): void {
    if (!this.field.nullable) throw this.nullError(this.length)
    this.storeNull()
    this.validity.appendNull()
  }

  appendColumn(input: ColumnInput, serialize: Serialize = appendValue): void {
    const column = readColumnInput(this.field.name, input)
    switch (column.kind) {
      case 'rows':
        for (const value of column.rows) serialize(this, value)
        break
      case 'arrow':
        for (const chunk of column.chunks) this.#appendArrow(chunk)
        break
      case 'typed': {
        const rows = this.storeTyped(column.values, column.validity)
        this.#appendValidity(column.validity, 0, rows)
        break
      }
      case 'bytes': {
        const rows = this.storeBytes(column.offsets, column.bytes, column.validity)
        this.#appendValidity(column.validity, 0, rows)
      }
    }
  }

  reserve(rows: number, bytes: number): void {
    this.validity.reserve(rows)
    this.makeRoom(rows, bytes)
  }

  truncate(rows: number): void {
    if (rows > this.length) return
    this.cut(rows)
    this.validity.truncate(rows)
  }

  /** Bytes that Milvus counts beside the values: a bool per row where nullable, and the flag. */
  protected get flagBytes(): number {
    return (this.field.nullable ? this.length : 0) + 1
  }

  protected nullError(row: number): Error {
    return badValue(
      this.field.name,
      row,
      'a value (the field is not nullable)',
      null,
      'InvalidData',
    )
  }

  /** What `makeData` wants to know about nulls. */
  protected nulls(): { nullCount: number; nullBitmap: Uint8Array | null } {
    return { nullCount: this.nullCount, nullBitmap: this.validity.bitmap() }
  }

  #appendArrow(data: Data): void {
    this.storeArrow(data)
    const bitmap = data.nullCount > 0 ? data.nullBitmap : null
    this.#appendValidity(bitmap, data.offset, data.length)
  }

  #appendValidity(bitmap: Uint8Array | null, start: number, rows: number): void {
    if (bitmap === null) {
      this.validity.appendValid(rows)
      return
    }
    if (bitmap.length < bytesForBits(start + rows)) {
      const needed = bytesForBits(start + rows)
      throw badColumn(this.field.name, `${needed} bytes of validity`, String(bitmap.length))
    }
    const before = this.length
    this.validity.appendBitmap(bitmap, start, rows)
    if (this.field.nullable || this.nullCount === 0) return
    let row = before
    while (!this.isNull(row)) row++
    throw this.nullError(row)
  }
}

/** A value, or a null for null and undefined. */
export function appendValue(column: FieldData, value: unknown): void {
  if (value === null || value === undefined) column.appendNull()
  else column.append(value)
}
