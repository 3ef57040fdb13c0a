import { Table } from 'apache-arrow'
import type { PrimaryKey } from '../binlog/index.js'
import { expectBoolean, expectKnownKeys, expectObject } from '../config/index.js'
import { KeySet, type VisibilityFilter } from '../packed/index.js'
import { primaryKeyField, SimpleArrowRecord, TIMESTAMP_FIELD } from '../schema/index.js'
import { mapBounded } from '../storage/index.js'
import type { KeyStatistics } from './key-statistics.js'
import { expectKeys, keyColumn } from './lookup-keys.js'
import { MOST_CHUNKS, type RowPlace, type SegmentRows } from './segment-rows.js'
import type { SegmentProblem } from './verify-problem.js'

/** Options of `SegmentReader.get`. A name that is not listed here is InvalidArgument. */
export interface SegmentGetOptions {
  /** The columns that come out, in this order, by name or field id; those of the reader if absent. */
  columns?: readonly (string | number | bigint)[]
  /** Hybrid timestamp that rows are looked at; that of the reader if absent. */
  readTs?: bigint | number
  /**
   * Whether the bloom filters, least and greatest keys of the segment's statistics may rule out
   * keys; true by default. Without them every chunk is looked at.
   */
  statistics?: boolean
}

/** What was read and what was not for a `SegmentReader.get`. */
export interface KeyLookupStats {
  /** Different keys that were asked for. */
  keys: number
  /** Of them, those that the segment's statistics rule out. */
  keysByStatistics: number
  /** Files of statistics that this call read; the reader keeps what they say. */
  statisticsRead: number
  /** Chunks (of a manifest: the whole) that no key can be in, and those that were looked at. */
  chunksSkipped: number
  chunksRead: number
  /** Files with primary keys: those of which no key was read, and the others. */
  filesSkipped: number
  filesRead: number
  /**
   * Parquet row groups of primary keys in the chunks that were looked at: those that their own
   * statistics rule out, and those whose keys were read.
   */
  rowGroupsSkipped: number
  rowGroupsRead: number
  /** Rows that have one of the keys, and those of them that are not visible. */
  rowsFound: number
  rowsHidden: number
}

/** The rows of some primary keys. */
export interface SegmentRowsByKey {
  /**
   * The rows, in the order of the keys: one for each key that is there, and as often as it was
   * asked for.
   */
  table: Table
  /** Per key that was asked for: its row of `table`, or -1 where there is none. */
  rows: Int32Array
  /** Keys without a visible row, each once, in the order in which they were asked for. */
  missing: PrimaryKey[]
  /** Per row of `table`: its position in the segment, as `take` has it. */
  positions: number[]
  stats: KeyLookupStats
  /** Statistics that could not be read by this call, and therefore rule nothing out. */
  problems: readonly SegmentProblem[]
}

/** A row that may be the newest one of its key. */
interface Candidate extends RowPlace {
  /** Position among the different keys. */
  readonly key: number
  readonly timestamp: bigint
}

/** What a lookup goes by. */
export interface Lookup {
  readonly rows: SegmentRows
  readonly statistics: KeyStatistics
  /** What hides rows at a timestamp, by default the reader's; undefined where nothing does. */
  filterAt(readTs: unknown): Promise<VisibilityFilter | undefined>
}

/** See `SegmentReader.get`. */
export async function getRows(
  { rows, statistics, filterAt }: Lookup,
  value: unknown,
  optionsValue: unknown,
): Promise<SegmentRowsByKey> {
  const options = expectObject(optionsValue, 'the options of get')
  expectKnownKeys(options, ['columns', 'readTs', 'statistics'], 'get')
  const output = rows.outputOf(options.columns)
  const field = primaryKeyField(rows.settings.schema)
  const { distinct, positions } = expectKeys(value, field)
  const useStatistics = expectBoolean(options.statistics, 'statistics', true)
  rows.settings.signal?.throwIfAborted()
  const filter = await filterAt(options.readTs)
  const stats = noStats(distinct.length)
  statistics.begin()
  const search = new KeySearch(rows, distinct, stats)
  if (distinct.length > 0) {
    await search.run(useStatistics ? statistics : undefined, filter)
  }
  stats.statisticsRead = statistics.filesRead
  const newest = search.newest
  const found = positions.flatMap((key) => newest[key] ?? [])
  const batch = await rows.takePlaces(found, output)
  let row = 0
  return {
    table: new Table([batch]),
    rows: Int32Array.from(positions, (key) => (newest[key] === undefined ? -1 : row++)),
    missing: distinct.filter((_, key) => newest[key] === undefined),
    positions: await rows.positionsOf(found),
    stats,
    problems: statistics.problems,
  }
}

