/** Rows of which each column has an encoding that suits it best. */
import {
  Bool,
  Field,
  FixedSizeBinary,
  Float64,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimestampMillisecond,
  Utf8,
} from 'apache-arrow'
import type { Random } from './random.cjs'

/** Numbers in a vector. */
export const KINDS_DIM = 16

const field = (name: string, type: Field['type'], id: number): Field =>
  new Field(name, type, false, new Map([['PARQUET:field_id', String(id)]]))

/** rising, noise, few int; moment; score float64; flag; path sorted, word few, text; quantised vector. */
export const kindsSchema = new Schema([
  field('rising', new Int64(), 100),
  field('noise', new Int64(), 101),
  field('few', new Int32(), 102),
  field('moment', new TimestampMillisecond(), 103),
  field('score', new Float64(), 104),
  field('flag', new Bool(), 105),
  field('path', new Utf8(), 106),
  field('word', new Utf8(), 107),
  field('text', new Utf8(), 108),
  field('vector', new FixedSizeBinary(4 * KINDS_DIM), 109),
])

function texts(items: readonly string[]) {
  const bytes = items.map((item) => Buffer.from(item))
  const valueOffsets = new Int32Array(items.length + 1)
  bytes.forEach((item, i) => {
    valueOffsets[i + 1] = valueOffsets[i]! + item.length
  })
  const data = new Uint8Array(Buffer.concat(bytes))
  return makeData({ type: new Utf8(), length: items.length, nullCount: 0, valueOffsets, data })
}

/** `rows` rows, the same ones for the same `random`. */
export function kindsBatch(rows: number, random: Random): RecordBatch {
  const list = <T>(make: (i: number) => T): T[] => Array.from({ length: rows }, (_, i) => make(i))
  const word = () => random.below(2 ** 30).toString(36)
  const vectors = Float32Array.from({ length: rows * KINDS_DIM }, () => random.below(200) / 256)
  const int64 = (values: bigint[]) =>
    makeData({ type: new Int64(), length: rows, nullCount: 0, data: BigInt64Array.from(values) })
  const moments = BigInt64Array.from(list((i) => 1_700_000_000_000n + BigInt(20 * i)))
  const children = [
    int64(list((i) => 449_000_000n + BigInt(i))),
    int64(
      list(() => BigInt(random.below(2 ** 30)) * 8_589_934_592n + BigInt(random.below(2 ** 30))),
    ),
    makeData({
      type: new Int32(),
      length: rows,
      nullCount: 0,
      data: Int32Array.from(list(() => 1_000_000 * random.below(40))),
    }),
    makeData({
      type: new TimestampMillisecond(),
      length: rows,
      nullCount: 0,
      data: moments as unknown as Int32Array,
    }),
    makeData({
      type: new Float64(),
      length: rows,
      nullCount: 0,
      data: Float64Array.from(list(() => random.next())),
    }),
    makeData({
      type: new Bool(),
      length: rows,
      nullCount: 0,
      data: random.bytes(Math.ceil(rows / 8)),
    }),
    texts(list((i) => `collection/partition/segment/${String(i).padStart(9, '0')}`)),
    texts(list(() => `category ${random.below(30)}`)),
    texts(list(() => `${word()} ${word()} ${word()}`.slice(0, 5 + random.below(15)))),
    makeData({
      type: new FixedSizeBinary(4 * KINDS_DIM),
      length: rows,
      nullCount: 0,
      data: new Uint8Array(vectors.buffer),
    }),
  ]
  const type = new Struct(kindsSchema.fields)
  return new RecordBatch(
    kindsSchema,
    makeData({ type, length: rows, nullCount: 0, children: children as never }),
  )
}
