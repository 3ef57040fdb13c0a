import {
  type Binlog,
  buildBm25LogPath,
  buildDeltaLogPath,
  buildStatsLogPath,
  type FieldBinlog,
  type PrimaryKeyStats,
  serializePrimaryKeyStats,
  writeBm25Log,
  writeDeleteLog,
} from '../binlog/index.js'
import { encryptionOf } from '../packed/index.js'
import { type ArrowRecord, allFields, type FieldGroup, primaryKeyField } from '../schema/index.js'
import {
  type ChunkSettings,
  expectKeysOf,
  type LogStorageVersion,
  openChunkWriter,
  type TimeSpan,
} from '../segment/index.js'
import { PackIds } from './pack-ids.js'
import { PackLeftovers } from './pack-leftovers.js'
import { keyStatistics, listOf } from './pack-parts.js'
import type { PackTarget } from './pack-target.js'
import type { PackLogs } from './pack-writer.js'
import { retrying } from './retry.js'
import { classifySyncError } from './sync-error.js'
import type { SyncPack } from './sync-pack.js'

/** The insert logs of a pack, as the storage version of its segment wants them. */
export interface InsertForm {
  readonly storageVersion: LogStorageVersion
  readonly groups: readonly FieldGroup[]
  /** Of the logs, where it is not the rows that say it. */
  readonly times?: TimeSpan
}

/**
 * One writing of a pack: every file is tried again by itself, with a new id; when one fails for
 * good, all of them are removed.
 */
export class PackRun {
  readonly ids: PackIds
  readonly #target: PackTarget
  readonly #leftovers: PackLeftovers
  readonly #signal: AbortSignal | undefined
  /** Keys of what stands. */
  readonly #written: string[] = []

  constructor(target: PackTarget, signal: AbortSignal | undefined) {
    this.ids = new PackIds(target.allocator, signal)
    this.#target = target
    this.#leftovers = new PackLeftovers(target.chunkManager, target.logger)
    this.#signal = signal
  }

  get orphans(): readonly string[] {
    return this.#leftovers.orphans
  }

