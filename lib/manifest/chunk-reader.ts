import type { RecordBatch, Schema } from 'apache-arrow'
import { unexpected } from '../config/index.js'
import type { PackedReader } from '../packed/index.js'

/** A part of a column group that is read at a time: what a window has of a row group. */
export interface ManifestChunk {
  /** Position among the chunks of the group. */
  readonly index: number
  readonly path: string
  /** First row, within the group. */
  readonly rowOffset: number
  readonly rows: number
  /** Decoded bytes of all columns of the file, as far as its footer tells. */
  readonly memoryBytes: number
}

/**
 * Reads one column group of a manifest in any order, a row group (as far as it lies within the
 * window of its file) at a time. {@link ManifestReader.chunkReader} opens it.
 *
 * Calls may overlap: they run one after the other in call order. Batches outlive their reader.
 */
export class ManifestChunkReader {
  /** Those of the columns asked for that the group has, in the order in which they were. */
  readonly schema: Schema
  readonly chunks: readonly ManifestChunk[]
  readonly #reader: PackedReader
  readonly #group: number

  /** @internal */
  constructor(reader: PackedReader) {
    this.#reader = reader
    this.schema = reader.schema
    const parts = reader.rowGroups
    this.#group = parts[0]?.group ?? 0
    let rowOffset = 0
    this.chunks = parts.map(({ path, index, rows, memoryBytes }) => {
      const chunk = { index, path, rowOffset, rows, memoryBytes }
      rowOffset += rows
      return chunk
    })
  }

  /** Chunks of the column group. */
  get numChunks(): number {
    return this.chunks.length
  }

  /** Rows of all chunks together. */
  get numRows(): number {
    return this.#reader.numRows
  }

  /** Rows of every chunk, in order. */
  get rowsPerChunk(): readonly number[] {
    return this.chunks.map(({ rows }) => rows)
  }

  /**
   * The chunks that have these rows of the group: each once, in the order in which they are first
   * needed.
   *
   * @throws PackedError InvalidArgument: a row that the group does not have.
   */
  chunkIndices(rows: readonly (number | bigint)[]): number[] {
    if (!Array.isArray(rows)) throw unexpected('an array of rows', 'rows', rows)
    const found = new Set<number>()
    for (const [position, row] of rows.entries()) {
      const number = Number(row)
      const isRow = Number.isInteger(number) && number >= 0 && number < this.numRows
      if (!isRow) {
        throw unexpected(`a row from 0 to ${this.numRows - 1}`, `rows[${position}]`, row)
      }
      found.add(this.#chunkWith(number))
    }
    return [...found]
  }

  /**
   * One chunk.
   *
   * @throws PackedError InvalidArgument: no such chunk; as `PackedReader.readRowGroup`.
   */
  async getChunk(index: number): Promise<RecordBatch> {
    const checked = this.#expectIndex(index, 'index')
    return this.#reader.readRowGroup({ group: this.#group, index: checked })
  }

  /**
   * Several chunks, in the order asked for and as often; the same index gives the same batch.
   *
   * @throws PackedError as `getChunk`; nothing is read where one of them is not there.
   */
  async getChunks(indices: readonly number[]): Promise<RecordBatch[]> {
    if (!Array.isArray(indices)) throw unexpected('an array of chunks', 'indices', indices)
    const checked = indices.map((index, i) => this.#expectIndex(index, `indices[${i}]`))
    const read = new Map<number, Promise<RecordBatch>>()
    for (const index of checked) {
      if (!read.has(index)) read.set(index, this.getChunk(index))
    }
    const outcomes = await Promise.allSettled(read.values())
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return Promise.all(checked.map((index) => read.get(index)!))
  }

  /** Give the memory of a batch back at once, as `PackedReader.release`. */
  release(batch: RecordBatch): void {
    this.#reader.release(batch)
  }

  /** Wait for the calls before it, then close the files. Idempotent; later reads are `Closed`. */
  close(): Promise<void> {
    return this.#reader.close()
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #expectIndex(index: unknown, name: string): number {
    const isChunk = Number.isInteger(index) && (index as number) >= 0
    if (isChunk && (index as number) < this.numChunks) return index as number
    throw unexpected(`a chunk from 0 to ${this.numChunks - 1}`, name, index)
  }

  #chunkWith(row: number): number {
    let first = 0
    let last = this.numChunks - 1
    while (first < last) {
      const middle = Math.ceil((first + last) / 2)
      if (this.chunks[middle]!.rowOffset <= row) first = middle
      else last = middle - 1
    }
    return first
  }
}
