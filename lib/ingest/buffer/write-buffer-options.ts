import { expectInteger, expectKnownKeys, expectObject, expectOneOf } from '../../config/index.js'
import type { CollectionSchema } from '../../schema/index.js'
import type { StorageVersion } from '../../segment/index.js'
import type {
  Allocator,
  CachedSegment,
  ChannelPosition,
  MetaCache,
  MetaWriter,
  SegmentMeta,
  SyncCallback,
  SyncPack,
  SyncWork,
} from '../../sync/index.js'
import { type Logger, type PipelineMeter, SILENT, UNMETERED } from '../../telemetry/index.js'
import { defaultPolicies, lifePolicies, type SyncPolicy } from './sync-policies.js'

/** Runs syncs: what a write buffer needs of a SyncManager. */
export interface SyncSubmitter {
  /** Resolves when the work is saved. Works of one order key are saved in the order of the calls. */
  syncData(work: SyncWork, ...callbacks: SyncCallback[]): Promise<unknown>
}

/** What a write buffer knows of a sync; a SyncTask needs the worker's parts besides. */
export interface TaskFacts {
  readonly pack: SyncPack
  /** Of the rows: that of the moment in which they were buffered. */
  readonly schema: CollectionSchema
  /** To be waited for before the metadata is saved. */
  readonly beforeCommit: () => Promise<void>
  /** Aborted when the write buffer is closed. */
  readonly signal: AbortSignal
}

/** Options of a {@link WriteBuffer}. A name that is not listed here is InvalidArgument. */
export interface WriteBufferOptions {
  /** Of the channel; gives collection and schema. */
  metaCache: MetaCache
  /** Runs the syncs. */
  syncManager: SyncSubmitter
  /** Gives segments of deletes their ids. */
  allocator: Allocator
  /** Told when the channel is dropped. */
  metaWriter: Pick<MetaWriter, 'dropChannel'>
  /** Make the work of a sync, a SyncTask as a rule. */
  newTask: (facts: TaskFacts) => SyncWork
  /**
   * Make a new segment known to the metadata store. Called before its first sync is saved, again
   * after a failure.
   */
  persistSegment?: (segment: SegmentMeta, options: { signal: AbortSignal }) => Promise<void>
  /** Wait until messages up to here survive a loss of power: a sync is saved after that. */
  durable?: (position: ChannelPosition) => Promise<void>
  /** Everything up to here is in segments: messages come from after it. */
  checkpoint?: ChannelPosition | undefined
  /** Last sequence of every source up to `checkpoint`. */
  sequences?: ReadonlyMap<string, bigint>
  /** By partition: deletes up to this message id are in segments, and dropped here. */
  deletePositions?: ReadonlyMap<bigint, bigint>
  /**
   * When to sync a segment besides when it is sealed or dropped; by default when its buffer is
   * full or stale, and at the flush timestamp.
   */
  policies?: readonly SyncPolicy[]
  /** Arrow bytes of rows at which a segment is synced; default 16 MiB. */
  insertBufferBytes?: number
  /** Bytes of deletes at which they are synced; default 16 MiB. */
  deleteBufferBytes?: number
  /** Age at which anything is synced; default 10 minutes. */
  syncPeriodMs?: number
  /** Of new segments of rows: 2 (default) column groups, 0 one binlog per field. */
  storageVersion?: StorageVersion
  /**
   * After every save that brought the checkpoint on: everything up to `position` is in segments,
   * and `sequences` are the sources' exactly up to there.
   */
  onCheckpoint?: (position: ChannelPosition, sequences: ReadonlyMap<string, bigint>) => void
  /** A segment of rows is whole and saved; it is not in the MetaCache any more after this call. */
  onFlushed?: (segment: CachedSegment) => void
  /** Memory was given back. */
  onReleased?: () => void
  /** Once: a sync failed for good. What was buffered is in the message log still. */
  onFailure?: (error: unknown) => void
  /** Nothing is said by default. */
  logger?: Logger
  /** Nothing is counted by default. */
  meter?: PipelineMeter
}

const KNOWN = [
  'metaCache',
  'syncManager',
  'allocator',
  'metaWriter',
  'newTask',
  'persistSegment',
  'durable',
  'checkpoint',
  'sequences',
  'deletePositions',
  'policies',
  'insertBufferBytes',
  'deleteBufferBytes',
  'syncPeriodMs',
  'storageVersion',
  'onCheckpoint',
  'onFlushed',
  'onReleased',
  'onFailure',
  'logger',
  'meter',
] as const satisfies readonly (keyof WriteBufferOptions)[]

/** Milvus's defaults. */
const BUFFER_BYTES = 16 << 20
const SYNC_PERIOD_MS = 600_000

/** Options with defaults. */
export type WriteBufferSettings = Required<
  Omit<WriteBufferOptions, 'checkpoint' | 'storageVersion'>
> & {
  readonly checkpoint: ChannelPosition | undefined
  readonly storageVersion: StorageVersion
}

/** @throws PackedError InvalidArgument. */
export function resolveWriteBuffer(options: WriteBufferOptions): WriteBufferSettings {
  const given = expectObject(options, 'the options of WriteBuffer')
  expectKnownKeys(given, KNOWN, 'WriteBuffer')
  const bytes = { min: 1, fallback: BUFFER_BYTES }
  const range = { min: 1, fallback: SYNC_PERIOD_MS }
  const syncPeriodMs = expectInteger(given.syncPeriodMs, 'syncPeriodMs', range)
  const versions = ['0', '2', '3'] as const
  const version = expectOneOf(String(given.storageVersion ?? 2), 'storageVersion', versions)
  const nothing = (): void => {}
  return {
    persistSegment: async () => {},
    durable: async () => {},
    sequences: new Map(),
    deletePositions: new Map(),
    onCheckpoint: nothing,
    onFlushed: nothing,
    onReleased: nothing,
    onFailure: nothing,
    logger: SILENT,
    meter: UNMETERED,
    ...options,
    policies: [...(options.policies ?? defaultPolicies(syncPeriodMs)), ...lifePolicies()],
    checkpoint: options.checkpoint,
    insertBufferBytes: expectInteger(given.insertBufferBytes, 'insertBufferBytes', bytes),
    deleteBufferBytes: expectInteger(given.deleteBufferBytes, 'deleteBufferBytes', bytes),
    syncPeriodMs,
    storageVersion: Number(version) as StorageVersion,
  }
}
