import type { CachedSegment } from './cached-segment.js'
import type { SegmentLevel, SegmentState } from './segment-meta.js'

/** Which segments of a {@link MetaCache}. */
export interface SegmentFilter {
  /** At most these: spares a look at every other segment. */
  readonly ids?: ReadonlySet<bigint>
  /** Whether a segment is one of them. */
  matches(segment: CachedSegment): boolean
}

/** The segments of these ids. */
export function withIds(...segmentIds: readonly bigint[]): SegmentFilter {
  const ids = new Set(segmentIds)
  return { ids, matches: ({ segmentId }) => ids.has(segmentId) }
}

/** Segments in one of these states. */
export function withState(...states: readonly SegmentState[]): SegmentFilter {
  return { matches: ({ state }) => states.includes(state) }
}

/** Segments of this level. */
export function withLevel(level: SegmentLevel): SegmentFilter {
  return { matches: (segment) => segment.level === level }
}

/** Segments of this partition. */
export function withPartition(partitionId: bigint): SegmentFilter {
  return { matches: (segment) => segment.partitionId === partitionId }
}

/** There is a start position that the metadata store does not know. */
export function startPosNotRecorded(): SegmentFilter {
  return {
    matches: ({ startPosition, startPosRecorded }) =>
      startPosition !== undefined && !startPosRecorded,
  }
}

/** No sync of it is under way. */
export function notSyncing(): SegmentFilter {
  return { matches: ({ syncingTasks }) => syncingTasks === 0 }
}
