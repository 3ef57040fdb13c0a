import { extname } from 'node:path'
import type { RecordBatch, Schema, Table } from 'apache-arrow'
import { type Command, Option } from 'commander'
import { PackedWriter } from '../packed/index.js'
import { parseCount, parseRows, splitList } from './arguments.js'
import { cellText, VECTOR_FORMS, type VectorText } from './cell-text.js'
import { UsageError } from './failure.js'
import { type Chunks, type IfExists, toFile, toStdout } from './output.js'
import { arrowChunks } from './output-arrow.js'
import { type CellMaker, csvChunks, ndjsonChunks } from './output-text.js'
import { type Place, placeOf } from './place.js'
import { withRows } from './progress-bar.js'
import type { StorageSource } from './storage-source.js'
import { whereOption } from './where.js'

const OUTPUT_FORMATS = ['ndjson', 'csv', 'arrow', 'parquet'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** What the options of {@link addPrintOptions} become. */
export interface PrintOptions {
  format?: OutputFormat
  columns?: string[]
  limit?: number
  out?: string
  ifExists: IfExists
  vectors?: VectorText
  where?: string
}

/** Whatever gives batches until null. */
export interface RowSource {
  readonly schema: Schema
  /** Where it is known before they are read. */
  readonly numRows?: number
  readNext(): Promise<RecordBatch | null>
}

/** What the option of {@link addRowsOption} becomes. */
export interface RowsOption {
  rows?: number[]
}

/** `--rows`, of the verbs that print rows by their positions, too. */
export function addRowsOption(command: Command): Command {
  return command.option(
    '--rows <5,10-20>',
    'only these, by position from 0 on, in this order',
    parseRows,
  )
}

/** The rows of a table, to be printed. */
export function rowsOfTable({ schema, numRows, batches }: Table): RowSource {
  const left = [...batches]
  return { schema, numRows, readNext: async () => left.shift() ?? null }
}

/** What a reader gives: the rows asked for, or all. */
export async function chosenRows(
  reader: RowSource & { take(rows: readonly number[]): Promise<Table> },
  { rows }: RowsOption,
): Promise<RowSource> {
  return rows === undefined ? reader : rowsOfTable(await reader.take(rows))
}

/** What printing needs to know beside the options. */
export interface PrintContext {
  /** Where `--out` is. */
  source: StorageSource
  signal: AbortSignal
  /** How columns are shown when `--vectors` does not say it; fixed_size_binary as base64. */
  cellOf?: CellMaker
}

const EXTENSIONS: Readonly<Record<string, OutputFormat>> = {
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.csv': 'csv',
  '.arrow': 'arrow',
  '.arrows': 'arrow',
  '.parquet': 'parquet',
}

/** Text of a batch is made at once: small batches keep the first line near. */
const TEXT_BATCH_ROWS = 1024

/** The options of every verb that prints rows; `what` has which form without `--vectors`. */
export function addPrintOptions(
  command: Command,
  { what, fallback }: { what: string; fallback: string },
): Command {
  return command
    .addOption(
      new Option('--format <format>', 'by the extension of --out, or else ndjson').choices(
        OUTPUT_FORMATS,
      ),
    )
    .option('--columns <a,b>', 'only these, in this order; #101 is a field id', splitList)
    .addOption(whereOption())
    .option('--limit <n>', 'stop after so many rows', parseCount)
    .option('--out <file>', 'write a file instead of standard output')
    .addOption(
      new Option('--if-exists <what>', 'when --out exists')
        .choices(['error', 'replace'])
        .default('error'),
    )
    .addOption(
      new Option(
        '--vectors <form>',
        `how ndjson and csv show ${what} (default: ${fallback})`,
      ).choices(VECTOR_FORMS),
    )
}

/** @throws UsageError Parquet needs a file. */
export function outputFormatOf({ format, out }: PrintOptions): OutputFormat {
  const chosen = format ?? EXTENSIONS[extname(out ?? '').toLowerCase()] ?? 'ndjson'
  if (chosen !== 'parquet' || out !== undefined) return chosen
  throw new UsageError('Expected --out <file> for parquet but received none')
}

/** `#101` is the field id 101; everything else a name. */
export function columnOf(text: string): string | bigint {
  return /^#\d+$/.test(text) ? BigInt(text.slice(1)) : text
}

/** The options of a reader whose rows are printed in this format. */
export function readOptionsFor(format: OutputFormat): {
  batchRows?: number
  copy?: boolean
  releasePrevious?: boolean
} {
  // Arrow's chunks wait in streams as views of the batch, so its memory has to be JavaScript's.
  if (format === 'arrow') return { copy: true }
  return format === 'parquet'
    ? { releasePrevious: true }
    : { releasePrevious: true, batchRows: TEXT_BATCH_ROWS }
}

/** Print or write rows, as many as asked for. */
export async function printRows(
  rows: RowSource,
  options: PrintOptions,
  { source, signal, cellOf }: PrintContext,
): Promise<void> {
  const format = outputFormatOf(options)
  const limit = options.limit ?? Number.POSITIVE_INFINITY
  const out = options.out === undefined ? undefined : await placeOf(options.out, source, 'local')
  // Rows on the terminal say themselves how far they are.
  if (out === undefined && process.stdout.isTTY) {
    return printBatches(rows.schema, limited(rows, limit), { format, out, options, signal, cellOf })
  }
  const known = rows.numRows === undefined ? undefined : Math.min(limit, rows.numRows)
  await withRows('', (onProgress) => {
    const batches = counted(limited(rows, limit), (done) =>
      onProgress({ rows: done, totalRows: known }),
    )
    return printBatches(rows.schema, batches, { format, out, options, signal, cellOf })
  })
}

/** Where batches go, and how. */
interface Printing extends Pick<PrintContext, 'signal'> {
  format: OutputFormat
  out: Place | undefined
  options: PrintOptions
  cellOf: CellMaker | undefined
}

async function printBatches(
  schema: Schema,
  batches: AsyncIterable<RecordBatch>,
  { format, out, options, signal, cellOf }: Printing,
): Promise<void> {
  if (format === 'parquet') {
    await writeParquet(schema, batches, { place: out!, ...options, signal })
    return
  }
  const { vectors = 'base64' } = options
  const plain: CellMaker = (_, data, nonFinite) => cellText(data, { vectors, nonFinite })
  const shown = options.vectors === undefined ? (cellOf ?? plain) : plain
  const chunks = chunksOf(schema, batches, format, shown)
  if (out === undefined) await toStdout(chunks)
  else await toFile(out, chunks, { ifExists: options.ifExists, signal })
}

async function* limited(rows: RowSource, limit: number): AsyncGenerator<RecordBatch> {
  let left = limit
  while (left > 0) {
    const batch = await rows.readNext()
    if (batch === null) return
    yield batch.numRows <= left ? batch : batch.slice(0, left)
    left -= batch.numRows
  }
}

async function* counted(
  batches: AsyncIterable<RecordBatch>,
  onRows: (rows: number) => void,
): AsyncGenerator<RecordBatch> {
  let rows = 0
  for await (const batch of batches) {
    rows += batch.numRows
    yield batch
    onRows(rows)
  }
}

function chunksOf(
  schema: Schema,
  batches: AsyncIterable<RecordBatch>,
  format: Exclude<OutputFormat, 'parquet'>,
  cellOf: CellMaker,
): Chunks {
  if (format === 'arrow') return arrowChunks(batches, schema)
  return format === 'csv' ? csvChunks(batches, schema, cellOf) : ndjsonChunks(batches, cellOf)
}

/** One packed file with every column. */
async function writeParquet(
  schema: Schema,
  batches: AsyncIterable<RecordBatch>,
  { place, ifExists, signal }: { place: Place; ifExists: IfExists; signal: AbortSignal },
): Promise<void> {
  const fields = schema.fields.map(({ name }) => name)
  const writer = await PackedWriter.open({
    schema,
    fieldIds: 'auto',
    groups: [{ id: 0, path: place.path, fields }],
    storage: place.storage,
    ifExists,
    signal,
  })
  try {
    await writer.writeAll(batches)
    await writer.finish()
  } finally {
    await writer.close()
  }
}
