import type { Data } from 'apache-arrow'
import {
  type Binlog,
  buildBm25LogPath,
  buildStatsLogPath,
  PrimaryKeyStats,
  type PrimaryKeyType,
  serializeMergedPrimaryKeyStats,
  serializePrimaryKeyStats,
} from '../binlog/index.js'
import { Bm25Stats } from '../data/index.js'
import {
  type ArrowRecord,
  type FieldSchema,
  FunctionType,
  primaryKeyField,
} from '../schema/index.js'
import { copyKeys } from './copy-keys.js'
import { LogLists } from './log-lists.js'
import { MERGED_LOG_ID, type SegmentInfo } from './segment-info.js'
import type { SegmentWriterSettings } from './segment-writer-options.js'
import { spanOf, type TimeSpan } from './time-span.js'

/** Key of a file of statistics. */
export type StatsPath = (kind: 'stats' | 'bm25', fieldId: bigint, logId: bigint) => string

/** What statistics are written with. */
export interface StatsWriterSettings
  extends Pick<
    SegmentWriterSettings,
    'schema' | 'chunkManager' | 'allocateId' | 'bloomFilter' | 'signal'
  > {
  readonly pathOf: StatsPath
}

/** Where Milvus has the statistics of a segment of StorageV1 or V2. */
export function statsPathOf(settings: SegmentWriterSettings): StatsPath {
  const { root, layout, collectionId, partitionId, segmentId } = settings
  return (kind, fieldId, logId) => {
    const build = kind === 'stats' ? buildStatsLogPath : buildBm25LogPath
    return build(root, collectionId, partitionId, segmentId, fieldId, logId, { layout })
  }
}

/**
 * Gathers the statistics of a segment that is being written: primary keys, and the term counts of
 * sparse fields that a BM25 function fills. One file per chunk, and merged ones at the end.
 */
export class StatsWriter {
  readonly #settings: StatsWriterSettings
  readonly #statslogs = new LogLists()
  readonly #bm25logs = new LogLists()
  readonly #bm25Fields: readonly FieldSchema[]
  /** Of all chunks so far. */
  readonly #merged: { keys: PrimaryKeyStats[]; bm25: Map<bigint, Bm25Stats>; rows: number }
  #times: TimeSpan | undefined
  /** Of the open chunk. */
  #keys: Data[] = []
  #bm25 = new Map<bigint, Bm25Stats>()
  #rows = 0

  constructor(settings: StatsWriterSettings) {
    this.#settings = settings
    const outputs = settings.schema.functions
      .filter(({ type }) => type === FunctionType.BM25)
      .flatMap(({ outputFieldIds }) => outputFieldIds)
    this.#bm25Fields = settings.schema.fields.filter(({ fieldId }) => outputs.includes(fieldId))
    this.#merged = { keys: [], bm25: new Map(), rows: 0 }
  }

  /** Take in the rows of a record; nothing of it is kept. */
  add(record: ArrowRecord): void {
    const key = record.column(primaryKeyField(this.#settings.schema).fieldId)!
    this.#keys.push(copyKeys(key))
    this.#rows += record.numRows
    for (const field of this.#bm25Fields) {
      const stats = this.#bm25.get(field.fieldId) ?? new Bm25Stats()
      stats.append(field, record.column(field.fieldId)!)
      this.#bm25.set(field.fieldId, stats)
    }
  }

  /** Write the statistics of the rows since the last chunk. */
  async endChunk(times: TimeSpan): Promise<void> {
    if (this.#rows === 0) return
    const { schema, bloomFilter, signal } = this.#settings
    const key = primaryKeyField(schema)
    const stats = await PrimaryKeyStats.build({
      fieldId: key.fieldId,
      pkType: key.dataType as PrimaryKeyType,
      keys: this.#keys,
      kind: bloomFilter,
      ...(signal === undefined ? {} : { signal }),
    })
    const rows = this.#rows
    await this.#writeKeys(await this.#settings.allocateId(), serializePrimaryKeyStats(stats), {
      rows,
      times,
    })
    for (const [fieldId, bm25] of this.#bm25) {
      await this.#writeBm25(fieldId, await this.#settings.allocateId(), bm25, { rows, times })
      const merged = this.#merged.bm25.get(fieldId) ?? new Bm25Stats()
      merged.merge(bm25)
      this.#merged.bm25.set(fieldId, merged)
    }
    this.#merged.keys.push(stats)
    this.#merged.rows += rows
    this.#times = spanOf([times, ...(this.#times === undefined ? [] : [this.#times])])
    this.#keys = []
    this.#bm25 = new Map()
    this.#rows = 0
  }

  /** Write the merged files; none where there was no chunk. */
  async merge(): Promise<void> {
    const { keys, bm25, rows } = this.#merged
    const times = this.#times
    if (times === undefined) return
    const bytes = serializeMergedPrimaryKeyStats(keys)
    await this.#writeKeys(MERGED_LOG_ID, bytes, { rows, times })
    for (const [fieldId, stats] of bm25) {
      await this.#writeBm25(fieldId, MERGED_LOG_ID, stats, { rows, times })
    }
  }

  lists(): Pick<SegmentInfo, 'statslogs' | 'bm25logs'> {
    return {
      statslogs: this.#statslogs.toFieldBinlogs(),
      bm25logs: this.#bm25logs.toFieldBinlogs(),
    }
  }

  /** Keys of all objects that were written. */
  paths(): string[] {
    return [...this.#statslogs.paths(), ...this.#bm25logs.paths()]
  }

  async #writeKeys(
    logId: bigint,
    bytes: Uint8Array,
    facts: { rows: number; times: TimeSpan },
  ): Promise<void> {
    const { fieldId } = primaryKeyField(this.#settings.schema)
    const path = this.#settings.pathOf('stats', fieldId, logId)
    this.#statslogs.add(fieldId, await this.#writeLog(logId, path, bytes, facts))
  }

  async #writeBm25(
    fieldId: bigint,
    logId: bigint,
    stats: Bm25Stats,
    facts: { rows: number; times: TimeSpan },
  ): Promise<void> {
    const path = this.#settings.pathOf('bm25', fieldId, logId)
    this.#bm25logs.add(fieldId, await this.#writeLog(logId, path, stats.serialize(), facts))
  }

  async #writeLog(
    logId: bigint,
    logPath: string,
    bytes: Uint8Array,
    { rows, times }: { rows: number; times: TimeSpan },
  ): Promise<Binlog> {
    const { chunkManager, signal } = this.#settings
    await chunkManager.write(logPath, bytes, { signal })
    return {
      entriesNum: rows,
      timestampFrom: times.from,
      timestampTo: times.to,
      logPath,
      logSize: bytes.length,
      logId,
      memorySize: bytes.length,
      fieldNullCounts: new Map(),
    }
  }
}
