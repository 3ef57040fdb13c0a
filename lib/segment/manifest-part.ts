import { Schema } from 'apache-arrow'
import { isPackedError, PackedError } from '../errors/index.js'
import {
  type Manifest,
  type ManifestColumnGroup,
  type ManifestFile,
  rowsOfGroup,
} from '../manifest/index.js'
import {
  checkedFilter,
  PackedReader,
  type PackedReaderOptions,
  type RecordReader,
} from '../packed/index.js'
import {
  arrowDefaults,
  type CollectionSchema,
  convertToArrowSchema,
  fieldIdOf,
  SimpleArrowRecord,
} from '../schema/index.js'
import type { FieldIdOf } from './manifest-segment.js'

/** How the rows of a manifest are read. */
export interface ManifestRowsOptions
  extends Omit<PackedReaderOptions, 'paths' | 'schema' | 'columns'> {
  /** With system fields. */
  readonly schema: CollectionSchema
  /** Ids of the columns of every record. */
  readonly fieldIds: readonly bigint[]
  readonly idOf: FieldIdOf
}

/** Failures that a wrong size of a file may be the reason of. */
const MISJUDGED: ReadonlySet<string> = new Set(['FileCorrupted', 'FileChanged', 'InvalidArgument'])

/**
 * Read the rows of a manifest, the files of every group one after the other and the groups side
 * by side. Only groups with a column that is needed are opened; fields that none has come out as
 * their default or null.
 *
 * @throws PackedError MetadataCorrupted (groups of unequal rows), NotSupported (files that are
 *   not Parquet) and what `PackedReader.open` throws.
 */
export async function openManifestRows(
  manifest: Manifest,
  options: ManifestRowsOptions,
): Promise<RecordReader> {
  const reader = await openManifestFiles(manifest, options, (files) => PackedReader.open(files))
  return {
    get filterStats() {
      return reader.filterStats
    },
    next: async () => {
      const batch = await reader.readNext()
      return batch === null ? null : new SimpleArrowRecord(batch)
    },
    close: () => reader.close(),
  }
}

/** The groups of a manifest that have a column of some fields; the first one where none has. */
export function groupsOfFields(
  { columnGroups }: Manifest,
  fieldIds: ReadonlySet<bigint>,
  idOf: FieldIdOf,
): readonly ManifestColumnGroup[] {
  return neededGroups(columnGroups, fieldIds, idOf)
}

/** The same files for whatever opens them. @throws as {@link openManifestRows}. */
export async function openManifestFiles<T>(
  { columnGroups }: Manifest,
  options: ManifestRowsOptions,
  openFiles: (options: PackedReaderOptions) => Promise<T>,
): Promise<T> {
  const { schema: collection, fieldIds, idOf, ...passedOn } = options
  expectEqualRows(columnGroups)
  const { visibility, filter } = passedOn
  const filtered = (checkedFilter(filter, collection)?.fields ?? []).map(
    (field) => fieldIdOf(field)!,
  )
  const readIds = [...new Set([...fieldIds, ...filtered])]
  const { schema, defaults } = outputOf(collection, readIds)
  const hidden = visibility === undefined ? [] : [visibility.keyField, visibility.timestampField]
  const groups = neededGroups(columnGroups, new Set([...readIds, ...hidden]), idOf)
  const open = (withSizes: boolean): Promise<T> =>
    openFiles({
      ...passedOn,
      schema,
      ...(readIds.length === fieldIds.length ? {} : { columns: fieldIds }),
      ...(defaults === undefined ? {} : { defaults }),
      columnGroups: groups.map(({ files }) => ({
        files: files.map((file) => fileOf(file, withSizes)),
      })),
    })
  return open(true).catch((error: unknown) => {
    if (!isPackedError(error) || !MISJUDGED.has(error.code)) throw error
    return open(false)
  })
}

function outputOf(
  collection: CollectionSchema,
  fieldIds: readonly bigint[],
): { schema: Schema; defaults: Record<string, unknown> | undefined } {
  const { fields } = convertToArrowSchema(collection)
  const chosen = fieldIds.map((id) => fields.find((field) => fieldIdOf(field) === id)!)
  const names = new Set(chosen.map(({ name }) => name))
  const kept = Object.entries(arrowDefaults(collection)).filter(([name]) => names.has(name))
  return {
    schema: new Schema(chosen),
    defaults: kept.length === 0 ? undefined : Object.fromEntries(kept),
  }
}

/** The first one where none has a column that is needed: it has the number of rows. */
function neededGroups(
  groups: readonly ManifestColumnGroup[],
  needed: ReadonlySet<bigint>,
  idOf: FieldIdOf,
): readonly ManifestColumnGroup[] {
  const found = groups.filter(({ columns }) =>
    columns.some((column) => {
      const id = idOf(column)
      return id !== undefined && needed.has(id)
    }),
  )
  const chosen = found.length > 0 ? found : groups.slice(0, 1)
  const other = chosen.find(({ format }) => format !== 'parquet')
  if (other === undefined) return chosen
  const path = other.files[0]?.path
  const message = `Expected files of format "parquet" for a segment but received "${other.format}"`
  throw new PackedError('NotSupported', message, { path })
}

function expectEqualRows(groups: readonly ManifestColumnGroup[]): void {
  const rows = groups.map((group) => rowsOfGroup(group))
  const other = rows.findIndex((count) => count !== undefined && count !== rows[0])
  if (other < 0) return
  const path = groups[other]?.files[0]?.path
  const counts = groups.map(({ columns }, index) => `[${columns.join(', ')}]: ${rows[index]}`)
  const message = `Expected equally many rows for every column group but received ${counts.join(', ')}`
  throw new PackedError('MetadataCorrupted', message, { path })
}

function fileOf({ path, startIndex, endIndex, properties }: ManifestFile, withSizes: boolean) {
  const bytes = (key: string): number | undefined => {
    const text = properties[key] ?? ''
    return withSizes && /^[1-9]\d{1,14}$/.test(text) ? Number(text) : undefined
  }
  const [sizeBytes, footerBytes] = [bytes('file_size'), bytes('footer_size')]
  return {
    path,
    startIndex,
    endIndex,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(footerBytes === undefined ? {} : { footerBytes }),
  }
}
