/**
 * Makers of columns. Each takes the rows of one batch, from `first` on, and noise of its own, and
 * gives an Arrow `Data`; together they look like what a vector database stores.
 */
import {
  Binary,
  Bool,
  FixedSizeBinary,
  Float32,
  Float64,
  Int32,
  Int64,
  makeData,
  Utf8,
} from 'apache-arrow'
import { categoryText, metaText, titleText } from './texts.mjs'

const column = (type, make) => ({ type, make, nullable: false })

/** A maker of numbers: `next(random, row)` gives one. */
function numbers(type, ArrayType, next) {
  return column(type, ({ first, rows, random }) => {
    const data = new ArrayType(rows)
    for (let i = 0; i < rows; i++) data[i] = next(random, first + i)
    return makeData({ type, length: rows, nullCount: 0, data })
  })
}

const int64 = (next) =>
  numbers(new Int64(), BigInt64Array, (random, row) => BigInt(next(random, row)))

export const rowIds = () => int64((_, row) => 449_000_000_000 + row)

/** Milvus's hybrid timestamps: milliseconds above 18 bits of a counter; about two rows each. */
export function timestamps() {
  return numbers(new Int64(), BigInt64Array, (_, row) => {
    return (BigInt(1_700_000_000_000 + (row >> 1)) << 18n) | BigInt(row & 1)
  })
}

/** Unique keys in no order: an odd factor permutes the numbers of 32 bits. */
export const shuffledKeys = () =>
  int64((_, row) => (Math.imul(row, 2654435761) >>> 0) * 7919 + 1_000_003)

/** All 64 bits at random. */
export function randomKeys() {
  const type = new Int64()
  return column(type, ({ rows, random }) => {
    const words = new Uint32Array(2 * rows)
    for (let i = 0; i < words.length; i++) words[i] = random.uint32()
    const data = new BigInt64Array(words.buffer)
    return makeData({ type, length: rows, nullCount: 0, data })
  })
}

export const int64Below = (limit) => int64((random) => random.below(limit))
/** Rises by 50 a row on average, never falls. */
export const rising = () => int64((random, row) => 50 * row + random.below(50))
export const int32Below = (limit) =>
  numbers(new Int32(), Int32Array, (random) => random.below(limit))
export const int32s = () => numbers(new Int32(), Int32Array, (random) => random.uint32() | 0)
export const uniforms = () => numbers(new Float64(), Float64Array, (random) => random.uniform())

const price = (random) => Math.round(100 * (random.exponential(30) + random.exponential(30))) / 100
export const prices32 = () => numbers(new Float32(), Float32Array, price)
export const prices64 = () => numbers(new Float64(), Float64Array, price)

export function normals() {
  const type = new Float32()
  return column(type, ({ rows, random }) => {
    const data = new Float32Array(rows)
    random.fillNormal(data)
    return makeData({ type, length: rows, nullCount: 0, data })
  })
}

/** Bits of which a share is set. */
function bits(rows, random, share) {
  const bytes = new Uint8Array(Math.ceil(rows / 8))
  let set = 0
  for (let i = 0; i < rows; i++) {
    if (random.uniform() >= share) continue
    bytes[i >> 3] |= 1 << (i & 7)
    set++
  }
  return { bytes, set }
}

export function flags(share) {
  const type = new Bool()
  return column(type, ({ rows, random }) => {
    return makeData({ type, length: rows, nullCount: 0, data: bits(rows, random, share).bytes })
  })
}

/** The same column with a share of nulls. */
export function withNulls(inner, share = 0.1) {
  const make = (batch) => {
    const data = inner.make(batch)
    const { bytes, set } = bits(batch.rows, batch.random, 1 - share)
    return data.clone(data.type, 0, data.length, batch.rows - set, [
      data.valueOffsets,
      data.values,
      bytes,
      data.typeIds,
    ])
  }
  return { ...inner, make, nullable: true }
}

/** `append(random, bytes, end)` writes one value from `end` on and gives the new end. */
function texts(type, mostBytes, append) {
  return column(type, ({ rows, random }) => {
    const valueOffsets = new Int32Array(rows + 1)
    let bytes = Buffer.alloc(64 * rows + mostBytes)
    let end = 0
    for (let i = 0; i < rows; i++) {
      if (bytes.length - end < mostBytes) bytes = Buffer.concat([bytes], 2 * bytes.length)
      end = append(random, bytes, end)
      valueOffsets[i + 1] = end
    }
    const data = new Uint8Array(bytes.subarray(0, end))
    return makeData({ type, length: rows, nullCount: 0, valueOffsets, data })
  })
}

export const titles = (fewest, most) => texts(new Utf8(), 256, titleText(fewest, most))
export const categories = (prefix) => texts(new Utf8(), 64, categoryText(prefix, 200))
/** A JSON object of about 120 bytes. */
export const metas = () => texts(new Binary(), 256, metaText())

function vectors(dim, fill) {
  const type = new FixedSizeBinary(4 * dim)
  return column(type, ({ rows, random }) => {
    const values = new Float32Array(rows * dim)
    fill(values, dim, random)
    return makeData({ type, length: rows, nullCount: 0, data: new Uint8Array(values.buffer) })
  })
}

/** Normal directions of length 1, as embeddings are: nothing for a codec to find. */
export function embeddings(dim) {
  return vectors(dim, (values, _, random) => {
    random.fillNormal(values)
    for (let row = 0; row < values.length; row += dim) {
      const vector = values.subarray(row, row + dim)
      let sum = 0
      for (const value of vector) sum += value * value
      const scale = 1 / Math.sqrt(sum)
      for (let i = 0; i < dim; i++) vector[i] *= scale
    }
  })
}

/** Few small whole numbers over 256, as quantised descriptors are: a codec halves them and more. */
export function quantised(dim) {
  return vectors(dim, (values, _, random) => {
    for (let i = 0; i < values.length; i++) {
      values[i] = Math.floor(Math.min(random.exponential(28), 255)) / 256
    }
  })
}
