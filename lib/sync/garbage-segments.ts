import type { GarbageReason } from './garbage.js'
import { manifestObjectOf, ownerOf } from './garbage-places.js'
import type { SegmentMeta } from './segment-meta.js'

/** The log of a segment that merges others has this id: its path is used again by every attempt. */
const MERGED_LOG_ID = 1n

/** What the manifests of a collection say, see `ManifestNames`. */
interface NamedFiles {
  has(path: string): boolean
  holds(partitionId: bigint): boolean
}

/** The segments of a collection, and the objects that those name that are not dropped. */
export class KnownSegments {
  /** Those that are not dropped. */
  readonly live: SegmentMeta[] = []
  readonly #named = new Set<string>()
  readonly #live = new Set<string>()
  readonly #dropped = new Set<string>()

  /** @param before what a compaction dropped later stays. */
  constructor(segments: readonly SegmentMeta[], before: number) {
    for (const segment of segments) {
      const key = `${segment.partitionId}/${segment.segmentId}`
      // Whoever began to read before a compaction put others in its place still needs its files.
      if (segment.state === 'Dropped' && (segment.droppedAtMs ?? 0) <= before) {
        this.#dropped.add(key)
        continue
      }
      this.#live.add(key)
      this.live.push(segment)
      const { binlogs, statslogs, bm25logs, deltalogs } = segment
      for (const list of [binlogs, statslogs, bm25logs, deltalogs].flat()) {
        for (const { logPath } of list.binlogs) this.#named.add(logPath)
      }
    }
  }

  /** Whether the catalog has the segment, and what it says of it. */
  stateOf(partitionId: bigint, segmentId: bigint): 'live' | 'dropped' | 'unknown' {
    const key = `${partitionId}/${segmentId}`
    if (this.#dropped.has(key)) return 'dropped'
    return this.#live.has(key) ? 'live' : 'unknown'
  }

  /** Undefined for what has to stay. */
  judge(root: string, path: string, manifests: NamedFiles): GarbageReason | undefined {
    const object = manifestObjectOf(root, path)
    const log = object === undefined ? ownerOf(root, path) : undefined
    const owner = object ?? log
    if (owner === undefined || this.#named.has(path) || manifests.has(path)) return undefined
    if (manifests.holds(owner.partitionId)) return undefined
    const state =
      owner.segmentId === undefined ? 'unknown' : this.stateOf(owner.partitionId, owner.segmentId)
    if (state === 'dropped') return 'dropped'
    if (object?.isManifest === true) return undefined
    const reused = log !== undefined && (log.kind === 'sidecar' || log.logId === MERGED_LOG_ID)
    return reused && state === 'live' ? undefined : 'orphan'
  }
}