/** Looks for the newest visible row of each of some keys. */
class KeySearch {
  /** By the position of the key. */
  readonly newest: (Candidate | undefined)[]
  readonly #rows: SegmentRows
  readonly #keys: readonly PrimaryKey[]
  readonly #stats: KeyLookupStats
  readonly #fieldIds: readonly [key: bigint, timestamp: bigint]

  constructor(rows: SegmentRows, keys: readonly PrimaryKey[], stats: KeyLookupStats) {
    this.newest = new Array(keys.length).fill(undefined)
    this.#rows = rows
    this.#keys = keys
    this.#stats = stats
    this.#fieldIds = [primaryKeyField(rows.settings.schema).fieldId, TIMESTAMP_FIELD]
  }

  async run(
    statistics: KeyStatistics | undefined,
    filter: VisibilityFilter | undefined,
  ): Promise<void> {
    const { chunks } = this.#rows
    const all = this.#keys.map((_, key) => key)
    const alive = chunks.length === 0 ? [] : await this.#alive(all, statistics)
    if (chunks.length > 0) this.#stats.keysByStatistics = all.length - alive.length
    const byChunk = alive.length === 0 ? undefined : await statistics?.ofChunks(this.#column(alive))
    const work = chunks.map((_, chunk) => {
      const marks = byChunk?.[chunk]
      return { chunk, keys: marks === undefined ? alive : alive.filter((_, i) => marks[i] === 1) }
    })
    const found = await mapBounded(work, MOST_CHUNKS, ({ chunk, keys }) =>
      keys.length === 0 ? this.#skip(chunk) : this.#look(chunk, keys, filter),
    )
    // Chunk after chunk: of rows of one timestamp the one that is stored last counts.
    for (const candidate of found.flat()) {
      const best = this.newest[candidate.key]
      if (best === undefined || best.timestamp <= candidate.timestamp) {
        this.newest[candidate.key] = candidate
      }
    }
  }

  async #alive(keys: number[], statistics: KeyStatistics | undefined): Promise<number[]> {
    const marks = await statistics?.ofSegment(this.#column(keys))
    return marks === undefined ? keys : keys.filter((_, index) => marks[index] === 1)
  }

  #column(keys: readonly number[]) {
    const { schema } = this.#rows.settings
    return keyColumn(
      keys.map((key) => this.#keys[key]!),
      primaryKeyField(schema),
    )
  }

  async #skip(chunk: number): Promise<Candidate[]> {
    this.#stats.chunksSkipped++
    this.#stats.filesSkipped += this.#rows.chunks[chunk]!.countFiles([this.#fieldIds[0]])
    return []
  }

  /** The visible rows of a chunk that have one of the keys. */
  #look(
    chunk: number,
    keys: readonly number[],
    filter: VisibilityFilter | undefined,
  ): Promise<Candidate[]> {
    const stats = this.#stats
    return this.#rows.withChunk(chunk, this.#fieldIds, async (opened) => {
      const set = await KeySet.of(keys.map((key) => this.#keys[key]!))
      const hits = await opened.findKeys(set)
      stats.chunksRead++
      stats.filesRead += hits.filesRead
      stats.filesSkipped += hits.filesSkipped
      stats.rowGroupsRead += hits.rowGroupsRead
      stats.rowGroupsSkipped += hits.rowGroupsSkipped
      stats.rowsFound += hits.rows.length
      if (hits.rows.length === 0) return []
      const record = new SimpleArrowRecord(await opened.take(hits.rows))
      const [key, time] = this.#fieldIds.map((id) => record.column(id)!)
      const visible = await filter?.look(key!, time!)
      const timestamps = time!.values as BigInt64Array
      return Array.from(hits.rows).flatMap((row, index): Candidate[] => {
        if (visible?.[index] !== 0) {
          return [{ chunk, row, key: keys[hits.keys[index]!]!, timestamp: timestamps[index]! }]
        }
        stats.rowsHidden++
        return []
      })
    })
  }
}

function noStats(keys: number): KeyLookupStats {
  return {
    ...{ keys, keysByStatistics: 0, statisticsRead: 0 },
    ...{ chunksSkipped: 0, chunksRead: 0, filesSkipped: 0, filesRead: 0 },
    ...{ rowGroupsSkipped: 0, rowGroupsRead: 0, rowsFound: 0, rowsHidden: 0 },
  }
}
