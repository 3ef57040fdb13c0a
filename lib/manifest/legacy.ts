import { AvroCursor } from './avro-cursor.js'
import { checkRecord, resolveRecord } from './avro-file.js'
import type { AvroManifest } from './avro-record.js'
import { MANIFEST_TYPE, PATHS_ONLY_TYPE, rawSchema, writtenType } from './avro-schema.js'
import { corrupted } from './corrupted.js'

/** "MILV". */
const MAGIC = 0x4d494c56n
const LAST_VERSION = 6n

/**
 * A manifest in the raw form that Milvus wrote from January to March 2026: Avro's binary integers
 * "MILV" and a version, and the fields of the record without a container or a schema. Statistics
 * are plain paths before version 3; large values came with version 5, indexes with 6; whatever
 * bytes a file of a column group carried are dropped.
 *
 * @throws PackedError MetadataCorrupted.
 */
export function readLegacyManifest(bytes: Buffer, path: string | undefined): AvroManifest {
  if (bytes.length < 4) throw corrupted('at least 4 bytes', `${bytes.length}`, path)
  const cursor = new AvroCursor(bytes, path)
  const magic = cursor.long('the magic number')
  if (magic !== MAGIC) {
    const start = bytes.subarray(0, 4).toString('hex')
    throw corrupted('the magic "Obj\\x01" of Avro or "MILV"', `0x${start}`, path)
  }
  const version = cursor.long('the version')
  if (version < 1n || version > LAST_VERSION) {
    throw corrupted(`a raw form of version 1 to ${LAST_VERSION}`, `version ${version}`, path)
  }
  const type = writtenType(rawSchema(Number(version)))
  const record = { bytes: bytes.subarray(cursor.position), type, current: false }
  checkRecord(cursor, type, path)
  if (version >= 3n) return resolveRecord(record, MANIFEST_TYPE, path) as AvroManifest
  const old = resolveRecord(record, PATHS_ONLY_TYPE, path) as Omit<AvroManifest, 'stats'> & {
    stats: Record<string, string[]>
  }
  const stats = Object.entries(old.stats).map(([key, paths]) => [key, { paths, metadata: {} }])
  return { ...old, stats: Object.fromEntries(stats) }
}
