import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isPackedError, PackedError } from '../../errors/index.js'
import type { CollectionSchema } from '../../schema/index.js'
import {
  type ChunkManager,
  chunkManagerAt,
  lockDirectory,
  storageError,
} from '../../storage/index.js'
import {
  type ChannelMeta,
  LocalAllocator,
  LocalMetaStore,
  MetaCatalog,
  type SegmentMeta,
} from '../../sync/index.js'
import { SegmentedLog } from '../log/index.js'
import { claimChannel } from './channel-claim.js'
import { Releases } from './releases.js'
import { expectSameSchema } from './schema-change.js'
import { identify, type WorkerIdentity, writeIdentity } from './worker-identity.js'
import type { WorkerSettings } from './worker-options.js'

/** What a worker works on, open. */
export interface WorkerStores {
  readonly catalog: MetaCatalog
  readonly allocator: LocalAllocator
  readonly chunkManager: ChunkManager
  readonly log: SegmentedLog
  readonly channel: ChannelMeta
  /** Of the channel, as the metadata store has them. */
  readonly segments: readonly SegmentMeta[]
  /** The user's. */
  readonly schema: CollectionSchema
  /** Where rows go that name no partition. */
  readonly partitionId: bigint
  readonly releases: Releases
}

/**
 * Take the directory, and open what the worker works on; whatever is open is given back when this
 * fails.
 *
 * @throws PackedError Conflict (somebody has the directory, or the channel), InvalidSchema (not the collection's
 *   schema), InvalidArgument (a new collection without schema, another channel), NotFound (no such
 *   partition), MetadataCorrupted (the store has lost the channel), and what the parts throw.
 */
export async function openStores(settings: WorkerSettings): Promise<WorkerStores> {
  const releases = new Releases()
  try {
    return await open(settings, releases)
  } catch (error) {
    await releases.run().catch(() => {})
    throw error
  }
}

async function open(settings: WorkerSettings, releases: Releases): Promise<WorkerStores> {
  const { directory, logger, meter, signal } = settings
  signal?.throwIfAborted()
  const lock = await lockDirectory(directory, { name: 'IngestWorker' })
  releases.add(() => lock.release())
  if (lock.staleOwner !== undefined) {
    logger.warn({ directory, staleOwner: lock.staleOwner }, 'took over from a worker that crashed')
  }
  const store = settings.metaStore ?? (await LocalMetaStore.open(settings.metaDirectory, { meter }))
  if (settings.metaStore === undefined) releases.add(() => store.close())
  const catalog = new MetaCatalog(store)
  const allocator = await LocalAllocator.open(store)
  releases.add(() => allocator.close())
  const identity = await identityOf(settings, catalog)
  const { channel, schema, partitionId } = await channelOf(settings, catalog, identity)
  const { channelName } = channel
  const segments = await catalog.segments({ channelName })
  const log = await openLog(settings, channel, segments)
  releases.add(() => log.close())
  const chunkManager = await chunkManagerAt(settings)
  return { catalog, allocator, chunkManager, log, channel, segments, schema, partitionId, releases }
}

/** A directory whose channel was dropped is an empty one: what is left of a `drop` goes here. */
async function identityOf(settings: WorkerSettings, catalog: MetaCatalog): Promise<WorkerIdentity> {
  const identity = await identify(settings.directory, settings.channelName)
  if (identity.collectionId === undefined) return identity
  const channel = await catalog.channel(identity.channelName)
  if (channel === undefined) throw lost(settings, identity.channelName)
  if (!channel.dropped) return identity
  await forgetDirectory(settings)
  return identify(settings.directory, settings.channelName)
}

/** Remove the log, and what says whose it was. @throws PackedError StorageIO, PermissionDenied. */
export async function forgetDirectory({ directory, logDirectory }: WorkerSettings): Promise<void> {
  try {
    await rm(logDirectory, { recursive: true, force: true })
    await rm(join(directory, 'worker.json'), { force: true })
  } catch (error) {
    throw storageError(error, directory)
  }
}

