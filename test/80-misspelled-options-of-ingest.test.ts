/** Every option of compaction, syncs and ingest, misspelled once; and no door was forgotten. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type CollectGarbageOptions,
  type CompactSegmentsOptions,
  collectGarbage,
  compactSegments,
  type InferOptions,
  type IngestOptions,
  IngestWorker,
  type IngestWorkerOptions,
  type InputOptions,
  inferCollection,
  type MapOptions,
  MetaCache,
  type MetaCacheOptions,
  mapToCollection,
  openInput,
  type RetryOptions,
  runIngest,
  type ServeWorkerOptions,
  SyncManager,
  type SyncManagerOptions,
  SyncTask,
  type SyncTaskOptions,
  serveWorker,
  type UpdateSyncOptions,
  updateSync,
  type WatchOptions,
  WriteBuffer,
  WriteBufferManager,
  type WriteBufferManagerOptions,
  type WriteBufferOptions,
  watchDirectory,
} from '../lib/index.js'
import { namesOf, testDoors } from './support/misspelled.js'
import { sampleSchema } from './support/sample.js'
import { BOOKS } from './support/segments.js'

/** What nobody is to look at before the options. */
const unseen = {} as never

describe('of syncs', () => {
  testDoors([
    [
      'compactSegments',
      (o) => compactSegments(o),
      namesOf<CompactSegmentsOptions>()(
        'catalog allocator chunkManager storage root collectionId partitionId segmentIds',
        'readTimestamp sort maxRows maxBytes chunkBytes sortBytes storageVersion dryRun sidecar',
        'bloomFilter encryption decryptor keyRetriever onProgress signal',
      ),
    ],
    [
      'collectGarbage',
      (o) => collectGarbage(o),
      namesOf<CollectGarbageOptions>()(
        'catalog chunkManager storage root olderThanMs dryRun workersStopped signal',
      ),
    ],
    [
      'MetaCache',
      (o) => new MetaCache(o),
      namesOf<MetaCacheOptions>()('collectionId channelName schema segments'),
    ],
    [
      'SyncManager',
      (o) => new SyncManager(o),
      namesOf<SyncManagerOptions>()('chunkManager maxTasks maxBytes logger meter signal'),
    ],
    [
      'SyncTask',
      (o) => new SyncTask(o),
      namesOf<SyncTaskOptions>()(
        'pack schema metaCache metaWriter allocator chunkManager storageConfig root',
        'syncBufferBytes multipartPartBytes fsync idAllocation retry useManifest singleWriter',
        'pluginContext beforeCommit failureCallback signal logger meter',
      ),
    ],
    [
      'retry of SyncTask',
      (retry) => {
        const parts = { pack: unseen, metaCache: unseen, metaWriter: unseen, allocator: unseen }
        return new SyncTask({ ...parts, schema: BOOKS, chunkManager: unseen, retry })
      },
      namesOf<RetryOptions>()('maxAttempts initialDelayMs maxDelayMs'),
    ],
    [
      'updateSync',
      (o) => updateSync(o),
      namesOf<UpdateSyncOptions>()('facts metaCache metaWriter retry signal'),
    ],
  ])
})

describe('of ingest', () => {
  testDoors([
    [
      'IngestWorker.open',
      (o) => IngestWorker.open(o),
      namesOf<IngestWorkerOptions>()(
        'directory schema collectionName partitionId chunkManager storage metaStore',
        'metaDirectory channelName fsync fsyncIntervalMs logSegmentBytes memoryBytes',
        'insertBufferBytes deleteBufferBytes syncPeriodMs segmentBytes segmentRows storageVersion',
        'useManifest singleWriter maxSyncs sidecar logger meter signal',
      ),
    ],
    [
      'serveWorker',
      (o) => serveWorker(o),
      namesOf<ServeWorkerOptions>()('worker metrics port host signal'),
    ],
    [
      'WriteBuffer',
      (o) => new WriteBuffer(o),
      namesOf<WriteBufferOptions>()(
        'metaCache syncManager allocator metaWriter newTask persistSegment durable checkpoint',
        'sequences deletePositions policies insertBufferBytes deleteBufferBytes syncPeriodMs',
        'storageVersion onCheckpoint onFlushed onReleased onFailure logger meter',
      ),
    ],
    [
      'WriteBufferManager',
      (o) => new WriteBufferManager(o),
      namesOf<WriteBufferManagerOptions>()(
        'forceSync totalBytes watermark evictSegments checkIntervalMs logger',
      ),
    ],
    [
      'runIngest',
      (o) => runIngest(unseen, [], o),
      namesOf<IngestOptions>()('map onError batchRows batchBytes onProgress meter signal'),
    ],
    [
      'openInput',
      (o) => openInput(unseen, 'csv', o),
      namesOf<InputOptions>()('types after signal'),
    ],
    [
      'inferCollection',
      (o) => inferCollection({ schema: sampleSchema() } as never, o),
      namesOf<InferOptions>()('name primaryKey'),
    ],
    [
      'mapToCollection',
      (o) => mapToCollection(BOOKS, sampleSchema(), o),
      namesOf<MapOptions>()('map'),
    ],
    [
      'watchDirectory',
      (o) => watchDirectory('never', o).next(),
      namesOf<WatchOptions>()('pattern format settleMs signal'),
    ],
  ])
})

test('every public type of options has its door here', () => {
  const door = readFileSync(join(__dirname, '..', 'lib', 'index.ts'), 'utf8')
  const exported = [...door.matchAll(/type (\w+Options)\b/g)].map(([, name]) => name!)
  const tables = readdirSync(__dirname)
    .filter((name) => name.startsWith('80-misspelled-options'))
    .map((name) => readFileSync(join(__dirname, name), 'utf8'))
    .join('\n')
  // Of calls, by their name; and of an ObjectStore, which the library alone calls.
  const others = ['ChunkOptions', 'UploadOptions']
  expect(exported.length).toBeGreaterThan(80)
  expect(exported.filter((name) => !new RegExp(`[Nn]ames(Of)?<${name}>`).test(tables))).toEqual(
    others,
  )
})
