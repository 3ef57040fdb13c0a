import { expectId, expectKnownKeys, expectObject, expectText } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { type CollectionSchema, expectCollectionSchema } from '../schema/index.js'
import type { ChunkOptions } from '../storage/index.js'
import { reserveIds } from './meta-counter.js'
import {
  CHANNEL,
  COLLECTION,
  type CollectionMeta,
  PARTITION,
  type PartitionMeta,
  SEGMENT,
} from './meta-json.js'
import { encodeReference, KEYS, MetaRecords, type Versioned } from './meta-records.js'
import type { MetaStore } from './meta-store.js'
import type { ChannelMeta, SegmentMeta, SegmentState } from './segment-meta.js'
import { type SegmentToRead, segmentsToRead } from './segments-to-read.js'

/** Milvus's name of the partition that every collection has. */
const DEFAULT_PARTITION = '_default'

/** Which segments; all that is given must hold. */
export interface SegmentsFilter {
  collectionId?: bigint
  channelName?: string
  states?: readonly SegmentState[]
}

/**
 * What a metadata store holds, typed: collections with partitions, channels, segments with logs.
 *
 * Every call reads the store; nothing is kept in memory. Calls that change something are one
 * transaction each, and on disk when they resolve. The store stays the caller's.
 *
 * @example
 * const catalog = new MetaCatalog(await LocalMetaStore.open('meta'))
 * const { collectionId } = await catalog.createCollection({ name: 'docs', schema })
 */
export class MetaCatalog {
  readonly store: MetaStore
  /** The same, with versions, for changes that depend on what was read. */
  readonly records: MetaRecords

  constructor(store: MetaStore) {
    this.store = store
    this.records = new MetaRecords(store)
  }

  /**
   * Make a collection, with the partition `_default`.
   *
   * @param init.collectionId a new one by default.
   * @throws PackedError AlreadyExists (the name or the id), InvalidArgument, InvalidSchema.
   */
  async createCollection(
    init: { name: string; schema: CollectionSchema; collectionId?: bigint },
    options?: ChunkOptions,
  ): Promise<CollectionMeta> {
    const given = expectObject(init, 'createCollection')
    expectKnownKeys(given, ['name', 'schema', 'collectionId'], 'createCollection')
    const name = expectText(given.name, 'name')
    const schema = expectCollectionSchema(init.schema)
    const { begin } = await reserveIds(this.store, 2, options)
    const collectionId = expectId(given.collectionId ?? begin, 'collectionId')
    const collection = { collectionId, name, schema }
    const partition = { collectionId, partitionId: begin + 1n, name: DEFAULT_PARTITION }
    const keys = { byId: KEYS.collection(collectionId), byName: KEYS.collectionName(name) }
    const created = await this.store.commit(
      {
        expect: [keys.byId, keys.byName].map((key) => ({ key, version: 0 })),
        put: [
          { key: keys.byId, value: COLLECTION.encode(collection) },
          { key: keys.byName, value: encodeReference(collectionId) },
          partitionPut(partition),
        ],
      },
      options,
    )
    if (created) return collection
    throw exists('collection', `"${name}" (${collectionId})`)
  }

  /** By id, or by name. */
  async collection(
    idOrName: bigint | string,
    options?: ChunkOptions,
  ): Promise<CollectionMeta | undefined> {
    const id =
      typeof idOrName === 'bigint'
        ? idOrName
        : await this.records.reference(KEYS.collectionName(idOrName), options)
    return id === undefined ? undefined : (await this.records.collection(id, options)).record
  }

  /** By id. */
  collections(options?: ChunkOptions): Promise<CollectionMeta[]> {
    return collected(this.records.collections(options))
  }

