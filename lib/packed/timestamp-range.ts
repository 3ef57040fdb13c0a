import type { Data } from 'apache-arrow'

/** Least and greatest of the timestamps that went by. */
export class TimestampRange {
  #from: bigint | undefined
  #to: bigint | undefined

  get range(): { from: bigint; to: bigint } | undefined {
    if (this.#from === undefined || this.#to === undefined) return undefined
    return { from: this.#from, to: this.#to }
  }

  /** Take in a column of int64; one of another type, or none, adds nothing. */
  add(column: Data | undefined): void {
    const values: unknown = column?.values
    if (column === undefined || !isInt64(values)) return
    const skip = column.nullCount > 0 ? column.nullBitmap : undefined
    for (let row = 0; row < column.length; row++) {
      if (skip !== undefined && !isSet(skip, column.offset + row)) continue
      const value = values[row]!
      if (this.#from === undefined || value < this.#from) this.#from = value
      if (this.#to === undefined || value > this.#to) this.#to = value
    }
  }
}

function isInt64(values: unknown): values is BigInt64Array {
  return Object.prototype.toString.call(values) === '[object BigInt64Array]'
}

function isSet(bitmap: Uint8Array, bit: number): boolean {
  return ((bitmap[bit >> 3]! >> (bit & 7)) & 1) === 1
}
