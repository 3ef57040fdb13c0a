import {
  expectId,
  expectInteger,
  expectKnownKeys,
  expectObject,
  unexpected,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'
import {
  checkedFilter,
  type PackedFile,
  PackedRecordReader,
  type PackedRecordReaderOptions,
  type RecordReader,
  STREAM_OPTIONS,
} from '../packed/index.js'
import { allFields, type CollectionSchema, fieldIdOf } from '../schema/index.js'
import { type ChunkManager, isRemote, openChunkManager } from '../storage/index.js'
import {
  checkAligned,
  checkStructArrays,
  childFieldsOf,
  groupsHolding,
  pathOfLog,
  type SegmentLocation,
  sortedByField,
} from './binlog-chunks.js'
import type { Binlog, FieldBinlog } from './field-binlog.js'
import { type BinlogDecryptor, hasBinlogMagic, V1RecordReader } from './v1/index.js'

const WHERE = 'openBinlogRecordReader'

/** Options that mean the same here and in `PackedRecordReader.open`. */
const PASSED_ON = [
  'storage',
  'bucketName',
  'columns',
  'defaults',
  ...STREAM_OPTIONS,
  'mmap',
  'lenient',
  'keyRetriever',
  'visibility',
  'filter',
] as const
const OWN = ['storageVersion', 'chunkManager', 'location', 'decryptor'] as const
/** Those that a StorageV1 reader has, too. */
const PASSED_ON_V1 = [
  'columns',
  'defaults',
  ...STREAM_OPTIONS,
  'visibility',
  'filter',
  'location',
  'decryptor',
] as const
const MAGIC_BYTES = 4
/** A Parquet file without anything. */
const LEAST_FILE_BYTES = 12

type PassedOn = Extract<(typeof PASSED_ON)[number], keyof PackedRecordReaderOptions>

/** Options of {@link openBinlogRecordReader}. A name that is not listed here is InvalidArgument. */
export interface BinlogRecordReaderOptions extends Pick<PackedRecordReaderOptions, PassedOn> {
  /** 0 for StorageV1, 2 for StorageV2; if absent, the logs themselves tell. */
  storageVersion?: number
  /** Where the logs are; `storage` if absent. */
  chunkManager?: ChunkManager
  /** For logs that have an id and no path. */
  location?: SegmentLocation
  /** For encrypted logs of StorageV1. */
  decryptor?: BinlogDecryptor
}

/**
 * Read the rows of a segment from its insert logs, chunk after chunk.
 *
 * StorageV2: groups are taken in the order of their ids, their j-th logs are one chunk. Fields
 * that no group has come out as their default or null; what the schema does not have is left out.
 * Only groups that hold a column asked for are opened. StorageV1: see {@link V1RecordReader}.
 *
 * @param fieldBinlogs in any order; none at all is a reader at its end.
 * @throws PackedError MetadataCorrupted (unequal numbers of logs or rows, half a struct array),
 *   InvalidArgument, and what opening the first chunk throws.
 */
export async function openBinlogRecordReader(
  fieldBinlogs: readonly FieldBinlog[],
  schema: CollectionSchema,
  options: BinlogRecordReaderOptions = {},
): Promise<RecordReader> {
  const known = expectObject(options, `the options of ${WHERE}`)
  expectKnownKeys(known, [...OWN, ...PASSED_ON], WHERE)
  if (!Array.isArray(fieldBinlogs)) {
    throw unexpected('an array of FieldBinlog', 'fieldBinlogs', fieldBinlogs)
  }
  const groups = sortedByField(fieldBinlogs)
  if (groups.every(({ binlogs }) => binlogs.length === 0)) {
    return openChunks([], schema, options)
  }
  if ((await storageVersionOf(groups, options)) === 2) return openPacked(groups, schema, options)
  const given = PASSED_ON_V1.filter((key) => options[key] !== undefined)
  const passedOn = Object.fromEntries(given.map((key) => [key, options[key]]))
  const chunkManager = await chunkManagerOf(options)
  return V1RecordReader.open({ ...passedOn, fieldBinlogs: groups, schema, chunkManager })
}

function openPacked(
  groups: readonly FieldBinlog[],
  schema: CollectionSchema,
  options: BinlogRecordReaderOptions,
): Promise<RecordReader> {
  return openChunks(filesOfChunks(groups, schema, options), schema, options)
}

/**
 * The files of every chunk that hold one of the columns asked for; the first one of it where none
 * does. Chunk after chunk, as {@link openBinlogRecordReader} reads StorageV2.
 *
 * @throws PackedError MetadataCorrupted, InvalidArgument, as there.
 */
export function filesOfChunks(
  fieldBinlogs: readonly FieldBinlog[],
  schema: CollectionSchema,
  options: BinlogRecordReaderOptions,
): PackedFile[][] {
  const groups = sortedByField(fieldBinlogs)
  checkAligned(groups)
  const stored = childFieldsOf(groups)
  if (stored !== undefined) checkStructArrays(schema, stored)
  const needed = groupsHolding(groups, neededFields(schema, options))
  return needed[0]!.binlogs.map((_, chunk) =>
    needed.map((group) => fileOfLog(group, group.binlogs[chunk]!, options)),
  )
}

/** With its size where a store would have to be asked for it; metadata may count decoded bytes. */
function fileOfLog(
  group: FieldBinlog,
  log: Binlog,
  { location, storage, chunkManager }: BinlogRecordReaderOptions,
): PackedFile {
  const path = pathOfLog(group, log, location)
  const isKnown = isRemote(storage ?? chunkManager?.storage) && log.logSize >= LEAST_FILE_BYTES
  return isKnown ? { path, sizeBytes: log.logSize } : { path }
}

/** The storage of the chunk manager, unless one is given. */
function openChunks(
  paths: readonly PackedFile[][],
  schema: CollectionSchema,
  options: BinlogRecordReaderOptions,
): Promise<RecordReader> {
  const { chunkManager } = options
  const storage = chunkManager?.storage === undefined ? {} : { storage: chunkManager.storage }
  const given = PASSED_ON.filter((key) => options[key] !== undefined)
  const passedOn = Object.fromEntries(given.map((key) => [key, options[key]]))
  return PackedRecordReader.open({ ...storage, ...passedOn, schema, paths })
}

/** Ids of the columns that come out, and of those that decide on which rows do. */
function neededFields(
  schema: CollectionSchema,
  { columns, visibility, filter }: BinlogRecordReaderOptions,
): ReadonlySet<bigint> {
  const fields = allFields(schema)
  const wanted = (columns ?? fields.map(({ fieldId }) => fieldId)).map((column: unknown) => {
    if (typeof column !== 'string') return expectId(column, 'columns')
    return fields.find(({ name, externalField }) => column === (externalField || name))?.fieldId
  })
  const hidden = visibility === undefined ? [] : [visibility.keyField, visibility.timestampField]
  const filtered = (checkedFilter(filter, schema)?.fields ?? []).map(fieldIdOf)
  return new Set([...wanted, ...hidden, ...filtered].filter((id) => id !== undefined))
}

async function storageVersionOf(
  groups: readonly FieldBinlog[],
  options: BinlogRecordReaderOptions,
): Promise<0 | 2> {
  const { storageVersion: given } = options
  if (given !== undefined) {
    const version = expectInteger(given, 'storageVersion')
    if (version === 0 || version === 2) return version
    const message = `Expected storageVersion 0 or 2 for ${WHERE} but received ${version}`
    throw new PackedError('NotSupported', message)
  }
  if (groups.some(({ childFields }) => childFields.length > 0)) return 2
  const group = groups.find(({ binlogs }) => binlogs.length > 0)!
  const path = pathOfLog(group, group.binlogs[0]!, options.location)
  const { signal } = options
  const chunkManager = await chunkManagerOf(options)
  const head = await chunkManager.readAt(path, 0, MAGIC_BYTES, { signal })
  return hasBinlogMagic(head) ? 0 : 2
}

async function chunkManagerOf({
  chunkManager,
  storage,
}: BinlogRecordReaderOptions): Promise<ChunkManager> {
  return chunkManager ?? openChunkManager(storage)
}
