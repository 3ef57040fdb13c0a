/** Two column groups, one of them large enough for several parts, whose every value is known. */
import { FixedSizeBinary, Int64, makeVector, type RecordBatch, Schema } from 'apache-arrow'
import {
  PackedReader,
  PackedWriter,
  type StorageConfig,
  toVectorColumn,
  vectorsOf,
} from '../../lib/index.js'
import { batchOf, field } from './sample.js'

const DIM = 1024
export const WIDE_ROWS = 4096
export const WIDE_BATCHES = 8
const BATCH_ROWS = WIDE_ROWS / WIDE_BATCHES

export const WIDE_SCHEMA = new Schema([
  field('id', new Int64(), 100),
  field('embedding', new FixedSizeBinary(4 * DIM), 101),
])

// Below 2^24, so that each is a float32 of its own.
const vectorsFrom = (row: number, rows: number): Float32Array =>
  Float32Array.from({ length: rows * DIM }, (_, i) => row * DIM + i)

/** 16 MiB in batches of 2 MiB. */
export function* wideBatches(): Generator<RecordBatch> {
  for (let row = 0; row < WIDE_ROWS; row += BATCH_ROWS) {
    yield batchOf(WIDE_SCHEMA, [
      makeVector(BigInt64Array.from({ length: BATCH_ROWS }, (_, i) => BigInt(row + i))),
      toVectorColumn(vectorsFrom(row, BATCH_ROWS), DIM, { as: 'fixed_size_binary' }),
    ])
  }
}

/** Paths of its groups below a prefix, in group order. */
export const widePaths = (prefix: string): string[] => [`${prefix}/0`, `${prefix}/101`]

export const wideGroups = (prefix: string) =>
  widePaths(prefix).map((path, index) => ({
    id: index === 0 ? 0 : 101,
    path,
    fields: [WIDE_SCHEMA.names[index] as string],
  }))

/** Write the whole segment below a prefix. */
export async function writeWide(prefix: string, storage: StorageConfig): Promise<void> {
  const groups = wideGroups(prefix)
  await using writer = await PackedWriter.open({ schema: WIDE_SCHEMA, groups, storage })
  await writer.writeAll(wideBatches())
  await writer.finish()
}

/** Read the rest of `reader`; fails at the first value that is not what was written. */
export async function expectWide(reader: PackedReader): Promise<void> {
  let row = 0
  for await (const batch of reader) {
    const { data } = vectorsOf(batch, 'embedding', { element: 'float32' })
    const expected = vectorsFrom(row, batch.numRows)
    if (Buffer.compare(new Uint8Array(expected.buffer), bytesOf(data)) !== 0) {
      throw new Error(`vectors of rows ${row} to ${row + batch.numRows} differ`)
    }
    for (const id of batch.getChild('id')!) expect(id).toBe(BigInt(row++))
  }
  expect(row).toBe(WIDE_ROWS)
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** Open and check a whole segment. */
export async function expectWideAt(prefix: string, storage: StorageConfig): Promise<void> {
  const reader = await PackedReader.open({ paths: widePaths(prefix), storage })
  await expectWide(reader)
  await reader.close()
}
