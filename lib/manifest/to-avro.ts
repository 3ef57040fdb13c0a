import { unexpected } from '../config/index.js'
import type { AvroFile, AvroIndex, AvroManifest } from './avro-record.js'
import {
  DELTA_LOG_TYPES,
  type Manifest,
  type ManifestFile,
  type ManifestIndex,
  type ManifestStatistics,
} from './model.js'
import {
  dataFolder,
  deltaFolder,
  indexFolder,
  lobFolder,
  relativize,
  statsFolder,
} from './paths.js'

/**
 * A manifest as its Avro record, paths as they are stored.
 *
 * @throws PackedError InvalidArgument naming the field: a value that the format cannot hold or that
 *   would not be read back as it is.
 */
export function toAvroManifest(manifest: Manifest, basePath: string): AvroManifest {
  const folders = {
    data: dataFolder(basePath),
    delta: deltaFolder(basePath),
    stats: statsFolder(basePath),
    index: indexFolder(basePath),
    lobs: lobFolder(basePath),
  }
  return {
    column_groups: manifest.columnGroups.map(({ columns, files, format }, group) => {
      const name = `columnGroups[${group}]`
      return {
        columns: texts(columns, `${name}.columns`),
        files: files.map((file, index) => fileOf(file, folders.data, `${name}.files[${index}]`)),
        format: text(format, `${name}.format`),
      }
    }),
    delta_logs: manifest.deltaLogs.map(({ path, type, numEntries }, index) => ({
      path: stored(path, folders.delta, `deltaLogs[${index}].path`),
      type: deltaLogType(type, `deltaLogs[${index}].type`),
      num_entries: count(numEntries, `deltaLogs[${index}].numEntries`),
    })),
    stats: statsOf(manifest.stats, folders.stats),
    indexes: manifest.indexes.map((index, at) => indexOf(index, folders.index, `indexes[${at}]`)),
    lob_files: manifest.lobFiles.map((file, index) => ({
      path: stored(file.path, folders.lobs, `lobFiles[${index}].path`),
      field_id: int64(file.fieldId, `lobFiles[${index}].fieldId`),
      total_rows: count(file.totalRows, `lobFiles[${index}].totalRows`),
      valid_rows: count(file.validRows, `lobFiles[${index}].validRows`),
      file_size_bytes: count(file.fileSizeBytes, `lobFiles[${index}].fileSizeBytes`),
    })),
  }
}

function fileOf(file: ManifestFile, folder: string, name: string): AvroFile {
  const { path, startIndex, endIndex, properties } = file
  const start = count(startIndex, `${name}.startIndex`, -1)
  return {
    path: stored(path, folder, `${name}.path`),
    start_index: start,
    end_index: count(endIndex, `${name}.endIndex`, startIndex),
    properties: textMap(properties, `${name}.properties`),
  }
}

/** Sorted by the bytes of their keys, as Milvus's own map is. */
function statsOf(
  stats: Readonly<Record<string, ManifestStatistics>>,
  folder: string,
): AvroManifest['stats'] {
  const entries = Object.entries(stats).map(([key, { paths, metadata }]) => {
    const name = `stats[${JSON.stringify(key)}]`
    const files = paths.map((path, index) => stored(path, folder, `${name}.paths[${index}]`))
    return [
      keyOf(key, 'stats'),
      { paths: files, metadata: textMap(metadata, `${name}.metadata`) },
    ] as const
  })
  entries.sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
  return Object.fromEntries(entries)
}

function indexOf(index: ManifestIndex, folder: string, name: string): AvroIndex {
  return {
    column_name: text(index.columnName, `${name}.columnName`),
    index_name: text(index.indexName, `${name}.indexName`),
    index_type: text(index.indexType, `${name}.indexType`),
    path: index.path === '' ? '' : stored(index.path, folder, `${name}.path`),
    field_id: int64(index.fieldId, `${name}.fieldId`),
    index_id: int64(index.indexId, `${name}.indexId`),
    build_id: int64(index.buildId, `${name}.buildId`),
    index_version: int64(index.indexVersion, `${name}.indexVersion`),
    num_rows: count(index.numRows, `${name}.numRows`),
    serialized_size: count(index.serializedSizeBytes, `${name}.serializedSizeBytes`),
    mem_size: count(index.memSizeBytes, `${name}.memSizeBytes`),
    current_index_version: int32(index.currentIndexVersion, `${name}.currentIndexVersion`),
    current_scalar_index_version: int32(
      index.currentScalarIndexVersion,
      `${name}.currentScalarIndexVersion`,
    ),
    index_store_path_version: int32(index.indexStorePathVersion, `${name}.indexStorePathVersion`),
    index_file_keys: texts(index.indexFileKeys, `${name}.indexFileKeys`),
    properties: textMap(index.properties, `${name}.properties`),
  }
}

function stored(path: string, folder: string, name: string): string {
  if (text(path, name) === '') throw unexpected('a path', name, path)
  return relativize(path, folder)
}

function deltaLogType(type: string, name: string): number {
  const number = (DELTA_LOG_TYPES as readonly string[]).indexOf(type)
  if (number >= 0) return number
  throw unexpected(`one of ${DELTA_LOG_TYPES.join(', ')}`, name, type)
}

/** Text that UTF-8 can hold: half a surrogate pair would come back as another character. */
function text(value: unknown, name: string): string {
  if (typeof value === 'string' && !LONE_SURROGATE.test(value)) return value
  throw unexpected('well-formed text', name, value)
}

const LONE_SURROGATE = /\p{Surrogate}/u

function texts(values: readonly string[], name: string): string[] {
  return values.map((value, index) => text(value, `${name}[${index}]`))
}

function textMap(map: Readonly<Record<string, string>>, name: string): Record<string, string> {
  const entries = Object.entries(map)
  return Object.fromEntries(
    entries.map(([key, value]) => [keyOf(key, name), text(value, `${name}.${key}`)]),
  )
}

/** Objects have no such key of their own on the way back. */
function keyOf(key: string, name: string): string {
  if (key !== '__proto__') return text(key, `a key of ${name}`)
  throw unexpected('a key other than "__proto__"', name, key)
}

function count(value: unknown, name: string, min = 0): bigint {
  if (Number.isSafeInteger(value) && (value as number) >= min) return BigInt(value as number)
  throw unexpected(`an integer >= ${min}`, name, value)
}

function int32(value: unknown, name: string): number {
  if (Number.isInteger(value) && ((value as number) | 0) === value) return value as number
  throw unexpected('an integer of 32 bits', name, value)
}

function int64(value: unknown, name: string): bigint {
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value
  throw unexpected('an integer of 64 bits (bigint)', name, value)
}
