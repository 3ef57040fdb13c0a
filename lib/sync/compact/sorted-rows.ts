import type { Data } from 'apache-arrow'
import { PackedError } from '../../errors/index.js'
import { type ArrowRecord, recordBytes } from '../../schema/index.js'
import { copyKeys } from '../../segment/index.js'
import { gatherRecord } from './gather-rows.js'
import { keyOrder, ORDER_BYTES_PER_KEY } from './key-order.js'

/** Rows and bytes of a record that is handed on. */
const BATCH_BYTES = 8 << 20
const BATCH_ROWS = 65_536

/** Rows that can be read again and again, always the same ones in the same order. */
export interface RereadableRows {
  /** Decoded, on the average; 0: nobody knows. */
  readonly bytesPerRow: number
  /** Only the primary keys. */
  keys(): AsyncIterable<Data>
  records(): AsyncIterable<ArrowRecord>
}

/**
 * The rows in the order of their keys (text by its bytes), in memory of JavaScript's own; rows of
 * equal keys stay in the order they are read in.
 *
 * The keys are read first, with 16 bytes more each to order them. Then as many rows as the rest of
 * `sortBytes` holds, by their average size, are picked at a time: with less memory the rows are
 * only read more often, nothing is spilled.
 *
 * @throws PackedError NotSupported where half of `sortBytes` does not hold the keys, InvalidData
 *   when the rows are others the next time; what reading throws.
 */
export async function* sortedRows(
  rows: RereadableRows,
  sortBytes: number,
): AsyncGenerator<ArrowRecord, void> {
  const ranks = await ranksOf(rows, sortBytes)
  for (let first = 0; first < ranks.length; ) {
    const picked = await pickRanks(rows, ranks, first, sortBytes - ranks.byteLength)
    yield* picked.inOrder()
    first += picked.count
  }
}

/** By the position of a row, its place in the order. */
async function ranksOf(rows: RereadableRows, sortBytes: number): Promise<Uint32Array> {
  const keys: Data[] = []
  let bytes = 0
  for await (const column of rows.keys()) {
    const copy = copyKeys(column)
    const size = (copy.values as Uint8Array).byteLength + copy.length * ORDER_BYTES_PER_KEY
    bytes += size
    if (bytes > sortBytes / 2) throw tooManyKeys(sortBytes)
    keys.push(copy)
  }
  const order = keyOrder(keys)
  const ranks = new Uint32Array(order.length)
  order.forEach((position, rank) => {
    ranks[position] = rank
  })
  return ranks
}

function tooManyKeys(sortBytes: number): PackedError {
  const message = `Expected keys that ${sortBytes / 2} bytes hold (half of sortBytes) to sort by but received more: compact fewer segments at a time, or raise sortBytes`
  return new PackedError('NotSupported', message)
}

/** Rows of successive ranks. */
class PickedRows {
  readonly #records: ArrowRecord[] = []
  readonly #sources: Uint32Array
  readonly #rows: Uint32Array
  #bytes = 0

  constructor(readonly count: number) {
    this.#sources = new Uint32Array(count)
    this.#rows = new Uint32Array(count)
  }

  /** Take rows of a record, each with its rank after the first one. */
  add(record: ArrowRecord, rows: readonly number[], ranks: readonly number[]): void {
    if (rows.length === 0) return
    const picks = { sources: new Uint32Array(rows.length), rows: Uint32Array.from(rows) }
    const copy = gatherRecord([record], picks)
    ranks.forEach((rank, index) => {
      this.#sources[rank] = this.#records.length
      this.#rows[rank] = index
    })
    this.#records.push(copy)
    for (const size of recordBytes(copy).values()) this.#bytes += size
  }

  *inOrder(): Generator<ArrowRecord, void> {
    const ofBytes = Math.floor((BATCH_BYTES * this.count) / Math.max(1, this.#bytes))
    const step = Math.min(BATCH_ROWS, Math.max(1, ofBytes))
    for (let from = 0; from < this.count; from += step) {
      const sources = this.#sources.subarray(from, from + step)
      yield gatherRecord(this.#records, { sources, rows: this.#rows.subarray(from, from + step) })
    }
  }
}

/** Rows of the ranks from `first` on, as many as `bytes` hold. */
async function pickRanks(
  rows: RereadableRows,
  ranks: Uint32Array,
  first: number,
  bytes: number,
): Promise<PickedRows> {
  let picked: PickedRows | undefined
  let position = 0
  for await (const record of rows.records()) {
    if (position + record.numRows > ranks.length) throw otherRows(ranks.length)
    picked ??= new PickedRows(
      Math.min(ranks.length - first, rowsIn(bytes, rows.bytesPerRow || bytesPerRowOf(record))),
    )
    const ofRecord: number[] = []
    const wanted: number[] = []
    for (let row = 0; row < record.numRows; row++) {
      const rank = ranks[position++]! - first
      if (rank < 0 || rank >= picked.count) continue
      ofRecord.push(row)
      wanted.push(rank)
    }
    picked.add(record, ofRecord, wanted)
  }
  if (picked === undefined || position !== ranks.length) throw otherRows(ranks.length)
  return picked
}

function rowsIn(bytes: number, bytesPerRow: number): number {
  return Math.max(1, Math.floor(bytes / bytesPerRow))
}

function bytesPerRowOf(record: ArrowRecord): number {
  let bytes = 0
  for (const size of recordBytes(record).values()) bytes += size
  return Math.max(1, bytes / record.numRows)
}

function otherRows(expected: number): PackedError {
  const message = `Expected ${expected} rows to sort, as many as keys were read, but received others`
  return new PackedError('InvalidData', message)
}
