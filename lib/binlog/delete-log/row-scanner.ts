const encoder = new TextEncoder()
const BEFORE_KEY = encoder.encode('{"pk":')
const BEFORE_TIME = encoder.encode(',"ts":')
const AFTER_INTEGER = encoder.encode(',"pkType":5}')
const AFTER_TEXT = encoder.encode(',"pkType":21}')

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
const ZERO = 0x30
/** Digits of the lower part of a number; the upper one has at most ten. */
const LOW_DIGITS = 9
const MOST_DIGITS = 19
const WORD = 2 ** 32

/**
 * Reads rows exactly as Milvus prints them: `{"pk":1,"ts":2,"pkType":5}` and
 * `{"pk":"a","ts":2,"pkType":21}`. Everything else (other spacing or order, escapes, numbers
 * beyond int64) is left to a JSON parser.
 *
 * 64-bit numbers come as two words: making a bigint of every number took most of the time that
 * reading a delete log takes.
 */
export class RowScanner {
  readonly #bytes: Uint8Array
  readonly #text: Buffer
  /** Of the row scanned last: the low and high word of its time. */
  timeLow = 0
  timeHigh = 0
  /** Of its key, where that is an integer. */
  keyLow = 0
  keyHigh = 0
  /** Its key, where that is text. */
  key: string | undefined
  #low = 0
  #high = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** False for a row that is not of the usual form. */
  scan(start: number, end: number): boolean {
    const keyStart = start + BEFORE_KEY.length
    if (!this.#startsWith(start, end, BEFORE_KEY)) return false
    const isText = this.#bytes[keyStart] === QUOTE
    const keyEnd = isText ? this.#takeText(keyStart + 1, end) : this.#takeInteger(keyStart, end)
    if (keyEnd < 0 || !this.#startsWith(keyEnd, end, BEFORE_TIME)) return false
    if (!isText) {
      this.key = undefined
      this.keyLow = this.#low
      this.keyHigh = this.#high
    }
    const timeEnd = this.#takeInteger(keyEnd + BEFORE_TIME.length, end)
    const tail = isText ? AFTER_TEXT : AFTER_INTEGER
    if (timeEnd + tail.length !== end || !this.#startsWith(timeEnd, end, tail)) return false
    this.timeLow = this.#low
    this.timeHigh = this.#high
    return true
  }

  #startsWith(start: number, end: number, expected: Uint8Array): boolean {
    if (start < 0 || start + expected.length > end) return false
    for (let at = 0; at < expected.length; at += 1) {
      if (this.#bytes[start + at] !== expected[at]) return false
    }
    return true
  }

  /** Offset behind the closing quote; -1 where there is none, or an escape before it. */
  #takeText(start: number, end: number): number {
    let all = 0
    for (let at = start; at < end; at += 1) {
      const byte = this.#bytes[at]!
      if (byte === QUOTE) {
        this.key = this.#text.toString(all < 0x80 ? 'latin1' : 'utf8', start, at)
        return at + 1
      }
      if (byte === BACKSLASH) return -1
      all |= byte
    }
    return -1
  }

  /** Offset behind the number; -1 where there is none, or one that int64 does not hold. */
  #takeInteger(start: number, end: number): number {
    const negative = this.#bytes[start] === MINUS
    const first = negative ? start + 1 : start
    let stop = first
    while (stop < end && this.#bytes[stop]! >= ZERO && this.#bytes[stop]! <= ZERO + 9) stop += 1
    const digits = stop - first
    if (digits < 1 || digits > MOST_DIGITS || (this.#bytes[first] === ZERO && digits > 1)) return -1
    const split = Math.max(first, stop - LOW_DIGITS)
    this.#join(this.#number(first, split), this.#number(split, stop))
    if (this.#high >= WORD / 2) return -1
    if (negative) this.#negate()
    return stop
  }

  #number(start: number, end: number): number {
    let number = 0
    for (let at = start; at < end; at += 1) number = number * 10 + (this.#bytes[at]! - ZERO)
    return number
  }

  /** The words of `upper * 10^9 + lower`, in products that a double holds exactly. */
  #join(upper: number, lower: number): void {
    const rest = upper % 65536
    const product = ((upper - rest) / 65536) * 1e9
    const carried = (product % 65536) * 65536 + rest * 1e9 + lower
    this.#low = carried % WORD
    this.#high = Math.floor(product / 65536) + Math.floor(carried / WORD)
  }

  /** Two's complement. */
  #negate(): void {
    this.#low = this.#low === 0 ? 0 : WORD - this.#low
    this.#high = (this.#low === 0 ? WORD : WORD - 1) - this.#high
  }
}
