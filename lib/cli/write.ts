import type { RecordBatch } from 'apache-arrow'
import { Command } from 'commander'
import { storageUri, stringifyExact } from '../config/index.js'
import {
  type ColumnType,
  type Input,
  type InputFormat,
  type InputOptions,
  inputFormat,
  openInput,
  parseColumnType,
  STDIN,
} from '../ingest/index.js'
import { type PackedWriteResult, PackedWriter, type WriterProgress } from '../packed/index.js'
import { asUsage, UsageError } from './failure.js'
import { toStdout } from './output.js'
import { type Place, placeOf } from './place.js'
import { progressBar } from './progress-bar.js'
import { StorageSource } from './storage-source.js'
import { formatCount, formatRatio, formatSaving, formatTable } from './table.js'
import { shortBytes } from './text.js'
import { addWriteOptions, type WriteOptions, writerOptions } from './write-options.js'

/** One input, and where it is. */
interface InputFile {
  place: Place
  format: InputFormat
}

export function writeCommand(signal: AbortSignal): Command {
  const command = new Command('write')
    .description('write the rows of files, one after the other, into column-group files')
    .argument('<input...>', 'Arrow IPC, Parquet, NDJSON, CSV or TSV; - is standard input')
  return addWriteOptions(command).action((inputs: string[], _, run: Command) =>
    write(inputs, run.optsWithGlobals<WriteOptions>(), signal),
  )
}

async function write(paths: string[], options: WriteOptions, signal: AbortSignal): Promise<void> {
  const formats = paths.map((path) => formatOf(path, options.format))
  const types = typesOf(options.types, formats)
  const source = new StorageSource(options)
  const out = await placeOf(options.out, source, 'storage')
  const files: InputFile[] = []
  for (const [index, path] of paths.entries()) {
    files.push({ place: await placeOf(path, source, 'local'), format: formats[index]! })
  }
  const first = await openInput(files[0]!.place, files[0]!.format, { types, signal })
  const progress = await progressBar<WriterProgress>('0 rows', writing)
  try {
    const writer = await PackedWriter.open(
      writerOptions(first.schema, { ...options, out, signal, onProgress: progress.update }),
    )
    try {
      // What follows is read with the types that the first file got.
      await writer.writeAll(batchesOf(first, files.slice(1), { types: first.types, signal }))
      const result = await writer.finish()
      progress.end()
      await toStdout([report(named(result, out), options.json)])
    } finally {
      await writer.close()
    }
  } finally {
    progress.end()
    await first.close()
  }
}

/** How many rows there will be nobody knows. */
function writing({ rows, bytesIn, bytesOut, rowGroups }: WriterProgress) {
  const bytes = `${shortBytes(bytesIn)} in Arrow memory, ${shortBytes(bytesOut)} written`
  const text = `${formatCount(rows)} rows | ${formatCount(rowGroups)} row groups | ${bytes}`
  return { done: rows, total: undefined, text }
}

function formatOf(path: string, chosen: InputFormat | undefined): InputFormat {
  const format = asUsage(() => inputFormat(path, chosen))
  if (format !== 'parquet' || path !== STDIN) return format
  throw new UsageError('Expected a file for Parquet but received -')
}

function typesOf(
  pairs: WriteOptions['types'],
  formats: readonly InputFormat[],
): Map<string, ColumnType> {
  if (pairs === undefined) return new Map()
  const typed = formats.find((format) => format === 'arrow' || format === 'parquet')
  if (typed !== undefined) {
    throw new UsageError(`Expected no --types for ${typed}, which has types of its own`)
  }
  return new Map(pairs.map(([name, type]) => [name, asUsage(() => parseColumnType(type))]))
}

async function* batchesOf(
  first: Input,
  others: readonly InputFile[],
  options: InputOptions,
): AsyncGenerator<RecordBatch> {
  yield* recordBatches(first)
  for (const { place, format } of others) {
    const input = await openInput(place, format, options)
    try {
      yield* recordBatches(input)
    } finally {
      await input.close()
    }
  }
}

/** The writer keeps nothing of a batch that it has taken. */
async function* recordBatches({ batches }: Input): AsyncGenerator<RecordBatch> {
  for await (const { batch, release } of batches) {
    yield batch
    release()
  }
}

/** Paths in a bucket as URIs, which every verb takes. */
function named({ groups, ...result }: PackedWriteResult, out: Place): PackedWriteResult {
  return {
    ...result,
    groups: groups.map((group) => ({ ...group, path: storageUri(out.storage, group.path) })),
  }
}

function report(result: PackedWriteResult, json: boolean): string {
  if (json) return `${stringifyExact(result, 2)}\n`
  const rows = result.groups.map((group) => [
    String(group.id),
    group.path,
    formatCount(group.rows),
    formatCount(group.rowGroups),
    formatCount(group.uncompressedBytes),
    formatCount(group.fileBytes),
    formatRatio(group.uncompressedBytes, group.fileBytes),
    formatSaving(group.uncompressedBytes, group.fileBytes),
  ])
  const number = (title: string) => ({ title, align: 'right' as const })
  const sizes = ['Arrow bytes', 'file bytes', 'file/Arrow', 'saving']
  const titles = ['rows', 'row groups', ...sizes].map(number)
  return formatTable([number('group'), { title: 'path' }, ...titles], rows)
}
