import {
  type Binlog,
  type FieldBinlog,
  logIdOf,
  type PrimaryKeyColumn,
  type PrimaryKeyStats,
  parsePrimaryKeyStats,
} from '../binlog/index.js'
import { PackedError } from '../errors/index.js'
import { type FieldSchema, primaryKeyField } from '../schema/index.js'
import { mapBounded } from '../storage/index.js'
import type { RowChunk } from './row-chunks.js'
import { MERGED_LOG_ID } from './segment-info.js'
import type { SegmentReaderSettings } from './segment-reader-options.js'
import type { StatisticsKind } from './statistics-cover.js'
import { ProblemList, type SegmentProblem } from './verify-problem.js'

/** Files of statistics that are read at a time. */
const MOST_READS = 16

/** What the statistics of a segment are held against. */
export interface StatisticsOf {
  readonly settings: SegmentReaderSettings
  /** Primary-key statistics of the segment. */
  readonly statslogs: readonly FieldBinlog[]
  readonly chunks: readonly RowChunk[]
  /** Whether it is known that logs of a kind tell of every row. */
  readonly tellOfAll: (logs: readonly Binlog[], kind: StatisticsKind) => boolean
}

/**
 * Which keys a segment, and each of its chunks, may have by the statistics of its primary keys.
 *
 * A file that cannot be read is a problem and rules nothing out, and neither do statistics that
 * nothing shows to tell of every row, or one of whose files is empty. The merged file goes before
 * the single ones, as Milvus takes it; single ones speak for a chunk where ids and rows show that
 * they were written with it. Files are read when they are first needed, once.
 */
export class KeyStatistics {
  readonly #of: StatisticsOf
  readonly #field: FieldSchema
  readonly #merged: readonly Binlog[]
  readonly #single: readonly Binlog[]
  readonly #loaded = new Map<Binlog, readonly PrimaryKeyStats[]>()
  #problems = new ProblemList()
  /** Not to be tried again in the same call. */
  readonly #unreadable = new Set<Binlog>()
  #filesRead = 0

  constructor(of: StatisticsOf) {
    this.#of = of
    this.#field = primaryKeyField(of.settings.schema)
    const logs = of.statslogs
      .filter(({ fieldId }) => fieldId === this.#field.fieldId)
      .flatMap(({ binlogs }) => binlogs)
    this.#merged = logs.filter((log) => logIdOf(log) === MERGED_LOG_ID)
    this.#single = logs.filter((log) => logIdOf(log) !== MERGED_LOG_ID)
  }

  /** Files that could not be read since `begin`. */
  get problems(): readonly SegmentProblem[] {
    return this.#problems.problems
  }

  /** Files that were read since `begin`. */
  get filesRead(): number {
    return this.#filesRead
  }

  /** A lookup begins: what could not be read for the one before may be there again. */
  begin(): void {
    this.#problems = new ProblemList()
    this.#unreadable.clear()
    this.#filesRead = 0
  }

  /** One byte per key: 0 where no row of the segment has it. */
  async ofSegment(keys: PrimaryKeyColumn): Promise<Uint8Array> {
    for (const [kind, logs] of [
      ['merged', this.#merged],
      ['single', this.#single],
    ] as const) {
      if (logs.length === 0 || !this.#of.tellOfAll(logs, kind)) continue
      const lists = await this.#load(logs)
      if (lists?.every((list) => list.length > 0)) return marksOf(lists.flat(), keys)
    }
    return new Uint8Array(keys.length).fill(1)
  }

  /** One byte per key and chunk: 0 where no row of the chunk has it. */
  async ofChunks(keys: PrimaryKeyColumn): Promise<readonly Uint8Array[]> {
    const { chunks } = this.#of
    const logs = chunks.length > 1 ? this.#singleByChunk() : undefined
    const lists = logs === undefined ? undefined : await this.#load(logs)
    return Promise.all(
      chunks.map((_, chunk) => {
        const entries = lists?.[chunk]
        const isSilent = entries === undefined || entries.length === 0
        return isSilent ? new Uint8Array(keys.length).fill(1) : marksOf(entries, keys)
      }),
    )
  }

  /**
   * The single file of every chunk: as many rows, and an id between those of the chunks around it,
   * which a sync takes in one go. Undefined where that does not hold.
   */
  #singleByChunk(): readonly Binlog[] | undefined {
    const { chunks } = this.#of
    if (this.#single.length !== chunks.length) return undefined
    let before = -1n
    for (const [index, log] of this.#single.entries()) {
      const { rows, logIds } = chunks[index]!
      if (log.entriesNum === 0 || rows !== log.entriesNum || logIds.length === 0) return undefined
      const ids = [...logIds, logIdOf(log)]
      const last = before
      if (ids.some((id) => id <= last)) return undefined
      for (const id of ids) if (id > before) before = id
    }
    return this.#single
  }

  /** What files say, in their order; undefined where one of them cannot be read. */
  async #load(
    logs: readonly Binlog[],
  ): Promise<readonly (readonly PrimaryKeyStats[])[] | undefined> {
    const lists = await mapBounded(logs, MOST_READS, (log) => this.#read(log))
    return lists.every((list) => list !== undefined) ? lists : undefined
  }

  async #read(log: Binlog): Promise<readonly PrimaryKeyStats[] | undefined> {
    const known = this.#loaded.get(log)
    if (known !== undefined || this.#unreadable.has(log)) return known
    const { chunkManager, signal } = this.#of.settings
    const place = { path: log.logPath, field: this.#field.name }
    const isRead = await this.#problems.attempt('statistics', place, signal, async () => {
      const list = parsePrimaryKeyStats(await chunkManager.read(log.logPath, { signal }))
      expectOfField(list, this.#field, log.logPath)
      this.#filesRead++
      this.#loaded.set(log, list)
    })
    if (!isRead) this.#unreadable.add(log)
    return this.#loaded.get(log)
  }
}

async function marksOf(
  entries: readonly PrimaryKeyStats[],
  keys: PrimaryKeyColumn,
): Promise<Uint8Array> {
  const found = new Uint8Array(keys.length)
  for (const stats of entries) {
    const marks = await stats.mayContain(keys)
    for (let key = 0; key < marks.length; key++) found[key] = found[key]! | marks[key]!
  }
  return found
}

function expectOfField(
  list: readonly PrimaryKeyStats[],
  { fieldId, dataType, name }: FieldSchema,
  path: string,
): void {
  const other = list.find((stats) => stats.fieldId !== fieldId || stats.pkType !== dataType)
  if (other === undefined) return
  const message = `Expected statistics of field ${fieldId} ("${name}") in "${path}" but received those of field ${other.fieldId} and type ${other.pkType}`
  throw new PackedError('MetadataCorrupted', message, { path, field: name })
}