  /**
   * Give a collection a later schema; whether rows fit both is for the caller to know.
   *
   * @throws PackedError NotFound; InvalidSchema for a version that is not above the present one.
   */
  async updateSchema(
    collectionId: bigint,
    schema: CollectionSchema,
    options?: ChunkOptions,
  ): Promise<void> {
    const { version: next } = expectCollectionSchema(schema)
    await this.records.change(async () => {
      const { key, version, record } = await this.records.collection(collectionId, options)
      if (record === undefined) throw missing('collection', collectionId)
      if (next <= record.schema.version) {
        const message = `Expected a version above ${record.schema.version} for the schema of collection "${record.name}" but received ${next}`
        throw new PackedError('InvalidSchema', message)
      }
      const put = [{ key, value: COLLECTION.encode({ ...record, schema }) }]
      return { transaction: { expect: [{ key, version }], put }, result: undefined }
    }, options)
  }

  /** @throws PackedError NotFound (the collection), AlreadyExists (the name or the id). */
  async createPartition(
    init: { collectionId: bigint; name: string; partitionId?: bigint },
    options?: ChunkOptions,
  ): Promise<PartitionMeta> {
    const given = expectObject(init, 'createPartition')
    expectKnownKeys(given, ['collectionId', 'name', 'partitionId'], 'createPartition')
    const { collectionId } = init
    const name = expectText(given.name, 'name')
    const reserved = given.partitionId ?? (await reserveIds(this.store, 1, options)).begin
    const partition = { collectionId, partitionId: expectId(reserved, 'partitionId'), name }
    await this.records.change(async () => {
      const { key, version, record } = await this.records.collection(collectionId, options)
      if (record === undefined) throw missing('collection', collectionId)
      for (const known of await this.partitions(collectionId, options)) {
        const same = known.name === name || known.partitionId === partition.partitionId
        if (same) throw exists('partition', `"${name}" (${partition.partitionId})`)
      }
      // The collection is written again, so that two who make the same one do not miss each other.
      const put = [{ key, value: COLLECTION.encode(record) }, partitionPut(partition)]
      return { transaction: { expect: [{ key, version }], put }, result: undefined }
    }, options)
    return partition
  }

  /** Of a collection, by id; none for an unknown one. */
  partitions(collectionId: bigint, options?: ChunkOptions): Promise<PartitionMeta[]> {
    return collected(this.records.partitions(collectionId, options))
  }

  /**
   * Add a segment; one that is there already, of the same collection and channel, stays as it is.
   * Its schema is not kept: it is the collection's.
   *
   * @throws PackedError AlreadyExists (a segment of that id elsewhere).
   */
  async addSegment(meta: SegmentMeta, options?: ChunkOptions): Promise<void> {
    const { collectionId, segmentId, channelName } = meta
    await this.records.change(async () => {
      const known = await this.segment(segmentId, options)
      if (known !== undefined) {
        const same = known.collectionId === collectionId && known.channelName === channelName
        if (!same) throw exists('segment', String(segmentId))
        return { result: undefined }
      }
      const key = KEYS.segment(collectionId, segmentId)
      const put = [{ key, value: SEGMENT.encode(meta) }, segmentHomePut(meta)]
      const expect = put.map((entry) => ({ key: entry.key, version: 0 }))
      return { transaction: { expect, put }, result: undefined }
    }, options)
  }

  /** Its `schema` is undefined: it is the collection's. */
  async segment(segmentId: bigint, options?: ChunkOptions): Promise<SegmentMeta | undefined> {
    const collectionId = await this.records.reference(KEYS.segmentHome(segmentId), options)
    if (collectionId === undefined) return undefined
    return (await this.records.segment({ collectionId, segmentId }, options)).record
  }

