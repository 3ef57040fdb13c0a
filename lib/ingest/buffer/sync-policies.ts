import {
  type ChannelPosition,
  type MetaCache,
  notSyncing,
  updateState,
  withIds,
  withState,
} from '../../sync/index.js'

/** Milliseconds of a hybrid timestamp are above its counter. */
const COUNTER_BITS = 18n
/** Part of the period by which buffers of one moment become stale at different times. */
const JITTER = 0.1

/** What a policy sees of a buffer. */
export interface BufferState {
  readonly segmentId: bigint
  readonly isFull: boolean
  /** Hybrid timestamp of its oldest message; undefined for an empty one. */
  readonly minTimestamp: bigint | undefined
}

/** What a policy decides on. */
export interface SyncSituation {
  readonly buffers: readonly BufferState[]
  readonly metaCache: MetaCache
  /** The last position consumed. */
  readonly checkpoint: ChannelPosition | undefined
  /** Milliseconds since 1970. */
  readonly nowMs: number
  /** See `WriteBuffer.setFlushTimestamp`. */
  readonly flushTimestamp: bigint | undefined
}

/** Chooses segments to sync. */
export interface SyncPolicy {
  /** For logs. */
  readonly reason: string
  /** Ids of the segments to sync now. */
  select(situation: SyncSituation): bigint[]
}

/** Buffers that have reached their size. */
export function fullBuffer(): SyncPolicy {
  return {
    reason: 'buffer full',
    select: ({ buffers }) => idsOf(buffers.filter(({ isFull }) => isFull)),
  }
}

/**
 * Buffers whose oldest message is older than a period and up to a tenth of it, so that not all are
 * synced in one moment.
 *
 * @param jitter which part of that tenth, 0 to 1; the same for a buffer whenever it is asked.
 */
export function staleBuffer(
  periodMs: number,
  jitter: (buffer: BufferState) => number = scattered,
): SyncPolicy {
  return {
    reason: 'buffer stale',
    select: ({ buffers, nowMs }) =>
      idsOf(
        buffers.filter((buffer) => {
          if (buffer.minTimestamp === undefined) return false
          const ageMs = nowMs - Number(buffer.minTimestamp >> COUNTER_BITS)
          return ageMs > periodMs * (1 + JITTER * jitter(buffer))
        }),
      ),
  }
}

/** Sealed segments, which become Flushing by it. */
export function sealedSegments(): SyncPolicy {
  return {
    reason: 'segment flushing',
    select: ({ metaCache }) => {
      const ids = idsOf(metaCache.getSegments(withState('Sealed')))
      metaCache.updateSegments(updateState('Flushing'), withIds(...ids))
      return ids
    },
  }
}

/** Segments that are not wanted any more, once none of their syncs is under way. */
export function droppedSegments(): SyncPolicy {
  return {
    reason: 'segment dropped',
    select: ({ metaCache }) => idsOf(metaCache.getSegments(withState('Dropped'), notSyncing())),
  }
}

/** Once everything up to the flush timestamp is consumed: buffers with anything before it. */
export function flushTimestampReached(): SyncPolicy {
  return {
    reason: 'flush ts',
    select: ({ buffers, checkpoint, flushTimestamp }) => {
      if (flushTimestamp === undefined || checkpoint === undefined) return []
      if (checkpoint.timestamp < flushTimestamp) return []
      return idsOf(
        buffers.filter(
          ({ minTimestamp }) => minTimestamp !== undefined && minTimestamp < flushTimestamp,
        ),
      )
    },
  }
}

/** The `count` buffers whose oldest message is the oldest: what an eviction takes. */
export function oldestBuffers(count: number): SyncPolicy {
  return {
    reason: 'oldest buffers',
    select: ({ buffers }) => {
      const filled = buffers.flatMap(({ segmentId, minTimestamp }) =>
        minTimestamp === undefined ? [] : [{ segmentId, minTimestamp }],
      )
      filled.sort((left, right) => Number(left.minTimestamp - right.minTimestamp))
      return idsOf(filled.slice(0, count))
    },
  }
}

/** The policies that a write buffer has when none are given. */
export function defaultPolicies(syncPeriodMs: number): SyncPolicy[] {
  return [fullBuffer(), staleBuffer(syncPeriodMs), flushTimestampReached()]
}

/** The policies that every write buffer has: without them nothing would end. */
export function lifePolicies(): SyncPolicy[] {
  return [sealedSegments(), droppedSegments()]
}

/** By chance, but without a memory of what the chance was. */
function scattered({ segmentId, minTimestamp = 0n }: BufferState): number {
  const mixed = BigInt.asUintN(64, (segmentId ^ minTimestamp) * 0x9e3779b97f4a7c15n)
  return Number(mixed >> 32n) / 2 ** 32
}

function idsOf(segments: readonly { readonly segmentId: bigint }[]): bigint[] {
  return segments.map(({ segmentId }) => segmentId)
}
