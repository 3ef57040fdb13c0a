import {
  buildManifestPath,
  type FieldBinlog,
  fieldBinlogFromJson,
  fieldBinlogToJson,
  parseManifestPath,
} from '../binlog/index.js'
import {
  describeValue,
  expectId,
  expectObject,
  expectString,
  parseExact,
  stringifyExact,
} from '../config/index.js'
import { isPackedError, PackedError } from '../errors/index.js'
import { collectionSchemaFromJson, collectionSchemaToJson } from '../schema/index.js'
import type { ChunkManager, ChunkOptions } from '../storage/index.js'
import { expectChunkManager } from '../storage/index.js'
import type { SegmentIds, SegmentInfo } from './segment-info.js'
import { joinKey } from './segment-keys.js'

/** Our own folder: Milvus keeps what it holds in etcd, and never looks into it. */
const FOLDER = '_segment'
const VERSION = 1
const LISTS = ['binlogs', 'statslogs', 'bm25logs', 'deltalogs'] as const

/**
 * `{root}/_segment/{collection}/{partition}/{segment}.json`.
 *
 * @throws PackedError InvalidArgument.
 */
export function sidecarKey(root: string, ids: SegmentIds): string {
  expectString(root, 'root')
  expectObject(ids, 'ids')
  const { collectionId, partitionId, segmentId } = ids
  return joinKey(root, FOLDER, collectionId, partitionId, `${segmentId}.json`)
}

/**
 * Keep the metadata of a segment beside its files: what Milvus has in etcd.
 *
 * An optional file of ours. A tree without it is readable; its schema and the timestamp ranges
 * of its logs then have to come from somewhere else. Paths are kept from the root on: a tree may be
 * moved, and a bucket's copy be looked at elsewhere.
 *
 * @throws PackedError InvalidArgument, and what the chunk manager throws.
 */
export async function writeSidecar(
  chunkManager: ChunkManager,
  root: string,
  info: SegmentInfo,
  options: ChunkOptions = {},
): Promise<string> {
  expectChunkManager(chunkManager, 'chunkManager')
  const key = sidecarKey(root, info)
  const prefix = joinKey(root, '')
  const below = moved(info, (path) => (path.startsWith(prefix) ? path.slice(prefix.length) : path))
  const text = `${stringifyExact(segmentInfoToJson(below), 2)}\n`
  await chunkManager.write(key, new TextEncoder().encode(text), options)
  return key
}

/**
 * The metadata that {@link writeSidecar} kept, undefined where there is none.
 *
 * @throws PackedError MetadataCorrupted naming the file.
 */
export async function readSidecar(
  chunkManager: ChunkManager,
  root: string,
  ids: SegmentIds,
  options: ChunkOptions = {},
): Promise<SegmentInfo | undefined> {
  expectChunkManager(chunkManager, 'chunkManager')
  const key = sidecarKey(root, ids)
  const bytes = await readIfThere(chunkManager, key, options)
  if (bytes === undefined) return undefined
  try {
    const info = segmentInfoFromJson(parseExact(new TextDecoder().decode(bytes)))
    for (const name of ['collectionId', 'partitionId', 'segmentId'] as const) {
      if (info[name] === ids[name]) continue
      throw malformed(`${ids[name]} as its path says`, name, info[name])
    }
    return moved(info, (path) => joinKey(root, path))
  } catch (cause) {
    const message = `${key}: ${(cause as Error).message}`
    throw new PackedError('MetadataCorrupted', message, { path: key, cause })
  }
}

async function readIfThere(
  chunkManager: ChunkManager,
  key: string,
  options: ChunkOptions,
): Promise<Uint8Array | undefined> {
  try {
    return await chunkManager.read(key, options)
  } catch (error) {
    if (isPackedError(error) && error.code === 'NotFound') return undefined
    throw error
  }
}

/** The same segment with every path changed: of its logs, and the base of its manifest. */
function moved(info: SegmentInfo, move: (path: string) => string): SegmentInfo {
  const lists = LISTS.map((name) => [
    name,
    info[name].map((list) => ({
      ...list,
      binlogs: list.binlogs.map((log) => ({
        ...log,
        logPath: log.logPath === '' ? '' : move(log.logPath),
      })),
    })),
  ])
  return { ...info, ...Object.fromEntries(lists), ...movedManifest(info, move) }
}

function movedManifest(
  { manifestPath = '' }: SegmentInfo,
  move: (path: string) => string,
): Pick<SegmentInfo, 'manifestPath'> {
  const parsed = parseManifestPath(manifestPath)
  if (parsed === undefined) return {}
  return { manifestPath: buildManifestPath({ ...parsed, basePath: move(parsed.basePath) }) }
}

/**
 * A plain value for JSON, lists in Milvus's names (see `fieldBinlogToJson`).
 *
 * @throws PackedError InvalidArgument.
 */
export function segmentInfoToJson(info: SegmentInfo): Record<string, unknown> {
  expectObject(info, 'info')
  return {
    version: VERSION,
    collectionID: info.collectionId,
    partitionID: info.partitionId,
    segmentID: info.segmentId,
    storage_version: info.storageVersion,
    num_of_rows: info.numRows,
    schema: info.schema === undefined ? undefined : collectionSchemaToJson(info.schema),
    ...Object.fromEntries(LISTS.map((name) => [name, info[name].map(fieldBinlogToJson)])),
    ...(info.manifestPath ? { manifest_path: info.manifestPath } : {}),
  }
}

/** The reverse. @throws PackedError MetadataCorrupted, and what the schema's parser throws. */
export function segmentInfoFromJson(json: unknown): SegmentInfo {
  if (typeof json !== 'object' || json === null) throw malformed('an object', 'segment', json)
  const value = json as Record<string, unknown>
  if (value.version !== VERSION) throw malformed(String(VERSION), 'version', value.version)
  const { storage_version: storageVersion, num_of_rows: numRows } = value
  if (storageVersion !== 0 && storageVersion !== 2 && storageVersion !== 3) {
    throw malformed('0, 2 or 3', 'storage_version', storageVersion)
  }
  if (typeof numRows !== 'number' || !Number.isSafeInteger(numRows) || numRows < 0) {
    throw malformed('a count', 'num_of_rows', numRows)
  }
  const list = (name: (typeof LISTS)[number]): FieldBinlog[] => {
    const items = value[name] ?? []
    if (!Array.isArray(items)) throw malformed('an array', name, items)
    return items.map(fieldBinlogFromJson)
  }
  return {
    collectionId: expectId(value.collectionID, 'collectionID'),
    partitionId: expectId(value.partitionID, 'partitionID'),
    segmentId: expectId(value.segmentID, 'segmentID'),
    storageVersion,
    numRows,
    schema: value.schema === undefined ? undefined : collectionSchemaFromJson(value.schema),
    binlogs: list('binlogs'),
    statslogs: list('statslogs'),
    bm25logs: list('bm25logs'),
    deltalogs: list('deltalogs'),
    ...manifestPathFrom(value.manifest_path),
  }
}

/** @throws PackedError MetadataCorrupted. */
function manifestPathFrom(value: unknown): Pick<SegmentInfo, 'manifestPath'> {
  if (value === undefined || value === '') return {}
  if (typeof value !== 'string') throw malformed('a string', 'manifest_path', value)
  parseManifestPath(value)
  return { manifestPath: value }
}

function malformed(expected: string, name: string, value: unknown): PackedError {
  const message = `Expected ${expected} for ${name} but received ${describeValue(value)}`
  return new PackedError('MetadataCorrupted', message)
}
