import { PackedError } from '../errors/index.js'
import type { ChunkOptions } from '../storage/index.js'
import {
  CHANNEL,
  COLLECTION,
  type CollectionMeta,
  type MetaCodec,
  PARTITION,
  type PartitionMeta,
  SEGMENT,
} from './meta-json.js'
import type { MetaStore, MetaTransaction } from './meta-store.js'
import { retrying } from './retry.js'
import type { ChannelMeta, SegmentMeta } from './segment-meta.js'

/** A record and the version that a change of it may depend on; version 0: it is not there. */
export interface Versioned<T> {
  readonly key: string
  readonly version: number
  readonly record: T | undefined
}

/** Attempts of a change that others get in the way of: with LMDB hardly ever two. */
const RETRY = { maxAttempts: 100, initialDelayMs: 1, maxDelayMs: 50 }

/** So many digits that ids sort as numbers do. */
const ID_DIGITS = 19

const idText = (id: bigint): string => String(id).padStart(ID_DIGITS, '0')

/**
 * The keys of the metadata store:
 *
 *     collection/{collection}            a collection, with its schema
 *     collection-name/{name}             its id
 *     partition/{collection}/{partition} a partition
 *     segment/{collection}/{segment}     a segment, with its logs
 *     segment-home/{segment}             the id of its collection
 *     channel/{name}                     a channel, with its checkpoint
 *     counter/{name}                     see `LocalAllocator`
 */
export const KEYS = {
  collections: 'collection/',
  collection: (id: bigint) => `collection/${idText(id)}`,
  collectionName: (name: string) => `collection-name/${name}`,
  partitions: (collectionId: bigint) => `partition/${idText(collectionId)}/`,
  partition: (collectionId: bigint, id: bigint) =>
    `partition/${idText(collectionId)}/${idText(id)}`,
  segments: (collectionId?: bigint) =>
    collectionId === undefined ? 'segment/' : `segment/${idText(collectionId)}/`,
  segment: (collectionId: bigint, id: bigint) => `segment/${idText(collectionId)}/${idText(id)}`,
  segmentHome: (id: bigint) => `segment-home/${idText(id)}`,
  channels: 'channel/',
  channel: (name: string) => `channel/${name}`,
  counter: (name: string) => `counter/${name}`,
} as const

/** The typed records of a metadata store, each with its version. */
export class MetaRecords {
  readonly #store: MetaStore

  constructor(store: MetaStore) {
    this.#store = store
  }

  collection(id: bigint, options?: ChunkOptions): Promise<Versioned<CollectionMeta>> {
    return this.#read(KEYS.collection(id), COLLECTION, options)
  }

  partition(collectionId: bigint, id: bigint, options?: ChunkOptions) {
    return this.#read(KEYS.partition(collectionId, id), PARTITION, options)
  }

  segment(
    ids: { collectionId: bigint; segmentId: bigint },
    options?: ChunkOptions,
  ): Promise<Versioned<SegmentMeta>> {
    return this.#read(KEYS.segment(ids.collectionId, ids.segmentId), SEGMENT, options)
  }

  channel(name: string, options?: ChunkOptions): Promise<Versioned<ChannelMeta>> {
    return this.#read(KEYS.channel(name), CHANNEL, options)
  }

  collections(options?: ChunkOptions): AsyncGenerator<CollectionMeta> {
    return this.#scan(KEYS.collections, COLLECTION, options)
  }

  partitions(collectionId: bigint, options?: ChunkOptions): AsyncGenerator<PartitionMeta> {
    return this.#scan(KEYS.partitions(collectionId), PARTITION, options)
  }

  segments(collectionId?: bigint, options?: ChunkOptions): AsyncGenerator<SegmentMeta> {
    return this.#scan(KEYS.segments(collectionId), SEGMENT, options)
  }

  channels(options?: ChunkOptions): AsyncGenerator<ChannelMeta> {
    return this.#scan(KEYS.channels, CHANNEL, options)
  }

  /** The id that a key refers to. */
  async reference(key: string, options?: ChunkOptions): Promise<bigint | undefined> {
    const entry = await this.#store.get(key, options)
    return entry && BigInt(new TextDecoder().decode(entry.value))
  }

  /**
   * Read, decide, and commit, again from the start whenever somebody else was in between.
   *
   * @param plan gives what to commit (nothing if undefined) and the result.
   * @throws PackedError Conflict (others never stop), what the store and `plan` throw.
   */
  async change<T>(
    plan: () => Promise<{ transaction?: MetaTransaction; result: T }>,
    { signal }: ChunkOptions = {},
  ): Promise<T> {
    const message =
      'Expected a turn for a change of the metadata but received none: others change the same'
    const inBetween = new PackedError('Conflict', message)
    const shouldRetry = (error: unknown): boolean => error === inBetween
    return retrying({ retry: RETRY, signal, shouldRetry }, async () => {
      const { transaction, result } = await plan()
      if (transaction === undefined) return result
      if (await this.#store.commit(transaction, { signal })) return result
      throw inBetween
    })
  }

  async #read<T>(key: string, codec: MetaCodec<T>, options?: ChunkOptions): Promise<Versioned<T>> {
    const entry = await this.#store.get(key, options)
    if (entry === undefined) return { key, version: 0, record: undefined }
    return { key, version: entry.version, record: codec.decode(entry) }
  }

  async *#scan<T>(
    prefix: string,
    codec: MetaCodec<T>,
    options?: ChunkOptions,
  ): AsyncGenerator<T, void> {
    for await (const entry of this.#store.scan(prefix, options)) yield codec.decode(entry)
  }
}

/** An id as {@link MetaRecords.reference} reads it. */
export function encodeReference(id: bigint): Uint8Array {
  return new TextEncoder().encode(String(id))
}
