import { type Data, Type } from 'apache-arrow'

const DIGIT_BITS = 16
const DIGITS_PER_KEY = 4
const BUCKETS = 2 ** DIGIT_BITS
/** Turns the order of signed numbers into that of their bits. */
const SIGN = 2 ** (DIGIT_BITS - 1)

/** Bytes that {@link keyOrder} needs per key besides the keys. */
export const ORDER_BYTES_PER_KEY = 16

/**
 * The positions of keys (int64 or utf8, in several arrays, one after the other) in ascending
 * order: numbers by value, text by its bytes, equal keys as they come.
 */
export function keyOrder(keys: readonly Data[]): Uint32Array {
  const count = keys.reduce((sum, { length }) => sum + length, 0)
  const isText = keys.some(({ type }) => (type.typeId as Type) === Type.Utf8)
  return isText ? orderOfTexts(keys, count) : orderOfIntegers(keys, count)
}

/** By 16 bits at a time, the lowest first: every pass keeps the order of the one before. */
function orderOfIntegers(keys: readonly Data[], count: number): Uint32Array {
  const values = new BigInt64Array(count)
  let at = 0
  for (const { values: part, length } of keys) {
    values.set((part as BigInt64Array).subarray(0, length), at)
    at += length
  }
  const digits = new Uint16Array(values.buffer)
  let order: Uint32Array = new Uint32Array(count).map((_, index) => index)
  let other: Uint32Array = new Uint32Array(count)
  for (let digit = 0; digit < DIGITS_PER_KEY; digit++) {
    const flip = digit === DIGITS_PER_KEY - 1 ? SIGN : 0
    const ends = new Uint32Array(BUCKETS)
    for (let i = 0; i < count; i++) ends[digits[i * DIGITS_PER_KEY + digit]! ^ flip]! += 1
    if (ends.includes(count)) continue
    let sum = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const size = ends[bucket]!
      ends[bucket] = sum
      sum += size
    }
    for (const index of order) {
      const bucket = digits[index * DIGITS_PER_KEY + digit]! ^ flip
      other[ends[bucket]!] = index
      ends[bucket]! += 1
    }
    ;[order, other] = [other, order]
  }
  return order
}

function orderOfTexts(keys: readonly Data[], count: number): Uint32Array {
  const part = new Uint32Array(count)
  const row = new Uint32Array(count)
  let at = 0
  keys.forEach(({ length }, index) => {
    part.fill(index, at, at + length)
    for (let i = 0; i < length; i++) row[at + i] = i
    at += length
  })
  const texts = keys.map(({ values }) => {
    const { buffer, byteOffset, byteLength } = values as Uint8Array
    return Buffer.from(buffer, byteOffset, byteLength)
  })
  const offsets = keys.map(({ valueOffsets }) => valueOffsets as Int32Array)
  const compare = (left: number, right: number): number => {
    const ofLeft = offsets[part[left]!]!
    const ofRight = offsets[part[right]!]!
    const difference = texts[part[left]!]!.compare(
      texts[part[right]!]!,
      ofRight[row[right]!]!,
      ofRight[row[right]! + 1]!,
      ofLeft[row[left]!]!,
      ofLeft[row[left]! + 1]!,
    )
    return difference === 0 ? left - right : difference
  }
  return new Uint32Array(count).map((_, index) => index).sort(compare)
}
