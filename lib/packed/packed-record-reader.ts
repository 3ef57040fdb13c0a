import type { Schema } from 'apache-arrow'
import { isPackedError, PackedError } from '../errors/index.js'
import { SimpleArrowRecord } from '../schema/index.js'
import { isRemote } from '../storage/index.js'
import type { FilterStats } from './batch-stream.js'
import { FilterTotal } from './filter/index.js'
import {
  type PackedRecordReaderOptions,
  planRecordReader,
  type RecordReaderPlan,
} from './packed-record-reader-options.js'
import { type OpenPart, PartSequence } from './part-sequence.js'
import { PackedReader } from './reader.js'
import type { PackedFile } from './reader-files.js'
import type { RecordReader } from './record-io.js'

/**
 * Reads the chunks of a segment one after the other, joining the files of each chunk's column
 * groups row by row. One chunk is open at a time, of an object store also the next one.
 *
 * Columns that a chunk does not have come out as their default, or as nulls in a field that is
 * then nullable; columns that the schema does not have are left out.
 *
 * @example
 * const reader = await PackedRecordReader.open({ schema, paths: [['0/1', '101/2'], ['0/3', '101/4']] })
 * for (let record = await reader.next(); record; record = await reader.next()) use(record)
 */
export class PackedRecordReader extends PartSequence<SimpleArrowRecord> implements RecordReader {
  readonly #plan: RecordReaderPlan
  readonly #counts = new FilterTotal()

  private constructor(plan: RecordReaderPlan) {
    super(plan.chunks.length, isRemote(plan.reader.storage))
    this.#plan = plan
  }

  /**
   * Check the options and open the first chunk. Without any chunk the reader is at its end.
   *
   * @throws PackedError InvalidArgument (unknown option or column, chunks of unequal width), and
   *   what `PackedReader.open` throws, naming a path of the chunk.
   */
  static async open(options: PackedRecordReaderOptions): Promise<PackedRecordReader> {
    return new PackedRecordReader(planRecordReader(options)).begin()
  }

  /** The columns asked for; in a record, those that its chunk does not have may be nullable. */
  get schema(): Schema {
    return this.#plan.schema
  }

  /** What was read of all chunks so far, and what the filter has spared and left out. */
  get filterStats(): FilterStats {
    return this.#counts.counts
  }

  /**
   * The next record, or null at the end, again and again.
   *
   * @throws PackedError what `PackedReader.open` and `readNext` throw, naming a path of the chunk;
   *   after a failure the same one again, never an end. Closed.
   */
  next(): Promise<SimpleArrowRecord | null> {
    return this.advance(this.next)
  }

  protected override async openPart(index: number): Promise<OpenPart<SimpleArrowRecord>> {
    const { chunks, reader: options } = this.#plan
    const files = chunks[index]!
    const paths = files.map(({ path }) => path)
    try {
      const reader = await withoutWrongSizes(files, (known) =>
        PackedReader.open({ ...options, paths: known }),
      )
      this.#counts.add(reader)
      const close = async (): Promise<void> => {
        await reader.close()
        this.#counts.end(reader)
      }
      return { next: () => nextRecord(reader, paths), close }
    } catch (error) {
      throw naming(paths, error)
    }
  }
}

/** Failures that a wrong size of a file may be the reason of. */
const MISJUDGED: ReadonlySet<string> = new Set(['FileCorrupted', 'FileChanged', 'InvalidArgument'])

/** Open the files of a chunk; where what is known of them is the reason of a failure, without. */
export async function withoutWrongSizes<T>(
  files: readonly PackedFile[],
  open: (files: readonly PackedFile[]) => Promise<T>,
): Promise<T> {
  try {
    return await open(files)
  } catch (error) {
    const known = files.some(({ sizeBytes, footerBytes }) => (sizeBytes ?? footerBytes ?? -1) >= 0)
    if (!known || !isPackedError(error) || !MISJUDGED.has(error.code)) throw error
    return open(files.map(({ path }) => ({ path })))
  }
}

async function nextRecord(
  reader: PackedReader,
  paths: readonly string[],
): Promise<SimpleArrowRecord | null> {
  try {
    const batch = await reader.readNext()
    return batch === null ? null : new SimpleArrowRecord(batch)
  } catch (error) {
    await reader.close()
    throw naming(paths, error)
  }
}

/** The failure of a chunk, saying which files it is made of where that is not said. */
function naming(paths: readonly string[], error: unknown): unknown {
  if (!isPackedError(error) || error.path !== undefined) return error
  const message = `${error.message} (chunk of "${paths.join('", "')}")`
  return new PackedError(error.code, message, { path: paths[0], field: error.field, cause: error })
}