  /** By collection and id, dropped ones included. */
  async segments(filter: SegmentsFilter = {}, options?: ChunkOptions): Promise<SegmentMeta[]> {
    expectKnownKeys({ ...filter }, ['collectionId', 'channelName', 'states'], 'segments')
    const { channelName, states } = filter
    const collectionId = filter.collectionId ?? (await this.#collectionOf(channelName, options))
    const found: SegmentMeta[] = []
    for await (const segment of this.records.segments(collectionId, options)) {
      if (channelName !== undefined && segment.channelName !== channelName) continue
      if (states === undefined || states.includes(segment.state)) found.push(segment)
    }
    return found
  }

  /**
   * The segments that hold rows of a collection, as `SegmentReader.open` takes them.
   *
   * @throws PackedError NotFound.
   * @example
   * for (const segment of await catalog.segmentsToRead(collectionId)) {
   *   const { schema, binlogs, deltalogs, l0Deltalogs } = segment
   *   const reader = await SegmentReader.open({ schema, binlogs, deltalogs, l0Deltalogs, storage })
   * }
   */
  async segmentsToRead(collectionId: bigint, options?: ChunkOptions): Promise<SegmentToRead[]> {
    // The segments first: a schema only gains fields.
    const segments = await this.segments({ collectionId }, options)
    const collection = await this.collection(collectionId, options)
    if (collection === undefined) throw missing('collection', collectionId)
    return segmentsToRead(segments, collection.schema)
  }

  /**
   * Make a channel; one that is there already, of the same collection, stays as it is.
   *
   * @throws PackedError NotFound (the collection), AlreadyExists (another collection's).
   */
  async createChannel(
    init: { channelName: string; collectionId: bigint },
    options?: ChunkOptions,
  ): Promise<ChannelMeta> {
    const given = expectObject(init, 'createChannel')
    expectKnownKeys(given, ['channelName', 'collectionId'], 'createChannel')
    const channelName = expectText(given.channelName, 'channelName')
    const collectionId = expectId(given.collectionId, 'collectionId')
    return this.records.change(async () => {
      const known: Versioned<ChannelMeta> = await this.records.channel(channelName, options)
      if (known.record?.collectionId === collectionId) return { result: known.record }
      if (known.record !== undefined) throw exists('channel', `"${channelName}"`)
      if ((await this.collection(collectionId, options)) === undefined) {
        throw missing('collection', collectionId)
      }
      const result: ChannelMeta = {
        channelName,
        collectionId,
        checkpoint: undefined,
        sequences: new Map(),
        deletePositions: new Map(),
        dropped: false,
      }
      const put = [{ key: known.key, value: CHANNEL.encode(result) }]
      return { transaction: { expect: [{ key: known.key, version: 0 }], put }, result }
    }, options)
  }

  /** What is known of a channel, or undefined. */
  async channel(name: string, options?: ChunkOptions): Promise<ChannelMeta | undefined> {
    return (await this.records.channel(name, options)).record
  }

  /** By name, dropped ones included. */
  channels(options?: ChunkOptions): Promise<ChannelMeta[]> {
    return collected(this.records.channels(options))
  }

  async #collectionOf(
    channelName: string | undefined,
    options?: ChunkOptions,
  ): Promise<bigint | undefined> {
    if (channelName === undefined) return undefined
    return (await this.channel(channelName, options))?.collectionId
  }
}

async function collected<T>(records: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const record of records) all.push(record)
  return all
}

function partitionPut(partition: PartitionMeta): { key: string; value: Uint8Array } {
  const { collectionId, partitionId } = partition
  return { key: KEYS.partition(collectionId, partitionId), value: PARTITION.encode(partition) }
}

/** Where a segment is found by its id alone. */
export function segmentHomePut(meta: { segmentId: bigint; collectionId: bigint }): {
  key: string
  value: Uint8Array
} {
  return { key: KEYS.segmentHome(meta.segmentId), value: encodeReference(meta.collectionId) }
}

function exists(kind: string, what: string): PackedError {
  const message = `Expected a new ${kind} for the metadata store but received ${what}, which it has`
  return new PackedError('AlreadyExists', message)
}

function missing(kind: string, id: bigint): PackedError {
  const message = `Expected a ${kind} of the metadata store but received id ${id}, which it does not have`
  return new PackedError('NotFound', message)
}
