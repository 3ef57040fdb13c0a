import type { BinlogDecryptor } from '../../binlog/index.js'
import {
  expectBoolean,
  expectFunction,
  expectId,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectSignal,
  type StorageConfig,
  unexpected,
} from '../../config/index.js'
import type { KeyRetriever } from '../../packed/index.js'
import type { SegmentWriterOptions, StorageVersion } from '../../segment/index.js'
import { type ChunkManager, chunkManagerAt } from '../../storage/index.js'
import type { Allocator } from '../allocator.js'
import type { MetaCatalog } from '../meta-catalog.js'
import type { CompactionProgress } from './compact-report.js'

/** Options of {@link compactSegments}. A name that is not listed here is InvalidArgument. */
export interface CompactSegmentsOptions {
  /** Of the store that knows the segments; other processes may work on it at the same time. */
  catalog: MetaCatalog
  /** Gives the new ids; the counter of the catalog's store if absent. */
  allocator?: Allocator
  /** Where the logs are: a chunk manager, or a directory or bucket. */
  chunkManager?: ChunkManager
  /** Where the logs are: a directory or bucket, instead of a chunk manager. */
  storage?: StorageConfig
  /** Key prefix that `insert_log` is below; the manager's own root by default. */
  root?: string
  /** The collection whose segments are compacted. */
  collectionId: bigint | number
  /** Only this partition; all if absent. */
  partitionId?: bigint | number
  /** Exactly these; whichever gain by it if absent. */
  segmentIds?: readonly (bigint | number)[]
  /**
   * Hybrid timestamp: later deletes are not applied, and stay. All deletes are applied if absent. A
   * reader of an earlier timestamp finds no more of the rows than one of this timestamp.
   */
  readTimestamp?: bigint | number
  /** Order the rows of the new segments by primary key; off by default. */
  sort?: boolean
  /** Of a new segment; no limit by default. */
  maxRows?: number
  /** Decoded bytes of a new segment, about; 512 MiB by default. */
  maxBytes?: number
  /** Decoded bytes after which the next log of a new segment begins; 256 MiB by default. */
  chunkBytes?: number
  /** Memory to sort in, about; 1 GiB by default. */
  sortBytes?: number
  /** Of the new segments; the newest of the old ones if absent. */
  storageVersion?: StorageVersion
  /** Only say what would be done; off by default. */
  dryRun?: boolean
  /** Keep the metadata of new segments beside their files, too; on by default. */
  sidecar?: boolean
  /** Kind of the filter in the key statistics; `'blocked'` by default. */
  bloomFilter?: 'blocked' | 'basic'
  /** Encrypt the new column groups. */
  encryption?: NonNullable<SegmentWriterOptions['encryption']>
  /** For StorageV1 binlogs that are encrypted. */
  decryptor?: BinlogDecryptor
  /** For packed files that are encrypted. */
  keyRetriever?: KeyRetriever
  /** Called as rows are read and written. */
  onProgress?: (progress: CompactionProgress) => void
  /**
   * Aborting rejects with the signal's reason; segments of the group under way stay as they were.
   */
  signal?: AbortSignal
}

/** Checked options of a compaction. */
export interface CompactSettings {
  readonly catalog: MetaCatalog
  readonly allocator: Allocator | undefined
  readonly chunkManager: ChunkManager
  readonly root: string
  readonly collectionId: bigint
  readonly partitionId: bigint | undefined
  readonly segmentIds: readonly bigint[] | undefined
  /** 2^63 - 1 for no bound. */
  readonly readTimestamp: bigint
  readonly sort: boolean
  readonly maxRows: number
  readonly maxBytes: number
  readonly chunkBytes: number
  readonly sortBytes: number
  readonly storageVersion: StorageVersion | undefined
  readonly dryRun: boolean
  readonly sidecar: boolean
  readonly bloomFilter: SegmentWriterOptions['bloomFilter']
  readonly encryption: SegmentWriterOptions['encryption']
  readonly decryptor: BinlogDecryptor | undefined
  readonly keyRetriever: KeyRetriever | undefined
  readonly onProgress: (progress: CompactionProgress) => void
  readonly signal: AbortSignal | undefined
}

const WHERE = 'compactSegments'
const KNOWN = [
  'catalog',
  'allocator',
  'chunkManager',
  'storage',
  'root',
  'collectionId',
  'partitionId',
  'segmentIds',
  'readTimestamp',
  'sort',
  'maxRows',
  'maxBytes',
  'chunkBytes',
  'sortBytes',
  'storageVersion',
  'dryRun',
  'sidecar',
  'bloomFilter',
  'encryption',
  'decryptor',
  'keyRetriever',
  'onProgress',
  'signal',
] as const
const MIB = 2 ** 20
const NO_BOUND = 2n ** 63n - 1n

/** @throws PackedError InvalidArgument. */
export async function resolveCompaction(value: unknown): Promise<CompactSettings> {
  const given = expectObject(value, `the options of ${WHERE}`)
  expectKnownKeys(given, KNOWN, WHERE)
  const options = value as CompactSegmentsOptions
  const root = given.root ?? ''
  if (typeof root !== 'string') throw unexpected('a key prefix', 'root', root)
  const size = (name: (typeof KNOWN)[number], fallback: number): number =>
    expectInteger(given[name], name, { min: 1, fallback })
  return {
    catalog: expectObject(given.catalog, 'catalog') as unknown as MetaCatalog,
    allocator: options.allocator,
    chunkManager: await chunkManagerAt(options),
    root,
    collectionId: expectId(given.collectionId, 'collectionId'),
    partitionId:
      given.partitionId === undefined ? undefined : expectId(given.partitionId, 'partitionId'),
    segmentIds: expectIds(given.segmentIds),
    readTimestamp: expectId(given.readTimestamp ?? NO_BOUND, 'readTimestamp'),
    sort: expectBoolean(given.sort, 'sort', false),
    maxRows: size('maxRows', Number.MAX_SAFE_INTEGER),
    maxBytes: size('maxBytes', 512 * MIB),
    chunkBytes: size('chunkBytes', 256 * MIB),
    sortBytes: size('sortBytes', 1024 * MIB),
    storageVersion: expectStorageVersion(given.storageVersion),
    dryRun: expectBoolean(given.dryRun, 'dryRun', false),
    sidecar: expectBoolean(given.sidecar, 'sidecar', true),
    bloomFilter: options.bloomFilter,
    encryption: options.encryption,
    decryptor: expectFunction<BinlogDecryptor>(given.decryptor, 'decryptor'),
    keyRetriever: expectFunction<KeyRetriever>(given.keyRetriever, 'keyRetriever'),
    onProgress: expectFunction(given.onProgress, 'onProgress') ?? (() => {}),
    signal: expectSignal(given.signal, 'signal'),
  }
}

function expectIds(value: unknown): readonly bigint[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.length === 0) {
    throw unexpected('a non-empty array of segment ids', 'segmentIds', value)
  }
  return [...new Set(value.map((id, index) => expectId(id, `segmentIds[${index}]`)))]
}

function expectStorageVersion(value: unknown): StorageVersion | undefined {
  if (value === undefined || value === 0 || value === 2 || value === 3) return value
  throw unexpected('0, 2 or 3', 'storageVersion', value)
}
