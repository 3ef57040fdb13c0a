import type { Data } from 'apache-arrow'
import { expectBytes } from '../codec/index.js'
import { PackedError } from '../errors/index.js'
import type { FieldSchema } from '../schema/index.js'
import { byteParts } from './arrow-parts.js'
import { badColumn, badRow } from './data-error.js'
import type { FieldData } from './field-data.js'
import { SPARSE_PAIR_BYTES, sparseProblem } from './sparse-codec.js'

const VERSION = 0
/** int32 version, int64 rows, int64 tokens. */
const HEAD_BYTES = 20
/** uint32 token, int32 rows. */
const PAIR_BYTES = 8

/**
 * Statistics of a BM25 function's output (a sparse vector per document): how many documents and
 * tokens there are, and in how many documents each token occurs.
 */
export class Bm25Stats {
  #numRow = 0
  #numToken = 0
  readonly #rowsWithToken = new Map<number, number>()

  /** Documents. Nulls are none. */
  get numRow(): number {
    return this.#numRow
  }

  /** Tokens of all documents: the sum of their frequencies, each cut to an integer. */
  get numToken(): number {
    return this.#numToken
  }

  /** Hash of a token to the number of documents it occurs in. */
  get rowsWithToken(): ReadonlyMap<number, number> {
    return this.#rowsWithToken
  }

  /**
   * Add the documents of a sparse column.
   *
   * @param field for errors.
   * @throws PackedError TypeMismatch for another column, InvalidData for a broken vector; nothing
   *   is added then.
   */
  append(field: FieldSchema, column: FieldData | Data): void {
    const data = 'toArrow' in column ? column.toArrow() : column
    const parts = byteParts(field.name, data, false)
    if (parts === undefined) {
      throw badColumn(field.name, 'sparse vectors', String(data.type), 'TypeMismatch')
    }
    const rows: Uint8Array[] = []
    for (let row = 0; row < data.length; row++) {
      if (!data.getValid(row)) continue
      const bytes = parts.bytes.subarray(parts.offsets[row], parts.offsets[row + 1])
      const problem = sparseProblem(bytes)
      if (problem !== undefined) throw badRow(field.name, row, 'a sparse vector', problem)
      rows.push(bytes)
    }
    for (const bytes of rows) this.#appendRow(bytes)
  }

  /** Add the statistics of other rows. */
  merge(other: Bm25Stats): void {
    this.#numRow += other.numRow
    this.#numToken += other.numToken
    for (const [token, rows] of other.rowsWithToken) this.#count(token, rows)
  }

  /** The bytes of Milvus's statistics file, tokens in ascending order. */
  serialize(): Uint8Array {
    const tokens = [...this.#rowsWithToken].sort(([a], [b]) => a - b)
    const bytes = new Uint8Array(HEAD_BYTES + tokens.length * PAIR_BYTES)
    const view = new DataView(bytes.buffer)
    view.setInt32(0, VERSION, true)
    view.setBigInt64(4, BigInt(this.#numRow), true)
    view.setBigInt64(12, BigInt(this.#numToken), true)
    tokens.forEach(([token, rows], index) => {
      view.setUint32(HEAD_BYTES + index * PAIR_BYTES, token, true)
      view.setInt32(HEAD_BYTES + index * PAIR_BYTES + 4, rows, true)
    })
    return bytes
  }

  /**
   * @throws PackedError FileCorrupted for bytes that are no such statistics, NotSupported for
   *   those of another version.
   */
  static deserialize(bytes: Uint8Array): Bm25Stats {
    expectBytes(bytes, 'bytes')
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (bytes.length < HEAD_BYTES || (bytes.length - HEAD_BYTES) % PAIR_BYTES !== 0) {
      throw corrupted(`${HEAD_BYTES} bytes and ${PAIR_BYTES} per token`, `${bytes.length} bytes`)
    }
    const version = view.getInt32(0, true)
    if (version !== VERSION) {
      const message = `Expected version ${VERSION} of BM25 statistics but received ${version}`
      throw new PackedError('NotSupported', message)
    }
    const stats = new Bm25Stats()
    stats.#numRow = countOf(view.getBigInt64(4, true), 'rows')
    stats.#numToken = countOf(view.getBigInt64(12, true), 'tokens')
    for (let at = HEAD_BYTES; at < bytes.length; at += PAIR_BYTES) {
      const token = view.getUint32(at, true)
      const rows = view.getInt32(at + 4, true)
      if (stats.#rowsWithToken.has(token)) throw corrupted('every token once', `${token} twice`)
      if (rows < 0) throw corrupted(`rows >= 0 for token ${token}`, String(rows))
      stats.#rowsWithToken.set(token, rows)
    }
    return stats
  }

  #appendRow(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 0; at < bytes.length; at += SPARSE_PAIR_BYTES) {
      this.#count(view.getUint32(at, true), 1)
      this.#numToken += Math.trunc(view.getFloat32(at + 4, true))
    }
    this.#numRow++
  }

  #count(token: number, rows: number): void {
    this.#rowsWithToken.set(token, (this.#rowsWithToken.get(token) ?? 0) + rows)
  }
}

function countOf(value: bigint, what: string): number {
  const count = Number(value)
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw corrupted(`a number of ${what} up to 2^53`, String(value))
}

function corrupted(expected: string, received: string): PackedError {
  const message = `Expected ${expected} for BM25 statistics but received ${received}`
  return new PackedError('FileCorrupted', message)
}
