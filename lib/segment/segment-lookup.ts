import type { RecordBatch } from 'apache-arrow'
import type { VisibilityFilter } from '../packed/index.js'
import { KeyStatistics } from './key-statistics.js'
import type { SegmentOutput } from './output-schema.js'
import { getRows, type SegmentRowsByKey } from './segment-get.js'
import { expectTimestamp, type SegmentReaderSettings } from './segment-reader-options.js'
import { SegmentRows } from './segment-rows.js'
import type { SegmentSource } from './segment-source.js'

/** A segment that is being read. */
export interface LookupSource {
  readonly settings: SegmentReaderSettings
  readonly source: SegmentSource
  readonly output: SegmentOutput
  /** What hides rows at the timestamp of the reader. */
  readonly filter: VisibilityFilter | undefined
}

/** What hides rows at another timestamp, which takes reading the deletes again. */
export type FilterAt = (readTimestamp: bigint | undefined) => Promise<VisibilityFilter | undefined>

/**
 * Rows of a segment by position and by key, for a reader: what was found out for one call is kept
 * for the next ones, open files are not.
 */
export class SegmentLookup {
  readonly #of: LookupSource
  readonly #filterAt: FilterAt
  readonly #rows: SegmentRows
  readonly #statistics: KeyStatistics
  /** The deletes of one other timestamp than the reader's. */
  #other: { timestamp: bigint | undefined; filter: VisibilityFilter | undefined } | undefined

  constructor(of: LookupSource, filterAt: FilterAt) {
    const { settings, source, output } = of
    const { statslogs, numRows, parts } = source
    this.#of = of
    this.#filterAt = filterAt
    this.#rows = new SegmentRows(settings, source, output)
    const { chunks } = this.#rows
    const files = parts.map((part) =>
      part.storageVersion === 3 ? (part.manifest.columnGroups[0]?.files.length ?? 0) : 0,
    )
    const leastEntries = Math.max(chunks.length, ...files)
    this.#statistics = new KeyStatistics({ settings, statslogs, numRows, chunks, leastEntries })
  }

  /** See `SegmentReader.take`. */
  take(rows: unknown, options: unknown): Promise<RecordBatch> {
    return this.#rows.take(rows, options, this.#of.filter)
  }

  /** See `SegmentReader.get`. */
  get(keys: unknown, options: unknown): Promise<SegmentRowsByKey> {
    const [rows, statistics] = [this.#rows, this.#statistics]
    const filterAt = (readTs: unknown) => this.#filterOf(readTs)
    return getRows({ rows, statistics, filterAt }, keys, options)
  }

  async #filterOf(readTs: unknown): Promise<VisibilityFilter | undefined> {
    const { settings, filter } = this.#of
    if (readTs === undefined) return filter
    const timestamp = expectTimestamp(readTs, 'readTs')
    if (timestamp === settings.readTimestamp) return filter
    if (this.#other === undefined || this.#other.timestamp !== timestamp) {
      this.#other = { timestamp, filter: await this.#filterAt(timestamp) }
    }
    return this.#other.filter
  }
}
