/** Every option of stores, manifests and segments, misspelled once. */
import { join } from 'node:path'
import {
  type AbandonUploadsOptions,
  abandonUploads,
  type BackupExportOptions,
  Bm25Stats,
  type BulkExportOptions,
  type ChunkWriteOptions,
  type CompactManifestOptions,
  type ConvertSegmentOptions,
  type CreateManifestOptions,
  compactManifest,
  convertSegment,
  createManifest,
  EMPTY_MANIFEST,
  type ExpireManifestsOptions,
  expireManifests,
  exportForMilvusImport,
  LocalAllocator,
  type LocalAllocatorOptions,
  LocalChunkManager,
  type LocalChunkManagerOptions,
  LocalMetaStore,
  type LocalMetaStoreOptions,
  type LocateSegmentOptions,
  locateSegment,
  lockDirectory,
  type ManifestCreateOptions,
  ManifestStore,
  type ManifestStoreOptions,
  ManifestTransaction,
  type ManifestTransactionOptions,
  type MultiWriteOptions,
  RemoteChunkManager,
  type RemoteChunkManagerOptions,
  type ResumeUploadsOptions,
  resumeUploads,
  SegmentedLog,
  type SegmentedLogOptions,
  type SegmentGetOptions,
  SegmentReader,
  type SegmentTakeOptions,
  SegmentWriter,
  type SegmentWriterOptions,
  type VerifyManifestOptions,
  type VerifySegmentOptions,
  verifyManifest,
  verifySegment,
  writeBm25Log,
} from '../lib/index.js'
import { type Door, namesOf, testDoors } from './support/misspelled.js'
import { storageAt } from './support/object-servers.js'
import { BOOKS } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('misspelled-options-of-stores')
const bytes = new Uint8Array(8)
/** What nobody is to look at before the options. */
const unseen = {} as never
const local = new LocalChunkManager({ rootPath: join(directory, 'chunks') })
const manifests = new ManifestStore(local, 'base')
let metaStore: LocalMetaStore
let allocator: LocalAllocator
let log: SegmentedLog
let segment: SegmentReader
beforeAll(async () => {
  metaStore = await LocalMetaStore.open(join(directory, 'meta'))
  allocator = await LocalAllocator.open(metaStore)
  log = await SegmentedLog.open({ directory: join(directory, 'log'), channelName: 'books' })
  segment = await SegmentReader.open({ schema: BOOKS, chunkManager: local, binlogs: [] })
})
afterAll(async () => {
  await segment.close()
  await log.close()
  await allocator.close()
  await metaStore.close()
})

/** The calls of a chunk manager. */
function callsOf(open: () => LocalChunkManager | Promise<RemoteChunkManager>): Door[] {
  const writing = namesOf<ChunkWriteOptions>()('ifAbsent signal')
  const all = async (items: AsyncIterable<unknown>) => {
    for await (const _ of items);
  }
  return [
    ['write', async (o) => (await open()).write('a', bytes, o), writing],
    ['writeStream', async (o) => (await open()).writeStream('a', o), writing],
    ['copy', async (o) => (await open()).copy('a', 'b', o), writing],
    [
      'multiWrite',
      async (o) => (await open()).multiWrite([], o),
      namesOf<MultiWriteOptions>()('ifAbsent signal onWritten'),
    ],
    ['read', async (o) => (await open()).read('a', o), ['signal']],
    ['readAt', async (o) => (await open()).readAt('a', 0, 1, o), ['signal']],
    ['multiRead', async (o) => (await open()).multiRead(['a'], o), ['signal']],
    ['readStream', async (o) => (await open()).readStream('a', o), ['offset', 'length']],
    ['exist', async (o) => (await open()).exist('a', o), ['signal']],
    ['size', async (o) => (await open()).size('a', o), ['signal']],
    ['walk', async (o) => all((await open()).walk('a', o)), ['recursive', 'signal']],
    ['remove', async (o) => (await open()).remove('a', o), ['signal']],
    ['multiRemove', async (o) => (await open()).multiRemove(['a'], o), ['signal']],
    ['removeWithPrefix', async (o) => (await open()).removeWithPrefix('a', o), ['signal']],
  ]
}

describe('of LocalChunkManager', () => {
  testDoors([
    [
      'open',
      (o) => new LocalChunkManager(o),
      namesOf<LocalChunkManagerOptions>()('rootPath fsync'),
    ],
    ['mmap', (o) => local.mmap('a', o), ['signal']],
    ...callsOf(() => local),
  ])
})

describe('of RemoteChunkManager', () => {
  const remote = () => RemoteChunkManager.open({ storage: storageAt(1) })
  testDoors([
    ['open', (o) => RemoteChunkManager.open(o), namesOf<RemoteChunkManagerOptions>()('storage')],
    ...callsOf(remote),
  ])
})

