import {
  expectId,
  expectInteger,
  expectOneOf,
  expectOptions,
  expectString,
  unexpected,
} from '../config/index.js'

/**
 * `'milvus'` (default): `{root}/insert_log/{collection}/{partition}/{segment}/{group}/{logId}`.
 * `'segmentFirst'`: `{root}/{collection}/{partition}/{segment}/insert_log/{group}/{logId}.parquet`.
 * Only Milvus's own layout is readable by Milvus.
 */
export type LogPathLayout = 'milvus' | 'segmentFirst'

export interface LogPathOptions {
  /** `'milvus'` by default. */
  layout?: LogPathLayout
}

/** What a log file is to its segment. */
export type LogKind = 'insert' | 'stats' | 'bm25' | 'delta'

/** An id as callers may give it; numbers must be safe integers. */
export type Id = bigint | number

/** The parts of the path of a log file. */
export interface LogPath {
  /** What stands before the folder of the kind (or the collection); may be empty. */
  root: string
  collectionId: bigint
  /** -1 for all partitions of the collection (deletes of L0 segments). */
  partitionId: bigint
  segmentId: bigint
  /** Field id, or group id of a StorageV2 insert log; undefined for delete logs. */
  fieldId: bigint | undefined
  logId: bigint
}

/** The folder of every kind of log below the root, or below the segment. */
export const LOG_FOLDERS: Readonly<Record<LogKind, string>> = {
  insert: 'insert_log',
  stats: 'stats_log',
  bm25: 'bm25_stats',
  delta: 'delta_log',
}

const SUFFIXES: Readonly<Record<LogKind, string>> = {
  insert: '.parquet',
  stats: '',
  bm25: '',
  delta: '',
}

/** The partition id of deletes that concern all partitions. */
export const ALL_PARTITIONS = -1n

const MOST_INT64 = 2n ** 63n - 1n

/**
 * A root without duplicate slashes and `.` parts.
 *
 * @throws PackedError InvalidArgument for `..`, backslashes and NUL.
 */
export function cleanRoot(root: unknown): string {
  if (typeof root !== 'string' || /[\0\\]/.test(root)) {
    throw unexpected('a path without backslashes and NUL', 'root', root)
  }
  const parts = root.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw unexpected("a path without '..'", 'root', root)
  return (root.startsWith('/') ? '/' : '') + parts.join('/')
}

/** `root` and parts below it; an empty root adds nothing. */
export function joinBelow(root: string, parts: readonly (string | bigint | number)[]): string {
  const clean = cleanRoot(root)
  const prefix = clean === '' || clean.endsWith('/') ? clean : `${clean}/`
  return prefix + parts.join('/')
}

/** A partition id: not negative, or -1 for all. */
export function expectPartition(value: unknown, name: string): bigint {
  return value === -1 || value === -1n ? ALL_PARTITIONS : expectId(value, name)
}

function layoutOf(options: LogPathOptions): LogPathLayout {
  const { layout } = expectOptions(options, ['layout'], 'paths of logs')
  return expectOneOf(layout, 'layout', ['milvus', 'segmentFirst'], 'milvus')
}

/** The path of a log file from its parts; `fieldId` is left out of paths of delete logs. */
export function buildLogPath(
  kind: LogKind,
  root: string,
  ids: { collection: Id; partition: Id; segment: Id; field?: Id; log: Id },
  options: LogPathOptions = {},
): string {
  const layout = layoutOf(options)
  const segment = [
    expectId(ids.collection, 'collectionId'),
    expectPartition(ids.partition, 'partitionId'),
    expectId(ids.segment, 'segmentId'),
  ]
  const field = kind === 'delta' ? [] : [expectId(ids.field, 'fieldId')]
  const log = expectId(ids.log, 'logId')
  const folder = LOG_FOLDERS[kind]
  return layout === 'milvus'
    ? joinBelow(root, [folder, ...segment, ...field, log])
    : joinBelow(root, [...segment, folder, ...field, `${log}${SUFFIXES[kind]}`])
}

/**
 * The parts of the path of a log file, undefined for one that has too few parts or ids that are
 * none. As in Milvus the name of the folder is not looked at in its own layout.
 */
export function parseLogPath(
  kind: LogKind,
  path: string,
  options: LogPathOptions = {},
): LogPath | undefined {
  const layout = layoutOf(options)
  const parts = expectString(path, 'path').split('/')
  const ids = kind === 'delta' ? 4 : 5
  if (parts.length < ids + 1) return undefined
  const tail = parts.slice(-ids - 1)
  const root = parts.slice(0, -ids - 1).join('/')
  if (layout === 'milvus') return logPathOf(root, tail.slice(1))
  const [folder] = tail.splice(3, 1)
  const suffix = SUFFIXES[kind]
  const name = tail.at(-1) ?? ''
  if (folder !== LOG_FOLDERS[kind] || !name.endsWith(suffix)) return undefined
  tail[tail.length - 1] = name.slice(0, name.length - suffix.length)
  return logPathOf(root, tail)
}

function logPathOf(root: string, texts: readonly string[]): LogPath | undefined {
  const ids = texts.map(parseId)
  const [collectionId, partitionId, segmentId] = ids
  const logId = ids.at(-1)
  const fieldId = texts.length === 5 ? ids[3] : undefined
  if (collectionId === undefined || segmentId === undefined || logId === undefined) return undefined
  if (partitionId === undefined || (texts.length === 5 && fieldId === undefined)) return undefined
  const negative = [collectionId, segmentId, fieldId ?? 0n, logId].some((id) => id < 0n)
  if (negative || partitionId < ALL_PARTITIONS) return undefined
  return { root, collectionId, partitionId, segmentId, fieldId, logId }
}

function parseId(text: string): bigint | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined
  const id = BigInt(text)
  return id > MOST_INT64 || id < -MOST_INT64 ? undefined : id
}

/** A positive number that counts versions, as part of a path. */
export function expectVersion(value: unknown, name: string): number {
  return expectInteger(value, name, { min: 0 })
}
