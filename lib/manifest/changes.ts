import { PackedError } from '../errors/index.js'
import { rowsOfGroup } from './diff.js'
import type {
  Manifest,
  ManifestColumnGroup,
  ManifestDeltaLog,
  ManifestFile,
  ManifestIndex,
  ManifestLobFile,
  ManifestStatistics,
} from './model.js'

/** One recorded update of a transaction. */
export type ManifestChange =
  | { readonly kind: 'dropColumn'; readonly name: string }
  | { readonly kind: 'addColumnGroup'; readonly group: ManifestColumnGroup }
  | { readonly kind: 'appendFiles'; readonly groups: readonly ManifestColumnGroup[] }
  | { readonly kind: 'addDeltaLog'; readonly log: ManifestDeltaLog }
  | {
      readonly kind: 'updateStatistics'
      readonly key: string
      readonly statistics: ManifestStatistics
    }
  | { readonly kind: 'addIndex'; readonly index: ManifestIndex }
  | { readonly kind: 'dropIndex'; readonly indexId: bigint }
  | { readonly kind: 'addLobFile'; readonly file: ManifestLobFile }

type Kind = ManifestChange['kind']
type Of<K extends Kind> = Extract<ManifestChange, { kind: K }>
type Groups = readonly ManifestColumnGroup[]

/**
 * The manifest after all changes, which are applied in Milvus's order whatever theirs is: columns
 * dropped; groups and appended files checked against what is left; indexes of columns that get
 * files dropped; indexes dropped, added; delta logs, statistics, large values; files; groups. So a
 * column may be dropped and added by the same changes.
 *
 * Neither argument is changed; the result is frozen, and shares what did not change.
 *
 * @throws PackedError InvalidArgument with `field` the column that does not fit: a group whose
 *   column exists or whose rows are not as many as the others have, appended files of other columns
 *   or of another format than the groups have, or of unequal rows.
 */
export function applyChanges(manifest: Manifest, changes: readonly ManifestChange[]): Manifest {
  const dropped = new Set(of(changes, 'dropColumn').map(({ name }) => name))
  const kept = withoutColumns(manifest.columnGroups, dropped)
  const added = of(changes, 'addColumnGroup').map(({ group }) => group)
  refuseClashes(kept, added)
  const appends = of(changes, 'appendFiles')
  const grown = appends.reduce((groups, append) => appended(groups, append.groups), kept)
  refuseUnequalRows(grown, added)
  return frozen({
    columnGroups: added.length === 0 ? grown : Object.freeze([...grown, ...added]),
    deltaLogs: extended(
      manifest.deltaLogs,
      of(changes, 'addDeltaLog').map(({ log }) => log),
    ),
    stats: withStatistics(manifest.stats, of(changes, 'updateStatistics')),
    indexes: withIndexes(manifest.indexes, changes, dropped),
    lobFiles: extended(
      manifest.lobFiles,
      of(changes, 'addLobFile').map(({ file }) => file),
    ),
  })
}

/** Whether two entries are versions of one index: by id, else by column and type. */
export function isSameIndex(left: ManifestIndex, right: ManifestIndex): boolean {
  if (left.indexId !== right.indexId) return false
  if (left.indexId !== 0n) return true
  return left.columnName === right.columnName && left.indexType === right.indexType
}

export function groupOf(manifest: Manifest, column: string): ManifestColumnGroup | undefined {
  return manifest.columnGroups.find(({ columns }) => columns.includes(column))
}

function of<K extends Kind>(changes: readonly ManifestChange[], kind: K): Of<K>[] {
  return changes.filter((change): change is Of<K> => change.kind === kind)
}

function frozen(manifest: Manifest): Manifest {
  return Object.freeze(manifest)
}

function extended<T>(list: readonly T[], more: readonly T[]): readonly T[] {
  return more.length === 0 ? list : Object.freeze([...list, ...more])
}

function withoutColumns(groups: Groups, dropped: ReadonlySet<string>): Groups {
  if (dropped.size === 0) return groups
  const left = groups
    .map((group) => {
      const columns = group.columns.filter((name) => !dropped.has(name))
      if (columns.length === group.columns.length) return group
      return Object.freeze({ ...group, columns: Object.freeze(columns) })
    })
    .filter(({ columns }) => columns.length > 0)
  return Object.freeze(left)
}

function refuseClashes(kept: Groups, added: Groups): void {
  const taken = new Set(kept.flatMap(({ columns }) => columns))
  for (const { columns } of added) {
    for (const column of columns) {
      if (!taken.has(column)) continue
      throw misfit(
        column,
        `Expected new columns for an added group but received "${column}", which exists`,
      )
    }
    for (const column of columns) taken.add(column)
  }
}

