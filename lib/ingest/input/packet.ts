import type { RecordBatch, Table } from 'apache-arrow'
import type { InsertData } from '../../data/index.js'
import type { BadRow } from './row-source.js'

/** Rows of an input on their way to a worker: what becomes one message. */
export interface Packet {
  /** Rows of the collection; none where every row is bad. */
  readonly rows: InsertData | RecordBatch | Table | undefined
  readonly numRows: number
  /** Bytes of text, or of Arrow data, that were read for it. */
  readonly bytes: number
  /** How far its input is read with it. */
  readonly sequence: bigint
  /** Rows of the same part of the input that cannot be written. */
  readonly bad: readonly BadRow[]
  /**
   * The same rows once more after a worker has refused them: each is checked by itself, and those
   * that do not fit are among `bad`. Absent where every row was checked before.
   */
  isolate?: (() => Packet) | undefined
  /** Give the memory of the rows back. */
  release(): void
}

/** How many rows a packet has at most. */
export interface PacketLimits {
  batchRows: number
  /** A packet ends with the row that reaches it. */
  batchBytes: number
}
