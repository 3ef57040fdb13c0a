import type { CollectionSchema } from '../../schema/index.js'
import type { ChannelPosition } from '../../sync/index.js'
import type { DeleteGroup, InsertGroup } from '../message.js'

/** What a write buffer takes at once: a message and where it stands. */
export interface BufferedMessage {
  /** Who it is from. */
  readonly source: string
  /** Ascends from message to message of a source. */
  readonly sequence: bigint
  readonly inserts: readonly InsertGroup[]
  readonly deletes: readonly DeleteGroup[]
  /**
   * Where it begins: gives the buffers that it opens their age, and new segments their start
   * position.
   */
  readonly startPosition: ChannelPosition
  /** The position that is consumed with it; above that of every message before. */
  readonly endPosition: ChannelPosition
  /** Of its rows; by default the schema that the MetaCache has. */
  readonly schema?: CollectionSchema
}