  /** Insert logs, statistics, deletes and BM25 statistics, in this order. */
  async write(
    pack: SyncPack,
    records: readonly ArrowRecord[],
    form: InsertForm,
  ): Promise<PackLogs> {
    try {
      const inserts = await this.#writeInserts(records, form)
      const { times, facts } = summaryOf(pack, inserts)
      const pkStats = await keyStatistics(this.#target.schema, records, this.#signal)
      const stats = await this.#writeStats(pkStats, facts)
      const delta = await this.#writeDeletes(pack)
      const bm25 = await this.#writeBm25(pack, times)
      const lists = [...inserts.values(), ...stats.values(), ...bm25.values()]
      const sizeBytes = [...lists, ...(delta === undefined ? [] : [delta])]
        .flatMap(({ binlogs }) => binlogs)
        .reduce((bytes, { logSize }) => bytes + logSize, 0)
      return { inserts, stats, delta, bm25, sizeBytes, pkStats, bm25Stats: pack.bm25Stats }
    } catch (error) {
      await this.#leftovers.remove(this.#written)
      throw error
    }
  }

  /** Nothing is made, and no id asked for, without rows. */
  #writeInserts(
    records: readonly ArrowRecord[],
    form: InsertForm,
  ): Promise<Map<bigint, FieldBinlog>> {
    if (records.length === 0) return Promise.resolve(new Map())
    const { schema } = this.#target
    const files = form.storageVersion === 0 ? allFields(schema).length : form.groups.length
    return this.#attempting(files, async (ids, note) => {
      const writer = await openChunkWriter(this.#chunkSettings(form, ids), form.groups)
      note(...writer.paths)
      try {
        for (const record of records) await writer.write(record)
        const lists = await writer.finish()
        return new Map(lists.map((list) => [list.fieldId, list]))
      } finally {
        await writer.discard()
      }
    })
  }

  #chunkSettings({ storageVersion, times }: InsertForm, ids: readonly bigint[]): ChunkSettings {
    const { pluginContext, multipartPartBytes, syncBufferBytes, fsync } = this.#target
    const next = ids.values()
    return {
      ...this.#target,
      layout: 'milvus',
      storageVersion,
      allocateId: async () => next.next().value!,
      encryption: pluginContext === undefined ? undefined : encryptionOf(pluginContext),
      signal: this.#signal,
      storage: this.#target.storageConfig,
      packed: {
        bufferBytes: syncBufferBytes,
        fsync,
        ...(multipartPartBytes === undefined ? {} : { multipartPartBytes }),
      },
      ...(times === undefined ? {} : { times }),
    }
  }

  async #writeStats(
    stats: PrimaryKeyStats | undefined,
    facts: Pick<Binlog, 'entriesNum' | 'timestampFrom' | 'timestampTo'>,
  ): Promise<Map<bigint, FieldBinlog>> {
    if (stats === undefined) return new Map()
    const { root, collectionId, partitionId, segmentId, chunkManager } = this.#target
    const { fieldId } = stats
    const bytes = serializePrimaryKeyStats(stats)
    const log = await this.#attempting(1, async ([logId], note) => {
      const ids = [collectionId, partitionId, segmentId, fieldId, logId!] as const
      const logPath = buildStatsLogPath(root, ...ids)
      note(logPath)
      await chunkManager.write(logPath, bytes, { signal: this.#signal })
      return statsLog({ ...facts, logPath, logId: logId! }, bytes.length)
    })
    return new Map([[fieldId, listOf(fieldId, log)]])
  }

  async #writeDeletes({ deleteData }: SyncPack): Promise<FieldBinlog | undefined> {
    if (deleteData === undefined) return undefined
    const { root, collectionId, partitionId, segmentId, chunkManager } = this.#target
    const key = primaryKeyField(this.#target.schema)
    expectKeysOf(key, deleteData)
    const log = await this.#attempting(1, async ([logId], note) => {
      const path = buildDeltaLogPath(root, collectionId, partitionId, segmentId, logId!)
      note(path)
      return writeDeleteLog(chunkManager, path, deleteData, {
        collectionId,
        partitionId,
        segmentId,
        logId: logId!,
        signal: this.#signal,
      })
    })
    return log === undefined ? undefined : listOf(key.fieldId, log)
  }

  async #writeBm25({ bm25Stats }: SyncPack, times: TimeSpan): Promise<Map<bigint, FieldBinlog>> {
    const { root, collectionId, partitionId, segmentId, chunkManager } = this.#target
    const lists = new Map<bigint, FieldBinlog>()
    for (const [fieldId, stats] of bm25Stats) {
      const log = await this.#attempting(1, async ([logId], note) => {
        const ids = [collectionId, partitionId, segmentId, fieldId, logId!] as const
        const path = buildBm25LogPath(root, ...ids)
        note(path)
        return writeBm25Log(chunkManager, path, stats, {
          logId: logId!,
          timestampFrom: times.from,
          timestampTo: times.to,
          signal: this.#signal,
        })
      })
      lists.set(fieldId, listOf(fieldId, log))
    }
    return lists
  }

  /** Every attempt with ids of its own; `note` is told what the attempt may leave. */
  #attempting<T>(
    count: number,
    attempt: (ids: bigint[], note: (...paths: readonly string[]) => void) => Promise<T>,
  ): Promise<T> {
    const { retry, logger, segmentId } = this.#target
    const signal = this.#signal
    const options = {
      retry,
      signal,
      shouldRetry: (error: unknown) => classifySyncError(error, signal) === 'retry',
      onRetry: (error: unknown, number: number) =>
        logger.warn({ segmentId, attempt: number, err: error }, 'Writing a sync failed, once more'),
    }
    return retrying(options, async () => {
      const paths: string[] = []
      const write = async (): Promise<T> =>
        attempt(await this.ids.take(count), (...made) => void paths.push(...made))
      const result = await this.#leftovers.removing(() => paths, write)
      this.#written.push(...paths)
      return result
    })
  }
}

/** Memory is the bytes stored, as Milvus says it of statistics. */
export function statsLog(
  facts: Omit<Binlog, 'logSize' | 'memorySize' | 'fieldNullCounts'>,
  sizeBytes: number,
): Binlog {
  return { ...facts, logSize: sizeBytes, memorySize: sizeBytes, fieldNullCounts: new Map() }
}

/** The times of a pack that says none are those of its rows. */
function summaryOf(
  { timeRange, batchRows }: SyncPack,
  inserts: ReadonlyMap<bigint, FieldBinlog>,
): {
  times: TimeSpan
  facts: Pick<Binlog, 'entriesNum' | 'timestampFrom' | 'timestampTo'>
} {
  const [first] = [...inserts.values()].flatMap(({ binlogs }) => binlogs)
  const times =
    timeRange.to > 0n
      ? timeRange
      : { from: first?.timestampFrom ?? 0n, to: first?.timestampTo ?? 0n }
  return {
    times,
    facts: {
      entriesNum: first?.entriesNum ?? batchRows,
      timestampFrom: times.from,
      timestampTo: times.to,
    },
  }
}
