import { isPackedError } from '../../errors/index.js'
import type { CachedSegment, MetaCache, SegmentMeta } from '../../sync/index.js'

type Persist = (segment: SegmentMeta, options: { signal: AbortSignal }) => Promise<void>

/** Makes every new segment known to the metadata store, before anything of it is saved. */
export class SegmentRegistry {
  readonly #metaCache: MetaCache
  readonly #persist: Persist
  /** Segments that the store has, or may have: a call that failed may have happened. */
  readonly #known = new Map<bigint, 'saved' | 'tried'>()

  constructor(metaCache: MetaCache, persist: Persist) {
    this.#metaCache = metaCache
    this.#persist = persist
    for (const { segmentId } of metaCache.getSegments()) this.#known.set(segmentId, 'saved')
  }

  /** @throws PackedError what `persist` throws; AlreadyExists for a segment of somebody else. */
  async ensure(segmentId: bigint, signal: AbortSignal): Promise<void> {
    const segment = this.#metaCache.getSegment(segmentId)
    const known = this.#known.get(segmentId)
    if (segment === undefined || known === 'saved') return
    this.#known.set(segmentId, 'tried')
    try {
      await this.#persist(this.#metaOf(segment), { signal })
    } catch (error) {
      const isOurs = known === 'tried' && isPackedError(error) && error.code === 'AlreadyExists'
      if (!isOurs) throw error
    }
    this.#known.set(segmentId, 'saved')
  }

  /** The segment will not be synced again. */
  forget(segmentId: bigint): void {
    this.#known.delete(segmentId)
  }

  #metaOf(segment: CachedSegment): SegmentMeta {
    const { collectionId, partitionId, segmentId, level, storageVersion, startPosition } = segment
    const { channelName, schema } = this.#metaCache
    return {
      collectionId,
      partitionId,
      segmentId,
      level,
      storageVersion,
      startPosition,
      channelName,
      schema,
      state: 'Growing',
      checkpoint: undefined,
      numRows: 0,
      binlogs: [],
      statslogs: [],
      bm25logs: [],
      deltalogs: [],
      currentSplit: undefined,
      manifestPath: '',
    }
  }
}
