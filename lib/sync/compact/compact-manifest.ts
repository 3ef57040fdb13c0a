import { buildManifestPath } from '../../binlog/index.js'
import {
  expectBoolean,
  expectFunction,
  expectId,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectSignal,
  expectText,
  type StorageConfig,
} from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import {
  isNotCommitted,
  type Manifest,
  ManifestTransaction,
  rowsOfManifest,
} from '../../manifest/index.js'
import { type CollectionSchema, expectCollectionSchema } from '../../schema/index.js'
import { listsOfManifest } from '../../segment/index.js'
import { type ChunkManager, chunkManagerAt } from '../../storage/index.js'
import { sumOf } from './compaction-plan.js'
import { ManifestFiles, type WrittenFiles } from './manifest-files.js'
import type { NextId } from './new-segments.js'
import { sortedRows } from './sorted-rows.js'
import { quantizedIn, SourceRows, type SourceSettings } from './source-rows.js'

/** Options of {@link compactManifest}. A name that is not listed here is InvalidArgument. */
export interface CompactManifestOptions {
  /** Where the segment is: a chunk manager, or a directory or bucket. */
  chunkManager?: ChunkManager
  /** Where the segment is: a directory or bucket, instead of a chunk manager. */
  storage?: StorageConfig
  /** Key of the segment's folder. */
  basePath: string
  /** The collection; with or without the system fields. */
  schema: CollectionSchema
  /** Hybrid timestamp: later deletes are not applied, and stay. All are applied if absent. */
  readTimestamp?: bigint | number
  /** Order the rows by primary key; off by default. */
  sort?: boolean
  /** Memory to sort in, about; 1 GiB by default. */
  sortBytes?: number
  /** Kind of the filter in the key statistics; `'blocked'` by default. */
  bloomFilter?: 'blocked' | 'basic'
  /** The caller's word that nobody else commits: needed for stores without conditional writes. */
  singleWriter?: boolean
  /** Gives the numbers of files of statistics, 2 or more; by the clock if absent. */
  allocateId?: () => bigint | Promise<bigint>
  /** Aborting rejects with the signal's reason; the segment stays as it was. */
  signal?: AbortSignal
}

/** Sizes of the version that was read, or of the one that was made. */
export interface ManifestSizes {
  readonly version: number
  /** Deleted ones included. */
  readonly rows: number
  readonly files: number
  readonly bytes: number
}

/** What {@link compactManifest} did. */
export interface CompactedManifest {
  readonly from: ManifestSizes
  readonly to: ManifestSizes
}

const WHERE = 'compactManifest'
const KNOWN = [
  'chunkManager',
  'storage',
  'basePath',
  'schema',
  'readTimestamp',
  'sort',
  'sortBytes',
  'bloomFilter',
  'singleWriter',
  'allocateId',
  'signal',
] as const
const NO_BOUND = 2n ** 63n - 1n
const SORT_BYTES = 2 ** 30
/** Whose folder it is, nobody here knows; the format does not need it without deletes. */
const NOBODY = { collectionId: 0n, partitionId: 0n, segmentId: 0n }

/**
 * Rewrite the rows of a segment that has a manifest and no metadata store: one file per column
 * group, without the rows that are deleted, as one new version of the manifest.
 *
 * Rows keep their RowID and timestamp. Statistics are made anew; indexes and other statistics are
 * of rows at their old places, and go. Delete logs stay listed, as a manifest cannot let them go:
 * those that are applied hide nothing any more. Earlier versions still read as before, until they
 * are expired. Whatever ends it before the commit changes nothing.
 *
 * @throws PackedError NotFound (no manifest), Conflict (somebody else committed meanwhile),
 *   InvalidSchema, NotSupported (too many keys for `sortBytes`; a store without conditional
 *   writes), what reading and writing throw; the signal's reason when it is aborted.
 * @example
 * const { from, to } = await compactManifest({ chunkManager, basePath, schema, sort: true })
 */
