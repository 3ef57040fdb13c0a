import { expectObject } from '../config/index.js'
import type {
  Manifest,
  ManifestColumnGroup,
  ManifestDeltaLog,
  ManifestFile,
  ManifestIndex,
  ManifestLobFile,
  ManifestStatistics,
} from './model.js'

/** Files that one manifest has in a group and another has not. */
export interface ManifestFilesChange {
  /** Columns that the group has in both manifests. */
  readonly columns: readonly string[]
  readonly files: readonly ManifestFile[]
  /** Of these files; files that nobody has counted are none. */
  readonly rows: number
}

/** Statistics of a key that is new, gone, or says something else. */
export interface ManifestStatisticsChange {
  readonly key: string
  /** Undefined: the key is new. */
  readonly before: ManifestStatistics | undefined
  /** Undefined: the key is gone. */
  readonly after: ManifestStatistics | undefined
}

/** What it takes to come from one manifest to another; all lists empty where they are equal. */
export interface ManifestDiff {
  /** Names, in the order of the manifest that has them. */
  readonly columnsAdded: readonly string[]
  readonly columnsDropped: readonly string[]
  /** Groups with none of the files that their columns had before; rewritten columns are here. */
  readonly groupsAdded: readonly ManifestColumnGroup[]
  readonly groupsDropped: readonly ManifestColumnGroup[]
  /** Of groups that both manifests have. */
  readonly filesAdded: readonly ManifestFilesChange[]
  readonly filesRemoved: readonly ManifestFilesChange[]
  readonly deltaLogsAdded: readonly ManifestDeltaLog[]
  readonly deltaLogsRemoved: readonly ManifestDeltaLog[]
  /** In the order of their keys. */
  readonly statistics: readonly ManifestStatisticsChange[]
  /** An index that was replaced is in both lists. */
  readonly indexesAdded: readonly ManifestIndex[]
  readonly indexesDropped: readonly ManifestIndex[]
  readonly lobFilesAdded: readonly ManifestLobFile[]
  readonly lobFilesRemoved: readonly ManifestLobFile[]
  /** Rows of the segment, from the first group; undefined where files are not counted. */
  readonly rowsBefore: number | undefined
  readonly rowsAfter: number | undefined
}

/**
 * What changed between two manifests, of one segment or of two.
 *
 * @throws PackedError InvalidArgument.
 */
export function diffManifests(before: Manifest, after: Manifest): ManifestDiff {
  expectObject(before, 'before')
  expectObject(after, 'after')
  const pairs = pairGroups(before.columnGroups, after.columnGroups)
  const paired = new Set(pairs.flat())
  const columnsBefore = before.columnGroups.flatMap(({ columns }) => columns)
  const columnsAfter = after.columnGroups.flatMap(({ columns }) => columns)
  return {
    columnsAdded: without(columnsAfter, columnsBefore, String),
    columnsDropped: without(columnsBefore, columnsAfter, String),
    groupsAdded: after.columnGroups.filter((group) => !paired.has(group)),
    groupsDropped: before.columnGroups.filter((group) => !paired.has(group)),
    filesAdded: pairs.flatMap(([old, now]) => filesChange(old, now)),
    filesRemoved: pairs.flatMap(([old, now]) => filesChange(now, old)),
    deltaLogsAdded: without(after.deltaLogs, before.deltaLogs, deltaKey),
    deltaLogsRemoved: without(before.deltaLogs, after.deltaLogs, deltaKey),
    statistics: statisticsChanges(before.stats, after.stats),
    indexesAdded: without(after.indexes, before.indexes, indexKey),
    indexesDropped: without(before.indexes, after.indexes, indexKey),
    lobFilesAdded: without(after.lobFiles, before.lobFiles, lobKey),
    lobFilesRemoved: without(before.lobFiles, after.lobFiles, lobKey),
    rowsBefore: rowsOfManifest(before),
    rowsAfter: rowsOfManifest(after),
  }
}

/** True where {@link diffManifests} found nothing. */
export function isEmptyDiff(diff: ManifestDiff): boolean {
  return Object.values(diff).every((value) => !Array.isArray(value) || value.length === 0)
}

