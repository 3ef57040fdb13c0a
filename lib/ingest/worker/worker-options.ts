import { join, resolve } from 'node:path'
import {
  expectBoolean,
  expectId,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectSignal,
  expectText,
  type StorageConfig,
  unexpected,
} from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import {
  type CollectionSchema,
  expectCollectionSchema,
  primaryKeyField,
} from '../../schema/index.js'
import type { StorageVersion } from '../../segment/index.js'
import type { ChunkManager } from '../../storage/index.js'
import type { MetaStore } from '../../sync/index.js'
import { type Logger, type PipelineMeter, SILENT, UNMETERED } from '../../telemetry/index.js'

/** Options of `IngestWorker.open`. A name that is not listed here is InvalidArgument. */
export interface IngestWorkerOptions {
  /** The worker's own: its log, its lock, and what of the rest is not placed elsewhere. */
  directory: string
  /** The collection, without system fields; may be absent when the directory has one already. */
  schema?: CollectionSchema
  /** Name of the collection in the metadata store; the schema's by default. */
  collectionName?: string
  /** Where rows go that name no partition; the collection's first partition by default. */
  partitionId?: bigint | number
  /** Where segments go; `segments/` in the directory by default. */
  chunkManager?: ChunkManager
  /** Where segments go; the worker's own directory by default. */
  storage?: StorageConfig
  /** A metadata store that stays open after the worker; it may serve several workers. */
  metaStore?: MetaStore
  /** Directory of the metadata store; `meta/` in the directory by default. */
  metaDirectory?: string
  /** Name of the channel, unique in the metadata store; made once and kept by default. */
  channelName?: string
  /** When an accepted row is on disk, see `SegmentedLog`; `'always'`, before the answer, by default. */
  fsync?: 'always' | 'interval' | 'never'
  /** Of `'interval'`: for how long an accepted row may be in memory alone; 1000 by default. */
  fsyncIntervalMs?: number
  /** Size of a log file from which on the next one is begun; 64 MiB by default. */
  logSegmentBytes?: number
  /**
   * Memory for rows and the work on them; 256 MiB by default. 60 % are for rows: buffered,
   * being written to segments, being accepted.
   */
  memoryBytes?: number
  /** Rows of a segment that are written at once; 16 MiB by default. */
  insertBufferBytes?: number
  /** Deletes of a partition that are written at once; 16 MiB by default. */
  deleteBufferBytes?: number
  /** After which time a row is written even if its buffer is not full; 10 minutes by default. */
  syncPeriodMs?: number
  /** Arrow bytes at which a segment is closed and the next one begun; 512 MiB by default. */
  segmentBytes?: number
  /** Rows at which a segment is closed; no limit by default. */
  segmentRows?: number
  /** Of new segments: 2 (default) column groups, 3 with a manifest, 0 one binlog per field. */
  storageVersion?: StorageVersion
  /** New segments have a manifest: storage version 3. */
  useManifest?: boolean
  /**
   * StorageV3: the caller's word that nobody else commits manifests of the segments, which a store
   * without conditional writes needs.
   */
  singleWriter?: boolean
  /** Syncs whose files are written at the same time; 4 by default. */
  maxSyncs?: number
  /** Keep the metadata of a flushed segment beside its files, too; on by default. */
  sidecar?: boolean
  /** Nothing is said by default. */
  logger?: Logger
  /** Nothing is counted by default. */
  meter?: PipelineMeter
  /** Aborts `open`; a running worker is ended by `close`. */
  signal?: AbortSignal
}

/** Checked options of a worker. */
export interface WorkerSettings {
  readonly directory: string
  readonly logDirectory: string
  readonly schema: CollectionSchema | undefined
  readonly collectionName: string | undefined
  readonly partitionId: bigint | undefined
  readonly chunkManager: ChunkManager | undefined
  readonly storage: StorageConfig
  readonly metaStore: MetaStore | undefined
  readonly metaDirectory: string
  readonly channelName: string | undefined
  readonly fsync: 'always' | 'interval' | 'never'
  readonly fsyncIntervalMs: number
  readonly logSegmentBytes: number
  readonly memoryBytes: number
  readonly insertBufferBytes: number
  readonly deleteBufferBytes: number
  readonly syncPeriodMs: number
  readonly segmentBytes: number
  readonly segmentRows: number
  readonly storageVersion: StorageVersion
  readonly singleWriter: boolean
  readonly maxSyncs: number
  readonly sidecar: boolean
  readonly logger: Logger
  readonly meter: PipelineMeter
  readonly signal: AbortSignal | undefined
}

