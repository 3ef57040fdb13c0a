import { createHash } from 'node:crypto'
import type { Binlog } from '../binlog/index.js'
import type { ManifestColumnGroup, ManifestFile, ManifestStatistics } from '../manifest/index.js'
import type { RowChunk } from './row-chunks.js'
import { MERGED_LOG_ID } from './segment-info.js'

/** Files of statistics: one of each write, or the one that a flush merges of all. */
export type StatisticsKind = 'single' | 'merged'

/**
 * Metadata beside Milvus's `memory_size` in the statistics of a manifest, which counts no rows for
 * them: a digest of the files of rows that they tell of, and of their own. Whoever appends rows
 * without statistics, writes keys anew or takes a file of statistics out makes it a wrong one.
 */
const COVER_KEYS: Readonly<Record<StatisticsKind, string>> = {
  single: 'arrow_packed.covers',
  merged: 'arrow_packed.merged_covers',
}
const DIGEST_CHARS = 32

/** Whether a column of a manifest has the primary keys. */
export type IsKeyColumn = (column: string) => boolean

/** Files of primary keys, in the order of their rows; none where no group has the column. */
export function keyFilesOf(
  groups: readonly ManifestColumnGroup[],
  isKey: IsKeyColumn,
): readonly ManifestFile[] {
  return groups.find(({ columns }) => columns.some(isKey))?.files ?? []
}

/**
 * Statistics with the word that those of some kinds tell of every row of `files`, and without any
 * such word for other kinds.
 */
export function withCover(
  { paths, metadata }: ManifestStatistics,
  files: readonly ManifestFile[],
  kinds: readonly StatisticsKind[],
): ManifestStatistics {
  const names: readonly string[] = Object.values(COVER_KEYS)
  const kept = Object.entries(metadata).filter(([name]) => !names.includes(name))
  const covers = kinds.flatMap((kind) => {
    const digest = digestOf(paths, files, kind)
    return digest === undefined ? [] : [[COVER_KEYS[kind], digest] as const]
  })
  return { paths, metadata: Object.fromEntries([...kept, ...covers]) }
}

/** Whether it was written down that the files of a kind tell of every row of `files`. */
export function hasCover(
  statistics: ManifestStatistics | undefined,
  files: readonly ManifestFile[],
  kind: StatisticsKind,
): boolean {
  if (statistics === undefined) return false
  const digest = digestOf(statistics.paths, files, kind)
  return digest !== undefined && statistics.metadata[COVER_KEYS[kind]] === digest
}

/** Whether logs of statistics count as many rows as chunks have, no file and no chunk left out. */
export function countEveryRow(
  logs: readonly Binlog[],
  chunks: readonly Pick<RowChunk, 'rows'>[],
): boolean {
  if (new Set(logs.map(({ logPath }) => logPath)).size < logs.length) return false
  if (logs.some(({ entriesNum }) => entriesNum === 0)) return false
  if (chunks.some(({ rows }) => rows === undefined)) return false
  const stored = chunks.reduce((sum, { rows = 0 }) => sum + rows, 0)
  return logs.reduce((sum, { entriesNum }) => sum + entriesNum, 0) === stored
}

/** Undefined where there is nothing to tell of, or nothing that tells. */
function digestOf(
  paths: readonly string[],
  files: readonly ManifestFile[],
  kind: StatisticsKind,
): string | undefined {
  const own = paths.filter((path) => path.endsWith(`/${MERGED_LOG_ID}`) === (kind === 'merged'))
  if (own.length === 0 || files.length === 0) return undefined
  const windows = files.map(({ path, startIndex, endIndex }) => [
    tailOf(path),
    startIndex,
    endIndex,
  ])
  const text = JSON.stringify([windows, own.map(tailOf)])
  return createHash('sha256').update(text).digest('hex').slice(0, DIGEST_CHARS)
}

/** Folder and name, which stay where a segment is opened by another root. */
function tailOf(path: string): string {
  return path.split('/').slice(-2).join('/')
}