function lost({ directory }: WorkerSettings, channelName: string): PackedError {
  const message =
    `Expected a metadata store that knows channel "${channelName}" of the worker in ` +
    `"${directory}" but received one that does not: the store is lost, or it is another one`
  return new PackedError('MetadataCorrupted', message, { path: directory })
}

async function channelOf(
  settings: WorkerSettings,
  catalog: MetaCatalog,
  identity: WorkerIdentity,
): Promise<Pick<WorkerStores, 'channel' | 'schema' | 'partitionId'>> {
  const { channelName } = identity
  const known = await catalog.channel(channelName)
  const collection =
    known === undefined
      ? await collectionFor(settings, catalog)
      : await catalog.collection(known.collectionId)
  if (collection === undefined) throw lost(settings, channelName)
  if (settings.schema !== undefined) expectSameSchema(collection.schema, settings.schema)
  const { collectionId, schema } = collection
  const partitionId = await partitionOf(settings, catalog, collectionId)
  const { directory } = settings
  await claimChannel(catalog.store, channelName, { workerId: identity.workerId, directory })
  const channel = known ?? (await catalog.createChannel({ channelName, collectionId }))
  if (identity.collectionId === undefined) {
    await writeIdentity(directory, { ...identity, collectionId })
  }
  return { channel, schema, partitionId }
}

/** The collection of a new channel: one of that name, or a new one. */
async function collectionFor(settings: WorkerSettings, catalog: MetaCatalog) {
  const { schema, collectionName = schema?.name, directory } = settings
  const known = collectionName === undefined ? undefined : await catalog.collection(collectionName)
  if (known !== undefined) return known
  if (schema !== undefined && collectionName !== undefined) {
    return createCollection(catalog, collectionName, schema)
  }
  const message = `Expected a schema for the new worker in "${directory}" but received none`
  throw new PackedError('InvalidArgument', message)
}

/** Another worker of the store may make the same one at this moment. */
async function createCollection(catalog: MetaCatalog, name: string, schema: CollectionSchema) {
  try {
    return await catalog.createCollection({ name, schema })
  } catch (error) {
    const isTaken = isPackedError(error) && error.code === 'AlreadyExists'
    const made = isTaken ? await catalog.collection(name) : undefined
    if (made === undefined) throw error
    return made
  }
}

async function openLog(
  settings: WorkerSettings,
  { channelName, checkpoint }: ChannelMeta,
  segments: readonly SegmentMeta[],
): Promise<SegmentedLog> {
  const { logDirectory: directory, logSegmentBytes: segmentBytes, logger, meter } = settings
  const { fsync, fsyncIntervalMs } = settings
  let after = checkpoint?.messageId ?? 0n
  for (const segment of segments) {
    const known = segment.checkpoint?.messageId ?? 0n
    if (known > after) after = known
  }
  const options = { fsync, fsyncIntervalMs, segmentBytes, logger, meter }
  return SegmentedLog.open({ directory, channelName, after, ...options })
}

async function partitionOf(
  { partitionId }: WorkerSettings,
  catalog: MetaCatalog,
  collectionId: bigint,
): Promise<bigint> {
  const partitions = await catalog.partitions(collectionId)
  const first = partitions.find(({ name }) => name === '_default') ?? partitions[0]
  if (partitionId === undefined && first !== undefined) return first.partitionId
  const given = partitions.find((partition) => partition.partitionId === partitionId)
  if (given !== undefined) return given.partitionId
  throw unknownPartition(partitionId, collectionId)
}

/** The error for a partition that the collection does not have. */
export function unknownPartition(
  partitionId: bigint | undefined,
  collectionId: bigint,
): PackedError {
  const message = `Expected a partition of collection ${collectionId} for partitionId but received ${partitionId}`
  return new PackedError('NotFound', message)
}