/** Against the rows of the first group, those that are appended by the same changes included. */
function refuseUnequalRows(groups: Groups, added: Groups): void {
  const [first, ...others] = groups.length === 0 ? added : [groups[0]!, ...added]
  const expected = first === undefined ? undefined : rowsOfGroup(first)
  if (expected === undefined) return
  for (const group of others) {
    const rows = rowsOfGroup(group)
    if (rows === undefined || rows === expected) continue
    const name = nameOf(group)
    throw misfit(
      group.columns[0],
      `Expected ${expected} rows for the added group ${name}, as the others have, but received ${rows}`,
    )
  }
}

function appended(groups: Groups, more: Groups): Groups {
  refuseUnequalAppend(more)
  if (groups.length === 0) {
    refuseClashes([], more)
    return Object.freeze([...more])
  }
  if (more.length !== groups.length) {
    throw misfit(
      undefined,
      `Expected files of ${groups.length} groups to append but received those of ${more.length}`,
    )
  }
  return Object.freeze(groups.map((group, position) => grownBy(group, more[position]!, position)))
}

function grownBy(
  group: ManifestColumnGroup,
  more: ManifestColumnGroup,
  position: number,
): ManifestColumnGroup {
  const other =
    more.columns.find((name) => !group.columns.includes(name)) ??
    group.columns.find((name) => !more.columns.includes(name))
  if (other !== undefined) {
    const has = more.columns.includes(other) ? 'with' : 'without'
    throw misfit(
      other,
      `Expected the columns ${nameOf(group)} for appended group ${position} but received one ${has} "${other}"`,
    )
  }
  if (more.format !== group.format) {
    throw misfit(
      group.columns[0],
      `Expected files of format "${group.format}" for appended group ${position} ${nameOf(group)} but received "${more.format}"`,
    )
  }
  if (more.files.length === 0) return group
  return Object.freeze({ ...group, files: Object.freeze([...group.files, ...more.files]) })
}

function refuseUnequalAppend(groups: Groups): void {
  const counted = groups.filter((group) => rowsOfGroup(group) !== undefined)
  const expected = counted[0] && rowsOfGroup(counted[0])
  const other = counted.find((group) => rowsOfGroup(group) !== expected)
  if (other === undefined) return
  throw misfit(
    other.columns[0],
    `Expected ${expected} rows for the appended group ${nameOf(other)}, as the others get, but received ${rowsOfGroup(other)}`,
  )
}

function withStatistics(
  stats: Manifest['stats'],
  updates: readonly Of<'updateStatistics'>[],
): Manifest['stats'] {
  if (updates.length === 0) return stats
  const entries = new Map(Object.entries(stats))
  for (const { key, statistics } of updates) entries.set(key, statistics)
  return Object.freeze(Object.fromEntries(entries))
}

function withIndexes(
  indexes: readonly ManifestIndex[],
  changes: readonly ManifestChange[],
  dropped: ReadonlySet<string>,
): readonly ManifestIndex[] {
  const stale = new Set(
    of(changes, 'appendFiles')
      .flatMap(({ groups }) => groups)
      .filter(({ files }) => files.length > 0)
      .flatMap(({ columns }) => columns),
  )
  const ids = new Set(of(changes, 'dropIndex').map(({ indexId }) => indexId))
  const left = indexes.filter(
    ({ columnName, indexId }) =>
      !dropped.has(columnName) && !stale.has(columnName) && !ids.has(indexId),
  )
  for (const { index } of of(changes, 'addIndex')) {
    const at = left.findIndex((present) => isSameIndex(present, index))
    if (at === -1) left.push(index)
    else left[at] = index
  }
  return Object.freeze(left)
}

export function nameOf({ columns }: ManifestColumnGroup): string {
  return `[${columns.join(', ')}]`
}

/** Whether two groups have the same windows of the same files. */
export function haveSameFiles(left: ManifestColumnGroup, right: ManifestColumnGroup): boolean {
  if (left.files === right.files) return true
  if (left.files.length !== right.files.length) return false
  return left.files.every((file, at) => isSameWindow(file, right.files[at]!))
}

function isSameWindow(left: ManifestFile, right: ManifestFile): boolean {
  if (left === right) return true
  return (
    left.path === right.path &&
    left.startIndex === right.startIndex &&
    left.endIndex === right.endIndex
  )
}

function misfit(field: string | undefined, message: string): PackedError {
  return new PackedError('InvalidArgument', message, { field })
}
