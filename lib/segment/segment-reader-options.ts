import {
  type BinlogDecryptor,
  type FieldBinlog,
  type ManifestPath,
  parseManifestPath,
  type SegmentLocation,
} from '../binlog/index.js'
import {
  expectBoolean,
  expectFunction,
  expectId,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectSignal,
  expectText,
  type StorageConfig,
  unexpected,
} from '../config/index.js'
import {
  type CheckedFilter,
  checkedFilter,
  type Filter,
  type PackedReaderOptions,
  STREAM_OPTIONS,
} from '../packed/index.js'
import { type CollectionSchema, expectCollectionSchema, withSystemFields } from '../schema/index.js'
import { type ChunkManager, openChunkManager } from '../storage/index.js'
import { storageOf } from './segment-keys.js'

const WHERE = 'SegmentReader.open'

/** Options that mean the same here and in `PackedReader.open`. */
const PASSED_ON = [...STREAM_OPTIONS, 'mmap', 'lenient', 'keyRetriever'] as const
const OWN = [
  'schema',
  'manifestPath',
  'basePath',
  'version',
  'manifestDeletes',
  'binlogs',
  'deltalogs',
  'l0Deltalogs',
  'statslogs',
  'storage',
  'chunkManager',
  'location',
  'readTimestamp',
  'deletesUpTo',
  'columns',
  'systemFields',
  'decryptor',
  'filter',
] as const

type PassedOn = Extract<(typeof PASSED_ON)[number], keyof PackedReaderOptions>

/** Options of `SegmentReader.open`. A name that is not listed here is InvalidArgument. */
export interface SegmentReaderOptions extends Pick<PackedReaderOptions, PassedOn> {
  /** The collection; with or without the system fields. */
  schema: CollectionSchema
  /**
   * StorageV3: the manifest that the metadata names, `{"ver":3,"base_path":"…"}` (-1: the latest).
   * It says where the rows are and which deletes are the segment's own: `binlogs` and `deltalogs`
   * are not looked at then. Empty for none.
   */
  manifestPath?: string | undefined
  /** The same in two: the segment's folder, and a version of its manifest (the latest if absent). */
  basePath?: string
  /** With `basePath`: a version of the manifest, 1 or more; the latest by default. */
  version?: number
  /** StorageV3: whether the deletes of the manifest count; they do by default. */
  manifestDeletes?: boolean
  /** Insert logs of StorageV1 (by field), of StorageV2 (by column group), or both. */
  binlogs?: readonly FieldBinlog[]
  /** Delete logs; those of L0 segments may be here or in `l0Deltalogs`. */
  deltalogs?: readonly FieldBinlog[]
  /** Delete logs of L0 segments. */
  l0Deltalogs?: readonly FieldBinlog[]
  /**
   * Primary-key statistics, by which `get` leaves out what cannot have a key. Not looked at with a
   * manifest, which names its own.
   */
  statslogs?: readonly FieldBinlog[]
  /** Where the logs are; the working directory if neither is given. */
  storage?: StorageConfig
  /** Where the logs are, instead of `storage`. */
  chunkManager?: ChunkManager
  /** For insert logs that have an id and no path. */
  location?: SegmentLocation
  /** Hybrid timestamp: later rows and deletes do not count. No bound if absent or 2^64 - 1. */
  readTimestamp?: bigint | number
  /**
   * Hybrid timestamp: later deletes do not count, while later rows do; what a compaction keeps. No
   * bound if absent.
   */
  deletesUpTo?: bigint | number
  /** The columns that come out, in this order, by name or field id; the user's fields if absent. */
  columns?: readonly (string | number | bigint)[]
  /** Without `columns`: RowID and Timestamp, too, in front. */
  systemFields?: boolean
  /** For StorageV1 binlogs that are encrypted. */
  decryptor?: BinlogDecryptor
  /**
   * The rows that come out, of those that are there; all if absent or empty. By fields of the
   * collection, the system's among them, in `columns` or not; a field that a chunk does not have is
   * its default or null. `take` and `get` are NotSupported beside it: they name rows themselves.
   */
  filter?: Filter
}

