import {
  LOG_FOLDERS,
  type LogKind,
  type LogPathLayout,
  parseBm25LogPath,
  parseDeltaLogPath,
  parseInsertLogPath,
  parseStatsLogPath,
} from '../binlog/index.js'
import type { SegmentIds } from '../segment/index.js'

const PARSERS = {
  insert: parseInsertLogPath,
  stats: parseStatsLogPath,
  bm25: parseBm25LogPath,
  delta: parseDeltaLogPath,
} as const
const KINDS = Object.keys(PARSERS) as LogKind[]
/** Of the sidecars of segments, see `sidecarKey`. */
const SIDECARS = '_segment'

/** What the path of an object says of it. */
export interface OwnedObject extends SegmentIds {
  readonly kind: LogKind | 'sidecar'
  /** Undefined for a sidecar. */
  readonly logId: bigint | undefined
}

/** Below the base folder of a segment with manifests: what those name, and themselves. */
const MANIFEST_FILES = /^(?:(_data|_delta|_stats|_index)\/|_metadata\/|manifest\.json$)/
const ID = '\\d{1,19}'
const IN_SEGMENT = new RegExp(`^((?:insert_log/)?(${ID})/(-?${ID})/(${ID}))/(.+)$`)
const LARGE_VALUES = new RegExp(`^(?:insert_log/)?(${ID})/(-?${ID})/lobs/.`)

/** An object of a segment that has manifests, or one of a partition's large values. */
export interface ManifestObject {
  readonly collectionId: bigint
  readonly partitionId: bigint
  /** Undefined for large values: segments of the partition may share them. */
  readonly segmentId: bigint | undefined
  /** The segment's base folder, a key without `/` at its end. */
  readonly base: string | undefined
  /** A manifest, or its readable twin: what names the others. */
  readonly isManifest: boolean
}

/** Undefined for what no segment with manifests has. */
export function manifestObjectOf(root: string, path: string): ManifestObject | undefined {
  const prefix = rootPrefix(root)
  const below = path.slice(prefix.length)
  const [, folder, collection, partition, segment, rest = ''] = IN_SEGMENT.exec(below) ?? []
  const kind = MANIFEST_FILES.exec(rest)
  if (kind !== null) {
    return {
      collectionId: BigInt(collection!),
      partitionId: BigInt(partition!),
      segmentId: BigInt(segment!),
      base: `${prefix}${folder}`,
      isManifest: kind[1] === undefined,
    }
  }
  const [, ofCollection, ofPartition] = LARGE_VALUES.exec(below) ?? []
  if (ofPartition === undefined) return undefined
  return {
    collectionId: BigInt(ofCollection!),
    partitionId: BigInt(ofPartition),
    segmentId: undefined,
    base: undefined,
    isManifest: false,
  }
}

/** `root` as a prefix of keys: empty, or with one `/` at its end. */
export function rootPrefix(root: string): string {
  const parts = root.split('/').filter((part) => part !== '')
  return parts.map((part) => `${part}/`).join('')
}

/** The folders that logs and sidecars of a collection are in, whichever the layout. */
export function foldersOf(root: string, collectionId: bigint): string[] {
  const folders = [...Object.values(LOG_FOLDERS), SIDECARS].map((name) => `${name}/`)
  return [...folders, ''].map((folder) => `${rootPrefix(root)}${folder}${collectionId}/`)
}

/** Whose an object is; undefined for what no sync writes. */
export function ownerOf(root: string, path: string): OwnedObject | undefined {
  const below = path.slice(rootPrefix(root).length)
  return sidecarOwner(below) ?? logOwner(below, 'milvus') ?? logOwner(below, 'segmentFirst')
}

function logOwner(below: string, layout: LogPathLayout): OwnedObject | undefined {
  const first = below.slice(0, below.indexOf('/'))
  for (const kind of KINDS) {
    if (layout === 'milvus' && first !== LOG_FOLDERS[kind]) continue
    const found = PARSERS[kind](below, { layout })
    if (found?.root === '') return { ...found, kind }
  }
  return undefined
}

function sidecarOwner(below: string): OwnedObject | undefined {
  const pattern = new RegExp(`^${SIDECARS}/(\\d{1,18})/(-?\\d{1,18})/(\\d{1,18})\\.json$`)
  const [, collection, partition, segment] = pattern.exec(below) ?? []
  if (segment === undefined) return undefined
  return {
    kind: 'sidecar',
    collectionId: BigInt(collection!),
    partitionId: BigInt(partition!),
    segmentId: BigInt(segment),
    logId: undefined,
  }
}
