import { type Data, makeData, Type } from 'apache-arrow'
import { BaseFieldData } from './base-field-data.js'
import { bitAt, bytesForBits, copyBits, putBit } from './bits.js'
import { typedArrayTag } from './column-input.js'
import { badColumn, badValue } from './data-error.js'
import type { TypedValues } from './field-data.js'
import { GrowingArray } from './growing-array.js'

/** Booleans, one bit per row as Arrow keeps them. */
export class BoolData extends BaseFieldData {
  readonly #bits = new GrowingArray<Uint8Array>((length) => new Uint8Array(length))

  /** Milvus keeps a byte per boolean. */
  memorySize(): number {
    return this.length + this.flagBytes
  }

  toArrow(): Data {
    const data = this.#bits.values.subarray(0, bytesForBits(this.length))
    return makeData({
      type: this.type as never,
      length: this.length,
      data,
      ...this.nulls(),
    }) as Data
  }

  protected makeRoom(rows: number): void {
    this.#bits.reserveExactly(bytesForBits(rows))
  }

  protected store(value: unknown): void {
    if (typeof value !== 'boolean') {
      throw badValue(this.field.name, this.length, 'a boolean', value)
    }
    putBit(this.#room(1), this.length, value)
  }

  protected storeNull(): void {
    putBit(this.#room(1), this.length, false)
  }

  protected load(row: number): boolean {
    return bitAt(this.#bits.values, row)
  }

  /** One byte per row, 0 or 1. */
  protected storeTyped(values: TypedValues, validity: Uint8Array | null): number {
    if (typedArrayTag(values) !== 'Uint8Array') {
      throw badColumn(
        this.field.name,
        'a Uint8Array of 0 and 1',
        typedArrayTag(values),
        'TypeMismatch',
      )
    }
    const bits = this.#room(values.length)
    for (let row = 0; row < values.length; row++) {
      const value = validity === null || bitAt(validity, row) ? values[row] : 0
      if (value !== 0 && value !== 1) {
        throw badValue(this.field.name, this.length + row, '0 or 1', value, 'InvalidData')
      }
      putBit(bits, this.length + row, value === 1)
    }
    return values.length
  }

  protected storeArrow(data: Data): void {
    if (data.type.typeId !== Type.Bool) {
      throw badColumn(this.field.name, String(this.type), String(data.type), 'TypeMismatch')
    }
    copyBits(this.#room(data.length), this.length, data.values, data.offset, data.length)
  }

  protected cut(): void {
    // Bits beyond the last row mean nothing and are written again by what comes next.
  }

  #room(rows: number): Uint8Array {
    const missing = bytesForBits(this.length + rows) - this.#bits.length
    const bytes = this.#bits.reserve(Math.max(missing, 0))
    if (missing > 0) this.#bits.advance(missing)
    return bytes
  }
}
