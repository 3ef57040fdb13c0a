import { buildInsertLogPath, type FieldBinlog, V1RecordWriter } from '../binlog/index.js'
import type { StorageConfig } from '../config/index.js'
import { PackedRecordWriter, type PackedRecordWriterOptions } from '../packed/index.js'
import { type ArrowRecord, allFields, type FieldGroup } from '../schema/index.js'
import { storageOf } from './segment-keys.js'
import type { SegmentWriterSettings } from './segment-writer-options.js'
import type { TimeSpan } from './time-span.js'

/** What the files of a chunk are written with. */
export interface ChunkSettings
  extends Pick<
    SegmentWriterSettings,
    | 'collectionId'
    | 'partitionId'
    | 'segmentId'
    | 'schema'
    | 'chunkManager'
    | 'allocateId'
    | 'root'
    | 'layout'
    | 'storageVersion'
    | 'encryption'
    | 'signal'
  > {
  /** StorageV2. */
  readonly quantized?: SegmentWriterSettings['quantized']
  /** StorageV1: the times of the logs; those of the rows if absent. */
  readonly times?: TimeSpan
  /** StorageV2: where the addon writes; as the chunk manager has it if absent. */
  readonly storage?: StorageConfig | undefined
  /** StorageV2. */
  readonly packed?: Pick<PackedRecordWriterOptions, 'bufferBytes' | 'fsync' | 'multipartPartBytes'>
}

/** Writes the insert logs of one chunk of rows. */
export interface ChunkWriter {
  /** Keys of the files that `finish` publishes. */
  readonly paths: readonly string[]
  write(record: ArrowRecord): Promise<void>
  getWrittenUncompressed(): number
  /** Publish; the logs of the chunk, one per field or group, none without rows. */
  finish(): Promise<readonly FieldBinlog[]>
  /** Remove what was made, unless it was published. Idempotent. */
  discard(): Promise<void>
}

/** A writer for the next chunk; every log gets a new number. */
export function openChunkWriter(
  settings: ChunkSettings,
  groups: readonly FieldGroup[],
): Promise<ChunkWriter> {
  return settings.storageVersion === 0 ? openV1(settings) : openV2(settings, groups)
}

async function openV1(settings: ChunkSettings): Promise<ChunkWriter> {
  const { schema, chunkManager, root, layout, times, signal } = settings
  const { collectionId, partitionId, segmentId } = settings
  const logIds = new Map<bigint, bigint>()
  for (const { fieldId } of allFields(schema)) logIds.set(fieldId, await settings.allocateId())
  const writer = await V1RecordWriter.open({
    schema,
    chunkManager,
    location: { root, collectionId, partitionId, segmentId, layout },
    logIds,
    ...(times === undefined ? {} : { timestampFrom: times.from, timestampTo: times.to }),
    ...(signal === undefined ? {} : { signal }),
  })
  return {
    paths: [...logIds].map(([fieldId, logId]) =>
      buildInsertLogPath(root, collectionId, partitionId, segmentId, fieldId, logId, { layout }),
    ),
    write: (record) => writer.write(record),
    getWrittenUncompressed: () => writer.getWrittenUncompressed(),
    finish: async () => {
      await writer.close()
      return writer.fieldBinlogs
    },
    discard: () => writer.discard(),
  }
}

async function openV2(
  settings: ChunkSettings,
  groups: readonly FieldGroup[],
): Promise<ChunkWriter> {
  const { schema, chunkManager, root, layout, encryption, quantized, signal } = settings
  const { collectionId, partitionId, segmentId } = settings
  const logs: { logId: bigint; path: string }[] = []
  for (const { id } of groups) {
    const logId = await settings.allocateId()
    const ids = [collectionId, partitionId, segmentId, id, logId] as const
    logs.push({ logId, path: buildInsertLogPath(root, ...ids, { layout }) })
  }
  const writer = await PackedRecordWriter.open({
    schema,
    columnGroups: groups,
    paths: logs.map(({ path }) => path),
    storage: settings.storage ?? storageOf(chunkManager),
    ...settings.packed,
    ...(encryption === undefined ? {} : { encryption }),
    ...(quantized === undefined ? {} : { quantized }),
    ...(signal === undefined ? {} : { signal }),
  })
  return {
    paths: logs.map(({ path }) => path),
    write: (record) => writer.write(record),
    getWrittenUncompressed: () => writer.getWrittenUncompressed(),
    finish: async () => {
      await writer.close()
      return groups.map((group, index) => listOf(writer, group, logs[index]!))
    },
    discard: () => writer.discard(),
  }
}

function listOf(
  writer: PackedRecordWriter,
  { id, fieldIds }: FieldGroup,
  { logId, path }: { logId: bigint; path: string },
): FieldBinlog {
  const { from = 0n, to = 0n } = writer.timestampRange ?? {}
  const binlog = {
    entriesNum: writer.rowCount,
    timestampFrom: from,
    timestampTo: to,
    logPath: path,
    logSize: writer.writtenCompressed.get(id) ?? 0,
    logId,
    memorySize: writer.writtenUncompressed.get(id) ?? 0,
    fieldNullCounts: new Map(fieldIds.map((field) => [field, writer.nullCounts.get(field) ?? 0])),
  }
  return { fieldId: id, binlogs: [binlog], childFields: fieldIds, format: '' }
}
