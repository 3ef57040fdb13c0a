import { isDeepStrictEqual } from 'node:util'
import { isPackedError, PackedError } from '../errors/index.js'
import {
  applyChanges,
  groupOf,
  haveSameFiles,
  isSameIndex,
  type ManifestChange,
  nameOf,
} from './changes.js'
import { rowsOfManifest } from './diff.js'
import type { Manifest, ManifestColumnGroup, ManifestIndex } from './model.js'

/** What became of a manifest since a transaction read it. */
interface Since {
  readonly read: Manifest
  readonly latest: Manifest
}

/**
 * The latest manifest after `changes` that were made for an earlier one.
 *
 * Only what both sides touched is in the way: a column that is dropped here and was dropped, added
 * or given files there; statistics of one key; one index; an index of a column whose files are no
 * longer those that were indexed; a group that is added to rows that are no longer the same; files
 * for groups that have other columns now. Files are appended behind those of others.
 *
 * @throws PackedError Conflict with `field` the column, key or index that is in the way.
 */
export function mergeChanges(
  read: Manifest,
  latest: Manifest,
  changes: readonly ManifestChange[],
): Manifest {
  const since = { read, latest }
  for (const change of changes) expectNoConflict(since, change)
  try {
    return applyChanges(latest, changes)
  } catch (error) {
    if (!isPackedError(error)) throw error
    throw conflict(error.field, `changes that fit what others committed: ${error.message}`, error)
  }
}

function expectNoConflict(since: Since, change: ManifestChange): void {
  const { kind } = change
  if (kind === 'dropColumn') expectColumnUntouched(since, change.name)
  if (kind === 'addColumnGroup') expectSameRows(since, change.group)
  if (kind === 'appendFiles') expectGroupsLeft(since, change.groups[0]?.columns[0])
  if (kind === 'updateStatistics') expectStatisticsUntouched(since, change.key)
  if (kind === 'addIndex') expectIndexable(since, change.index)
  if (kind === 'dropIndex') {
    expectIndexUntouched(since, ({ indexId }) => indexId === change.indexId)
  }
}

function expectColumnUntouched({ read, latest }: Since, name: string): void {
  const what = `the column "${name}" to drop as it was read`
  const [was, is] = [groupOf(read, name), groupOf(latest, name)]
  if (was === undefined && is === undefined) return
  if (is === undefined) throw conflict(name, `${what} but somebody else dropped it`)
  if (was === undefined) throw conflict(name, `${what} but somebody else added it`)
  if (!haveSameFiles(was, is)) {
    throw conflict(name, `${what} but somebody else changed its files`)
  }
  const ofColumn = ({ columnName }: ManifestIndex): boolean => columnName === name
  expectIndexUntouched({ read, latest }, ofColumn)
}

/** Rows are the same where every group that is still there has the files it had. */
function expectSameRows({ read, latest }: Since, group: ManifestColumnGroup): void {
  const field = group.columns[0]
  const what = `the rows that the added group ${nameOf(group)} was made for`
  let left = 0
  for (const was of read.columnGroups) {
    const is = was.columns.map((column) => groupOf(latest, column)).find((found) => found)
    if (is === undefined) continue
    left += 1
    if (!haveSameFiles(was, is)) {
      throw conflict(field, `${what} but somebody else changed the files of ${nameOf(was)}`)
    }
  }
  if (left > 0 || read.columnGroups.length === latest.columnGroups.length) return
  const rows = rowsOfManifest(latest)
  throw conflict(field, `${what} but somebody else committed ${rows ?? 'other'} rows`)
}

/** Files that were appended to groups do not become a segment's only ones. */
function expectGroupsLeft({ read, latest }: Since, field: string | undefined): void {
  if (read.columnGroups.length === 0 || latest.columnGroups.length > 0) return
  throw conflict(field, 'groups to append to but somebody else dropped all columns')
}

function expectStatisticsUntouched({ read, latest }: Since, key: string): void {
  const [was, is] = [read, latest].map(({ stats }) =>
    Object.hasOwn(stats, key) ? stats[key] : undefined,
  )
  if (isDeepStrictEqual(was, is)) return
  throw conflict(key, `the statistics "${key}" as they were read but somebody else changed them`)
}

function expectIndexable(since: Since, index: ManifestIndex): void {
  const { columnName } = index
  expectIndexUntouched(since, (other) => isSameIndex(other, index))
  const was = groupOf(since.read, columnName)
  if (was === undefined) return
  const what = `the column "${columnName}" as it was indexed`
  const is = groupOf(since.latest, columnName)
  if (is === undefined) throw conflict(columnName, `${what} but somebody else dropped it`)
  if (!haveSameFiles(was, is)) {
    throw conflict(columnName, `${what} but somebody else changed its files`)
  }
}

/** Of some indexes, those that were read are there, as they were, and no others. Gone is gone. */
function expectIndexUntouched(
  { read, latest }: Since,
  isMeant: (index: ManifestIndex) => boolean,
): void {
  const before = read.indexes.filter(isMeant)
  for (const index of latest.indexes.filter(isMeant)) {
    if (before.some((known) => isDeepStrictEqual(known, index))) continue
    const { columnName, indexId, indexType } = index
    throw conflict(
      columnName,
      `the index ${indexId} (${indexType}) of "${columnName}" as it was read but somebody else added or changed it`,
    )
  }
}

function conflict(field: string | undefined, expected: string, cause?: unknown): PackedError {
  return new PackedError('Conflict', `Expected ${expected}`, { field, cause })
}
