import {
  type Binlog,
  buildManifestPath,
  buildSegmentBasePath,
  checkAligned,
  type FieldBinlog,
  logIdOf,
  readDeleteLog,
  sortedByField,
} from '../binlog/index.js'
import {
  expectBoolean,
  expectFunction,
  expectKnownKeys,
  expectObject,
  expectSignal,
  type StorageConfig,
  unexpected,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'
import {
  type ManifestColumnGroup,
  type ManifestDeltaLog,
  type ManifestFile,
  type ManifestStatistics,
  ManifestTransaction,
  rowsOfFile,
} from '../manifest/index.js'
import { inspectFile, type KeyRetriever, type PackedFileInfo } from '../packed/index.js'
import { fieldIdOf } from '../schema/index.js'
import { type ChunkManager, chunkManagerAt, mapBounded } from '../storage/index.js'
import { MERGED_LOG_ID, type SegmentInfo } from './segment-info.js'
import { joinKey, storageOf } from './segment-keys.js'
import { readSidecar, writeSidecar } from './segment-sidecar.js'
import { countEveryRow, withCover } from './statistics-cover.js'

/** Options of {@link createManifest}. A name that is not listed here is InvalidArgument. */
export interface CreateManifestOptions {
  /** Where the logs are: a chunk manager, or a directory or bucket. */
  chunkManager?: ChunkManager
  /** Where the segment is: a directory or bucket, instead of a chunk manager. */
  storage?: StorageConfig
  /** Of StorageV2, as the metadata or `locateSegment` has it. */
  segment: SegmentInfo
  /** Key prefix that `insert_log` is below; the manager's own root by default. */
  root?: string
  /** For encrypted column groups. */
  keyRetriever?: KeyRetriever
  /** The caller's word that nobody else commits: needed for stores without conditional writes. */
  singleWriter?: boolean
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

const KNOWN = [
  'chunkManager',
  'storage',
  'segment',
  'root',
  'keyRetriever',
  'singleWriter',
  'signal',
] as const
/** Files that are looked at at a time. */
const MOST_READS = 8

/** What the logs of a segment are looked at with. */
interface Place {
  readonly chunkManager: ChunkManager
  readonly keyRetriever: KeyRetriever | undefined
  readonly signal: AbortSignal | undefined
}

/**
 * Give a StorageV2 segment a manifest, version 1, that names the files it has: nothing is
 * rewritten, and it reads as before. Columns have the names that they have in the files.
 *
 * Where the segment has a sidecar, that says it afterwards; in a metadata store the caller
 * replaces the segment. Nobody may sync it meanwhile. The lists of its logs stay, as the files do.
 *
 * @returns the segment as one of StorageV3.
 * @throws PackedError Conflict (it has a manifest), NotSupported (StorageV1, or a field was added
 *   between its chunks: `convertSegment` gives it to all of them), MetadataCorrupted (the lists do not agree with each other, or with the files), InvalidArgument, and what reading
 *   and committing throw; then it is what it was.
 */
export async function createManifest(options: CreateManifestOptions): Promise<SegmentInfo> {
  const given = expectObject(options, 'createManifest')
  expectKnownKeys(given, KNOWN, 'createManifest')
  const segment = expectV2(expectObject(given.segment, 'segment') as unknown as SegmentInfo)
  const { root = '' } = given
  if (typeof root !== 'string') throw unexpected('a key prefix', 'root', root)
  const place: Place = {
    chunkManager: await chunkManagerAt(options),
    keyRetriever: expectFunction<KeyRetriever>(given.keyRetriever, 'keyRetriever'),
    signal: expectSignal(given.signal, 'signal'),
  }
  const { chunkManager, signal } = place
  signal?.throwIfAborted()
  const { collectionId, partitionId, segmentId } = segment
  const basePath = buildSegmentBasePath(root, collectionId, partitionId, segmentId)
  const transaction = await ManifestTransaction.open({
    ...{ chunkManager, basePath, version: 0, resolver: 'fail' },
    singleWriter: expectBoolean(given.singleWriter, 'singleWriter', false),
    ...(signal === undefined ? {} : { signal }),
  })
  const groups = sortedByField(segment.binlogs).filter(({ binlogs }) => binlogs.length > 0)
  checkAligned(groups)
  const made: NumberedGroup[] = []
  for (const group of groups) made.push(await manifestGroup(group, place))
  const columnGroups = made.map(({ group }) => group)
  if (columnGroups.length > 0) transaction.appendFiles(columnGroups)
  for (const log of await deltaLogs(segment.deltalogs, place)) transaction.addDeltaLog(log)
  for (const [key, lists] of [
    ['bloom_filter', segment.statslogs],
    ['bm25', segment.bm25logs],
  ] as const) {
    for (const list of lists) {
      if (list.binlogs.length === 0) continue
      const statistics = statisticsOf(list)
      transaction.updateStatistics(
        `${key}.${list.fieldId}`,
        key === 'bm25' ? statistics : keyStatisticsOf(list, statistics, made),
      )
    }
  }
  const { version } = await transaction.commit({ signal })
  const manifestPath = buildManifestPath({ version, basePath })
  const result: SegmentInfo = { ...segment, storageVersion: 3, manifestPath }
  await renewSidecar(result, joinKey(root), place)
  return result
}

function expectV2(segment: SegmentInfo): SegmentInfo {
  const { segmentId, storageVersion, manifestPath = '' } = segment
  if (storageVersion === 2 && manifestPath === '') return segment
  const code = storageVersion === 0 ? 'NotSupported' : 'Conflict'
  const received = storageVersion === 0 ? 'StorageV1' : 'one that has a manifest'
  const message = `Expected a segment of StorageV2 for a manifest but segment ${segmentId} is ${received}`
  throw new PackedError(code, message)
}

/** A group, and the field id of each of its columns. */
interface NumberedGroup {
  readonly group: ManifestColumnGroup
  readonly fieldIds: readonly (bigint | undefined)[]
}

async function manifestGroup(
  { fieldId, binlogs }: FieldBinlog,
  { chunkManager, keyRetriever, signal }: Place,
): Promise<NumberedGroup> {
  const files = await mapBounded(binlogs, MOST_READS, async (log) => {
    signal?.throwIfAborted()
    const info = await inspectFile(log.logPath, {
      storage: storageOf(chunkManager),
      ...(keyRetriever === undefined ? {} : { keyRetriever }),
    })
    return { info, file: manifestFile(log, info, fieldId) }
  })
  const [first, ...others] = files.map(({ info }) => info)
  for (const other of others) expectColumnsOf(first!, other)
  const { fields } = first!.schema
  return {
    group: {
      columns: fields.map(({ name }) => name),
      files: files.map(({ file }) => file),
      format: 'parquet',
    },
    fieldIds: fields.map(fieldIdOf),
  }
}

/** Whoever reads a manifest takes all files of a group for alike, Milvus too. */
function expectColumnsOf(first: PackedFileInfo, other: PackedFileInfo): void {
  const [known, found] = [first, other].map(
    ({ schema }) => new Set(schema.fields.map(({ name }) => name)),
  )
  const field =
    [...found!].find((name) => !known!.has(name)) ?? [...known!].find((name) => !found!.has(name))
  if (field === undefined) return
  const message = `Expected the columns of "${first.path}" in "${other.path}" but "${field}" is in one of them only: convertSegment makes them equal`
  throw new PackedError('NotSupported', message, { path: other.path, field })
}

function manifestFile(
  { logPath, entriesNum }: Binlog,
  { rows, fileBytes, footerBytes }: PackedFileInfo,
  group: bigint,
): ManifestFile {
  if (rows !== entriesNum) {
    const message = `Expected ${entriesNum} rows in "${logPath}" of column group ${group} but received ${rows}`
    throw new PackedError('MetadataCorrupted', message, { path: logPath })
  }
  const properties = { file_size: String(fileBytes), footer_size: String(footerBytes) }
  return { path: logPath, startIndex: 0, endIndex: rows, properties }
}

/** Metadata that came out of the files alone does not say how many deletes there are. */
function deltaLogs(
  lists: readonly FieldBinlog[],
  { chunkManager, keyRetriever, signal }: Place,
): Promise<ManifestDeltaLog[]> {
  const logs = lists.flatMap(({ binlogs }) => binlogs)
  return mapBounded(logs, MOST_READS, async ({ logPath, entriesNum }) => {
    const count = async (): Promise<number> =>
      (await readDeleteLog(chunkManager, logPath, { keyRetriever, signal })).rowCount
    const numEntries = entriesNum > 0 ? entriesNum : await count()
    return { path: logPath, type: 'primaryKey', numEntries } as const
  })
}

function statisticsOf({ binlogs }: FieldBinlog): ManifestStatistics {
  const bytes = binlogs.reduce((sum, { memorySize, logSize }) => sum + (memorySize || logSize), 0)
  return {
    paths: binlogs.map(({ logPath }) => logPath),
    metadata: { memory_size: String(bytes) },
  }
}

/** Those of keys, with the word that they tell of every row where the lists count them all. */
function keyStatisticsOf(
  { fieldId, binlogs }: FieldBinlog,
  statistics: ManifestStatistics,
  groups: readonly NumberedGroup[],
): ManifestStatistics {
  const [keys] = groups.filter(({ fieldIds }) => fieldIds.includes(fieldId))
  if (keys === undefined) return statistics
  const { files } = keys.group
  const chunks = files.map((file) => ({ rows: rowsOfFile(file) }))
  const kinds = (['single', 'merged'] as const).filter((kind) => {
    const logs = binlogs.filter((log) => (logIdOf(log) === MERGED_LOG_ID) === (kind === 'merged'))
    return countEveryRow(logs, chunks)
  })
  return withCover(statistics, files, kinds)
}

/** One that says StorageV2 would have readers miss what later versions of the manifest hold. */
async function renewSidecar(
  segment: SegmentInfo,
  root: string,
  { chunkManager, signal }: Place,
): Promise<void> {
  const known = await readSidecar(chunkManager, root, segment, { signal })
  if (known === undefined) return
  const { storageVersion, manifestPath } = segment
  const renewed = { ...known, storageVersion, ...(manifestPath ? { manifestPath } : {}) }
  await writeSidecar(chunkManager, root, renewed, { signal })
}
