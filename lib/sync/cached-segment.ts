import type { FieldBinlog, PrimaryKeyStats } from '../binlog/index.js'
import type { Bm25Stats } from '../data/index.js'
import type { FieldGroup } from '../schema/index.js'
import type { SegmentIds, StorageVersion } from '../segment/index.js'
import type { ChannelPosition } from './position.js'
import type { SegmentLevel, SegmentMeta, SegmentState } from './segment-meta.js'

/** The logs that are known of a segment, by kind. */
export interface SegmentLogs {
  readonly binlogs: readonly FieldBinlog[]
  readonly statslogs: readonly FieldBinlog[]
  readonly bm25logs: readonly FieldBinlog[]
  readonly deltalogs: readonly FieldBinlog[]
}

/** A segment as a {@link MetaCache} knows it at one moment; every change makes another one. */
export interface CachedSegment extends SegmentIds, SegmentLogs {
  readonly state: SegmentState
  readonly level: SegmentLevel
  readonly storageVersion: StorageVersion
  readonly startPosition: ChannelPosition | undefined
  /** The metadata store knows the start position. */
  readonly startPosRecorded: boolean
  /** Every message of the segment up to here is in its logs. */
  readonly checkpoint: ChannelPosition | undefined
  /** Rows in files that the metadata store knows. */
  readonly flushedRows: number
  /** Rows in syncs under way. */
  readonly syncingRows: number
  /** Rows in the write buffer. */
  readonly bufferRows: number
  /** Flushed, syncing and buffered rows. */
  readonly numOfRows: number
  readonly syncingTasks: number
  /** The column groups of all its chunks; undefined until the first sync has settled them. */
  readonly currentSplit: readonly FieldGroup[] | undefined
  /** Statistics of every saved chunk, oldest first. */
  readonly pkStats: readonly PrimaryKeyStats[]
  /**
   * By sparse field, of all saved chunks. The cache's own, and the one part that grows in place
   * (a copy would cost as much as the vocabulary): read it in the step that got it.
   */
  readonly bm25Stats: ReadonlyMap<bigint, Bm25Stats>
  readonly manifestPath: string
}

/** What a new segment of a {@link MetaCache} starts with. */
export interface CachedSegmentInit extends Partial<SegmentLogs> {
  /** New to the cache. */
  readonly segmentId: bigint
  /** -1 for deletes of all partitions. */
  readonly partitionId: bigint
  /** L0 for deletes alone, L1 for rows. */
  readonly level: SegmentLevel
  /** In which its logs are written. */
  readonly storageVersion: StorageVersion
  /** Default `'Growing'`. */
  readonly state?: SegmentState
  /** Where its first message was; unknown by default. */
  readonly startPosition?: ChannelPosition | undefined
  /** The metadata store knows the start position; false by default. */
  readonly startPosRecorded?: boolean
  /** How far its logs go. */
  readonly checkpoint?: ChannelPosition | undefined
  /** Rows in files; 0 by default. */
  readonly flushedRows?: number
  /** Column groups of the chunks that it has. */
  readonly currentSplit?: readonly FieldGroup[] | undefined
  /** Of the chunks that it has; none by default. */
  readonly pkStats?: readonly PrimaryKeyStats[]
  /** The cache's from then on. */
  readonly bm25Stats?: ReadonlyMap<bigint, Bm25Stats>
  /** Empty by default. */
  readonly manifestPath?: string
}

/** A segment with nothing in memory. */
export function cachedSegment(collectionId: bigint, init: CachedSegmentInit): CachedSegment {
  const flushedRows = init.flushedRows ?? 0
  return {
    collectionId,
    partitionId: init.partitionId,
    segmentId: init.segmentId,
    state: init.state ?? 'Growing',
    level: init.level,
    storageVersion: init.storageVersion,
    startPosition: init.startPosition,
    startPosRecorded: init.startPosRecorded ?? false,
    checkpoint: init.checkpoint,
    flushedRows,
    syncingRows: 0,
    bufferRows: 0,
    numOfRows: flushedRows,
    syncingTasks: 0,
    currentSplit: init.currentSplit,
    binlogs: init.binlogs ?? [],
    statslogs: init.statslogs ?? [],
    bm25logs: init.bm25logs ?? [],
    deltalogs: init.deltalogs ?? [],
    pkStats: init.pkStats ?? [],
    bm25Stats: init.bm25Stats ?? new Map(),
    manifestPath: init.manifestPath ?? '',
  }
}

/** A segment as the metadata store has it; its statistics are in files, see `rollStats`. */
export function cachedSegmentOf(meta: SegmentMeta): CachedSegment {
  const { schema: _, numRows, channelName: __, collectionId, ...init } = meta
  const startPosRecorded = meta.startPosition !== undefined
  return cachedSegment(collectionId, { ...init, flushedRows: numRows, startPosRecorded })
}
