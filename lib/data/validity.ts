import { bitAt, bytesForBits, copyBits, countZeros, putBit, setBits } from './bits.js'
import { GrowingArray } from './growing-array.js'

/** Which rows of a column are there; the bitmap exists from the first null on. */
export class Validity {
  #bits: GrowingArray<Uint8Array> | undefined
  #length = 0
  #nullCount = 0
  /** Rows to make room for when the first null comes. */
  #capacity = 0

  get length(): number {
    return this.#length
  }

  get nullCount(): number {
    return this.#nullCount
  }

  isNull(row: number): boolean {
    return this.#bits !== undefined && !bitAt(this.#bits.values, row)
  }

  /** Arrow's validity bitmap over the same memory, null when no row is null. */
  bitmap(): Uint8Array | null {
    if (this.#nullCount === 0) return null
    return this.#bits!.values.subarray(0, bytesForBits(this.#length))
  }

  appendValid(rows: number): void {
    if (this.#bits !== undefined) {
      const end = this.#length + rows
      setBits(this.#reserve(end), this.#length, end)
    }
    this.#length += rows
  }

  appendNull(): void {
    putBit(this.#reserve(this.#length + 1), this.#length, false)
    this.#length++
    this.#nullCount++
  }

  /** Rows by a bitmap of somebody else, from bit `start` on. */
  appendBitmap(bitmap: Uint8Array, start: number, rows: number): void {
    const nulls = countZeros(bitmap, start, start + rows)
    if (nulls === 0) {
      this.appendValid(rows)
      return
    }
    copyBits(this.#reserve(this.#length + rows), this.#length, bitmap, start, rows)
    this.#length += rows
    this.#nullCount += nulls
  }

  reserve(rows: number): void {
    this.#capacity = rows
  }

  truncate(rows: number): void {
    if (rows >= this.#length) return
    if (this.#bits !== undefined) {
      this.#nullCount -= countZeros(this.#bits.values, rows, this.#length)
      if (this.#nullCount === 0) this.#bits = undefined
    }
    this.#length = rows
  }

  /** The bitmap with room for `rows` bits; made here, all valid so far, where there was none. */
  #reserve(rows: number): Uint8Array {
    const wasAbsent = this.#bits === undefined
    this.#bits ??= new GrowingArray<Uint8Array>((length) => new Uint8Array(length))
    if (wasAbsent) this.#bits.reserveExactly(bytesForBits(this.#capacity))
    const missing = bytesForBits(rows) - this.#bits.length
    const bytes = this.#bits.reserve(Math.max(missing, 0))
    if (missing > 0) this.#bits.advance(missing)
    if (wasAbsent) setBits(bytes, 0, this.#length)
    return bytes
  }
}
