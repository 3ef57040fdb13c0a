import type { RecordBatch, Table } from 'apache-arrow'
import type { InsertData } from '../../data/index.js'
import type { ArrowRecord } from '../../schema/index.js'
import type { ChannelPosition } from '../../sync/index.js'

/** Primary keys to delete. */
export type DeleteKeys = readonly (bigint | number)[] | BigInt64Array | readonly string[]

/** What is written to a worker at once: accepted whole, or not at all. */
export interface WorkerMessage {
  /** Who it is from: a file, a queue's partition. */
  source: string
  /** Ascends from message to message of a source; one that was accepted before is dropped. */
  sequence: bigint | number
  /** The user's fields, by field id or name; RowID and Timestamp are the worker's to give. */
  rows?: RecordBatch | Table | InsertData | ArrowRecord | undefined
  /** Keys of rows of earlier messages. */
  deletes?: DeleteKeys | undefined
  /**
   * Where rows go (the worker's own partition by default), and where deletes apply (everywhere
   * by default).
   */
  partitionId?: bigint | number | undefined
  /**
   * The worker copies rows, so that their memory is the caller's again when the promise settles.
   * `false`: it keeps them as they are where it can, and they must never change again.
   */
  copy?: boolean | undefined
  /** Gives up while the message waits for memory; once it is being logged it is accepted. */
  signal?: AbortSignal | undefined
}

/** What became of a message. */
export interface WriteResult {
  /** It had been accepted before, and was dropped. */
  readonly repeated: boolean
  /** Where it stands in the log; absent for one that was repeated. */
  readonly position?: ChannelPosition
  /** Hybrid timestamp of its rows and deletes; absent for one that was repeated. */
  readonly timestamp?: bigint
}
