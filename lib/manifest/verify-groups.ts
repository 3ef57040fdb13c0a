import type { ProblemList } from '../config/index.js'
import { rowsOfFile, rowsOfGroup } from './diff.js'
import type { Manifest, ManifestColumnGroup, ManifestFile } from './model.js'

/** What a manifest says of its groups, held against itself. */
export function verifyGroups({ columnGroups }: Manifest, problems: ProblemList): void {
  const owners = new Map<string, number>()
  for (const [index, group] of columnGroups.entries()) {
    for (const column of group.columns) {
      const owner = owners.get(column)
      if (owner === undefined) owners.set(column, index)
      else problems.add('columns', { field: column }, 'one group', `groups ${owner} and ${index}`)
    }
    for (const file of group.files) verifyWindow(file, group, problems)
    verifyOverlaps(group, problems)
  }
  const [first, ...others] = columnGroups
  const rows = first && rowsOfGroup(first)
  for (const group of others) {
    const own = rowsOfGroup(group)
    if (rows === undefined || own === undefined) continue
    problems.equal('rows', { field: nameOf(group) }, `${rows} rows`, `${own} rows`)
  }
}

/** Delta logs, indexes, statistics and large files that are named twice. */
export function verifyLists(manifest: Manifest, problems: ProblemList): void {
  const { deltaLogs, stats, indexes, lobFiles } = manifest
  repeated(deltaLogs, ({ path }) => path).forEach((path) => {
    problems.add('duplicate', { path }, 'one delta log of this path', 'several')
  })
  for (const [key, { paths }] of Object.entries(stats)) {
    repeated(paths, String).forEach((path) => {
      problems.add('duplicate', { path, field: key }, 'one file of this path', 'several')
    })
  }
  repeated(lobFiles, ({ path }) => path).forEach((path) => {
    problems.add('duplicate', { path }, 'one file of large values of this path', 'several')
  })
  const withId = indexes.filter(({ indexId }) => indexId !== 0n)
  repeated(withId, ({ indexId }) => String(indexId)).forEach((id) => {
    problems.add('duplicate', { field: `index ${id}` }, 'one index of this id', 'several')
  })
  const columns = new Set(manifest.columnGroups.flatMap((group) => group.columns))
  for (const { columnName, path } of indexes) {
    if (columns.has(columnName)) continue
    problems.add('indexColumn', { path, field: columnName }, 'a column of a group', 'none')
  }
}

function verifyWindow(file: ManifestFile, group: ManifestColumnGroup, problems: ProblemList): void {
  const { path, startIndex, endIndex } = file
  const isUncounted = startIndex === -1 && endIndex === -1
  if (isUncounted || (startIndex >= 0 && startIndex < endIndex)) return
  const place = { path, field: nameOf(group) }
  problems.add('window', place, 'rows from 0 on, at least one', `[${startIndex}, ${endIndex})`)
}

/** Windows of one file that overlap: their rows would be there twice. */
function verifyOverlaps(group: ManifestColumnGroup, problems: ProblemList): void {
  const counted = group.files.filter((file) => rowsOfFile(file) !== undefined)
  const sorted = [...counted].sort((a, b) => a.startIndex - b.startIndex)
  const ends = new Map<string, number>()
  for (const { path, startIndex, endIndex } of sorted) {
    const end = ends.get(path) ?? 0
    if (startIndex < end) {
      const place = { path, field: nameOf(group) }
      problems.add('window', place, `rows from ${end} on`, `[${startIndex}, ${endIndex}) again`)
    }
    ends.set(path, Math.max(end, endIndex))
  }
}

/** How problems name a group. */
export function nameOf({ columns }: ManifestColumnGroup): string {
  return columns.join(' ')
}

function repeated<T>(items: readonly T[], keyOf: (item: T) => string): string[] {
  const keys = items.map(keyOf)
  return [...new Set(keys.filter((key, index) => keys.indexOf(key) < index))]
}
