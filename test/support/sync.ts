/** Syncs of segments in a tree of their own: packs, and what a task is made of. */

import type { InsertData } from '../../lib/data/index.js'
import { type CollectionSchema, withSystemFields } from '../../lib/schema/index.js'
import type { StorageVersion } from '../../lib/segment/index.js'
import type { ChunkManager, ChunkWriteOptions } from '../../lib/storage/index.js'
import type {
  Allocator,
  ChannelPosition,
  MetaWriter,
  PackLogs,
  PackTarget,
} from '../../lib/sync/index.js'
import {
  MetaCache,
  type SaveBinlogPathsRequest,
  type SegmentLevel,
  SyncPack,
  startSyncing,
  updateBufferedRows,
  withIds,
} from '../../lib/sync/index.js'
import { SILENT } from '../../lib/telemetry/index.js'
import { BOOKS, IDS, rowsOfSegment } from './segments.js'

export const CHANNEL = 'books-channel'

export function position(messageId: bigint | number): ChannelPosition {
  const id = BigInt(messageId)
  return { channelName: CHANNEL, messageId: id, timestamp: id * 10n }
}

/** Gives ids from `first` on and notes every call. */
export class CountingAllocator implements Allocator {
  readonly calls: number[] = []
  #next: bigint

  constructor(first = 1000n) {
    this.#next = first
  }

  async allocate(count: number) {
    this.calls.push(count)
    const begin = this.#next
    this.#next += BigInt(count)
    return { begin, end: this.#next }
  }

  async allocateTimestamp(): Promise<bigint> {
    return this.#next++
  }
}

/** Keeps the requests; fails with what `failures` has, first come. */
export class NotingMetaWriter implements MetaWriter {
  readonly saved: SaveBinlogPathsRequest[] = []
  readonly failures: unknown[] = []

  async saveBinlogPaths(request: SaveBinlogPathsRequest): Promise<void> {
    const failure = this.failures.shift()
    if (failure !== undefined) throw failure
    this.saved.push(request)
  }

  async updateChannelCheckpoint(): Promise<void> {}

  async dropChannel(): Promise<void> {}
}

/**
 * A chunk manager whose next writes (below a prefix) fail: a real disk can be full or away, but
 * not for the second file of five alone.
 */
export function failingWrites(
  chunkManager: ChunkManager,
  failures: unknown[],
  prefix = '',
): ChunkManager {
  return new Proxy(chunkManager, {
    get(target, name) {
      if (name === 'write') {
        return async (path: string, content: Uint8Array, options?: ChunkWriteOptions) => {
          if (path.startsWith(prefix) && failures.length > 0) throw failures.shift()
          return target.write(path, content, options)
        }
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** A cache with one segment. */
export function cacheOf(
  storageVersion: StorageVersion,
  schema: CollectionSchema = BOOKS,
  level: SegmentLevel = 'L1',
): MetaCache {
  const cache = new MetaCache({
    collectionId: IDS.collectionId,
    channelName: CHANNEL,
    schema: withSystemFields(schema),
  })
  const { partitionId, segmentId } = IDS
  cache.addSegment({ segmentId, partitionId, level, storageVersion, startPosition: position(1) })
  return cache
}

/** A pack of the one segment, whose rows are in sync from now on. */
export function packOf(cache: MetaCache, data: InsertData[], checkpoint = position(9)): SyncPack {
  const pack = bare().withInsertData(data).withCheckpoint(checkpoint)
  begin(cache, pack.batchRows)
  return pack
}

/** What a write buffer tells the cache when it hands rows over. */
export function begin(cache: MetaCache, rows: number): void {
  const segment = withIds(IDS.segmentId)
  const { bufferRows } = cache.getSegment(IDS.segmentId)!
  cache.updateSegments([updateBufferedRows(bufferRows + rows), startSyncing(rows)], segment)
}

/** A pack of the one segment without anything. */
export function bare(): SyncPack {
  return new SyncPack()
    .withCollectionId(IDS.collectionId)
    .withPartitionId(IDS.partitionId)
    .withSegmentId(IDS.segmentId)
    .withChannelName(CHANNEL)
    .withTimeRange(1n, 99n)
}

/** Pauses that no test waits for. */
export const FAST = { maxAttempts: 3, initialDelayMs: 1, maxDelayMs: 2 }

/** Where the writers of packs write: the one segment. */
export function targetAt(chunkManager: ChunkManager, more: Partial<PackTarget> = {}): PackTarget {
  return {
    ...IDS,
    schema: withSystemFields(BOOKS),
    chunkManager,
    allocator: new CountingAllocator(),
    root: '',
    storageConfig: undefined,
    syncBufferBytes: 0,
    multipartPartBytes: undefined,
    fsync: false,
    pluginContext: undefined,
    idAllocation: 'perAttempt',
    retry: FAST,
    logger: SILENT,
    ...more,
  }
}

/** Everything in the logs of a segment, as a reader gives it. */
export function rowsOfLogs(chunkManager: ChunkManager, logs: PackLogs, schema = BOOKS) {
  return rowsOfSegment({
    schema,
    chunkManager,
    binlogs: [...logs.inserts.values()],
    deltalogs: logs.delta === undefined ? [] : [logs.delta],
  })
}

/** Keys of all objects. */
export async function keysOf(chunkManager: ChunkManager): Promise<string[]> {
  const keys: string[] = []
  for await (const { path } of chunkManager.walk('', { recursive: true })) keys.push(path)
  return keys
}

/** Keys of all logs. */
export function pathsOf(logs: PackLogs): string[] {
  const lists = [...logs.inserts.values(), ...logs.stats.values(), ...logs.bm25.values()]
  return [...lists, ...(logs.delta === undefined ? [] : [logs.delta])]
    .flatMap(({ binlogs }) => binlogs.map(({ logPath }) => logPath))
    .sort()
}
