import type { RecordBatch, Table } from 'apache-arrow'
import { PackedError } from '../errors/index.js'
import type { NativeOpenedReader } from '../native/index.js'
import { callAsync } from '../native/index.js'
import type { AbortLink } from './abort-link.js'
import { BatchStream, openStream } from './batch-stream.js'
import { describeFile, type PackedFileInfo } from './file-info.js'
import { withKeys } from './key-retriever.js'
import { withCredentials } from './native-storage.js'
import type { PackedReaderOptions, PackedRowGroup } from './reader-options.js'
import { type ReaderSettings, resolveReaderSettings } from './reader-settings.js'

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
  /** Facts of every file, in the order of `paths`. */
  readonly files: readonly PackedFileInfo[]

  private constructor(opened: NativeOpenedReader, settings: ReaderSettings, link: AbortLink) {
    super(opened, settings, link)
    this.files = opened.files.map(describeFile)
  }

  /**
   * Read and cross-check the footers of all files.
   *
   * @throws PackedError InvalidArgument (unknown option or column), NotSupported (options that
   *   are not built yet), NotFound, PermissionDenied, StorageIO, MetadataCorrupted (missing or
   *   wrong packed keys), FileCorrupted (damaged Parquet, unequal row counts), InvalidSchema,
   *   TypeMismatch (naming field, stored and requested type), Encryption (no key, another key,
   *   a damaged encrypted footer, a retriever that failed). The signal's reason when aborted.
   */
  static async open(options: PackedReaderOptions): Promise<PackedReader> {
    const settings = resolveReaderSettings(options)
    const { native, keyRetriever, signal } = settings
    const { paths } = native
    return openStream(
      signal,
      (flag) =>
        withCredentials(options.storage, native.storage, (storage) =>
          withKeys({ storage, paths, keyRetriever, signal }, (keys) =>
            callAsync((addon, done) => addon.readerOpen({ ...native, storage, keys }, flag, done)),
          ),
        ),
      (opened, link) => new PackedReader(opened, settings, link),
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

  /** Not built yet: rejects with NotSupported. */
  take(_rows: readonly (number | bigint)[]): Promise<Table> {
    return Promise.reject(unbuilt('take'))
  }

  /** Not built yet: rejects with NotSupported. */
  readRowGroup(_where: { group: number; index: number }): Promise<RecordBatch> {
    return Promise.reject(unbuilt('readRowGroup'))
  }
}

function unbuilt(method: string): PackedError {
  return new PackedError('NotSupported', `PackedReader.${method}() is not built yet`)
}
