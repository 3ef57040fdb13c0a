import type { RecordBatch } from 'apache-arrow'
import type { VisibilityFilter } from '../packed/index.js'
import { primaryKeyField } from '../schema/index.js'
import { KeyStatistics, type StatisticsOf } from './key-statistics.js'
import type { SegmentOutput } from './output-schema.js'
import { getRows, type SegmentRowsByKey } from './segment-get.js'
import { expectTimestamp, type SegmentReaderSettings } from './segment-reader-options.js'
import { SegmentRows } from './segment-rows.js'
import type { SegmentSource } from './segment-source.js'
import { countEveryRow, hasCover, keyFilesOf } from './statistics-cover.js'

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
    const { statslogs } = source
    this.#of = of
    this.#filterAt = filterAt
    this.#rows = new SegmentRows(settings, source, output)
    const { chunks } = this.#rows
    const tellOfAll = this.#coverOf() ?? ((logs) => countEveryRow(logs, chunks))
    this.#statistics = new KeyStatistics({ settings, statslogs, chunks, tellOfAll })
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

  /** Which statistics a manifest says to be whole; undefined without a manifest. */
  #coverOf(): StatisticsOf['tellOfAll'] | undefined {
    const { settings, source } = this.#of
    const part = source.parts.find((one) => one.storageVersion === 3)
    if (part === undefined) return undefined
    const { manifest, idOf } = part
    const { fieldId } = primaryKeyField(settings.schema)
    const files = keyFilesOf(manifest.columnGroups, (column) => idOf(column) === fieldId)
    return (_, kind) => hasCover(manifest.stats[`bloom_filter.${fieldId}`], files, kind)
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