describe('of stores', () => {
  testDoors([
    ['lockDirectory', (o) => lockDirectory(directory, o), ['name']],
    [
      'resumeUploads',
      (o) => resumeUploads(o),
      namesOf<ResumeUploadsOptions>()('spool storage signal onProgress'),
    ],
    [
      'abandonUploads',
      (o) => abandonUploads(o),
      namesOf<AbandonUploadsOptions>()('spool storage paths signal'),
    ],
    [
      'LocalMetaStore.open',
      (o) => LocalMetaStore.open('never', o),
      namesOf<LocalMetaStoreOptions>()('lockTimeoutMs meter'),
    ],
    ['LocalMetaStore.get', (o) => metaStore.get('a', o), ['signal']],
    ['LocalMetaStore.scan', (o) => metaStore.scan('a', o).next(), ['signal']],
    ['LocalMetaStore.commit', (o) => metaStore.commit({}, o), ['signal']],
    [
      'LocalAllocator.open',
      (o) => LocalAllocator.open(metaStore, o),
      namesOf<LocalAllocatorOptions>()('batch clock'),
    ],
    ['LocalAllocator.allocate', (o) => allocator.allocate(1, o), ['signal']],
    ['LocalAllocator.allocateTimestamp', (o) => allocator.allocateTimestamp(o), ['signal']],
    [
      'SegmentedLog.open',
      (o) => SegmentedLog.open(o),
      namesOf<SegmentedLogOptions>()(
        'directory channelName after fsync fsyncIntervalMs segmentBytes logger meter',
      ),
    ],
    ['SegmentedLog.append', (o) => log.append(unseen, o), ['signal']],
    ['SegmentedLog.seek', (o) => log.seek(undefined, o).next(), ['signal']],
    [
      'writeBm25Log',
      (o) => writeBm25Log(local, 'a', new Bm25Stats(), o),
      ['logId', 'timestampFrom', 'timestampTo', 'signal'],
    ],
  ])
})

describe('of manifests', () => {
  testDoors([
    [
      'ManifestStore',
      (o) => new ManifestStore(local, 'base', o),
      namesOf<ManifestStoreOptions>()('singleWriter'),
    ],
    ['ManifestStore.versions', (o) => manifests.versions(o), ['signal']],
    ['ManifestStore.latest', (o) => manifests.latest(o), ['signal']],
    ['ManifestStore.read', (o) => manifests.read(1, o), ['signal']],
    ['ManifestStore.open', (o) => manifests.open(0, o), ['signal']],
    ['ManifestStore.madeBy', (o) => manifests.madeBy(1, o), ['signal']],
    ['ManifestStore.remove', (o) => manifests.remove(1, o), ['signal']],
    [
      'ManifestStore.create',
      (o) => manifests.create(1, EMPTY_MANIFEST, o),
      namesOf<ManifestCreateOptions>()('signal transactionId'),
    ],
    [
      'ManifestTransaction.open',
      (o) => ManifestTransaction.open(o),
      namesOf<ManifestTransactionOptions>()(
        'chunkManager basePath version resolver retryLimit singleWriter json signal',
      ),
    ],
    [
      'commit',
      async (o) => {
        const change = await ManifestTransaction.open({ chunkManager: local, basePath: 'base' })
        return change.commit(o)
      },
      ['signal'],
    ],
    [
      'verifyManifest',
      (o) => verifyManifest(o),
      namesOf<VerifyManifestOptions>()('store version deep keyRetriever signal onProgress'),
    ],
    [
      'expireManifests',
      (o) => expireManifests(o),
      namesOf<ExpireManifestsOptions>()(
        'chunkManager storage basePath keep olderThanMs protect dryRun workersStopped signal',
      ),
    ],
    [
      'compactManifest',
      (o) => compactManifest(o),
      namesOf<CompactManifestOptions>()(
        'chunkManager storage basePath schema readTimestamp sort sortBytes bloomFilter',
        'singleWriter allocateId signal',
      ),
    ],
    [
      'createManifest',
      (o) => createManifest(o),
      namesOf<CreateManifestOptions>()(
        'chunkManager storage segment root keyRetriever singleWriter signal',
      ),
    ],
  ])
})

describe('of segments', () => {
  const target = 'collectionName partitionName dbName timeout prefix target signal form'
  testDoors([
    [
      'SegmentWriter',
      (o) => new SegmentWriter(o),
      namesOf<SegmentWriterOptions>()(
        'schema chunkManager ids allocateId root layout storageVersion groups chunkBytes',
        'bloomFilter sidecar encryption quantized signal',
      ),
    ],
    ['take', (o) => segment.take([], o), namesOf<SegmentTakeOptions>()('columns hidden')],
    ['get', (o) => segment.get([], o), namesOf<SegmentGetOptions>()('columns readTs statistics')],
    [
      'locateSegment',
      (o) => locateSegment(o),
      namesOf<LocateSegmentOptions>()(
        'chunkManager storage segmentId root collectionId partitionId layout sidecar',
        'keyRetriever signal',
      ),
    ],
    [
      'verifySegment',
      (o) => verifySegment(o),
      namesOf<VerifySegmentOptions>()(
        'chunkManager storage segment schema logSize decryptor keyRetriever signal onProgress',
      ),
    ],
    [
      'convertSegment',
      (o) => convertSegment(o),
      namesOf<ConvertSegmentOptions>()(
        'source schema target storageVersion segmentId firstLogId onProgress decryptor',
        'keyRetriever signal groups bloomFilter encryption chunkBytes',
      ),
    ],
    [
      'exportForMilvusImport, backup',
      (o) => exportForMilvusImport({ form: 'backup', ...(o as object) } as never),
      namesOf<BackupExportOptions>()(
        target,
        'segments source startTimestamp endTimestamp skipDiskQuotaCheck',
      ),
    ],
    [
      'exportForMilvusImport, bulk',
      (o) => exportForMilvusImport({ form: 'bulk', ...(o as object) } as never),
      namesOf<BulkExportOptions>()(target, 'schema records fileBytes'),
    ],
  ])
})
