import { extname } from 'node:path'
import type { RecordBatch } from 'apache-arrow'
import { Command, Option } from 'commander'
import { PackedReader, PackedWriter } from '../packed/index.js'
import { parseCount, splitList } from './arguments.js'
import { VECTOR_FORMS, type VectorText } from './cell-text.js'
import { UsageError } from './failure.js'
import { type Chunks, type IfExists, toFile, toStdout } from './output.js'
import { arrowChunks } from './output-arrow.js'
import { csvChunks, ndjsonChunks } from './output-text.js'

const OUTPUT_FORMATS = ['ndjson', 'csv', 'arrow', 'parquet'] as const
type OutputFormat = (typeof OUTPUT_FORMATS)[number]

interface CatOptions {
  format?: OutputFormat
  columns?: string[]
  limit?: number
  out?: string
  ifExists: IfExists
  vectors: VectorText
  lenient: boolean
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

export function catCommand(signal: AbortSignal): Command {
  return new Command('cat')
    .description('print the rows of column-group files, which are joined by row')
    .argument('<file...>', 'the files of one segment')
    .addOption(
      new Option('--format <format>', 'by the extension of --out, or else ndjson').choices(
        OUTPUT_FORMATS,
      ),
    )
    .option('--columns <a,b>', 'only these, in this order; #101 is a field id', splitList)
    .option('--limit <n>', 'stop after so many rows', parseCount)
    .option('--out <file>', 'write a file instead of standard output')
    .addOption(
      new Option('--if-exists <what>', 'when --out exists')
        .choices(['error', 'replace'])
        .default('error'),
    )
    .addOption(
      new Option('--vectors <form>', 'how ndjson and csv show fixed_size_binary')
        .choices(VECTOR_FORMS)
        .default('base64'),
    )
    .option('--lenient', 'take plain Parquet as well', false)
    .action((files: string[], options: CatOptions) => cat(files, options, signal))
}

async function cat(files: string[], options: CatOptions, signal: AbortSignal): Promise<void> {
  const format = options.format ?? EXTENSIONS[extname(options.out ?? '').toLowerCase()] ?? 'ndjson'
  if (format === 'parquet' && options.out === undefined) {
    throw new UsageError('Expected --out <file> for parquet but received none')
  }
  const isText = format === 'ndjson' || format === 'csv'
  const reader = await PackedReader.open({
    paths: files,
    lenient: options.lenient,
    signal,
    ...(options.columns === undefined ? {} : { columns: options.columns.map(columnOf) }),
    ...(isText ? { batchRows: TEXT_BATCH_ROWS } : {}),
    // Arrow's chunks wait in streams as views of the batch, so its memory has to be JavaScript's.
    ...(format === 'arrow' ? { copy: true } : { releasePrevious: true }),
  })
  try {
    const batches = limited(reader, options.limit ?? Number.POSITIVE_INFINITY)
    if (format === 'parquet') await writeParquet(reader, batches, options, signal)
    else await print(chunksOf(reader, batches, format, options.vectors), options)
  } finally {
    await reader.close()
  }
}

/** `#101` is the field id 101; everything else a name. */
function columnOf(text: string): string | bigint {
  return /^#\d+$/.test(text) ? BigInt(text.slice(1)) : text
}

async function* limited(reader: PackedReader, limit: number): AsyncGenerator<RecordBatch> {
  let left = limit
  while (left > 0) {
    const batch = await reader.readNext()
    if (batch === null) return
    yield batch.numRows <= left ? batch : batch.slice(0, left)
    left -= batch.numRows
  }
}

function chunksOf(
  { schema }: PackedReader,
  batches: AsyncIterable<RecordBatch>,
  format: Exclude<OutputFormat, 'parquet'>,
  vectors: VectorText,
): Chunks {
  if (format === 'arrow') return arrowChunks(batches, schema)
  return format === 'csv' ? csvChunks(batches, schema, vectors) : ndjsonChunks(batches, vectors)
}

async function print(chunks: Chunks, { out, ifExists }: CatOptions): Promise<void> {
  if (out === undefined) await toStdout(chunks)
  else await toFile(out, chunks, ifExists)
}

/** One packed file with every column. */
async function writeParquet(
  { schema }: PackedReader,
  batches: AsyncIterable<RecordBatch>,
  { out, ifExists }: CatOptions,
  signal: AbortSignal,
): Promise<void> {
  const fields = schema.fields.map(({ name }) => name)
  const writer = await PackedWriter.open({
    schema,
    fieldIds: 'auto',
    groups: [{ id: 0, path: out!, fields }],
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
