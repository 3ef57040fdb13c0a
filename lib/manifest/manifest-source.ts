import { Schema } from 'apache-arrow'
import type { StorageConfig } from '../config/index.js'
import { unexpected } from '../config/index.js'
import { isPackedError, PackedError } from '../errors/index.js'
import {
  type PackedColumnGroup,
  type PackedFileWindow,
  PackedReader,
  type PackedReaderOptions,
} from '../packed/index.js'
import type { ManifestReaderPlan } from './manifest-reader-options.js'
import type { Manifest, ManifestColumnGroup, ManifestFile } from './model.js'

/** Failures that a wrong size of a file may be the reason of. */
const MISJUDGED: ReadonlySet<string> = new Set(['FileCorrupted', 'FileChanged', 'InvalidArgument'])
const DECIMAL = /^[0-9]{1,15}$/
/** `s3://bucket/key` and the like. */
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//
const LEAST_FILE_BYTES = 12
/** Of windows that nobody has counted. */
const UNCOUNTED = -1

type Projection = Pick<
  PackedReaderOptions,
  'schema' | 'columns' | 'defaults' | 'matchBy' | 'filter'
>

/** The data files of one version of a manifest, to be opened for any columns of theirs. */
export class ManifestSource {
  readonly manifest: Manifest
  readonly #plan: ManifestReaderPlan
  readonly #storage: StorageConfig

  constructor(manifest: Manifest, plan: ManifestReaderPlan, storage: StorageConfig) {
    this.manifest = manifest
    this.#plan = plan
    this.#storage = storage
  }

  /**
   * The names that come out for a choice of columns; without one, those of the reader.
   *
   * @throws PackedError InvalidArgument: a name that the schema or, without one, no group has.
   */
  namesOf(columns: readonly string[] | undefined): readonly string[] {
    const { schema } = this.#plan
    const { columnGroups } = this.manifest
    const all = schema
      ? schema.fields.map(({ name }) => name)
      : columnGroups.flatMap((group) => group.columns)
    const names = columns ?? this.#plan.columns
    if (names === undefined) return all
    const known = new Set(all)
    const stranger = names.find((name) => !known.has(name))
    if (stranger === undefined) return names
    const what = schema ? 'the schema' : 'the manifest (there is no schema)'
    throw unexpected(`names of columns of ${what}`, 'columns', stranger)
  }

