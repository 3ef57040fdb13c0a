import {
  type Binlog,
  type FieldBinlog,
  type ManifestPath,
  parseInsertLogPath,
  parseManifestPath,
} from '../binlog/index.js'
import { isPackedError, PackedError } from '../errors/index.js'
import { type Manifest, type ManifestFile, ManifestStore, rowsOfFile } from '../manifest/index.js'
import { allFields, type CollectionSchema, withSystemFields } from '../schema/index.js'
import { type ChunkManager, type ChunkOptions, isRemote } from '../storage/index.js'
import { bareBinlog } from './bare-binlog.js'
import type { SegmentInfo } from './segment-info.js'

/** One version of a segment's manifest, where it was found. */
export interface SegmentManifest {
  readonly basePath: string
  /** 0: there is none, and the manifest is empty. */
  readonly version: number
  readonly manifest: Manifest
}

/** Field id of a column of a manifest; undefined for one that nothing is known of. */
export type FieldIdOf = (column: string) => bigint | undefined

const STATISTICS = /^(bloom_filter|bm25)\.(\d{1,19})$/
/** Milvus's files, and ours, are named by their group: `{group}_{uuid}.parquet`. */
const GROUP_IN_NAME = /(?:^|\/)(\d{1,18})_[^/]*$/

/**
 * Read the manifest that a path names, with one request; the latest (-1) takes a listing, too.
 *
 * Milvus's paths may have the bucket in front, where a chunk manager has none: where nothing is
 * found under the whole path, it is looked for without.
 *
 * @throws PackedError MetadataCorrupted, NotFound and what the chunk manager throws.
 */
export async function openSegmentManifest(
  chunkManager: ChunkManager,
  { basePath, version }: ManifestPath,
  options: ChunkOptions = {},
): Promise<SegmentManifest> {
  const open = async (base: string): Promise<SegmentManifest> => ({
    basePath: base,
    ...(await new ManifestStore(chunkManager, base).open(version, options)),
  })
  const below = withoutBucket(chunkManager, basePath)
  if (below === undefined) return open(basePath)
  try {
    const found = await open(basePath)
    return found.version > 0 || version === 0 ? found : await open(below)
  } catch (error) {
    if (!isPackedError(error) || error.code !== 'NotFound') throw error
    return open(below)
  }
}

function withoutBucket({ storage }: ChunkManager, basePath: string): string | undefined {
  const bucket = isRemote(storage) ? storage?.bucketName : undefined
  const isBelow = bucket !== undefined && basePath.startsWith(`${bucket}/`)
  return isBelow ? basePath.slice(bucket.length + 1) : undefined
}

/** The manifest that the metadata of a segment names; undefined where it names none. */
export async function manifestOfSegment(
  { manifestPath = '' }: Pick<SegmentInfo, 'manifestPath'>,
  chunkManager: ChunkManager,
  options: ChunkOptions = {},
): Promise<SegmentManifest | undefined> {
  const path = parseManifestPath(manifestPath)
  return path === undefined ? undefined : openSegmentManifest(chunkManager, path, options)
}

/** Milvus names columns by the ids of their fields; others by the names of the fields. */
export function fieldIdsBy(schema: CollectionSchema | undefined): FieldIdOf {
  const fields = schema === undefined ? [] : allFields(withSystemFields(schema))
  const ids = new Map(fields.map(({ fieldId, name }) => [name, fieldId]))
  return (column) => (/^\d{1,18}$/.test(column) ? BigInt(column) : ids.get(column))
}

/** Ids of the fields that a manifest has files of. */
export function storedInManifest({ columnGroups }: Manifest, idOf: FieldIdOf): Set<bigint> {
  const ids = columnGroups.flatMap(({ columns }) => columns.map(idOf))
  return new Set(ids.filter((id) => id !== undefined))
}

/** The delete logs of a manifest. @throws PackedError NotSupported where keys do not say the rows. */
export function keyDeletesOf(manifest: Manifest): readonly FieldBinlog[] {
  const other = manifest.deltaLogs.find(({ type }) => type !== 'primaryKey')
  if (other === undefined) return deltaListsOf(manifest)
  const message = `Expected deletes by primary key in "${other.path}" but received ${other.type} ones`
  throw new PackedError('NotSupported', message, { path: other.path })
}

function deltaListsOf({ deltaLogs }: Manifest, fieldId: bigint = 0n): readonly FieldBinlog[] {
  if (deltaLogs.length === 0) return []
  const binlogs = deltaLogs.map(({ path, numEntries }): Binlog => {
    return { ...bareBinlog({ path, ...logOf(path), sizeBytes: 0 }), entriesNum: numEntries }
  })
  return [{ fieldId, binlogs, childFields: [], format: '' }]
}

/** What a manifest lists, as lists of logs: files with their rows and sizes, groups with fields. */
export function listsOfManifest(
  manifest: Manifest,
  idOf: FieldIdOf = fieldIdsBy(undefined),
): Pick<SegmentInfo, 'binlogs' | 'statslogs' | 'bm25logs' | 'deltalogs'> {
  const statslogs = statisticsLists(manifest, 'bloom_filter')
  return {
    binlogs: manifest.columnGroups.map(({ columns, files }, position) => ({
      fieldId: groupIdOf(files[0], position),
      binlogs: files.map(logOfFile),
      childFields: columns.map(idOf).filter((id) => id !== undefined),
      format: '',
    })),
    statslogs,
    bm25logs: statisticsLists(manifest, 'bm25'),
    deltalogs: deltaListsOf(manifest, statslogs[0]?.fieldId),
  }
}

function statisticsLists({ stats }: Manifest, kind: 'bloom_filter' | 'bm25'): FieldBinlog[] {
  return Object.entries(stats).flatMap(([key, { paths }]) => {
    const [, found, id] = STATISTICS.exec(key) ?? []
    if (found !== kind || paths.length === 0) return []
    const binlogs = paths.map((path) => bareBinlog({ path, sizeBytes: 0, ...logOf(path) }))
    return [{ fieldId: BigInt(id!), binlogs, childFields: [], format: '' }]
  })
}

function logOf(path: string): { logId: bigint } {
  return { logId: BigInt(/\/(\d{1,19})$/.exec(path)?.[1] ?? 0) }
}

function groupIdOf(file: ManifestFile | undefined, position: number): bigint {
  const named = GROUP_IN_NAME.exec(file?.path ?? '')?.[1]
  if (named !== undefined) return BigInt(named)
  return parseInsertLogPath(file?.path ?? '')?.fieldId ?? BigInt(position)
}

function logOfFile(file: ManifestFile): Binlog {
  const { path, properties } = file
  const sizeBytes = Number(properties.file_size ?? 0)
  return { ...bareBinlog({ path, sizeBytes, logId: 0n }), entriesNum: rowsOfFile(file) ?? 0 }
}
