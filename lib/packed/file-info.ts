import type { Schema } from 'apache-arrow'
import { unflattenSchema } from '../cdata/index.js'
import type { StorageConfig } from '../config/index.js'
import {
  expectFunction,
  expectKnownKeys,
  expectObject,
  expectText,
  resolveStorageConfig,
} from '../config/index.js'
import type { NativeFileInfo } from '../native/index.js'
import { callAsync } from '../native/index.js'
import { type KeyRetriever, withKeys } from './key-retriever.js'
import { withCredentials } from './native-storage.js'
import type { PackedRowGroup } from './reader-options.js'

/** One column chunk of a Parquet file. */
export interface PackedColumnChunk {
  /** Dotted path of the leaf column. */
  column: string
  /** Position of its row group. */
  rowGroup: number
  /** Parquet's physical type: `INT64`, `FIXED_LEN_BYTE_ARRAY`, … */
  physicalType: string
  /** Parquet's name of the codec: `ZSTD`, `UNCOMPRESSED`, … */
  codec: string
  encodings: readonly string[]
  /** Values, nulls included. */
  values: number
  compressedBytes: number
  uncompressedBytes: number
  hasDictionary: boolean
  hasStatistics: boolean
  /** From the statistics; null where there are none. */
  nullCount: number | null
  /**
   * Least and greatest value as text, null where the statistics have none: numbers with all their
   * digits in the unit that is stored, bytes that are no UTF-8 as `0x…`. What is longer than 128
   * bytes is cut and ends in `…`.
   */
  min: string | null
  /** As `min`. */
  max: string | null
}

/** What the footer of one file says. */
export interface PackedFileInfo {
  path: string
  /** Which layout of the format's history the file has. */
  layout: 'packed' | 'rowGroupSize' | 'columnOffsets' | 'plain'
  fileBytes: number
  /** As in `ColumnGroupResult`. */
  footerBytes: number
  rows: number
  /** Position in `group_field_id_list`; -1 when the file does not say. */
  group: number
  createdBy: string
  /** Parquet format version, `'2.6'`. */
  formatVersion: string
  /** Value of the `storage_version` key, `''` when absent. */
  storageVersion: string
  /** Footer keys in file order. Values that are not UTF-8 are read as latin1. */
  metadata: ReadonlyMap<string, string>
  rowGroups: readonly PackedRowGroup[]
  chunks: readonly PackedColumnChunk[]
  /** As stored, field ids in the metadata of the fields. */
  schema: Schema
}

/** The public form of what the addon says about a file. */
export function describeFile(native: NativeFileInfo): PackedFileInfo {
  const { keyValues, rowGroups, chunks, schema, ...facts } = native
  const metadata = new Map<string, string>()
  for (let i = 0; i + 1 < keyValues.length; i += 2) metadata.set(keyValues[i]!, keyValues[i + 1]!)
  const { path, group } = facts
  return {
    ...facts,
    metadata,
    rowGroups: rowGroups.map((rowGroup, index) => ({ path, group, index, ...rowGroup })),
    chunks,
    schema: unflattenSchema(schema),
  }
}

/**
 * Footer facts of one Parquet file, packed or not, without judging them.
 *
 * @throws PackedError NotFound, PermissionDenied, StorageIO, FileCorrupted, InvalidArgument,
 *   Encryption (as `PackedReader.open`).
 */
export async function inspectFile(
  path: string,
  options: { storage?: StorageConfig; keyRetriever?: KeyRetriever } = {},
): Promise<PackedFileInfo> {
  const known = expectObject(options, 'the options of inspectFile')
  expectKnownKeys(known, ['storage', 'keyRetriever'], 'inspectFile')
  const resolved = resolveStorageConfig(known.storage)
  const file = expectText(path, 'path')
  const keyRetriever = expectFunction<KeyRetriever>(known.keyRetriever, 'keyRetriever')
  const native = await withCredentials(options.storage, resolved, (storage) =>
    withKeys({ storage, paths: [file], keyRetriever }, (keys) =>
      callAsync<NativeFileInfo>((addon, done) => addon.inspectFile(storage, file, keys, done)),
    ),
  )
  return describeFile(native)
}