/** Rows of a file's window; undefined where nobody has counted them (-1). */
export function rowsOfFile({ startIndex, endIndex }: ManifestFile): number | undefined {
  return startIndex < 0 || endIndex < startIndex ? undefined : endIndex - startIndex
}

/** Rows of a group; undefined where one of its files is not counted. */
export function rowsOfGroup({ files }: Pick<ManifestColumnGroup, 'files'>): number | undefined {
  let rows = 0
  for (const file of files) {
    const more = rowsOfFile(file)
    if (more === undefined) return undefined
    rows += more
  }
  return rows
}

/** Rows of a segment: all its groups have as many. 0 without groups. */
export function rowsOfManifest({ columnGroups: [first] }: Manifest): number | undefined {
  return first === undefined ? 0 : rowsOfGroup(first)
}

type GroupPair = readonly [before: ManifestColumnGroup, after: ManifestColumnGroup]

/**
 * A group goes on where it keeps a column and a file. One that has only its columns' names in
 * common with an older one is another group: its values were written anew.
 */
function pairGroups(
  before: readonly ManifestColumnGroup[],
  after: readonly ManifestColumnGroup[],
): GroupPair[] {
  const left = new Set(after)
  const pairs: GroupPair[] = []
  for (const old of before) {
    const now = [...left].find((group) => goesOn(old, group))
    if (now === undefined) continue
    left.delete(now)
    pairs.push([old, now])
  }
  return pairs
}

function goesOn(old: ManifestColumnGroup, now: ManifestColumnGroup): boolean {
  const isColumnless = old.columns.length === 0 && now.columns.length === 0
  if (!isColumnless && !old.columns.some((column) => now.columns.includes(column))) return false
  if (old.files.length === 0 || now.files.length === 0) return true
  const paths = new Set(old.files.map(({ path }) => path))
  return now.files.some(({ path }) => paths.has(path))
}

/** Files that `now` has and `old` has not; a path that stands there twice counts twice. */
function filesChange(old: ManifestColumnGroup, now: ManifestColumnGroup): ManifestFilesChange[] {
  const files = without(now.files, old.files, fileKey)
  if (files.length === 0) return []
  const columns = now.columns.filter((column) => old.columns.includes(column))
  const rows = files.reduce((sum, file) => sum + (rowsOfFile(file) ?? 0), 0)
  return [{ columns, files, rows }]
}

function statisticsChanges(
  before: Manifest['stats'],
  after: Manifest['stats'],
): ManifestStatisticsChange[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return keys.flatMap((key) => {
    const change = { key, before: own(before, key), after: own(after, key) }
    return statisticsKey(change.before) === statisticsKey(change.after) ? [] : [change]
  })
}

/** Keys are free text: `toString` is one like any other. */
function own(stats: Manifest['stats'], key: string): ManifestStatistics | undefined {
  return Object.hasOwn(stats, key) ? stats[key] : undefined
}

/** Items that are not among `others`, of several equal ones as many as are too many. */
function without<T>(items: readonly T[], others: readonly T[], keyOf: (item: T) => string): T[] {
  const counts = new Map<string, number>()
  for (const other of others) counts.set(keyOf(other), (counts.get(keyOf(other)) ?? 0) + 1)
  return items.filter((item) => {
    const count = counts.get(keyOf(item)) ?? 0
    counts.set(keyOf(item), count - 1)
    return count <= 0
  })
}

const entriesOf = (record: Readonly<Record<string, string>>) => Object.entries(record).sort()

const fileKey = ({ path, startIndex, endIndex, properties }: ManifestFile): string =>
  JSON.stringify([path, startIndex, endIndex, entriesOf(properties)])

const deltaKey = ({ path, type, numEntries }: ManifestDeltaLog): string =>
  JSON.stringify([path, type, numEntries])

const lobKey = ({ path, fieldId, totalRows, validRows, fileSizeBytes }: ManifestLobFile): string =>
  JSON.stringify([path, String(fieldId), totalRows, validRows, fileSizeBytes])

const statisticsKey = (statistics: ManifestStatistics | undefined): string | undefined =>
  statistics && JSON.stringify([statistics.paths, entriesOf(statistics.metadata)])

const indexKey = ({ properties, ...index }: ManifestIndex): string =>
  JSON.stringify([Object.entries(index).sort(), entriesOf(properties)], (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
