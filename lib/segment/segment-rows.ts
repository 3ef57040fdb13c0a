import { makeData, RecordBatch, Struct } from 'apache-arrow'
import { expectKnownKeys, expectObject, expectOneOf, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { type GatherOptions, gatherRows, type VisibilityFilter } from '../packed/index.js'
import {
  type ArrowRecord,
  primaryKeyField,
  SimpleArrowRecord,
  TIMESTAMP_FIELD,
} from '../schema/index.js'
import { mapBounded } from '../storage/index.js'
import { type SegmentOutput, segmentOutput } from './output-schema.js'
import { type ChunkRows, type RowChunk, rowChunks } from './row-chunks.js'
import { expectColumns, type SegmentReaderSettings } from './segment-reader-options.js'
import type { SegmentSource } from './segment-source.js'

/** Options of `SegmentReader.take`. A name that is not listed here is InvalidArgument. */
export interface SegmentTakeOptions {
  /** The columns that come out, in this order, by name or field id; those of the reader if absent. */
  columns?: readonly (string | number | bigint)[]
  /**
   * What to do with a row that is stored but not visible, being deleted or younger than the read
   * timestamp: `'error'` (default) is an InvalidArgument naming it, `'skip'` leaves it out,
   * `'include'` takes it like any other.
   */
  hidden?: 'error' | 'skip' | 'include'
}

/** A row by its chunk. */
export interface RowPlace {
  readonly chunk: number
  /** Within the chunk. */
  readonly row: number
}

const HIDDEN = ['error', 'skip', 'include'] as const
/** Chunks that are open at a time. */
export const MOST_CHUNKS = 4

/** Some rows, and which of them are visible: all where there are no marks. */
interface TakenRows {
  readonly batch: RecordBatch
  readonly marks: Uint8Array | undefined
}

/**
 * The rows of a segment by their positions: those that are stored, chunk after chunk, hidden ones
 * included. What is opened for a call is closed with it.
 */
export class SegmentRows {
  readonly settings: SegmentReaderSettings
  readonly chunks: readonly RowChunk[]
  readonly #output: SegmentOutput
  readonly #stored: ReadonlySet<bigint> | undefined
  #counts: readonly number[] | undefined

  /** @param output what comes out where a call does not say it. */
  constructor(settings: SegmentReaderSettings, source: SegmentSource, output: SegmentOutput) {
    this.settings = settings
    this.chunks = rowChunks(source.parts, settings)
    this.#output = output
    this.#stored = source.stored
  }

  /** What comes out for a choice of columns. @throws PackedError InvalidArgument. */
  outputOf(columns: unknown): SegmentOutput {
    if (columns === undefined) return this.#output
    const choice = { columns: expectColumns(columns), systemFields: false }
    return segmentOutput(this.settings.schema, choice, this.#stored)
  }

  /** See `SegmentReader.take`. */
  async take(
    rows: unknown,
    value: unknown,
    filter: VisibilityFilter | undefined,
  ): Promise<RecordBatch> {
    const options = expectObject(value, 'the options of take')
    expectKnownKeys(options, ['columns', 'hidden'], 'take')
    const hidden = expectOneOf(options.hidden, 'hidden', HIDDEN, 'error')
    const output = this.outputOf(options.columns)
    if (!Array.isArray(rows)) throw unexpected('an array of row positions', 'rows', rows)
    this.settings.signal?.throwIfAborted()
    const places = placesOf(rows, await this.#rowCounts())
    return this.takePlaces(places, output, hidden === 'include' ? undefined : filter, (index) => {
      if (hidden === 'skip') return
      throw hiddenRow(rows[index], index)
    })
  }

  /**
   * Rows by their places, in this order and as often as they are named; `onHidden` is told the
   * index of each that `filter` hides, and it is left out.
   */
  async takePlaces(
    places: readonly RowPlace[],
    output: SegmentOutput,
    filter?: VisibilityFilter,
    onHidden: (index: number) => void = () => {},
  ): Promise<RecordBatch> {
    const byChunk = indicesByChunk(places)
    const pieces = await mapBounded(byChunk, MOST_CHUNKS, ([chunk, indices]) => {
      const positions = Float64Array.from(indices, (index) => places[index]!.row)
      return this.#takeOfChunk(chunk, positions, output, filter)
    })
    const from = new Float64Array(places.length)
    const shown = new Uint8Array(places.length).fill(1)
    let first = 0
    byChunk.forEach(([, indices], piece) => {
      indices.forEach((index, row) => {
        from[index] = first + row
        shown[index] = pieces[piece]!.marks?.[row] ?? 1
      })
      first += indices.length
    })
    shown.forEach((mark, index) => {
      if (mark === 0) onHidden(index)
    })
    if (pieces.length === 1 && !shown.includes(0)) return pieces[0]!.batch
    return gatherRows(
      output.schema,
      pieces.map(({ batch }) => batch),
      from.filter((_, index) => shown[index] === 1),
      gatherOptions(this.settings),
    )
  }

  /** Positions in the segment. */
  async positionsOf(places: readonly RowPlace[]): Promise<number[]> {
    if (places.length === 0) return []
    const firsts = firstRows(await this.#rowCounts())
    return places.map(({ chunk, row }) => firsts[chunk]! + row)
  }

  /** Open some columns of a chunk for `use`. @throws PackedError MetadataCorrupted: other rows. */
  async withChunk<T>(
    index: number,
    fieldIds: readonly bigint[],
    use: (rows: ChunkRows) => Promise<T>,
  ): Promise<T> {
    const chunk = this.chunks[index]!
    this.settings.signal?.throwIfAborted()
    const rows = await chunk.open(fieldIds)
    try {
      if (rows.numRows === (chunk.rows ?? rows.numRows)) return await use(rows)
      const message = `Expected ${chunk.rows} rows for chunk ${index}, as its metadata has, but received ${rows.numRows}`
      throw new PackedError('MetadataCorrupted', message)
    } finally {
      await rows.close()
    }
  }

  async #takeOfChunk(
    chunk: number,
    positions: Float64Array,
    output: SegmentOutput,
    filter: VisibilityFilter | undefined,
  ): Promise<TakenRows> {
    const key = filter === undefined ? undefined : primaryKeyField(this.settings.schema).fieldId
    const deciding = key === undefined ? [] : [key, TIMESTAMP_FIELD]
    const fieldIds = [...new Set([...output.fieldIds, ...deciding])]
    return this.withChunk(chunk, fieldIds, async (rows) => {
      const record = new SimpleArrowRecord(await rows.take(positions))
      const marks =
        key === undefined
          ? undefined
          : await filter?.look(record.column(key)!, record.column(TIMESTAMP_FIELD)!)
      return { batch: batchOf(output, record), marks }
    })
  }

  /** Rows of every chunk: as the metadata has them, or else as its files have. */
  async #rowCounts(): Promise<readonly number[]> {
    this.#counts ??= await mapBounded(
      this.chunks.entries(),
      MOST_CHUNKS,
      async ([index, { rows }]) =>
        rows ?? this.withChunk(index, [TIMESTAMP_FIELD], async ({ numRows }) => numRows),
    )
    return this.#counts
  }
}

/** How rows that are gathered are handed out: as those that are read. */
export function gatherOptions({ passedOn }: SegmentReaderSettings): GatherOptions {
  const { copy, maxOutstandingBytes } = passedOn
  return {
    ...(copy === undefined ? {} : { copy }),
    ...(maxOutstandingBytes === undefined ? {} : { maxOutstandingBytes }),
  }
}

/** The columns of a record under the one schema of the output, over the same memory. */
export function batchOf({ schema, fieldIds }: SegmentOutput, record: ArrowRecord): RecordBatch {
  const children = fieldIds.map((id) => record.column(id)!)
  const type = new Struct(schema.fields)
  return new RecordBatch(schema, makeData({ type, length: record.numRows, nullCount: 0, children }))
}

function indicesByChunk(places: readonly RowPlace[]): [chunk: number, indices: number[]][] {
  const byChunk = new Map<number, number[]>()
  places.forEach(({ chunk }, index) => {
    const indices = byChunk.get(chunk)
    if (indices === undefined) byChunk.set(chunk, [index])
    else indices.push(index)
  })
  return [...byChunk]
}

function placesOf(rows: readonly unknown[], counts: readonly number[]): RowPlace[] {
  const firsts = firstRows(counts)
  const total = counts.reduce((sum, count) => sum + count, 0)
  return rows.map((value, index) => {
    const row = typeof value === 'bigint' ? Number(value) : value
    if (!Number.isInteger(row) || (row as number) < 0 || (row as number) >= total) {
      const there =
        total === 0 ? 'no position (there are no rows)' : `a position from 0 to ${total - 1}`
      throw unexpected(there, `rows[${index}]`, value)
    }
    const chunk = lastAtMost(firsts, row as number)
    return { chunk, row: (row as number) - firsts[chunk]! }
  })
}

/** Position of the first row of every chunk. */
function firstRows(counts: readonly number[]): number[] {
  let next = 0
  return counts.map((count) => {
    const first = next
    next += count
    return first
  })
}

/** The chunk that has a row: the last one that starts at it or before it; empty ones come before. */
function lastAtMost(firsts: readonly number[], row: number): number {
  let low = 0
  let high = firsts.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (firsts[middle]! <= row) low = middle
    else high = middle - 1
  }
  return low
}

function hiddenRow(row: unknown, index: number): PackedError {
  const message =
    `Expected visible rows for take() but received row ${row}, which is deleted or younger than ` +
    "the read timestamp (hidden: 'skip' leaves such rows out, 'include' takes them)"
  return new PackedError('InvalidArgument', message, { field: `rows[${index}]` })
}