  /** Rows by their position are those of all rows. @throws PackedError NotSupported. */
  expectNoFilter(method: string): void {
    if (this.#plan.filter === undefined) return
    const message = `Expected a ManifestReader without a filter for ${method}() but received one with`
    throw new PackedError('NotSupported', message)
  }

  /** Open every column group for these columns. @throws as `PackedReader.open`, NotSupported. */
  open(names: readonly string[]): Promise<PackedReader> {
    const { columnGroups } = this.manifest
    if (columnGroups.length === 0 && this.#plan.schema === undefined) {
      throw new PackedError(
        'InvalidArgument',
        'Expected column groups, or a schema, for ManifestReader but received neither',
      )
    }
    const wanted = new Set([...names, ...this.#filtered()])
    for (const group of columnGroups) {
      const isRead = group.columns.some((name) => wanted.has(name)) || !isCounted(group)
      if (isRead) expectParquet(group)
    }
    return this.#openGroups(columnGroups, names)
  }

  /** Open one column group for those of these columns that it has. */
  openGroup(index: number, names: readonly string[]): Promise<PackedReader> {
    const group = this.manifest.columnGroups[index]!
    const own = new Set(group.columns)
    const common = names.filter((name) => own.has(name))
    if (common.length === 0) {
      const columns = group.columns.join(', ')
      throw unexpected(`one of the columns of group ${index} (${columns})`, 'columns', names)
    }
    expectParquet(group)
    return this.#openGroups([group], common)
  }

  async #openGroups(
    groups: readonly ManifestColumnGroup[],
    names: readonly string[],
  ): Promise<PackedReader> {
    const { keyRetriever } = this.#plan.passedOn
    // The footer of an encrypted file is longer than what its writer may have counted.
    const known = groups.map((group) => groupOf(group, keyRetriever === undefined))
    const options = { ...this.#plan.passedOn, ...this.#projection(names), storage: this.#storage }
    try {
      return await PackedReader.open({ ...options, columnGroups: known })
    } catch (error) {
      const files = known.flatMap((group) => group.files)
      const isKnown = files.some(({ sizeBytes, footerBytes }) => sizeBytes ?? footerBytes)
      if (!isKnown || !isPackedError(error) || !MISJUDGED.has(error.code)) throw error
      return PackedReader.open({ ...options, columnGroups: known.map(withoutSizes) })
    }
  }

  /** Names of the columns that the filter looks at, as far as they are known yet. */
  #filtered(): string[] {
    return (this.#plan.filter?.fields ?? []).map(({ name }) => name)
  }

  #projection(names: readonly string[]): Projection {
    const { schema, passedOn, filter } = this.#plan
    const filtered = filter === undefined ? {} : { filter: filter.filter }
    if (schema === undefined) return { columns: names, matchBy: 'name', ...filtered }
    const read = [...new Set([...names, ...this.#filtered()])]
    const fields = read.map((name) => schema.fields.find((field) => field.name === name)!)
    const projected: Projection = {
      schema: new Schema(fields, schema.metadata),
      columns: names,
      matchBy: 'name',
      ...filtered,
    }
    if (passedOn.defaults === undefined) return projected
    const wanted = Object.entries(passedOn.defaults).filter(
      ([name]) => read.includes(name) || !schema.fields.some((field) => field.name === name),
    )
    return { ...projected, defaults: Object.fromEntries(wanted) }
  }
}

function isCounted({ files }: ManifestColumnGroup): boolean {
  return files.every(({ endIndex }) => endIndex !== UNCOUNTED)
}

function expectParquet({ format, files }: ManifestColumnGroup): void {
  const path = files[0]?.path
  if (format !== 'parquet') {
    throw new PackedError(
      'NotSupported',
      `Expected the format parquet for ${path ?? 'a column group'} but received ${format}`,
      { path },
    )
  }
  const elsewhere = files.find((file) => SCHEME.test(file.path))
  if (elsewhere === undefined) return
  throw new PackedError(
    'NotSupported',
    `Expected a key of the chunk manager but received the address ${elsewhere.path}`,
    { path: elsewhere.path },
  )
}

function groupOf({ columns, files }: ManifestColumnGroup, takeFooters: boolean): PackedColumnGroup {
  return { columns, files: files.map((file) => windowOf(file, takeFooters)) }
}

function windowOf(file: ManifestFile, takeFooters: boolean): PackedFileWindow {
  const { path, startIndex, endIndex, properties } = file
  const sizeBytes = decimal(properties.file_size)
  const footerBytes = takeFooters ? decimal(properties.footer_size) : undefined
  return {
    path,
    ...rowsOf(startIndex, endIndex, path),
    ...(sizeBytes === undefined || sizeBytes < LEAST_FILE_BYTES ? {} : { sizeBytes }),
    ...(footerBytes === undefined ? {} : { footerBytes }),
  }
}

/** The window; all of a file that nobody has counted. */
function rowsOf(
  startIndex: number,
  endIndex: number,
  path: string,
): Pick<PackedFileWindow, 'startIndex' | 'endIndex'> {
  if (startIndex === UNCOUNTED && endIndex === UNCOUNTED) return {}
  if (startIndex >= 0 && startIndex < endIndex) return { startIndex, endIndex }
  throw new PackedError(
    'InvalidArgument',
    `Expected 0 <= start < end for the rows of ${path} but received ${startIndex} and ${endIndex}`,
    { path },
  )
}

function withoutSizes({ columns, files }: PackedColumnGroup): PackedColumnGroup {
  const windows = files.map(({ sizeBytes: _, footerBytes: __, ...window }) => window)
  return { ...(columns === undefined ? {} : { columns }), files: windows }
}

/** What a property counts; a hint, so that other text is as good as none. */
function decimal(text: string | undefined): number | undefined {
  return text !== undefined && DECIMAL.test(text) ? Number(text) : undefined
}
