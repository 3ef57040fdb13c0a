import type { RecordBatch, Table } from 'apache-arrow'
import { flattenBatch, flattenSchema } from '../cdata/index.js'
import {
  type CompressionConfig,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectSignal,
} from '../config/index.js'
import { captureCallSite, isPackedError } from '../errors/index.js'
import { AbortLink, callAsync, callSync, type NativeColumnLayout } from '../native/index.js'
import { identifyFields } from '../schema/index.js'
import { BatchIntake } from './batch-input.js'
import { type CodecName, type Compression, resolveCompression } from './compression.js'
import { expectSchema } from './expect-schema.js'
import { LAYOUT_DEFAULTS } from './layouts.js'
import { type ColumnEncoding, resolveColumns } from './writer-columns.js'
import { resolveConfig } from './writer-compression.js'
import type { ColumnWriteOptions } from './writer-options.js'

const WHERE = 'optimizeColumnLayout'
const KEYS = ['columns', 'compression', 'config', 'concurrency', 'signal'] as const
const MOST_THREADS = 1024

/** How a column had best be encoded, and why: an entry of `columns` of a writer. */
export interface ColumnLayout extends ColumnWriteOptions {
  encoding: ColumnEncoding
  /** In words, with the figures of the sample. */
  reason: string
  /** Compressed bytes of the column, were all its rows like those of the sample. */
  estimatedBytes: number
}

/** Options of `optimizeColumnLayout`. */
export interface OptimizeColumnLayoutOptions {
  /**
   * Choices for single columns, by name; they come out again. An `encoding` is kept, and only said
   * what it takes.
   */
  columns?: Readonly<Record<string, ColumnWriteOptions>>
  /** The codec that the encodings are held against each other under; ZSTD level 9 by default. */
  compression?: CodecName | Compression
  /**
   * `level` is that of `compression`; `enableDeltaEncoding` (true by default) and
   * `dictionaryThreshold` (0.7) bound what there is to choose from.
   */
  config?: CompressionConfig
  /** Threads at once; 0 (default) = as many as the addon has. */
  concurrency?: number
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

/**
 * Choose an encoding for every column by encoding a sample of its rows in each that suits it, as
 * layout `'small'` does: deltas for numbers and texts, dictionaries where few values are distinct,
 * byte stream split for floats and dense vectors, else PLAIN. The smallest after compression is
 * taken, all of them Parquet's own.
 *
 * The sample is spread over the rows and depends on them alone. The memory of the batches is lent
 * until the promise settles.
 *
 * @param input rows that stand for those to be written; none at all gives `'plain'`.
 * @returns by column, for `columns` of `PackedWriter.open` in layout `'fast'` or `'small'`.
 * @throws PackedError InvalidArgument, InvalidSchema, InvalidData, TypeMismatch, UnsupportedType,
 *   Detached. The signal's reason when it is aborted.
 *
 * @example
 * const columns = await optimizeColumnLayout(table)
 * const writer = await PackedWriter.open({ schema, directory, layout: 'fast', columns })
 */
export async function optimizeColumnLayout(
  input: RecordBatch | Table,
  options: OptimizeColumnLayoutOptions = {},
): Promise<Record<string, ColumnLayout>> {
  const site = captureCallSite(optimizeColumnLayout)
  const given = expectObject(options, `the options of ${WHERE}`)
  expectKnownKeys(given, KEYS, WHERE)
  const batch = expectObject(input, 'the rows')
  const { schema } = identifyFields(expectSchema(batch.schema, 'the schema of the rows'), true)
  const config = resolveConfig(given.config)
  const level = config.level ?? LAYOUT_DEFAULTS.small.level
  const columns = resolveColumns(schema, given.columns, 'small')
  const { dictionaryThreshold } = config
  const native = {
    columns,
    compression: resolveCompression(given.compression ?? { codec: 'zstd', level }, 'compression'),
    ...(dictionaryThreshold === undefined ? {} : { dictionaryThreshold }),
    deltaEncoding: config.enableDeltaEncoding ?? true,
    concurrency: expectInteger(given.concurrency, 'concurrency', {
      max: MOST_THREADS,
      fallback: config.concurrency ?? 0,
    }),
  }
  const batches = [...new BatchIntake(schema).batches(input)]
  const link = new AbortLink(expectSignal(given.signal, 'signal'))
  try {
    const handle = callSync((addon) => addon.importSchema(flattenSchema(schema)))
    const flat = batches.map((one) => flattenBatch(one))
    const layouts = await callAsync<NativeColumnLayout[]>((addon, done) =>
      addon.columnLayout(handle, flat, native, link.flag, done),
    )
    const rows = batches.reduce((sum, { numRows }) => sum + numRows, 0)
    return Object.fromEntries(
      layouts.map((layout) => [
        layout.name,
        layoutOf(layout, rows, options.columns?.[layout.name]),
      ]),
    )
  } catch (error) {
    const failure = link.translate(error)
    throw isPackedError(failure) ? failure.at(site) : failure
  } finally {
    link.unlink()
  }
}

function layoutOf(
  found: NativeColumnLayout,
  rows: number,
  asked: ColumnWriteOptions | undefined,
): ColumnLayout {
  const { encoding, bytes } = found.trials[0]!
  const estimatedBytes = found.sampleRows === 0 ? 0 : Math.round((bytes * rows) / found.sampleRows)
  return { ...asked, encoding, reason: reasonOf(found, asked), estimatedBytes }
}

function reasonOf(found: NativeColumnLayout, asked: ColumnWriteOptions | undefined): string {
  const { trials, sampleRows, distinctRatio } = found
  if (asked?.encoding !== undefined) return 'asked for'
  if (sampleRows === 0) return 'no rows to go by'
  const [best, next] = trials
  if (next === undefined) return 'nothing else suits'
  const sample = `in a sample of ${sampleRows} rows`
  if (best!.encoding === 'plain') {
    return `'${next.encoding}' takes ${percentOf(next.bytes, best!.bytes)} of it ${sample}`
  }
  const plain = trials.find(({ encoding }) => encoding === 'plain')!
  const reason = `takes ${percentOf(best!.bytes, plain.bytes)} of 'plain' ${sample}`
  if (best!.encoding !== 'dictionary' || distinctRatio === null) return reason
  return `${reason}, ${percentOf(distinctRatio, 1)} of the values are distinct`
}

function percentOf(part: number, whole: number): string {
  return whole === 0 ? '100.0 %' : `${((100 * part) / whole).toFixed(1)} %`
}
