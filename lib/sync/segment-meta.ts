import type { FieldGroup } from '../schema/index.js'
import type { SegmentInfo } from '../segment/index.js'
import type { ChannelPosition } from './position.js'

/** Life of a segment: rows come in, it is closed, written to its end, gone. Milvus's names. */
export type SegmentState = 'Growing' | 'Sealed' | 'Flushing' | 'Flushed' | 'Dropped'

/** L0 holds deletes of a partition, L1 rows. */
export type SegmentLevel = 'L0' | 'L1'

/** A segment as the metadata store keeps it. */
export interface SegmentMeta extends SegmentInfo {
  readonly channelName: string
  readonly state: SegmentState
  readonly level: SegmentLevel
  /** Of its first message. */
  readonly startPosition: ChannelPosition | undefined
  /** Every message of the segment up to here is in its logs, and none after it. */
  readonly checkpoint: ChannelPosition | undefined
  /** The column groups that all its chunks have; undefined before the first. */
  readonly currentSplit: readonly FieldGroup[] | undefined
  /** `{"ver":N,"base_path":"…"}` in manifest mode, else empty. */
  readonly manifestPath: string
  /** Its rows are in the order of their primary keys. */
  readonly isSorted?: boolean
  /** Of a segment that a compaction made: the segments that its rows are from. */
  readonly compactionFrom?: readonly bigint[]
  /** L0 segments whose deletes are applied to its rows: they hide nothing here any more. */
  readonly appliedDeletes?: readonly bigint[]
  /** When a compaction put others in its place, in milliseconds since 1970. */
  readonly droppedAtMs?: number
}

/** A channel: one stream of messages, of one collection. */
export interface ChannelMeta {
  readonly channelName: string
  readonly collectionId: bigint
  /** Every message up to here is in segments; undefined before the first sync. */
  readonly checkpoint: ChannelPosition | undefined
  /** Last sequence of every source among the messages up to `checkpoint`. */
  readonly sequences: ReadonlyMap<string, bigint>
  /** By partition (-1: all): every delete up to this message id is in L0 segments. */
  readonly deletePositions: ReadonlyMap<bigint, bigint>
  readonly dropped: boolean
}
