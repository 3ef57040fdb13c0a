import { PackedError } from '../../errors/index.js'
import type { CollectionSchema } from '../../schema/index.js'
import type { StorageVersion } from '../../segment/index.js'
import {
  type Allocator,
  type ChannelPosition,
  type MetaCache,
  notSyncing,
  withLevel,
  withPartition,
  withState,
} from '../../sync/index.js'
import type { Checkpoints } from './checkpoints.js'
import { SegmentBuffer } from './segment-buffer.js'
import type { BufferState } from './sync-policies.js'
import { untilDone } from './until-done.js'

/** What {@link SegmentBuffers} need of their write buffer. */
export interface SegmentBuffersOptions {
  readonly metaCache: MetaCache
  readonly allocator: Allocator
  readonly checkpoints: Checkpoints
  readonly insertBufferBytes: number
  readonly deleteBufferBytes: number
  /** Of new segments of rows. */
  readonly storageVersion: StorageVersion
  /** Ends the wait for an id. */
  readonly signal: AbortSignal
  /** A buffer of deletes got its segment. */
  readonly onNamed: () => void
  /** There is no id for a segment of deletes, and there will be none. */
  readonly onFailure: (error: unknown) => void
  readonly onRetry: (error: unknown, attempt: number) => void
}

/** Segments of deletes are written as those without a storage version. */
const DELETE_STORAGE_VERSION: StorageVersion = 0

/**
 * The buffers of all segments.
 *
 * Rows come with their segment; for deletes a segment is made, one per partition until it is
 * synced. Its id takes a while to get: until then the buffer has no name and no policy sees it.
 */
export class SegmentBuffers {
  readonly #options: SegmentBuffersOptions
  readonly #named = new Map<bigint, SegmentBuffer>()
  /** By partition: where its next deletes go, named or not. */
  readonly #deletes = new Map<bigint, SegmentBuffer>()
  readonly #naming = new Map<SegmentBuffer, Promise<void>>()

  constructor(options: SegmentBuffersOptions) {
    this.#options = options
  }

  /** Arrow bytes of rows, and bytes of deletes. */
  get bytes(): number {
    let bytes = 0
    for (const buffer of this.#all()) bytes += buffer.bytes
    return bytes
  }

  states(): BufferState[] {
    return [...this.#named].map(([segmentId, { isFull, minTimestamp }]) => ({
      segmentId,
      isFull,
      minTimestamp,
    }))
  }

  get(segmentId: bigint): SegmentBuffer | undefined {
    return this.#named.get(segmentId)
  }

  /** Segments of deletes that have a name. */
  deleteSegments(): bigint[] {
    return [...this.#named].filter(([, { level }]) => level === 'L0').map(([id]) => id)
  }

  /** The buffer for rows of a segment; an unknown segment is Growing from now on. */
  forRows(
    { segmentId, partitionId }: { readonly segmentId: bigint; readonly partitionId: bigint },
    schema: CollectionSchema,
    start: ChannelPosition,
  ): SegmentBuffer {
    const known = this.#named.get(segmentId)
    if (known !== undefined) return known
    const { metaCache, storageVersion } = this.#options
    if (metaCache.getSegment(segmentId) === undefined) {
      const startPosition = start
      metaCache.addSegment({ segmentId, partitionId, level: 'L1', storageVersion, startPosition })
    }
    const buffer = this.#make(partitionId, 'L1', schema)
    this.#named.set(segmentId, buffer)
    return buffer
  }

  /** The buffer for deletes of a partition. */
  forDeletes(partitionId: bigint, start: ChannelPosition): SegmentBuffer {
    const known = this.#deletes.get(partitionId)
    if (known !== undefined) return known
    const buffer = this.#make(partitionId, 'L0', this.#options.metaCache.schema)
    this.#deletes.set(partitionId, buffer)
    const left = this.#leftSegment(partitionId)
    if (left !== undefined) this.#named.set(left, buffer)
    else this.#naming.set(buffer, this.#name(buffer, start))
    return buffer
  }

  /** Take a buffer away; what comes next for its segment or partition goes to a new one. */
  take(segmentId: bigint): SegmentBuffer | undefined {
    const buffer = this.#named.get(segmentId)
    if (buffer === undefined) return undefined
    this.#named.delete(segmentId)
    this.#forgetDeletes(buffer)
    return buffer
  }

  /** Throw away what is buffered of partitions, of all without any. */
  discard(partitionIds?: ReadonlySet<bigint>): void {
    for (const buffer of this.#all()) {
      if (partitionIds?.has(buffer.partitionId) === false) continue
      this.#options.checkpoints.release(buffer)
      this.#forgetDeletes(buffer)
    }
    for (const [segmentId, { partitionId }] of this.#named) {
      if (partitionIds?.has(partitionId) !== false) this.#named.delete(segmentId)
    }
  }

  /** Resolves when every buffer of deletes has a name. Never fails. */
  async named(): Promise<void> {
    await Promise.all(this.#naming.values())
  }

  #all(): Set<SegmentBuffer> {
    return new Set([...this.#named.values(), ...this.#deletes.values()])
  }

  #make(partitionId: bigint, level: 'L0' | 'L1', schema: CollectionSchema): SegmentBuffer {
    const { insertBufferBytes, deleteBufferBytes } = this.#options
    return new SegmentBuffer({ partitionId, level, schema, insertBufferBytes, deleteBufferBytes })
  }

  /** A segment of deletes that a crash left without any. */
  #leftSegment(partitionId: bigint): bigint | undefined {
    const growing = [withLevel('L0'), withState('Growing'), withPartition(partitionId)] as const
    const left = this.#options.metaCache.getSegments(...growing, notSyncing())
    return left.find(({ segmentId }) => !this.#named.has(segmentId))?.segmentId
  }

  async #name(buffer: SegmentBuffer, startPosition: ChannelPosition): Promise<void> {
    const { allocator, metaCache, signal, onNamed, onFailure, onRetry } = this.#options
    try {
      const allocate = () => allocator.allocate(1, { signal })
      const { begin: segmentId } = await untilDone({ signal, onRetry }, allocate)
      const { partitionId } = buffer
      if (this.#deletes.get(partitionId) !== buffer) return
      const storageVersion = DELETE_STORAGE_VERSION
      metaCache.addSegment({ segmentId, partitionId, level: 'L0', storageVersion, startPosition })
      this.#named.set(segmentId, buffer)
    } catch (error) {
      onFailure(error)
      return
    } finally {
      this.#naming.delete(buffer)
    }
    onNamed()
  }

  #forgetDeletes(buffer: SegmentBuffer): void {
    const { partitionId } = buffer
    if (this.#deletes.get(partitionId) === buffer) this.#deletes.delete(partitionId)
  }
}

/** @throws PackedError InvalidArgument for rows of a segment that takes no more. */
export function expectGrowing(
  metaCache: MetaCache,
  segmentId: bigint,
  { messageId }: ChannelPosition,
): void {
  const state = metaCache.getSegment(segmentId)?.state ?? 'Growing'
  if (state === 'Growing') return
  const message = `Expected a growing segment for rows of message ${messageId} but received segment ${segmentId}, which is ${state}`
  throw new PackedError('InvalidArgument', message)
}
