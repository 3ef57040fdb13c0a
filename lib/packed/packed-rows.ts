import type { RecordBatch } from 'apache-arrow'
import { unflattenBatch, unflattenSchema } from '../cdata/index.js'
import { isPackedError } from '../errors/index.js'
import type { NativeKeyHits } from '../native/index.js'
import type { KeySet } from './key-set.js'
import { rowAccessOf } from './reader-access.js'
import { tellReading } from './reader-events.js'
import type { PackedReaderOptions } from './reader-options.js'
import { type ReaderSettings, resolveReaderSettings } from './reader-settings.js'
import type { RowAccess } from './row-access.js'

/**
 * The rows of column groups by their positions, without the stream of batches that a PackedReader
 * has besides: what is not asked for is not read.
 */
export class PackedRows {
  readonly numRows: number
  readonly #access: RowAccess
  readonly #signal: AbortSignal | undefined
  readonly #paths: readonly string[]

  private constructor(numRows: number, access: RowAccess, { native, signal }: ReaderSettings) {
    this.numRows = numRows
    this.#access = access
    this.#signal = signal
    this.#paths = native.paths
  }

  /** Read the footers. @throws PackedError as `PackedReader.open`; the signal's reason. */
  static async open(options: PackedReaderOptions): Promise<PackedRows> {
    const settings = resolveReaderSettings(options)
    settings.signal?.throwIfAborted()
    const access = rowAccessOf(options, settings)
    return new PackedRows(await access.count(), access, settings)
  }

  /**
   * The rows at these positions, in this order and as often as they are named.
   *
   * @throws PackedError InvalidArgument (a position that no row has), and as `PackedReader.take`.
   */
  take(positions: Float64Array): Promise<RecordBatch> {
    return this.#run(async () => {
      const told = tellReading('take', () => this.#paths)
      const { schema, batch: native } = await this.#access.take(positions)
      const batch = unflattenBatch(unflattenSchema(schema), native)
      told(batch)
      return batch
    })
  }

  /**
   * The rows whose value in the column with this position in the schema is one of the keys. Row
   * groups whose statistics rule every key out are not read, of the others that column.
   *
   * @throws PackedError MetadataCorrupted (no file has the column), and as `PackedReader.take`.
   */
  find(column: number, keys: KeySet): Promise<NativeKeyHits> {
    return this.#run(() => this.#access.find(column, keys.native))
  }

  close(): Promise<void> {
    return this.#access.close()
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (isPackedError(error) && error.code === 'Aborted') this.#signal?.throwIfAborted()
      throw error
    }
  }
}
