import {
  type Manifest,
  type ManifestColumnGroup,
  type ManifestDiff,
  type ManifestFile,
  type ManifestIndex,
  rowsOfGroup,
} from '../manifest/index.js'
import { formatCount } from './table.js'

/** A dash where nobody has counted. */
export function countText(count: number | undefined): string {
  return count === undefined ? '-' : formatCount(count)
}

/** `1 file`, `2 files`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** `file_size` and the like; undefined where a file does not have the property. */
export function bytesProperty(file: ManifestFile, name: string): number | undefined {
  const text = file.properties[name]
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** Bytes of files, as far as they say; undefined where none does. */
export function bytesOf(files: readonly ManifestFile[]): number | undefined {
  const known = files.map((file) => bytesProperty(file, 'file_size'))
  if (files.length > 0 && known.every((bytes) => bytes === undefined)) return undefined
  return known.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0)
}

export function filesOf({ columnGroups }: Manifest): ManifestFile[] {
  return columnGroups.flatMap(({ files }) => files)
}

/** `[0, 3000)`, or a dash where nobody has counted. */
export function windowText({ startIndex, endIndex }: ManifestFile): string {
  return startIndex < 0 ? '-' : `[${startIndex}, ${endIndex})`
}

export function indexText({ columnName, indexName, indexType, indexId }: ManifestIndex): string {
  const name = indexName === '' ? '' : ` ${indexName}`
  const id = indexId === 0n ? '' : `, id ${indexId}`
  return `index${name} (${indexType}${id}) of ${columnName}`
}

/** What changed, in one line. */
export function summarize(diff: ManifestDiff): string {
  const added = new Set(diff.columnsAdded)
  const dropped = new Set(diff.columnsDropped)
  const rewritten = diff.groupsAdded.flatMap(({ columns }) => columns).filter((c) => !added.has(c))
  const filesAdded = diff.filesAdded.reduce((sum, { files }) => sum + files.length, 0)
  const filesRemoved = diff.filesRemoved.reduce((sum, { files }) => sum + files.length, 0)
  const entries = diff.deltaLogsAdded.reduce((sum, { numEntries }) => sum + numEntries, 0)
  const rows = (diff.rowsAfter ?? 0) - (diff.rowsBefore ?? 0)
  const parts = [
    rows !== 0 && `${rows > 0 ? '+' : ''}${formatCount(rows)} rows`,
    added.size > 0 && `+columns ${[...added].join(' ')}`,
    dropped.size > 0 && `-columns ${[...dropped].join(' ')}`,
    rewritten.length > 0 && `rewritten ${rewritten.join(' ')}`,
    filesAdded > 0 && `+${plural(filesAdded, 'file')}`,
    filesRemoved > 0 && `-${plural(filesRemoved, 'file')}`,
    diff.deltaLogsAdded.length > 0 &&
      `+${plural(diff.deltaLogsAdded.length, 'delta log')} (${plural(entries, 'entry', 'entries')})`,
    diff.deltaLogsRemoved.length > 0 && `-${plural(diff.deltaLogsRemoved.length, 'delta log')}`,
    diff.statistics.length > 0 && `statistics ${diff.statistics.map(({ key }) => key).join(' ')}`,
    ...diff.indexesAdded.map((index) => `+${indexText(index)}`),
    ...diff.indexesDropped.map((index) => `-${indexText(index)}`),
    diff.lobFilesAdded.length > 0 && `+${plural(diff.lobFilesAdded.length, 'large-value file')}`,
    diff.lobFilesRemoved.length > 0 &&
      `-${plural(diff.lobFilesRemoved.length, 'large-value file')}`,
  ]
  return parts.filter((part) => part !== false).join(', ') || 'nothing'
}

/** What changed, a line for every thing: `+` is new, `-` gone, `~` another. */
export function diffLines(diff: ManifestDiff): string[] {
  const rows = `rows ${countText(diff.rowsBefore)} -> ${countText(diff.rowsAfter)}`
  return [
    ...(diff.rowsBefore === diff.rowsAfter ? [] : [`~ ${rows}`]),
    ...diff.columnsDropped.map((column) => `- column ${column}`),
    ...diff.columnsAdded.map((column) => `+ column ${column}`),
    ...diff.groupsDropped.map((group) => `- ${groupText(group)}`),
    ...diff.groupsAdded.map((group) => `+ ${groupText(group)}`),
    ...diff.filesRemoved.flatMap(({ columns, files }) => fileLines('-', columns, files)),
    ...diff.filesAdded.flatMap(({ columns, files }) => fileLines('+', columns, files)),
    ...diff.deltaLogsRemoved.map((log) => `- delta log ${log.path} (${log.type})`),
    ...diff.deltaLogsAdded.map(
      ({ path, type, numEntries }) =>
        `+ delta log ${path} (${type}, ${plural(numEntries, 'entry', 'entries')})`,
    ),
    ...diff.statistics.flatMap(statisticsLines),
    ...diff.indexesDropped.map((index) => `- ${indexText(index)} ${index.path}`.trimEnd()),
    ...diff.indexesAdded.map((index) => `+ ${indexText(index)} ${index.path}`.trimEnd()),
    ...diff.lobFilesRemoved.map(({ path }) => `- large values ${path}`),
    ...diff.lobFilesAdded.map(
      ({ path, fieldId, totalRows }) =>
        `+ large values ${path} (field ${fieldId}, ${plural(totalRows, 'row')})`,
    ),
  ]
}

function groupText(group: ManifestColumnGroup): string {
  const { columns, files, format } = group
  const rows = `${countText(rowsOfGroup(group))} rows`
  return `group ${columns.join(' ')} (${format}, ${plural(files.length, 'file')}, ${rows})`
}

function fileLines(
  sign: string,
  columns: readonly string[],
  files: readonly ManifestFile[],
): string[] {
  return files.map(
    (file) => `${sign} file ${file.path} ${windowText(file)} of group ${columns.join(' ')}`,
  )
}

function statisticsLines({ key, before, after }: ManifestDiff['statistics'][number]): string[] {
  const sign = before === undefined ? '+' : after === undefined ? '-' : '~'
  const old = new Set(before?.paths)
  const now = new Set(after?.paths)
  return [
    `${sign} statistics ${key}`,
    ...[...old].filter((path) => !now.has(path)).map((path) => `  - ${path}`),
    ...[...now].filter((path) => !old.has(path)).map((path) => `  + ${path}`),
  ]
}
