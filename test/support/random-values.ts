/** Random value buffers of Arrow columns. Slots under nulls get values too: readers ignore them. */
import type { Random } from './random.cjs'

const DAY_MS = 86_400_000
const TEXTS = ['', 'a', 'null', 'alpha', '数据', 'é🙂', 'more than twelve bytes', 'x'.repeat(300)]
/** 0, -0, NaN, infinity, a plain value, the smallest and a negative one as float16 bits. */
const HALVES = [0, 0x8000, 0x7e00, 0x7c00, 0x3555, 0x0001, 0xc000]
const SPECIAL = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]

function fill<T extends { [index: number]: number | bigint; length: number }>(
  values: T,
  value: () => T[number],
): T {
  for (let i = 0; i < values.length; i++) values[i] = value()
  return values
}

export function integers(type: { bitWidth: number; isSigned: boolean }, n: number, random: Random) {
  const bytes = random.bytes((n * type.bitWidth) / 8)
  // Few distinct values in some columns, so that dictionaries pay.
  if (random.next() < 0.3) bytes.fill(3)
  const { buffer } = bytes
  if (type.bitWidth === 8) return type.isSigned ? new Int8Array(buffer) : bytes
  if (type.bitWidth === 16) return type.isSigned ? new Int16Array(buffer) : new Uint16Array(buffer)
  if (type.bitWidth === 32) return type.isSigned ? new Int32Array(buffer) : new Uint32Array(buffer)
  return type.isSigned ? new BigInt64Array(buffer) : new BigUint64Array(buffer)
}

/** NaN always with the same bits: a Parquet dictionary keeps one NaN per chunk. */
export function floats(type: { precision: number }, n: number, random: Random) {
  if (type.precision === 0) return fill(new Uint16Array(n), () => random.pick(HALVES))
  const value = () =>
    random.next() < 0.1 ? random.pick(SPECIAL) : (random.next() - 0.5) * 1_000_000
  return fill(type.precision === 1 ? new Float32Array(n) : new Float64Array(n), value)
}

export function dates(type: { unit: number }, n: number, random: Random) {
  const day = () => random.below(100_000) - 50_000
  if (type.unit === 0) return fill(new Int32Array(n), day)
  return fill(new BigInt64Array(n), () => BigInt(day() * DAY_MS))
}

/** Times of day; `unit` counts thousandths: 0 = seconds … 3 = nanoseconds. */
export function times(type: { unit: number }, n: number, random: Random) {
  const ticks = () => random.below(86_400 * 1000 ** type.unit)
  if (type.unit < 2) return fill(new Int32Array(n), ticks)
  return fill(new BigInt64Array(n), () => BigInt(ticks()))
}

export function timestamps(n: number, random: Random) {
  return fill(new BigInt64Array(n), () => BigInt(random.below(2 ** 40) - 2 ** 39))
}

/** Sign-extended little-endian words of at most 15 digits, whatever the width. */
export function decimals(type: { bitWidth: number }, n: number, random: Random) {
  const words = type.bitWidth / 64
  const values = new BigInt64Array(n * words)
  for (let i = 0; i < n; i++) {
    const value = BigInt(random.below(2 ** 49) - 2 ** 48)
    values[i * words] = value
    values.fill(value < 0n ? -1n : 0n, i * words + 1, (i + 1) * words)
  }
  return new Uint32Array(values.buffer)
}

export function offsetsOf(lengths: readonly number[]): Int32Array {
  const offsets = new Int32Array(lengths.length + 1)
  lengths.forEach((length, i) => {
    offsets[i + 1] = offsets[i]! + length
  })
  return offsets
}

export function listOffsets(n: number, random: Random): Int32Array {
  return offsetsOf(Array.from({ length: n }, () => random.below(4)))
}

export function wide(offsets: Int32Array): BigInt64Array {
  return BigInt64Array.from(offsets, (offset) => BigInt(offset))
}

export function texts(n: number, random: Random): Uint8Array[] {
  return Array.from({ length: n }, () => new Uint8Array(Buffer.from(random.pick(TEXTS))))
}

export function concatenate(values: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(values))
}

/** 16-byte views: up to 12 bytes inline, else length, prefix, buffer index and offset. */
export function views(values: readonly Uint8Array[]) {
  const out = Buffer.alloc(values.length * 16)
  let end = 0
  values.forEach((value, i) => {
    out.writeInt32LE(value.length, i * 16)
    out.set(value.length <= 12 ? value : value.subarray(0, 4), i * 16 + 4)
    if (value.length <= 12) return
    out.writeInt32LE(end, i * 16 + 12)
    end += value.length
  })
  const long = concatenate(values.filter(({ length }) => length > 12))
  return { views: new Uint8Array(out), variadicBuffers: long.length > 0 ? [long] : [] }
}
