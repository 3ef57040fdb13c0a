import {
  expectBoolean,
  expectFunction,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectSignal,
  type StorageConfig,
} from '../config/index.js'
import type { PluginContext } from '../packed/index.js'
import { type CollectionSchema, primaryKeyField, withSystemFields } from '../schema/index.js'
import type { ChunkManager } from '../storage/index.js'
import { type Logger, type PipelineMeter, SILENT, UNMETERED } from '../telemetry/index.js'
import type { Allocator } from './allocator.js'
import type { MetaCache } from './meta-cache.js'
import type { MetaWriter } from './meta-writer.js'
import type { ChannelPosition } from './position.js'
import { type RetryOptions, resolveRetry } from './retry.js'
import type { SyncPack } from './sync-pack.js'

/** Options of a `SyncTask`. A name that is not listed here is InvalidArgument. */
export interface SyncTaskOptions {
  /** What to write; its payload is released when it is written. */
  pack: SyncPack
  /** Of the rows: the one at the time of buffering. With or without the system fields. */
  schema: CollectionSchema
  /** Has the segment; it is changed as the sync goes on. */
  metaCache: MetaCache
  /** Who keeps the metadata; without one the cache alone changes. */
  metaWriter?: MetaWriter | undefined
  /** Numbers the logs. */
  allocator: Allocator
  /** Where files go; a SyncManager brings its own. */
  chunkManager?: ChunkManager | undefined
  /** Where column groups are written, if not where the chunk manager writes. */
  storageConfig?: StorageConfig | undefined
  /** Key prefix that `insert_log` goes below; the chunk manager's own root by default. */
  root?: string
  /** Bound on encoded bytes of a group's writer; 0 (default) is the writer's own. */
  syncBufferBytes?: number
  /** Part size of uploads; the writer's own by default. */
  multipartPartBytes?: number
  /** Force column groups to the disk before they count as written; on by default. */
  fsync?: boolean
  /** StorageV2: `'perAttempt'` (default), or all ids of the pack at once. */
  idAllocation?: 'perAttempt' | 'prefetch'
  /** Of every file and of the metadata; 3 attempts with pauses up to a second by default. */
  retry?: RetryOptions | undefined
  /**
   * A StorageV2 segment that has no logs yet becomes one of StorageV3: its files are listed by a
   * manifest. One that has some stays what it is.
   */
  useManifest?: boolean | undefined
  /**
   * StorageV3: the caller's word that nobody else commits manifests of the segment, which a store
   * without conditional writes needs.
   */
  singleWriter?: boolean | undefined
  /** StorageV2 and V3: encrypt the column groups. */
  pluginContext?: PluginContext | undefined
  /** Waited for before the metadata is saved: makes durable what the sync relies on. */
  beforeCommit?: ((checkpoint: ChannelPosition | undefined) => Promise<void>) | undefined
  /** Called once per failed attempt. */
  failureCallback?: ((error: unknown) => void) | undefined
  /** Aborting rejects with the signal's reason; nothing is saved then. */
  signal?: AbortSignal | undefined
  /** Nothing is said by default. */
  logger?: Logger | undefined
  /** Nothing is counted by default. */
  meter?: PipelineMeter | undefined
}

/** Checked options of a task. */
export interface SyncTaskSettings {
  readonly pack: SyncPack
  /** With system fields. */
  readonly schema: CollectionSchema
  readonly metaCache: MetaCache
  readonly metaWriter: MetaWriter | undefined
  readonly allocator: Allocator
  readonly chunkManager: ChunkManager | undefined
  readonly storageConfig: StorageConfig | undefined
  readonly root: string
  readonly syncBufferBytes: number
  readonly multipartPartBytes: number | undefined
  readonly fsync: boolean
  readonly idAllocation: 'perAttempt' | 'prefetch'
  readonly retry: Required<RetryOptions>
  /** As given: the metadata has a default of its own. */
  readonly metaRetry: RetryOptions | undefined
  readonly useManifest: boolean
  readonly singleWriter: boolean
  readonly pluginContext: PluginContext | undefined
  readonly beforeCommit: SyncTaskOptions['beforeCommit']
  readonly failureCallback: SyncTaskOptions['failureCallback']
  readonly signal: AbortSignal | undefined
  readonly logger: Logger
  readonly meter: PipelineMeter
}

const KNOWN = [
  'pack',
  'schema',
  'metaCache',
  'metaWriter',
  'allocator',
  'chunkManager',
  'storageConfig',
  'root',
  'syncBufferBytes',
  'multipartPartBytes',
  'fsync',
  'idAllocation',
  'retry',
  'useManifest',
  'singleWriter',
  'pluginContext',
  'beforeCommit',
  'failureCallback',
  'signal',
  'logger',
  'meter',
]

/** Milvus's budget of one attempt; whoever made the task drives it again after that. */
const RETRY = { maxAttempts: 3, initialDelayMs: 100, maxDelayMs: 1000 }

/** Check the options of a task. @throws PackedError InvalidArgument, InvalidSchema. */
export function resolveSyncTask(value: SyncTaskOptions): SyncTaskSettings {
  const given = expectObject(value, 'SyncTask')
  expectKnownKeys(given, KNOWN, 'SyncTask')
  for (const name of ['pack', 'metaCache', 'allocator']) expectObject(given[name], name)
  const schema = withSystemFields(value.schema)
  primaryKeyField(schema)
  const { multipartPartBytes } = value
  return {
    pack: value.pack,
    schema,
    metaCache: value.metaCache,
    metaWriter: value.metaWriter,
    allocator: value.allocator,
    chunkManager: value.chunkManager,
    storageConfig: value.storageConfig,
    root: value.root ?? '',
    syncBufferBytes: expectInteger(value.syncBufferBytes, 'syncBufferBytes', { fallback: 0 }),
    multipartPartBytes:
      multipartPartBytes === undefined
        ? undefined
        : expectInteger(multipartPartBytes, 'multipartPartBytes'),
    fsync: expectBoolean(value.fsync, 'fsync', true),
    idAllocation: expectOneOf(
      value.idAllocation,
      'idAllocation',
      ['perAttempt', 'prefetch'],
      'perAttempt',
    ),
    retry: resolveRetry(value.retry, 'retry', RETRY),
    metaRetry: value.retry,
    useManifest: expectBoolean(value.useManifest, 'useManifest', false),
    singleWriter: expectBoolean(value.singleWriter, 'singleWriter', false),
    pluginContext: value.pluginContext,
    beforeCommit: expectFunction(value.beforeCommit, 'beforeCommit'),
    failureCallback: expectFunction(value.failureCallback, 'failureCallback'),
    signal: expectSignal(value.signal, 'signal'),
    logger: value.logger ?? SILENT,
    meter: value.meter ?? UNMETERED,
  }
}
