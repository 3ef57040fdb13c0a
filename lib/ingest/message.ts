import type { DeleteData } from '../data/index.js'
import type { ArrowRecord } from '../schema/index.js'
import type { ChannelPosition } from '../sync/index.js'

/** Rows of one segment, system fields (RowID, Timestamp) included. */
export interface InsertGroup {
  readonly partitionId: bigint
  /** Settled before the message was logged, so that a replay gives rows to the same segment. */
  readonly segmentId: bigint
  readonly record: ArrowRecord
}

/** Deletes of a partition; -1 for all of the collection. */
export interface DeleteGroup {
  readonly partitionId: bigint
  readonly data: DeleteData
}

/** What a source hands over at once: accepted whole, or not at all. */
export interface Message {
  /** Who it is from: a file, a queue's partition. */
  readonly source: string
  /** Ascends from message to message of a source: an offset in it. */
  readonly sequence: bigint
  /** Hybrid timestamp of all its rows and deletes. */
  readonly timestamp: bigint
  readonly inserts: readonly InsertGroup[]
  readonly deletes: readonly DeleteGroup[]
}

/** A message and where it stands. */
export interface LoggedMessage {
  readonly message: Message
  readonly position: ChannelPosition
}