/** Checked options of a segment reader. */
export interface SegmentReaderSettings {
  schema: CollectionSchema
  /** Undefined where logs say where the rows are. */
  manifest: ManifestPath | undefined
  manifestDeletes: boolean
  binlogs: readonly FieldBinlog[]
  deltalogs: readonly FieldBinlog[]
  statslogs: readonly FieldBinlog[]
  chunkManager: ChunkManager
  storage: StorageConfig
  location: SegmentLocation | undefined
  readTimestamp: bigint | undefined
  deletesUpTo: bigint | undefined
  columns: readonly (string | bigint)[] | undefined
  systemFields: boolean
  decryptor: BinlogDecryptor | undefined
  filter: CheckedFilter | undefined
  signal: AbortSignal | undefined
  passedOn: Pick<PackedReaderOptions, PassedOn>
}

/** Check the options of `SegmentReader.open`. @throws PackedError InvalidArgument. */
export async function resolveSegmentReader(value: unknown): Promise<SegmentReaderSettings> {
  const options = expectObject(value, `the options of ${WHERE}`)
  expectKnownKeys(options, [...OWN, ...PASSED_ON], WHERE)
  const given = PASSED_ON.filter((key) => options[key] !== undefined)
  const manifest = expectManifest(options)
  const schema = expectCollectionSchema(options.schema)
  return {
    schema,
    manifest,
    manifestDeletes: expectBoolean(options.manifestDeletes, 'manifestDeletes', true),
    binlogs: manifest === undefined ? expectLists(options.binlogs, 'binlogs') : [],
    deltalogs: [
      ...(manifest === undefined ? expectLists(options.deltalogs ?? [], 'deltalogs') : []),
      ...expectLists(options.l0Deltalogs ?? [], 'l0Deltalogs'),
    ],
    statslogs: manifest === undefined ? expectLists(options.statslogs ?? [], 'statslogs') : [],
    ...(await placeOf(options)),
    location: options.location as SegmentLocation | undefined,
    readTimestamp: expectTimestamp(options.readTimestamp, 'readTimestamp'),
    deletesUpTo: expectTimestamp(options.deletesUpTo, 'deletesUpTo'),
    columns: options.columns === undefined ? undefined : expectColumns(options.columns),
    systemFields: expectBoolean(options.systemFields, 'systemFields', false),
    decryptor: expectFunction<BinlogDecryptor>(options.decryptor, 'decryptor'),
    filter: checkedFilter(options.filter, withSystemFields(schema)),
    signal: expectSignal(options.signal, 'signal'),
    passedOn: Object.fromEntries(given.map((key) => [key, options[key]])),
  }
}

function expectManifest({
  manifestPath = '',
  basePath,
  version,
}: Record<string, unknown>): ManifestPath | undefined {
  if (typeof manifestPath !== 'string') throw unexpected('a string', 'manifestPath', manifestPath)
  if (basePath === undefined && version === undefined) return parseManifestPath(manifestPath)
  if (manifestPath !== '') throw unexpected('no manifestPath', 'basePath', basePath)
  return {
    basePath: expectText(basePath, 'basePath'),
    version: expectInteger(version, 'version', { min: -1, fallback: -1 }),
  }
}

/** Milvus's greatest timestamp, 2^64 - 1, and whatever no row can reach are no bound. */
export function expectTimestamp(value: unknown, name: string): bigint | undefined {
  if (value === undefined) return undefined
  const unsigned = typeof value === 'bigint' && value >= 2n ** 63n && value < 2n ** 64n
  return unsigned ? undefined : expectId(value, name)
}

/** The same place for the core, which wants a configuration, and for what is read on this side. */
async function placeOf(
  options: Record<string, unknown>,
): Promise<Pick<SegmentReaderSettings, 'chunkManager' | 'storage'>> {
  const { chunkManager, storage } = options as Partial<SegmentReaderOptions>
  if (chunkManager !== undefined) {
    return { chunkManager, storage: storage ?? storageOf(chunkManager) }
  }
  return { chunkManager: await openChunkManager(storage), storage: storage ?? { rootPath: '.' } }
}

function expectLists(value: unknown, name: string): readonly FieldBinlog[] {
  if (Array.isArray(value)) return value
  throw unexpected('an array of FieldBinlog', name, value)
}

/** @throws PackedError InvalidArgument. */
export function expectColumns(value: unknown): (string | bigint)[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw unexpected('a non-empty array of names or field ids', 'columns', value)
  }
  return value.map((column, index) =>
    typeof column === 'string' ? column : expectId(column, `columns[${index}]`),
  )
}
