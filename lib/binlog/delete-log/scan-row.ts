import type { DeleteRow } from './parse-rows.js'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const BEFORE_KEY = encoder.encode('{"pk":')
const BEFORE_TIME = encoder.encode(',"ts":')
const BEFORE_INTEGER_END = encoder.encode(',"pkType":5}')
const BEFORE_TEXT_END = encoder.encode(',"pkType":21}')

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
const ZERO = 0x30
/** Decimal digits that a double holds whatever they are. */
const EXACT_DIGITS = 15

/**
 * Scan `{"pk":1,"ts":2,"pkType":5}` or `{"pk":"a","ts":2,"pkType":21}` exactly as Milvus prints
 * it; undefined for everything else (other spacing or order, escapes, more digits than 64 bits
 * have), which a JSON parser has to look at.
 */
export function scanRow(bytes: Uint8Array, start: number, end: number): DeleteRow | undefined {
  if (!startsWith(bytes, start, end, BEFORE_KEY)) return undefined
  const keyStart = start + BEFORE_KEY.length
  const isText = bytes[keyStart] === QUOTE
  const keyEnd = isText ? endOfText(bytes, keyStart + 1, end) : endOfDigits(bytes, keyStart, end)
  const tail = isText ? BEFORE_TEXT_END : BEFORE_INTEGER_END
  if (!startsWith(bytes, keyEnd, end, BEFORE_TIME)) return undefined
  const timeStart = keyEnd + BEFORE_TIME.length
  const timeEnd = endOfDigits(bytes, timeStart, end)
  if (timeEnd + tail.length !== end || !startsWith(bytes, timeEnd, end, tail)) return undefined
  const timestamp = integerIn(bytes, timeStart, timeEnd)
  const key = isText
    ? decoder.decode(bytes.subarray(keyStart + 1, keyEnd - 1))
    : integerIn(bytes, keyStart, keyEnd)
  return key === undefined || timestamp === undefined ? undefined : { key, timestamp }
}

function startsWith(bytes: Uint8Array, start: number, end: number, expected: Uint8Array): boolean {
  if (start < 0 || start + expected.length > end) return false
  for (let at = 0; at < expected.length; at += 1) {
    if (bytes[start + at] !== expected[at]) return false
  }
  return true
}

/** Offset behind the closing quote; -1 where there is none, or an escape before it. */
function endOfText(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at += 1) {
    if (bytes[at] === QUOTE) return at + 1
    if (bytes[at] === BACKSLASH) return -1
  }
  return -1
}

function endOfDigits(bytes: Uint8Array, start: number, end: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start
  while (at < end && bytes[at]! >= ZERO && bytes[at]! <= ZERO + 9) at += 1
  return at
}

/** Two doubles hold up to 30 digits; JSON has neither leading zeros nor an empty number. */
function integerIn(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  const negative = bytes[start] === MINUS
  const first = negative ? start + 1 : start
  const digits = end - first
  if (digits < 1 || digits > 20 || (bytes[first] === ZERO && digits > 1)) return undefined
  const split = Math.max(first, end - EXACT_DIGITS)
  const low = BigInt(digitsIn(bytes, split, end))
  const magnitude = split === first ? low : BigInt(digitsIn(bytes, first, split)) * 10n ** 15n + low
  return negative ? -magnitude : magnitude
}

function digitsIn(bytes: Uint8Array, start: number, end: number): number {
  let number = 0
  for (let at = start; at < end; at += 1) number = number * 10 + (bytes[at]! - ZERO)
  return number
}
