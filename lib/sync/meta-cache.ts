import { expectId, expectKnownKeys, expectObject, expectText } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { type CollectionSchema, expectCollectionSchema, type FieldGroup } from '../schema/index.js'
import {
  type CachedSegment,
  type CachedSegmentInit,
  cachedSegment,
  cachedSegmentOf,
} from './cached-segment.js'
import { mergeActions, type SegmentAction, updateCurrentSplit } from './segment-actions.js'
import { type SegmentFilter, withIds } from './segment-filters.js'
import type { SegmentMeta } from './segment-meta.js'

/** Options of a {@link MetaCache}. */
export interface MetaCacheOptions {
  /** Of every segment of the cache. */
  collectionId: bigint
  /** The virtual channel whose segments these are. */
  channelName: string
  /** Of the rows. */
  schema: CollectionSchema
  /** What the metadata store knows of the channel's segments. */
  segments?: Iterable<SegmentMeta>
}

/**
 * What a worker knows of the segments of its channel: a copy of the metadata store, changed after
 * the store, and with the rows that are not saved yet.
 *
 * All calls are synchronous; segments that it gives are snapshots.
 */
export class MetaCache {
  readonly collectionId: bigint
  readonly channelName: string
  readonly #segments = new Map<bigint, CachedSegment>()
  #schema: CollectionSchema

  /** @throws PackedError InvalidArgument, InvalidSchema; AlreadyExists (a segment given twice). */
  constructor(options: MetaCacheOptions) {
    const given = expectObject(options, 'MetaCache')
    expectKnownKeys(given, ['collectionId', 'channelName', 'schema', 'segments'], 'MetaCache')
    this.collectionId = expectId(given.collectionId, 'collectionId')
    this.channelName = expectText(given.channelName, 'channelName')
    this.#schema = expectCollectionSchema(options.schema)
    for (const meta of options.segments ?? []) this.#add(cachedSegmentOf(meta))
  }

  /** The collection's newest schema; a segment's buffer may have an older one. */
  get schema(): CollectionSchema {
    return this.#schema
  }

  /** Take a schema of the same or a later version; an earlier one (of a replay) changes nothing. */
  updateSchema(schema: CollectionSchema): void {
    const { version } = expectCollectionSchema(schema)
    if (version >= this.#schema.version) this.#schema = schema
  }

  /** The segment of this id as it is now, or undefined. */
  getSegment(segmentId: bigint): CachedSegment | undefined {
    return this.#segments.get(segmentId)
  }

  /** Segments that match every filter, in the order in which they were added. */
  getSegments(...filters: readonly SegmentFilter[]): CachedSegment[] {
    return [...this.#candidates(filters)].filter((segment) =>
      filters.every((filter) => filter.matches(segment)),
    )
  }

  /** @throws PackedError AlreadyExists. */
  addSegment(init: CachedSegmentInit): void {
    this.#add(cachedSegment(this.collectionId, init))
  }

  /**
   * Change the segments that match every filter; without any filter all.
   *
   * @throws PackedError Internal (counts that would fall below 0); then no segment is changed.
   */
  updateSegments(
    actions: SegmentAction | readonly SegmentAction[],
    ...filters: readonly SegmentFilter[]
  ): void {
    const action = typeof actions === 'function' ? actions : mergeActions(...actions)
    const changed = this.getSegments(...filters).map(action)
    for (const segment of changed) this.#segments.set(segment.segmentId, segment)
  }

  /**
   * Settle the column groups of a segment: the first call wins.
   *
   * @returns the groups that hold.
   * @throws PackedError NotFound.
   */
  setCurrentSplitIfNil(segmentId: bigint, groups: readonly FieldGroup[]): readonly FieldGroup[] {
    const segment = this.#segments.get(segmentId)
    if (segment === undefined) {
      const message = `Expected a segment of channel "${this.channelName}" but received id ${segmentId}`
      throw new PackedError('NotFound', message)
    }
    if (segment.currentSplit !== undefined) return segment.currentSplit
    this.updateSegments(updateCurrentSplit(groups), withIds(segmentId))
    return groups
  }

  /** Forget the segments that match every filter; a filter is needed. @returns their ids. */
  removeSegments(filter: SegmentFilter, ...filters: readonly SegmentFilter[]): bigint[] {
    const ids = this.getSegments(filter, ...filters).map(({ segmentId }) => segmentId)
    for (const id of ids) this.#segments.delete(id)
    return ids
  }

  *#candidates(filters: readonly SegmentFilter[]): Generator<CachedSegment> {
    const ids = filters.find((filter) => filter.ids !== undefined)?.ids
    if (ids === undefined || ids.size > 1) return yield* this.#segments.values()
    for (const id of ids) {
      const segment = this.#segments.get(id)
      if (segment !== undefined) yield segment
    }
  }

  #add(segment: CachedSegment): void {
    const { segmentId } = segment
    if (this.#segments.has(segmentId)) {
      const message = `Expected a new segment for channel "${this.channelName}" but received id ${segmentId}, which it has`
      throw new PackedError('AlreadyExists', message)
    }
    this.#segments.set(segmentId, segment)
  }
}
