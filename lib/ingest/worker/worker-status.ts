import type { ChannelPosition } from '../../sync/index.js'

/**
 * What a worker does: it accepts; it cannot accept now and keeps trying; it never will again
 * until it is opened anew; it is closed.
 */
export type WorkerState = 'running' | 'stalled' | 'failed' | 'closed'

/** Segments of rows of the worker's channel, by where they are in their life. */
export interface SegmentCounts {
  readonly growing: number
  readonly sealed: number
  readonly flushing: number
  readonly flushed: number
}

/** What a worker is doing now, as plain values. */
export interface WorkerStatus {
  readonly state: WorkerState
  readonly channelName: string
  readonly collectionId: bigint
  /** Accepted since the worker was opened. */
  readonly rows: number
  /** Arrow bytes of `rows`. */
  readonly bytes: number
  readonly deletes: number
  /** Messages that had been accepted before. */
  readonly repeats: number
  readonly segments: SegmentCounts
  /** Rows and deletes in memory: buffered, being written, being accepted. */
  readonly bufferBytes: number
  /** What `bufferBytes` is kept below. */
  readonly memoryBytes: number
  /** Accepted messages that are not in segments yet. */
  readonly backlogMessages: number
  readonly logBytes: number
  /** Everything up to here is in segments, and the metadata store knows it. */
  readonly checkpoint: ChannelPosition | undefined
  /** Why the worker is stalled or failed, and else the last failure that it got over. */
  readonly lastError: Error | undefined
}
