import {
  ALL_PARTITIONS,
  buildSegmentBasePath,
  type FieldBinlog,
  type LogPathLayout,
  parseManifestPath,
} from '../binlog/index.js'
import {
  expectBoolean,
  expectFunction,
  expectId,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectSignal,
  type StorageConfig,
  unexpected,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { KeyRetriever } from '../packed/index.js'
import { type ChunkManager, chunkManagerAt, mapBounded } from '../storage/index.js'
import { describeManifest } from './describe-manifest.js'
import { logsByField } from './logs-by-field.js'
import { openSegmentManifest } from './manifest-segment.js'
import type { SegmentIds, SegmentInfo } from './segment-info.js'
import {
  type FoundLog,
  type FoundSegment,
  joinKey,
  kindPrefix,
  partitionPrefix,
  type SegmentTree,
  segmentPrefix,
  walkLogs,
  walkSegments,
} from './segment-keys.js'
import { readSidecar } from './segment-sidecar.js'

/** Options of {@link locateSegment}. */
export interface LocateSegmentOptions {
  /** Where the tree is: a chunk manager, or a directory or bucket. */
  chunkManager?: ChunkManager
  /** Where the logs are: a directory or bucket, instead of a chunk manager. */
  storage?: StorageConfig
  /** The segment to look for. */
  segmentId: bigint | number
  /** Key prefix that `insert_log` is below; the manager's own root by default. */
  root?: string
  /** Only needed where one number is a segment of several collections or partitions. */
  collectionId?: bigint | number
  /** Spares a look into other partitions. */
  partitionId?: bigint | number
  /** Milvus's own is tried first, and then the segment-first one. */
  layout?: LogPathLayout
  /** Take the metadata from our sidecar file where there is one (default) or from the files. */
  sidecar?: boolean
  /** For encrypted column groups, whose footers are read where there is no sidecar. */
  keyRetriever?: KeyRetriever
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

/** A segment in a tree of files. */
export interface LocatedSegment extends SegmentInfo {
  readonly root: string
  readonly layout: LogPathLayout
  /**
   * Where the metadata is from. Files alone do not say the schema, nor the timestamp ranges of
   * StorageV2 logs (0 there).
   */
  readonly source: 'sidecar' | 'files'
  /** Delete logs of the L0 segments of its partition and of all partitions. */
  readonly l0Deltalogs: readonly FieldBinlog[]
}

const KNOWN = [
  'chunkManager',
  'storage',
  'segmentId',
  'root',
  'collectionId',
  'partitionId',
  'layout',
  'sidecar',
  'keyRetriever',
  'signal',
] as const

/** Segments that are looked for at a time. */
const MOST_LISTINGS = 16

interface Wanted {
  segmentId: bigint
  collectionId: bigint | undefined
  partitionId: bigint | undefined
}

/**
 * Find the logs of a segment by its number, and the delete logs of L0 segments that concern it.
 *
 * An L0 segment is one that has delete logs and no insert logs. Its partition is the segment's
 * or -1, which stands for all.
 *
 * @throws PackedError NotFound (no such segment), InvalidArgument (several of them: say which
 *   collection and partition), MetadataCorrupted (sidecar, manifest), FileCorrupted and what reading the files throws.
 */
export async function locateSegment(options: LocateSegmentOptions): Promise<LocatedSegment> {
  const given = expectObject(options, 'locateSegment')
  expectKnownKeys(given, KNOWN, 'locateSegment')
  const root = given.root ?? ''
  if (typeof root !== 'string') throw unexpected('a key prefix', 'root', root)
  const useSidecar = expectBoolean(given.sidecar, 'sidecar', true)
  const wanted: Wanted = {
    segmentId: expectId(given.segmentId, 'segmentId'),
    collectionId: optionalId(given.collectionId, 'collectionId'),
    partitionId: optionalId(given.partitionId, 'partitionId'),
  }
  const base = {
    chunkManager: await chunkManagerAt(options),
    root: joinKey(root),
    keyRetriever: expectFunction<KeyRetriever>(given.keyRetriever, 'keyRetriever'),
    signal: expectSignal(given.signal, 'signal'),
  }
  const layouts: LogPathLayout[] =
    given.layout === undefined
      ? ['milvus', 'segmentFirst']
      : [expectOneOf(given.layout, 'layout', ['milvus', 'segmentFirst'])]
  for (const layout of layouts) {
    const tree: SegmentTree = { ...base, layout }
    const found = await findSegment(tree, wanted)
    if (found !== undefined) return describeSegment(tree, found, useSidecar)
  }
  throw await notFound({ ...base, layout: 'milvus' }, wanted.segmentId)
}

function optionalId(value: unknown, name: string): bigint | undefined {
  return value === undefined ? undefined : expectId(value, name)
}

/** The one segment of that number; undefined where there is none. */
async function findSegment(tree: SegmentTree, wanted: Wanted): Promise<FoundSegment | undefined> {
  const found = new Map<string, FoundSegment>()
  for await (const segment of walkSegments(tree, prefixOf(tree, wanted))) {
    const { collectionId, partitionId, segmentId } = segment
    if (segmentId !== wanted.segmentId) continue
    if ((wanted.collectionId ?? collectionId) !== collectionId) continue
    if ((wanted.partitionId ?? partitionId) !== partitionId) continue
    const key = `${collectionId}/${partitionId}`
    const before = found.get(key)?.manifestVersion ?? 0
    const manifestVersion = Math.max(before, segment.manifestVersion)
    found.set(key, { collectionId, partitionId, segmentId, manifestVersion })
  }
  const [first, ...others] = found.values()
  if (others.length === 0) return first
  throw new PackedError(
    'InvalidArgument',
    `Expected one segment ${wanted.segmentId} but found several, in ` +
      `${[...found.keys()].join(' and ')} (collection/partition): say which`,
  )
}

/** As much of the tree as need be walked. */
function prefixOf(tree: SegmentTree, { segmentId, collectionId, partitionId }: Wanted): string {
  if (collectionId === undefined) return kindPrefix(tree, 'insert')
  if (partitionId === undefined) return `${kindPrefix(tree, 'insert')}${collectionId}/`
  return segmentPrefix(tree, 'insert', { collectionId, partitionId, segmentId })
}

async function describeSegment(
  tree: SegmentTree,
  { manifestVersion, ...ids }: FoundSegment,
  useSidecar: boolean,
): Promise<LocatedSegment> {
  const { chunkManager, root, layout, signal } = tree
  const [known, l0Deltalogs] = await Promise.all([
    useSidecar ? readSidecar(chunkManager, root, ids, { signal }) : undefined,
    l0Logs(tree, ids),
  ])
  const info = await (known === undefined && manifestVersion === 0
    ? infoFromFiles(tree, ids)
    : infoOf(tree, ids, known, manifestVersion))
  return { ...info, root, layout, source: known === undefined ? 'files' : 'sidecar', l0Deltalogs }
}

/** What the sidecar says, else the manifest; the files of a manifest are in it alone. */
async function infoOf(
  tree: SegmentTree,
  ids: SegmentIds,
  known: SegmentInfo | undefined,
  manifestVersion: number,
): Promise<SegmentInfo> {
  const { root, chunkManager, keyRetriever, signal } = tree
  const { collectionId, partitionId, segmentId } = ids
  const path =
    known === undefined
      ? {
          version: manifestVersion,
          basePath: buildSegmentBasePath(root, collectionId, partitionId, segmentId),
        }
      : parseManifestPath(known.manifestPath ?? '')
  if (path === undefined) return known!
  const found = await openSegmentManifest(chunkManager, path, { signal })
  return describeManifest(found, { ...ids, known, chunkManager, keyRetriever })
}

async function infoFromFiles(tree: SegmentTree, ids: SegmentIds): Promise<SegmentInfo> {
  const list = (kind: 'insert' | 'stats' | 'bm25' | 'delta') =>
    logsByField(tree, kind, walkLogs(tree, kind, segmentPrefix(tree, kind, ids)))
  const [binlogs, statslogs, bm25logs, deltalogs] = await Promise.all([
    list('insert'),
    list('stats'),
    list('bm25'),
    list('delta'),
  ])
  const storageVersion = binlogs.some(({ childFields }) => childFields.length > 0) ? 2 : 0
  return {
    ...ids,
    storageVersion,
    schema: undefined,
    numRows: rowsOf(binlogs),
    binlogs,
    statslogs,
    bm25logs,
    deltalogs,
  }
}

/** Rows of the longest list: a field that was added later has fewer logs. */
function rowsOf(binlogs: readonly FieldBinlog[]): number {
  const most = (lists: readonly FieldBinlog[]): number =>
    Math.max(0, ...lists.map((list) => list.binlogs.reduce((sum, log) => sum + log.entriesNum, 0)))
  const isGroup = ({ childFields }: FieldBinlog): boolean => childFields.length > 0
  return most(binlogs.filter(isGroup)) + most(binlogs.filter((list) => !isGroup(list)))
}

async function l0Logs(tree: SegmentTree, ids: SegmentIds): Promise<FieldBinlog[]> {
  const { collectionId, partitionId, segmentId } = ids
  const lists = await Promise.all(
    [...new Set([partitionId, ALL_PARTITIONS])].map(async (partition) => {
      const logs: FoundLog[] = []
      const prefix = partitionPrefix(tree, 'delta', collectionId, partition)
      for await (const log of walkLogs(tree, 'delta', prefix)) logs.push(log)
      const others = new Set(logs.map((log) => log.segmentId))
      if (partition === partitionId) others.delete(segmentId)
      const without = await withoutRows(tree, { collectionId, partitionId: partition }, others)
      return logsByField(
        tree,
        'delta',
        logs.filter((log) => without.has(log.segmentId)),
      )
    }),
  )
  return lists.flat()
}

/** Those of some segments that have no insert log. */
async function withoutRows(
  tree: SegmentTree,
  partition: Omit<SegmentIds, 'segmentId'>,
  segmentIds: ReadonlySet<bigint>,
): Promise<ReadonlySet<bigint>> {
  const without = await mapBounded(segmentIds, MOST_LISTINGS, async (segmentId) => {
    const prefix = segmentPrefix(tree, 'insert', { ...partition, segmentId })
    for await (const _ of walkSegments(tree, prefix)) return []
    return [segmentId]
  })
  return new Set(without.flat())
}

/** Says what is there instead. */
async function notFound(tree: SegmentTree, segmentId: bigint): Promise<PackedError> {
  const where = joinKey(tree.root, 'insert_log')
  for await (const log of walkLogs(tree, 'delta', kindPrefix(tree, 'delta'))) {
    if (log.segmentId !== segmentId) continue
    const message = `Expected insert logs of segment ${segmentId} but it only has delete logs (L0)`
    return new PackedError('NotFound', message, { path: log.path })
  }
  return new PackedError(
    'NotFound',
    `Expected logs of segment ${segmentId} below ${where} but found none`,
    { path: where },
  )
}
