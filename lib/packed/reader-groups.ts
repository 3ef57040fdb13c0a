import {
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectText,
  unexpected,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { NativeFileGroup, NativeReaderOptions } from '../native/index.js'
import { bytesOf, knownOf, LEAST_FILE_BYTES, type PackedFile } from './reader-files.js'

/** Columns that are stored together, in files whose rows follow one another. */
export interface PackedColumnGroup {
  /**
   * Those of the files' columns that count, by name: each file has to have them. If absent, all that
   * the first file has; what only a later one has is as good as not there.
   */
  columns?: readonly string[]
  files: readonly PackedFileWindow[]
}

/** A file, or the rows [startIndex, endIndex) of one, counted within the file. */
export interface PackedFileWindow extends PackedFile {
  /** 0 if absent. */
  startIndex?: number
  /** Behind the last row; the end of the file if absent, which then has to be read for it. */
  endIndex?: number
}

const GROUP_KEYS = ['columns', 'files'] as const
const FILE_KEYS = ['path', 'sizeBytes', 'footerBytes', 'startIndex', 'endIndex'] as const
const FILE_END = -1

/** @throws PackedError InvalidArgument, naming the entry and, for a window, the path. */
export function expectColumnGroups(
  value: unknown,
): Pick<NativeReaderOptions, 'paths'> & { groups: NativeFileGroup[] } {
  if (!Array.isArray(value)) throw unexpected('an array of column groups', 'columnGroups', value)
  const groups = value.map((group, index) => expectGroup(group, `columnGroups[${index}]`))
  const paths = new Set(groups.flatMap(({ files }) => files.map(({ path }) => path)))
  return { paths: [...paths], groups }
}

function expectGroup(value: unknown, name: string): NativeFileGroup {
  const group = expectObject(value, name)
  expectKnownKeys(group, GROUP_KEYS, name)
  const { files, columns } = group
  if (!Array.isArray(files)) throw unexpected('an array of files', `${name}.files`, files)
  const windows = files.map((file, index) => expectWindow(file, `${name}.files[${index}]`))
  if (columns === undefined) return { files: windows }
  if (!Array.isArray(columns)) throw unexpected('an array of names', `${name}.columns`, columns)
  const names = columns.map((column, index) => expectText(column, `${name}.columns[${index}]`))
  return { columns: names, files: windows }
}

function expectWindow(value: unknown, name: string): NativeFileGroup['files'][number] {
  const file = expectObject(value, name)
  expectKnownKeys(file, FILE_KEYS, name)
  const path = expectText(file.path, `${name}.path`)
  const start = expectInteger(file.startIndex, `${name}.startIndex`, { fallback: 0 })
  const end = expectInteger(file.endIndex, `${name}.endIndex`, { fallback: FILE_END })
  if (end !== FILE_END && start >= end) {
    throw new PackedError(
      'InvalidArgument',
      `Expected startIndex below endIndex for ${path} but received ${start} and ${end}`,
      { path, field: name },
    )
  }
  const known = knownOf({
    path,
    ...bytesOf(file, 'sizeBytes', name, LEAST_FILE_BYTES),
    ...bytesOf(file, 'footerBytes', name, 0),
  })
  return { path, start, end, ...known }
}
