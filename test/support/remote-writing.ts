/** Writing to object stores: files of many parts, and what is left of them. */
import type { Schema as ArrowSchema, RecordBatch } from 'apache-arrow'
import { FixedSizeBinary, Int64, makeData, makeVector, Schema } from 'apache-arrow'
import { PackedWriter, type PackedWriterOptions, type StorageConfig } from '../../lib/index.js'
import { openObjectStore } from '../../lib/storage/index.js'
import { batchOf, field } from './sample.js'

export const MIB = 1 << 20
const WIDTH = 4096
/** The least part that a store takes. */
export const PART_BYTES = 5 * MIB

/** id int64, payload of 4 KiB: one MiB of incompressible bytes is 256 rows. */
export const LARGE_SCHEMA: ArrowSchema = new Schema([
  field('id', new Int64(), 100),
  field('payload', new FixedSizeBinary(WIDTH), 101),
])

/** Bytes that no codec makes smaller, the same for the same seed. */
function noise(bytes: number, seed: number): Uint8Array {
  const words = new Uint32Array(bytes / 4)
  let state = (seed + 1) * 0x9e3779b1
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[index] = state
  }
  return new Uint8Array(words.buffer)
}

/** Rows of `mebibytes` MiB. */
export function largeBatch(mebibytes: number, seed = 0): RecordBatch {
  const rows = (mebibytes * MIB) / WIDTH
  const ids = BigInt64Array.from({ length: rows }, (_, row) => BigInt(seed * 1_000_000 + row))
  const type = new FixedSizeBinary(WIDTH)
  const data = makeData({ type, length: rows, data: noise(rows * WIDTH, seed) })
  return batchOf(LARGE_SCHEMA, [makeVector(ids), makeVector(data)])
}

/** Groups 0 (`<folder>/0`, ids) and 101 (`<folder>/101`, payloads). */
export function openLarge(
  folder: string,
  storage: StorageConfig | undefined,
  more: Partial<PackedWriterOptions> = {},
): Promise<PackedWriter> {
  return PackedWriter.open({
    schema: LARGE_SCHEMA,
    groups: [
      { id: 0, path: `${folder}/0`, fields: ['id'] },
      { id: 101, path: `${folder}/101`, fields: ['payload'] },
    ],
    ...(storage === undefined ? {} : { storage }),
    ...more,
  })
}

/** Uploads that are open at exactly this key. */
export async function openUploadsAt(storage: StorageConfig, key: string): Promise<string[]> {
  const store = await openObjectStore(storage)
  const uploads: string[] = []
  for await (const open of store.listUploads(key)) {
    if (open.key === key) uploads.push(open.upload)
  }
  return uploads
}

/** The bytes of an object, or undefined where there is none. */
export async function objectAt(
  storage: StorageConfig,
  key: string,
): Promise<Uint8Array | undefined> {
  const store = await openObjectStore(storage)
  return store.get(key).catch((error: { code?: string }) => {
    if (error.code === 'NotFound') return undefined
    throw error
  })
}
