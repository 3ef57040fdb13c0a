import type { CachedSegment } from './cached-segment.js'
import type { SegmentLevel, SegmentState } from './segment-meta.js'

/** Which segments of a {@link MetaCache}. */
export interface SegmentFilter {
  /** At most these: spares a look at every other segment. */
  readonly ids?: ReadonlySet<bigint>
  matches(segment: CachedSegment): boolean
}

export function withIds(...segmentIds: readonly bigint[]): SegmentFilter {
  const ids = new Set(segmentIds)
  return { ids, matches: ({ segmentId }) => ids.has(segmentId) }
}

export function withState(...states: readonly SegmentState[]): SegmentFilter {
  return { matches: ({ state }) => states.includes(state) }
}

export function withLevel(level: SegmentLevel): SegmentFilter {
  return { matches: (segment) => segment.level === level }
}

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
