import { randomUUID } from 'node:crypto'
import { Field, Schema } from 'apache-arrow'
import {
  type Binlog,
  buildManifestDeltaPath,
  type FieldBinlog,
  serializePrimaryKeyStats,
  writeDeleteLog,
} from '../binlog/index.js'
import { dataFolder, type ManifestColumnGroup, statsFolder } from '../manifest/index.js'
import { encryptionOf, PackedRecordWriter } from '../packed/index.js'
import {
  type ArrowRecord,
  type CollectionSchema,
  convertToArrowSchema,
  type FieldGroup,
  fieldIdOf,
  primaryKeyField,
} from '../schema/index.js'
import { expectKeysOf } from '../segment/index.js'
import type { PackIds } from './pack-ids.js'
import { keyStatistics, listOf } from './pack-parts.js'
import type { PackTarget } from './pack-target.js'
import type { PackLogs } from './pack-writer.js'
import { bloomFilterKey, bm25Key, type StagedPack, type StagedStatistics } from './staged-pack.js'
import type { SyncPack } from './sync-pack.js'

/** What the files of one attempt are written with. */
export interface Staging {
  readonly target: PackTarget
  /** Of the segment: `{root}/insert_log/{collection}/{partition}/{segment}`. */
  readonly basePath: string
  readonly groups: readonly FieldGroup[]
  readonly ids: PackIds
  /** Told of every file before it is begun. */
  readonly note: (path: string) => void
  readonly signal: AbortSignal | undefined
}

/**
 * Write the files of a pack into the folders of its segment: rows, statistics of keys, deletes and
 * BM25 statistics, in this order. No manifest names them yet.
 *
 * As Milvus reports it, logs have no size and only say a path that no other log has (`logPath` of
 * rows) or none (of deletes); statistics are only in the manifest.
 *
 * @throws PackedError what the writers throw; what was noted until then may be there.
 */
export async function stagePack(
  pack: SyncPack,
  records: readonly ArrowRecord[],
  staging: Staging,
): Promise<PackLogs & { readonly staged: StagedPack }> {
  const rows = await stageRows(records, staging)
  const pkStats = await keyStatistics(staging.target.schema, records, staging.signal)
  const statistics: StagedStatistics[] = []
  if (pkStats !== undefined) {
    const bytes = serializePrimaryKeyStats(pkStats)
    statistics.push(await stageStatistics(bloomFilterKey(pkStats.fieldId), bytes, staging))
  }
  const deletes = await stageDeletes(pack, staging)
  for (const [fieldId, stats] of pack.bm25Stats) {
    statistics.push(await stageStatistics(bm25Key(fieldId), stats.serialize(), staging))
  }
  const staged = {
    paths: [...rows.paths, ...statistics.map(({ path }) => path), ...deletes.paths],
    columnGroups: rows.columnGroups,
    statistics,
    deltaLogs: deletes.deltaLogs,
  }
  return {
    inserts: rows.inserts,
    stats: new Map(),
    bm25: new Map(),
    delta: deletes.delta,
    sizeBytes: statistics.reduce(
      (sum, { sizeBytes }) => sum + sizeBytes,
      rows.sizeBytes + deletes.sizeBytes,
    ),
    pkStats,
    bm25Stats: pack.bm25Stats,
    staged,
  }
}

/** Key of a file of statistics below a segment. */
export function statisticsPath(basePath: string, key: string, logId: bigint): string {
  return `${statsFolder(basePath)}/${key}/${logId}`
}

interface StagedRows extends Pick<StagedPack, 'paths' | 'columnGroups'> {
  readonly inserts: ReadonlyMap<bigint, FieldBinlog>
  readonly sizeBytes: number
}

async function stageRows(
  records: readonly ArrowRecord[],
  { target, basePath, groups, note, signal }: Staging,
): Promise<StagedRows> {
  if (records.length === 0) return { paths: [], columnGroups: [], inserts: new Map(), sizeBytes: 0 }
  const { schema, chunkManager, storageConfig, pluginContext } = target
  const { syncBufferBytes, multipartPartBytes, fsync } = target
  const paths = groups.map(({ id }) => `${dataFolder(basePath)}/${id}_${randomUUID()}.parquet`)
  const writer = await PackedRecordWriter.open({
    schema: numberedSchema(schema),
    columnGroups: groups,
    paths,
    storage: storageConfig ?? chunkManager.storage ?? { rootPath: chunkManager.rootPath },
    bufferBytes: syncBufferBytes,
    fsync,
    ...(multipartPartBytes === undefined ? {} : { multipartPartBytes }),
    ...(pluginContext === undefined ? {} : { encryption: encryptionOf(pluginContext) }),
    ...(signal === undefined ? {} : { signal }),
  })
  for (const path of paths) note(path)
  try {
    for (const record of records) await writer.write(record)
    await writer.close()
  } finally {
    await writer.discard()
  }
  const written = groups.map((group, index) => ({ group, path: paths[index]! }))
  return {
    paths,
    columnGroups: written.map(({ group, path }) =>
      manifestGroup(group, path, writer, pluginContext !== undefined),
    ),
    inserts: new Map(groups.map((group) => [group.id, placeholder(group, basePath, writer)])),
    sizeBytes: [...writer.writtenCompressed.values()].reduce((sum, bytes) => sum + bytes, 0),
  }
}

