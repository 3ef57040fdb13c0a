import { PackedError } from '../errors/index.js'
import { DataType } from '../schema/index.js'
import { PrimaryKeyStats } from './primary-key-stats.js'
import { PrimaryKeyFilter } from './primary-key-stats-filter.js'
import type { PrimaryKey, PrimaryKeyType } from './primary-key-stats-keys.js'

const MAGIC = 'mpkstats'
const VERSION = 1
/** Of the file and of every entry. */
const HEADER_BYTES = 64
const BLOCK_BYTES = 64

/** True for the compound binary form of merged statistics. */
export function isCompoundPrimaryKeyStats(bytes: Uint8Array): boolean {
  return Buffer.from(MAGIC).equals(bytes.subarray(0, MAGIC.length))
}

/**
 * The statistics in a compound file, which has blocked filters only. All integers little-endian.
 *
 *     file   magic "mpkstats", uint32 version, entries, pkType, int32 fieldID; 64 bytes
 *     entry  uint32 blocks, k; then int64 min, max, or uint32 bytes of keys; 64 bytes
 *            VarChar: uint32 length and bytes of min, then of max
 *            blocks of 64 bytes
 *
 * @throws PackedError FileCorrupted naming the entry; NotSupported for another version.
 */
export function primaryKeyStatsFromCompound(bytes: Uint8Array): PrimaryKeyStats[] {
  const cursor = new Cursor(bytes)
  const header = cursor.take(HEADER_BYTES, 'the file header')
  const version = header.getUint32(8, true)
  if (version !== VERSION) {
    throw new PackedError(
      'NotSupported',
      `Expected version ${VERSION} for compound statistics but received ${version}`,
    )
  }
  const entries = header.getUint32(12, true)
  const pkType = pkTypeOf(header.getUint32(16, true))
  const fieldId = BigInt(header.getInt32(20, true))
  const list: PrimaryKeyStats[] = []
  while (list.length < entries) {
    list.push(readEntry(cursor, fieldId, pkType, `entry ${list.length} of ${entries}`))
  }
  return list
}

function readEntry(cursor: Cursor, fieldId: bigint, pkType: PrimaryKeyType, name: string) {
  const header = cursor.take(HEADER_BYTES, name)
  const blocks = header.getUint32(0, true)
  const k = header.getUint32(4, true)
  const [min, max] =
    pkType === DataType.Int64
      ? [header.getBigInt64(8, true), header.getBigInt64(16, true)]
      : readTexts(cursor.take(header.getUint32(8, true), `the keys of ${name}`), name)
  const { buffer, byteOffset, byteLength } = cursor.take(blocks * BLOCK_BYTES, `blocks of ${name}`)
  const filter = openFilter(k, new Uint8Array(buffer, byteOffset, byteLength), name)
  return new PrimaryKeyStats({ fieldId, pkType, min, max, filter })
}

/** Unlike a filter in JSON, a damaged one is an error here: Milvus rejects the file, too. */
function openFilter(k: number, bytes: Uint8Array, name: string): PrimaryKeyFilter {
  try {
    return PrimaryKeyFilter.fromParts({ kind: 'blocked', k, bits: bytes.length * 8, bytes })
  } catch (cause) {
    throw new PackedError(
      'FileCorrupted',
      `Expected a filter for ${name} but received ${bytes.length} bytes and ${k} hash functions`,
      { cause },
    )
  }
}

function readTexts(area: DataView, name: string): [PrimaryKey, PrimaryKey] {
  const cursor = new Cursor(new Uint8Array(area.buffer, area.byteOffset, area.byteLength))
  const read = (key: string): string => {
    const length = cursor.take(4, `the length of ${key} of ${name}`).getUint32(0, true)
    const text = cursor.take(length, `${key} of ${name}`)
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text)
    } catch (cause) {
      const message = `Expected UTF-8 for ${key} of ${name} but received other bytes`
      throw new PackedError('FileCorrupted', message, { cause })
    }
  }
  return [read('the least key'), read('the greatest key')]
}

function pkTypeOf(stored: number): PrimaryKeyType {
  if (stored === DataType.Int64 || stored === DataType.VarChar) return stored
  throw new PackedError(
    'FileCorrupted',
    `Expected ${DataType.Int64} or ${DataType.VarChar} for pkType but received ${stored}`,
  )
}

/** Walks over bytes from the front. */
class Cursor {
  readonly #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** @throws PackedError FileCorrupted where there are fewer. */
  take(length: number, name: string): DataView {
    const left = this.#bytes.length - this.#offset
    if (length > left) {
      throw new PackedError(
        'FileCorrupted',
        `Expected ${length} bytes for ${name} but received ${left}`,
      )
    }
    const start = this.#bytes.byteOffset + this.#offset
    this.#offset += length
    return new DataView(this.#bytes.buffer, start, length)
  }
}