export async function compactManifest(options: CompactManifestOptions): Promise<CompactedManifest> {
  const settings = await resolve(options)
  const { chunkManager, basePath, schema, signal } = settings
  const transaction = await ManifestTransaction.open({
    chunkManager,
    basePath,
    resolver: 'fail',
    singleWriter: settings.singleWriter,
    signal,
  })
  const { manifest, readVersion } = transaction
  if (readVersion === 0) throw withoutManifest(basePath)
  const from = sizesOf(readVersion, manifest)
  const segment = {
    ...{ schema, numRows: from.rows, deltalogs: [], l0Deltalogs: [] },
    binlogs: listsOfManifest(manifest).binlogs,
    manifestPath: buildManifestPath({ version: readVersion, basePath }),
  }
  const files = new ManifestFiles({
    ...settings,
    ids: NOBODY,
    quantized: await quantizedIn(segment, settings),
    columnNames: isNumbered(manifest.columnGroups) ? 'fieldId' : 'name',
  })
  const rows = new SourceRows([{ segment }], settings)
  let isCommitting = false
  try {
    const records = settings.sort ? sortedRows(rows, settings.sortBytes) : rows.records()
    for await (const record of records) await files.write(record)
    replaceRows(transaction, await files.finish())
    isCommitting = true
    const committed = await transaction.commit({ signal })
    return { from, to: sizesOf(committed.version, committed.manifest) }
  } catch (error) {
    const isAborted = signal?.aborted === true && error === signal.reason
    // Else the version may be there all the same: then the files have to stay.
    if (!isCommitting || isNotCommitted(error) || isAborted) await files.remove()
    throw error
  }
}

interface Settings extends SourceSettings {
  readonly basePath: string
  readonly schema: CollectionSchema
  readonly bloomFilter: 'blocked' | 'basic'
  readonly encryption: undefined
  readonly sort: boolean
  readonly sortBytes: number
  readonly singleWriter: boolean
  readonly nextId: NextId
}

async function resolve(value: unknown): Promise<Settings> {
  const given = expectObject(value, `the options of ${WHERE}`)
  expectKnownKeys(given, KNOWN, WHERE)
  const options = value as CompactManifestOptions
  const allocate = expectFunction<NonNullable<CompactManifestOptions['allocateId']>>(
    given.allocateId,
    'allocateId',
  )
  let next = BigInt(Date.now()) << 18n
  return {
    chunkManager: await chunkManagerAt(options),
    basePath: expectText(given.basePath, 'basePath'),
    schema: expectCollectionSchema(given.schema),
    readTimestamp: expectId(given.readTimestamp ?? NO_BOUND, 'readTimestamp'),
    sort: expectBoolean(given.sort, 'sort', false),
    sortBytes: expectInteger(given.sortBytes, 'sortBytes', { min: 1, fallback: SORT_BYTES }),
    bloomFilter: expectOneOf(given.bloomFilter, 'bloomFilter', ['blocked', 'basic'], 'blocked'),
    singleWriter: expectBoolean(given.singleWriter, 'singleWriter', false),
    nextId: async () => (allocate === undefined ? next++ : await allocate()),
    encryption: undefined,
    decryptor: undefined,
    keyRetriever: undefined,
    signal: expectSignal(given.signal, 'signal'),
  }
}

/** Every column goes, and comes again with its new files: one version, in which nothing is twice. */
function replaceRows(transaction: ManifestTransaction, written: WrittenFiles): void {
  const { columnGroups, stats } = transaction.manifest
  for (const name of columnGroups.flatMap(({ columns }) => columns)) transaction.dropColumn(name)
  for (const group of written.columnGroups) transaction.addColumnGroup(group)
  for (const key of Object.keys(stats)) {
    if (written.stats[key] === undefined) {
      transaction.updateStatistics(key, { paths: [], metadata: {} })
    }
  }
  for (const [key, statistics] of Object.entries(written.stats)) {
    transaction.updateStatistics(key, statistics)
  }
}

/** Milvus names columns by the ids of their fields. */
function isNumbered(groups: Manifest['columnGroups']): boolean {
  return groups.every(({ columns }) => columns.every((name) => /^\d+$/.test(name)))
}

function sizesOf(version: number, manifest: Manifest): ManifestSizes {
  const { binlogs } = listsOfManifest(manifest)
  return {
    version,
    rows: rowsOfManifest(manifest) ?? 0,
    files: sumOf(binlogs, () => 1),
    bytes: sumOf(binlogs, ({ logSize }) => logSize),
  }
}

function withoutManifest(basePath: string): PackedError {
  const message = `Expected a manifest of a segment in "${basePath}" for compactManifest but received none`
  return new PackedError('NotFound', message, { path: basePath })
}