/** Columns are named by the ids of their fields, as Milvus names them in a manifest's files. */
function numberedSchema(schema: CollectionSchema): Schema {
  const { fields, metadata } = convertToArrowSchema(schema)
  const numbered = fields.map((field) => {
    const { type, nullable } = field
    return new Field(String(fieldIdOf(field)), type, nullable, field.metadata)
  })
  return new Schema(numbered, metadata)
}

function manifestGroup(
  { id, fieldIds }: FieldGroup,
  path: string,
  writer: PackedRecordWriter,
  isEncrypted: boolean,
): ManifestColumnGroup {
  const properties = {
    file_size: String(writer.writtenCompressed.get(id)),
    // Of no use without the key, and not looked at with it.
    ...(isEncrypted ? {} : { footer_size: String(writer.writtenFooters.get(id)) }),
  }
  return {
    columns: fieldIds.map(String),
    files: [{ path, startIndex: 0, endIndex: writer.rowCount, properties }],
    format: 'parquet',
  }
}

/** Rows, times and memory of a group; `{base}/{group}/{nanoseconds}` only tells it from others. */
function placeholder(
  { id, fieldIds }: FieldGroup,
  basePath: string,
  writer: PackedRecordWriter,
): FieldBinlog {
  const { from = 0n, to = 0n } = writer.timestampRange ?? {}
  const log: Binlog = {
    entriesNum: writer.rowCount,
    timestampFrom: from,
    timestampTo: to,
    logPath: `${basePath}/${id}/${nextNanos()}`,
    logSize: 0,
    logId: 0n,
    memorySize: writer.writtenUncompressed.get(id) ?? 0,
    fieldNullCounts: new Map(fieldIds.map((field) => [field, writer.nullCounts.get(field) ?? 0])),
  }
  return { ...listOf(id, log), childFields: fieldIds }
}

let lastNanos = 0n

/** Nanoseconds since 1970, never the same twice in a process. */
function nextNanos(): bigint {
  const now = BigInt(Date.now()) * 1_000_000n
  lastNanos = now > lastNanos ? now : lastNanos + 1n
  return lastNanos
}

async function stageStatistics(
  key: string,
  bytes: Uint8Array,
  { target, basePath, ids, note, signal }: Staging,
): Promise<StagedStatistics> {
  const [logId] = await ids.take(1)
  const path = statisticsPath(basePath, key, logId!)
  note(path)
  await target.chunkManager.write(path, bytes, { signal })
  return { key, path, sizeBytes: bytes.length }
}

interface StagedDeletes extends Pick<StagedPack, 'paths' | 'deltaLogs'> {
  readonly delta: FieldBinlog | undefined
  readonly sizeBytes: number
}

async function stageDeletes(
  { deleteData }: SyncPack,
  { target, basePath, ids, note, signal }: Staging,
): Promise<StagedDeletes> {
  const none = { paths: [], deltaLogs: [], delta: undefined, sizeBytes: 0 }
  if (deleteData === undefined || deleteData.rowCount === 0) return none
  const { schema, chunkManager, collectionId, partitionId, segmentId } = target
  const key = primaryKeyField(schema)
  expectKeysOf(key, deleteData)
  const [logId] = await ids.take(1)
  const path = buildManifestDeltaPath(basePath, logId!)
  note(path)
  const log = await writeDeleteLog(chunkManager, path, deleteData, {
    format: 'packed',
    collectionId,
    partitionId,
    segmentId,
    logId: logId!,
    signal,
  })
  if (log === undefined) return none
  return {
    paths: [path],
    deltaLogs: [{ path, type: 'primaryKey', numEntries: log.entriesNum }],
    delta: listOf(key.fieldId, { ...log, logPath: '', logSize: 0 }),
    sizeBytes: log.logSize,
  }
}
