import {
  LOG_FOLDERS,
  type LogKind,
  type LogPath,
  type LogPathLayout,
  parseBm25LogPath,
  parseDeltaLogPath,
  parseInsertLogPath,
  parseStatsLogPath,
} from '../binlog/index.js'
import type { StorageConfig } from '../config/index.js'
import type { KeyRetriever } from '../packed/index.js'
import type { ChunkEntry, ChunkManager } from '../storage/index.js'
import type { SegmentIds } from './segment-info.js'

/** A tree of segments: where it starts, and how paths below it are laid out. */
export interface SegmentTree {
  readonly chunkManager: ChunkManager
  /** Key prefix that `insert_log` and the other folders are below; `''` = the manager's own root. */
  readonly root: string
  readonly layout: LogPathLayout
  /** Gives the keys of encrypted column groups. */
  readonly keyRetriever?: KeyRetriever | undefined
  readonly signal: AbortSignal | undefined
}

/** A log file that is there, and what its path says. */
export interface FoundLog extends LogPath {
  readonly path: string
  readonly sizeBytes: number
}

const PARSERS = {
  insert: parseInsertLogPath,
  stats: parseStatsLogPath,
  bm25: parseBm25LogPath,
  delta: parseDeltaLogPath,
} as const

/** Where the core finds what a chunk manager reads. */
export function storageOf({ storage, rootPath }: ChunkManager): StorageConfig {
  return storage ?? { rootPath }
}

/** Parts with a `/` between them; an empty root adds nothing. */
export function joinKey(root: string, ...parts: readonly (string | bigint)[]): string {
  return [...root.split('/').filter((part) => part !== ''), ...parts].join('/')
}

/** The prefix of a whole kind of log (Milvus's layout) or of the whole tree. */
export function kindPrefix(tree: SegmentTree, kind: LogKind): string {
  if (tree.layout === 'milvus') return `${joinKey(tree.root, LOG_FOLDERS[kind])}/`
  const prefix = joinKey(tree.root)
  return prefix === '' ? '' : `${prefix}/`
}

/** The prefix of one kind of log of a partition. */
export function partitionPrefix(
  tree: SegmentTree,
  kind: LogKind,
  collectionId: bigint,
  partitionId: bigint,
): string {
  return `${kindPrefix(tree, kind)}${collectionId}/${partitionId}/`
}

/** The prefix of one kind of log of a segment. */
export function segmentPrefix(tree: SegmentTree, kind: LogKind, ids: SegmentIds): string {
  const folder = `${partitionPrefix(tree, kind, ids.collectionId, ids.partitionId)}${ids.segmentId}/`
  return tree.layout === 'milvus' ? folder : `${folder}${LOG_FOLDERS[kind]}/`
}

/** The logs of a kind below a prefix, in key order. Whatever is no log is passed over. */
export async function* walkLogs(
  tree: SegmentTree,
  kind: LogKind,
  prefix: string,
): AsyncGenerator<FoundLog, void, undefined> {
  const { chunkManager, layout, signal } = tree
  for await (const entry of chunkManager.walk(prefix, { recursive: true, signal })) {
    const parsed = parseEntry(entry, kind, layout)
    if (parsed !== undefined && joinKey(parsed.root) === joinKey(tree.root)) yield parsed
  }
}

/** A segment that something below a prefix belongs to. */
export interface FoundSegment extends SegmentIds {
  /** Newest version of its manifest, as far as the walk has come; 0 without one. */
  readonly manifestVersion: number
}

/** The owner of every insert log and of every manifest below a prefix, in key order. */
export async function* walkSegments(
  tree: SegmentTree,
  prefix: string,
): AsyncGenerator<FoundSegment, void, undefined> {
  const { chunkManager, layout, root, signal } = tree
  for await (const entry of chunkManager.walk(prefix, { recursive: true, signal })) {
    const log = parseEntry(entry, 'insert', layout)
    if (log !== undefined && joinKey(log.root) === joinKey(root))
      yield { ...log, manifestVersion: 0 }
    if (log !== undefined || layout !== 'milvus') continue
    const manifest = parseManifestKey(root, entry.path)
    if (manifest !== undefined) yield manifest
  }
}

const MANIFEST = /^(\d{1,18})\/(-?\d{1,18})\/(\d{1,18})\/_metadata\/manifest-([1-9]\d{0,14})\.avro$/

/** `{root}/insert_log/{collection}/{partition}/{segment}/_metadata/manifest-{version}.avro`. */
function parseManifestKey(root: string, path: string): FoundSegment | undefined {
  const prefix = joinKey(root, LOG_FOLDERS.insert, '')
  if (!path.startsWith(prefix)) return undefined
  const [, collection, partition, segment, version] = MANIFEST.exec(path.slice(prefix.length)) ?? []
  if (version === undefined) return undefined
  return {
    collectionId: BigInt(collection!),
    partitionId: BigInt(partition!),
    segmentId: BigInt(segment!),
    manifestVersion: Number(version),
  }
}

function parseEntry(
  { path, sizeBytes }: ChunkEntry,
  kind: LogKind,
  layout: LogPathLayout,
): FoundLog | undefined {
  const parsed = PARSERS[kind](path, { layout })
  return parsed === undefined ? undefined : { ...parsed, path, sizeBytes }
}
