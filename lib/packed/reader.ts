import { type RecordBatch, Table } from 'apache-arrow'
import { unflattenSchema } from '../cdata/index.js'
import { expectInteger, expectKnownKeys, expectObject, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { AbortLink, NativeOpenedReader } from '../native/index.js'
import { callAsync } from '../native/index.js'
import { BatchStream, openStream } from './batch-stream.js'
import { describeFile, type PackedFileInfo } from './file-info.js'
import { rowAccessOf, withEverything } from './reader-access.js'
import { tellReading } from './reader-events.js'
import type { PackedReaderOptions, PackedRowGroup } from './reader-options.js'
import { type ReaderSettings, resolveReaderSettings } from './reader-settings.js'
import type { RowAccess } from './row-access.js'

/**
 * Joins the files of column groups row by row into Arrow record batches.
 *
 * Batches view native memory where they are large; it is given back when JavaScript drops the
 * batch, or at once by `release`. Batches outlive their reader.
 *
 * Calls may overlap: they run one after the other in call order.
 *
 * @example
 * const reader = await PackedReader.open({ paths: ['seg/0', 'seg/101'] })
 * for await (const batch of reader) console.log(batch.numRows)
 */
export class PackedReader extends BatchStream {
  /**
   * Facts of every file, in the order of `paths`. Of `columnGroups`: of every file of the groups
   * that have a column of the answer; rows and row groups are those within the window.
   */
  readonly files: readonly PackedFileInfo[]
  readonly #grouped: boolean
  readonly #rows: RowAccess

  private constructor(
    opened: NativeOpenedReader,
    settings: ReaderSettings,
    link: AbortLink,
    rows: RowAccess,
  ) {
    super(opened, settings, link)
    this.#grouped = settings.native.groups !== undefined
    const files = opened.files.map(describeFile)
    this.files = this.#grouped ? numberedByGroup(files) : files
    this.#rows = rows
  }

  /**
   * Read and cross-check the footers of all files.
   *
   * @throws PackedError InvalidArgument (unknown option or column), NotFound, PermissionDenied, StorageIO, MetadataCorrupted (missing or
   *   wrong packed keys), FileCorrupted (damaged Parquet, unequal row counts), InvalidSchema,
   *   TypeMismatch (naming field, stored and requested type), Encryption (no key, another key,
   *   a damaged encrypted footer, a retriever that failed). The signal's reason when aborted.
   *   Of `columnGroups` also InvalidArgument (a window without rows), FileCorrupted (a window that
   *   its file does not have, a column that is missing in one file of a group) and TypeMismatch
   *   (files of a group that differ in a column), naming the file.
   */
  static async open(options: PackedReaderOptions): Promise<PackedReader> {
    const settings = resolveReaderSettings(options)
    const rows = rowAccessOf(options, settings)
    return openStream(
      settings.signal,
      (flag) =>
        withEverything(options, settings, (ready) =>
          callAsync((addon, done) => addon.readerOpen(ready, flag, done)),
        ),
      (opened, link) => new PackedReader(opened, settings, link, rows),
    )
  }

  /** Parquet row groups of every file, files in the order of `paths`. */
  get rowGroups(): readonly PackedRowGroup[] {
    return this.files.flatMap((file) => file.rowGroups)
  }

  /**
   * Footer keys of the first file, in file order. Files of one segment differ only in
   * `row_group_metadata`; `files[i].metadata` has each one's own.
   */
  get metadata(): ReadonlyMap<string, string> {
    return this.files[0]?.metadata ?? new Map()
  }

  /**
   * The rows at these positions (from 0 to `numRows` - 1), in this order and as often as they are
   * named. Reads the row groups that have them, and of vectors and other fixed-width columns only
   * the pages. Does not move the stream of batches.
   *
   * @throws PackedError InvalidArgument (a position that no row has), Closed, NotSupported (a
   *   reader with a filter, or that leaves out rows that are not visible), and as `readNext`.
   */
  take(rows: readonly (number | bigint)[]): Promise<Table> {
    return this.inTurn('take', this.take, async () => {
      const told = tellReading('take', () => this.paths)
      const { batch: native } = await this.#rows.take(expectPositions(rows, this.numRows))
      const batch = this.adopt(this.schema, native)
      told(batch)
      return new Table([batch])
    })
  }

  /**
   * One whole row group of one file: those columns of the answer that the file has. `group` and
   * `index` are those of `rowGroups`. Does not move the stream of batches.
   *
   * @throws PackedError InvalidArgument (no such file or row group, none of the columns in it),
   *   and as `take`.
   */
  readRowGroup(where: { group: number; index: number }): Promise<RecordBatch> {
    return this.inTurn('readRowGroup', this.readRowGroup, async () => {
      const { file, index } = expectRowGroup(where, this.files, this.#grouped)
      const told = tellReading('readRowGroup', () => [this.files[file]!.path])
      const { schema, batch: native } = await this.#rows.readRowGroup(file, index)
      const batch = this.adopt(unflattenSchema(schema), native)
      told(batch)
      return batch
    })
  }

  protected override closeMore(): Promise<void> {
    return this.#rows.close()
  }
}

function expectPositions(value: unknown, numRows: number): Float64Array {
  if (!Array.isArray(value)) throw unexpected('an array of row positions', 'rows', value)
  const positions = new Float64Array(value.length)
  value.forEach((row: unknown, index) => {
    const position = typeof row === 'bigint' ? Number(row) : row
    if (!Number.isInteger(position) || !isWithin(position as number, numRows)) {
      throw unexpected(`a position from 0 to ${numRows - 1}`, `rows[${index}]`, row)
    }
    positions[index] = position as number
  })
  return positions
}

function isWithin(position: number, count: number): boolean {
  return position >= 0 && position < count
}

/** Row groups of several files are told apart by their place in the column group. */
function numberedByGroup(files: readonly PackedFileInfo[]): PackedFileInfo[] {
  const counts = new Map<number, number>()
  return files.map((file) => {
    const first = counts.get(file.group) ?? 0
    counts.set(file.group, first + file.rowGroups.length)
    const rowGroups = file.rowGroups.map((part) => ({ ...part, index: first + part.index }))
    return { ...file, rowGroups }
  })
}

function expectRowGroup(
  value: unknown,
  files: readonly PackedFileInfo[],
  grouped: boolean,
): { file: number; index: number } {
  const where = expectObject(value, 'the row group of readRowGroup')
  expectKnownKeys(where, ['group', 'index'], 'readRowGroup')
  const group = expectInteger(where.group, 'group', { min: -1 })
  const file = files.findIndex((candidate) => candidate.group === group)
  if (file === -1) {
    const groups = files.map((candidate) => candidate.group).join(', ')
    throw new PackedError(
      'InvalidArgument',
      `Expected one of the groups ${groups} for readRowGroup but received ${group}`,
    )
  }
  const index = expectInteger(where.index, 'index')
  let count = 0
  for (let next = file; files[next]?.group === group; next++) {
    const own = files[next]?.rowGroups.length ?? 0
    if (index < count + own) return { file: next, index: index - count }
    count += own
    if (!grouped) break
  }
  throw unexpected(`a row group below ${count}`, 'index', index)
}
