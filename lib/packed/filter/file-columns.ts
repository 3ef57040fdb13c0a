import type { Field } from 'apache-arrow'
import { unflattenSchema } from '../../cdata/index.js'
import {
  callAsync,
  type NativeFileInfo,
  type NativeKey,
  type NativeReaderOptions,
} from '../../native/index.js'
import { fieldIdOf } from '../../schema/index.js'
import type { FilterColumns } from './resolve-filter.js'

/**
 * The columns of files that nobody has given a schema for, file after file until all that a filter
 * names are found: mostly the footer of the first one.
 *
 * @throws PackedError as `inspectFile`. The signal's reason when it is aborted.
 */
export async function columnsOfFiles(
  options: NativeReaderOptions & { keys: NativeKey[] },
  wanted: readonly (string | bigint)[],
  signal: AbortSignal | undefined,
): Promise<FilterColumns> {
  const fields: Field[] = []
  for (const { path, columns } of filesWith(options, wanted)) {
    signal?.throwIfAborted()
    const info = await callAsync<NativeFileInfo>((addon, done) =>
      addon.inspectFile(options.storage, path, options.keys, done),
    )
    const own = unflattenSchema(info.schema).fields
    fields.push(...own.filter(({ name }) => columns === undefined || columns.has(name)))
    if (wanted.every((column) => fields.some((field) => isNamed(field, column)))) break
  }
  return { fields }
}

function isNamed(field: Field, column: string | bigint): boolean {
  return typeof column === 'string' ? field.name === column : fieldIdOf(field) === column
}

interface FileColumns {
  path: string
  /** Those that count; all if absent. */
  columns: ReadonlySet<string> | undefined
}

/** One file of every column group, those first that say that they have a column. */
function filesWith(
  { paths, groups }: NativeReaderOptions,
  wanted: readonly (string | bigint)[],
): FileColumns[] {
  if (groups === undefined) return paths.map((path) => ({ path, columns: undefined }))
  const files = groups.flatMap(({ files: [first], columns }) =>
    first === undefined ? [] : [{ path: first.path, columns: columns && new Set(columns) }],
  )
  const says = ({ columns }: FileColumns): boolean =>
    wanted.some((column) => typeof column === 'string' && columns?.has(column) === true)
  return [...files.filter(says), ...files.filter((file) => !says(file))]
}