const WHERE = 'IngestWorker.open'
const KNOWN = [
  'directory',
  'schema',
  'collectionName',
  'partitionId',
  'chunkManager',
  'storage',
  'metaStore',
  'metaDirectory',
  'channelName',
  'fsync',
  'fsyncIntervalMs',
  'logSegmentBytes',
  'memoryBytes',
  'insertBufferBytes',
  'deleteBufferBytes',
  'syncPeriodMs',
  'segmentBytes',
  'segmentRows',
  'storageVersion',
  'useManifest',
  'singleWriter',
  'maxSyncs',
  'sidecar',
  'logger',
  'meter',
  'signal',
]
const MIB = 2 ** 20
const FSYNCS = ['always', 'interval', 'never'] as const

/** Check the options of a worker. @throws PackedError InvalidArgument, InvalidSchema. */
export function resolveWorkerOptions(value: unknown): WorkerSettings {
  const given = expectObject(value, `the options of ${WHERE}`)
  expectKnownKeys(given, KNOWN, WHERE)
  const options = value as IngestWorkerOptions
  const directory = resolve(expectText(given.directory, 'directory'))
  const text = (name: 'collectionName' | 'channelName'): string | undefined =>
    given[name] === undefined ? undefined : expectText(given[name], name)
  return {
    directory,
    logDirectory: join(directory, 'log'),
    schema: given.schema === undefined ? undefined : expectUserSchema(given.schema),
    collectionName: text('collectionName'),
    partitionId:
      given.partitionId === undefined ? undefined : expectId(given.partitionId, 'partitionId'),
    channelName: text('channelName'),
    ...placesOf(options, directory),
    ...sizesOf(given),
    fsync: expectOneOf(given.fsync, 'fsync', FSYNCS, 'always'),
    storageVersion: expectStorageVersion(given),
    singleWriter: expectBoolean(given.singleWriter, 'singleWriter', false),
    sidecar: expectBoolean(given.sidecar, 'sidecar', true),
    logger: options.logger ?? SILENT,
    meter: options.meter ?? UNMETERED,
    signal: expectSignal(given.signal, 'signal'),
  }
}

/** The schema of a worker is the user's: RowID and Timestamp are the worker's to give. */
export function expectUserSchema(value: unknown): CollectionSchema {
  const schema = expectCollectionSchema(value)
  primaryKeyField(schema)
  const fields = schema.fields.filter(({ fieldId }) => fieldId > 1n)
  return fields.length === schema.fields.length ? schema : Object.freeze({ ...schema, fields })
}

function placesOf(
  options: IngestWorkerOptions,
  directory: string,
): Pick<WorkerSettings, 'chunkManager' | 'storage' | 'metaStore' | 'metaDirectory'> {
  const { chunkManager, storage, metaStore, metaDirectory } = options
  refuseBoth(options, 'chunkManager', 'storage')
  refuseBoth(options, 'metaStore', 'metaDirectory')
  if (chunkManager !== undefined) expectObject(chunkManager, 'chunkManager')
  if (metaStore !== undefined) expectObject(metaStore, 'metaStore')
  return {
    chunkManager,
    storage: storage ?? { rootPath: join(directory, 'segments') },
    metaStore,
    metaDirectory:
      metaDirectory === undefined
        ? join(directory, 'meta')
        : resolve(expectText(metaDirectory, 'metaDirectory')),
  }
}

function refuseBoth(
  options: IngestWorkerOptions,
  one: keyof IngestWorkerOptions,
  other: keyof IngestWorkerOptions,
): void {
  if (options[one] === undefined || options[other] === undefined) return
  const message = `Expected either ${one} or ${other} for ${WHERE} but received both`
  throw new PackedError('InvalidArgument', message)
}

function sizesOf(given: Record<string, unknown>) {
  const size = (name: keyof IngestWorkerOptions, fallback: number, min = 1): number =>
    expectInteger(given[name], name, { min, fallback })
  return {
    fsyncIntervalMs: size('fsyncIntervalMs', 1000),
    logSegmentBytes: size('logSegmentBytes', 64 * MIB, MIB / 16),
    memoryBytes: size('memoryBytes', 256 * MIB, MIB),
    insertBufferBytes: size('insertBufferBytes', 16 * MIB),
    deleteBufferBytes: size('deleteBufferBytes', 16 * MIB),
    syncPeriodMs: size('syncPeriodMs', 600_000),
    segmentBytes: size('segmentBytes', 512 * MIB),
    segmentRows: size('segmentRows', Number.MAX_SAFE_INTEGER),
    maxSyncs: size('maxSyncs', 4),
  }
}

function expectStorageVersion(given: Record<string, unknown>): StorageVersion {
  const useManifest = expectBoolean(given.useManifest, 'useManifest', false)
  const { storageVersion = useManifest ? 3 : 2 } = given
  if (storageVersion !== 0 && storageVersion !== 2 && storageVersion !== 3) {
    const message = `Expected storageVersion 0, 2 or 3 for ${WHERE} but received ${String(storageVersion)}`
    throw new PackedError('NotSupported', message)
  }
  if (!useManifest || storageVersion === 3) return storageVersion
  throw unexpected('3, or none beside useManifest,', 'storageVersion', storageVersion)
}
