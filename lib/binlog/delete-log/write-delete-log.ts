import { expectId, expectObject, expectOneOf, expectOptions } from '../../config/index.js'
import type { DeleteData } from '../../data/index.js'
import { PackedError } from '../../errors/index.js'
import { encodePayload, PackedWriter } from '../../packed/index.js'
import { DataType } from '../../schema/index.js'
import type { ChunkManager } from '../../storage/index.js'
import { expectChunkManager } from '../../storage/index.js'
import type { Binlog } from '../field-binlog.js'
import type { Id } from '../log-path.js'
import { buildBinlog, EventType, MULTI_FIELD } from '../v1/index.js'
import { columnBatches, textBatches } from './delete-batches.js'
import { KEY_COLUMN, TIME_COLUMN } from './delete-columns.js'

/**
 * `'json'` (default): a JSON row per delete in a StorageV1 container. `'parquet'`: columns of keys
 * and times in one (MULTI_FIELD). `'packed'`: StorageV2's Parquet, group 0 of the fields 0 and 1.
 */
export type DeleteLogFormat = 'json' | 'parquet' | 'packed'

/** Options of {@link writeDeleteLog}. */
export interface WriteDeleteLogOptions {
  /** `'json'` by default, as Milvus writes it. */
  format?: DeleteLogFormat
  /** The segment whose log it is; -1 for all partitions. */
  collectionId: Id
  /** -1 for all partitions. */
  partitionId: Id
  /** The segment whose log it is. */
  segmentId: Id
  /** Number of the log. */
  logId: Id
  /** Aborting rejects with the signal's reason; then there is no object. */
  signal?: AbortSignal | undefined
}

const OPTIONS = ['format', 'collectionId', 'partitionId', 'segmentId', 'logId', 'signal'] as const
const FORMATS = ['json', 'parquet', 'packed'] as const
/** A delete log is no field's. */
const NO_FIELD = -1

/**
 * Write deletes, in their order, as one log; an object of the same key is replaced. Without
 * deletes there is no object, and undefined is returned. They are lent until the promise settles.
 *
 * @param path key of the log, as `buildDeltaLogPath` makes it.
 * @returns its metadata: bytes stored, and memory by Milvus's formula for deletes.
 * @throws PackedError InvalidArgument (ids, a timestamp 0 in the JSON form), NotSupported (the
 *   packed form where the addon cannot write), and what the chunk manager throws. The signal's
 *   reason when it is aborted; then there is no object.
 */
export async function writeDeleteLog(
  chunks: ChunkManager,
  path: string,
  deletes: DeleteData,
  options: WriteDeleteLogOptions,
): Promise<Binlog | undefined> {
  expectOptions(options, OPTIONS, 'writeDeleteLog')
  expectChunkManager(chunks, 'chunks')
  expectObject(deletes, 'deletes')
  const format = expectOneOf(options.format, 'format', FORMATS, 'json')
  const logId = expectId(options.logId, 'logId')
  options.signal?.throwIfAborted()
  if (deletes.rowCount === 0) return undefined
  const { from, to } = timesOf(deletes.timestamps)
  const sizeBytes =
    format === 'packed'
      ? await writePacked(chunks, path, deletes, options)
      : await writeContainer(chunks, path, deletes, { ...options, format, from, to })
  return {
    entriesNum: deletes.rowCount,
    timestampFrom: from,
    timestampTo: to,
    logPath: path,
    logSize: sizeBytes,
    logId,
    memorySize: deletes.size(),
    fieldNullCounts: new Map(),
  }
}

function timesOf(timestamps: BigInt64Array): { from: bigint; to: bigint } {
  let from = timestamps[0]!
  let to = from
  for (const timestamp of timestamps) {
    if (timestamp < from) from = timestamp
    if (timestamp > to) to = timestamp
  }
  return { from, to }
}

async function writeContainer(
  chunks: ChunkManager,
  path: string,
  deletes: DeleteData,
  options: WriteDeleteLogOptions & { format: 'json' | 'parquet'; from: bigint; to: bigint },
): Promise<number> {
  const { collectionId, partitionId, segmentId, format, from, to, signal } = options
  const isJson = format === 'json'
  const rows = isJson ? await textBatches(deletes) : columnBatches(deletes)
  const keyType = deletes.keyKind === 'varchar' ? DataType.VarChar : DataType.Int64
  const bytes = buildBinlog(
    {
      collectionId,
      partitionId,
      segmentId,
      fieldId: NO_FIELD,
      payloadType: isJson ? DataType.String : keyType,
      startTimestamp: from,
      endTimestamp: to,
      extras: {
        originalSize: rows.textBytes,
        ...(isJson ? {} : { version: MULTI_FIELD }),
      },
    },
    [
      {
        type: EventType.Delete,
        payload: await encodePayload(rows.schema, rows.batches),
        startTimestamp: from,
        endTimestamp: to,
      },
    ],
    { streamed: !isJson },
  )
  await chunks.write(path, bytes, { signal })
  return bytes.length
}

async function writePacked(
  { storage }: ChunkManager,
  path: string,
  deletes: DeleteData,
  { signal }: WriteDeleteLogOptions,
): Promise<number> {
  if (storage === undefined) {
    const message = `Expected a storage that the addon writes for the packed delete log "${path}" but received another`
    throw new PackedError('NotSupported', message, { path })
  }
  const { schema, batches } = columnBatches(deletes)
  const writer = await PackedWriter.open({
    schema,
    groups: [{ id: 0, path, fields: [KEY_COLUMN, TIME_COLUMN] }],
    ifExists: 'replace',
    storage,
    ...(signal === undefined ? {} : { signal }),
  })
  try {
    for (const batch of batches) await writer.write(batch)
    const { groups } = await writer.finish()
    return groups[0]!.fileBytes
  } finally {
    await writer.close()
  }
}
