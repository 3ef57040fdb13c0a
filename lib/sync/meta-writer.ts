import type { FieldBinlog } from '../binlog/index.js'
import type { FieldGroup } from '../schema/index.js'
import type { SegmentIds, StorageVersion } from '../segment/index.js'
import type { ChunkOptions } from '../storage/index.js'
import type { ChannelPosition } from './position.js'
import type { SegmentLevel } from './segment-meta.js'

/** What a sync saves of its segment (`datapb.SaveBinlogPathsRequest`). */
export interface SaveBinlogPathsRequest extends SegmentIds {
  readonly channelName: string
  readonly level: SegmentLevel
  readonly storageVersion: StorageVersion
  /** All logs of the segment, those known before included, by ascending field or group id. */
  readonly field2BinlogPaths: readonly FieldBinlog[]
  readonly field2StatslogPaths: readonly FieldBinlog[]
  readonly field2Bm25logPaths: readonly FieldBinlog[]
  readonly deltalogs: readonly FieldBinlog[]
  readonly withFullBinlogs: true
  /** Exactly one: the segment's. */
  readonly checkPoints: readonly SegmentCheckpoint[]
  /** Of segments whose start nobody has saved yet. */
  readonly startPositions: readonly SegmentStart[]
  readonly flushed: boolean
  readonly dropped: boolean
  readonly currentSplit: readonly FieldGroup[] | undefined
  readonly manifestPath: string
}

/** How far the logs of a segment go (`datapb.CheckPoint`). */
export interface SegmentCheckpoint {
  readonly segmentId: bigint
  /** Rows of the segment up to `position`. */
  readonly numOfRows: number
  readonly position: ChannelPosition
}

/** Where the first message of a segment was (`datapb.SegmentStartPosition`). */
export interface SegmentStart {
  readonly segmentId: bigint
  readonly startPosition: ChannelPosition
}

/** What an answer to {@link MetaWriter} calls can say besides that it is saved. */
export type MetaFailure = 'segmentNotFound' | 'channelNotFound' | 'misrouted'

/**
 * Whoever keeps the metadata: the store in this process, or a coordinator elsewhere.
 *
 * A call that resolves is on disk. One that rejects may have happened all the same: saving again
 * is harmless, as lists are whole.
 */
export interface MetaWriter {
  /**
   * Save what a sync wrote, as one change.
   *
   * @throws PackedError NotFound (segment or channel; see `metaFailureOf`), Conflict (misrouted:
   *   the channel belongs to somebody else) and what the store throws.
   */
  saveBinlogPaths(request: SaveBinlogPathsRequest, options?: ChunkOptions): Promise<void>
  /** Every message up to `checkpoint` is in segments; `sequences` are the sources' up to there. */
  updateChannelCheckpoint(
    checkpoint: ChannelPosition,
    sequences: ReadonlyMap<string, bigint>,
    options?: ChunkOptions,
  ): Promise<void>
  /** The channel is gone, with all its segments. */
  dropChannel(channelName: string, options?: ChunkOptions): Promise<void>
}
