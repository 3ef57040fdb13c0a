import type { Data } from 'apache-arrow'
import {
  type Binlog,
  type FieldBinlog,
  logIdOf,
  type PrimaryKey,
  PrimaryKeyFilter,
  type PrimaryKeyStats,
  parsePrimaryKeyStats,
} from '../binlog/index.js'
import { type FieldSchema, primaryKeyField } from '../schema/index.js'
import { readAhead } from '../storage/index.js'
import { MERGED_LOG_ID } from './segment-info.js'
import { MOST_READS, type VerifyContext } from './verify-context.js'
import type { ProblemList } from './verify-problem.js'

/** Statistics of one file: of one chunk, or the merged ones of all. */
interface StatsFile {
  path: string
  merged: boolean
  list: readonly PrimaryKeyStats[]
}

/** Rows named of those whose keys are in no filter. */
const SHOWN_ROWS = 5

/**
 * Holds the primary keys of a segment against its statistics: every key in a filter of a single
 * file and in one of the merged file, least and greatest key equal to what the files say.
 */
export class KeyChecks {
  readonly #files: readonly StatsFile[]
  /** Only for the range that adding a column natively gives. */
  readonly #ranges = PrimaryKeyFilter.empty('blocked', 1, 0.5)
  readonly #missing = new Map<boolean, { rows: number; first: string[] }>()
  #min: PrimaryKey | undefined
  #max: PrimaryKey | undefined

  private constructor(files: readonly StatsFile[]) {
    this.#files = files
  }

  /** Read the statistics; files that cannot be read, or are of another field, are problems. */
  static async open(
    statslogs: readonly FieldBinlog[],
    context: VerifyContext,
    problems: ProblemList,
  ): Promise<KeyChecks> {
    const { chunkManager, signal } = context
    const key = primaryKeyField(context.schema)
    const files: StatsFile[] = []
    for (const { fieldId, binlogs } of statslogs) {
      problems.equal('statsField', { field: fieldId }, key.fieldId, fieldId)
      const read = ({ logPath }: Binlog): Promise<Uint8Array> =>
        chunkManager.read(logPath, { signal })
      for await (const { item: log, result } of readAhead(binlogs, MOST_READS, read)) {
        const place = { path: log.logPath, field: fieldId }
        await problems.attempt('statistics', place, signal, async () => {
          const list = parsePrimaryKeyStats(await result)
          const merged = logIdOf(log) === MERGED_LOG_ID
          if (isOfKey(list, key, log.logPath, problems)) {
            files.push({ path: log.logPath, merged, list })
          }
        })
      }
    }
    return new KeyChecks(files)
  }

  /** What cannot be checked with these statistics. */
  get notChecked(): string[] {
    if (this.#files.length === 0) return ['keys against bloom filters (no statistics)']
    const open = this.#files.filter(({ list }) =>
      list.some(({ filter }) => filter.kind === 'alwaysTrue'),
    )
    return open.map(({ path }) => `keys against ${path} (no filter that can be read)`)
  }

  /** Test a column of keys, `firstRow` its first row within the chunk. */
  async add(keys: Data | undefined, firstRow: number): Promise<void> {
    if (keys === undefined || keys.length === 0) return
    for (const merged of [false, true]) {
      const lists = this.#files.filter((file) => file.merged === merged).flatMap(({ list }) => list)
      if (lists.length === 0) continue
      const found = new Uint8Array(keys.length)
      for (const stats of lists) {
        const marks = await stats.mayContain(keys)
        for (let row = 0; row < marks.length; row++) found[row] = found[row]! | marks[row]!
      }
      this.#count(found, keys, merged, firstRow)
    }
    const range = await this.#ranges.add(keys)
    if (range === null) return
    if (this.#min === undefined || isLess(range.min, this.#min)) this.#min = range.min
    if (this.#max === undefined || isLess(this.#max, range.max)) this.#max = range.max
  }

  /**
   * Say what was found in the chunks that were added.
   *
   * @param isWhole they are all chunks: least and greatest key are known.
   */
  finish(context: VerifyContext, problems: ProblemList, isWhole: boolean): void {
    const field = primaryKeyField(context.schema).name
    for (const merged of [false, true]) {
      const files = this.#files.filter((file) => file.merged === merged)
      if (files.length === 0) continue
      const place = { path: files.map(({ path }) => path).join(', '), field }
      const missing = this.#missing.get(merged)
      if (missing !== undefined) {
        const received = `${missing.rows} that are in none: ${missing.first.join(', ')}`
        problems.add('bloomFilter', place, 'every key in a filter', received)
      }
      const bounds = isWhole ? boundsOf(files) : undefined
      if (this.#min === undefined || this.#max === undefined || bounds === undefined) continue
      problems.equal('minKey', place, this.#min, bounds.min)
      problems.equal('maxKey', place, this.#max, bounds.max)
    }
  }

  #count(found: Uint8Array, keys: Data, merged: boolean, firstRow: number): void {
    found.forEach((mark, row) => {
      if (mark === 1) return
      const missing = this.#missing.get(merged) ?? { rows: 0, first: [] }
      missing.rows++
      if (missing.first.length < SHOWN_ROWS) {
        missing.first.push(`${JSON.stringify(String(keyAt(keys, row)))} (row ${firstRow + row})`)
      }
      this.#missing.set(merged, missing)
    })
  }
}

function isOfKey(
  list: readonly PrimaryKeyStats[],
  key: FieldSchema,
  path: string,
  problems: ProblemList,
): boolean {
  const before = problems.problems.length
  for (const stats of list) {
    problems.equal('statsField', { path }, key.fieldId, stats.fieldId)
    problems.equal('pkType', { path, field: key.name }, key.dataType as number, stats.pkType)
  }
  return problems.problems.length === before
}

/** Undefined where a file does not say its range. */
function boundsOf(files: readonly StatsFile[]): { min: PrimaryKey; max: PrimaryKey } | undefined {
  let bounds: { min: PrimaryKey; max: PrimaryKey } | undefined
  for (const { min, max } of files.flatMap(({ list }) => list)) {
    if (min === undefined || max === undefined) return undefined
    bounds = {
      min: bounds === undefined || isLess(min, bounds.min) ? min : bounds.min,
      max: bounds === undefined || isLess(bounds.max, max) ? max : bounds.max,
    }
  }
  return bounds
}

function keyAt({ values, valueOffsets }: Data, row: number): PrimaryKey {
  if (valueOffsets === undefined) return (values as BigInt64Array)[row]!
  const bytes = values as Uint8Array
  return Buffer.from(bytes.subarray(valueOffsets[row], valueOffsets[row + 1])).toString('utf8')
}

/** Strings in the order of their UTF-8 bytes, as Go has them. */
function isLess(left: PrimaryKey, right: PrimaryKey): boolean {
  if (typeof left === 'bigint' || typeof right === 'bigint') return left < right
  return Buffer.compare(Buffer.from(left), Buffer.from(right)) < 0
}
