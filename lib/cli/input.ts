import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { extname } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { type RecordBatch, RecordBatchReader, type Schema } from 'apache-arrow'
import { PackedError } from '../errors/index.js'
import { PackedReader } from '../packed/index.js'
import { openChunkManager } from '../storage/index.js'
import type { ColumnType } from './column-type.js'
import { UsageError } from './failure.js'
import { csvRows } from './input-csv.js'
import { ndjsonRows } from './input-ndjson.js'
import { openRows } from './input-rows.js'
import { isRemote, type Place } from './place.js'

export const INPUT_FORMATS = ['arrow', 'parquet', 'ndjson', 'csv', 'tsv'] as const
export type InputFormat = (typeof INPUT_FORMATS)[number]

/** Standard input, as a path. */
export const STDIN = '-'

const EXTENSIONS: Readonly<Record<string, InputFormat>> = {
  '.arrow': 'arrow',
  '.arrows': 'arrow',
  '.feather': 'arrow',
  '.ipc': 'arrow',
  '.parquet': 'parquet',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.csv': 'csv',
  '.tsv': 'tsv',
}

export interface InputOptions {
  /** Types of text columns that are not inferred. */
  types: ReadonlyMap<string, ColumnType>
  signal: AbortSignal
}

/** One input file as batches. */
export interface Input {
  schema: Schema
  batches: AsyncIterable<RecordBatch>
  /** Types of a text file's columns: given or inferred; empty for the others. */
  types: ReadonlyMap<string, ColumnType>
  /** Let go of the file, also when nobody read it. */
  close(): Promise<void>
}

/** What `--format` says, or else the extension. */
export function inputFormat(path: string, chosen: InputFormat | undefined): InputFormat {
  const format = chosen ?? EXTENSIONS[extname(path).toLowerCase()]
  if (format !== undefined) return format
  const known = `an extension of ${Object.keys(EXTENSIONS).join(', ')}`
  throw new UsageError(`Expected --format or ${known} but received "${path}"`)
}

/** @throws PackedError, UsageError. */
export async function openInput(
  place: Place,
  format: InputFormat,
  options: InputOptions,
): Promise<Input> {
  if (format === 'parquet') return openParquet(place, options)
  if (format === 'arrow') return openArrow(place, options)
  const { text: path } = place
  const bytes = await openBytes(place, options.signal)
  const close = async (): Promise<void> => void bytes.destroy()
  try {
    const source =
      format === 'ndjson'
        ? ndjsonRows(bytes, path)
        : await csvRows(bytes, path, format === 'tsv' ? '\t' : ',')
    return { ...(await openRows(source, options.types)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openBytes(place: Place, signal: AbortSignal): Promise<Readable> {
  const { path, storage } = place
  if (isRemote(place)) return (await openChunkManager(storage)).readStream(path, { signal })
  return addAbortSignal(signal, path === STDIN ? process.stdin : createReadStream(path))
}

async function openParquet({ path, storage }: Place, { signal }: InputOptions): Promise<Input> {
  if (path === STDIN) throw new UsageError('Expected a file for Parquet but received -')
  const reader = await PackedReader.open({
    paths: [path],
    storage,
    lenient: true,
    releasePrevious: true,
    signal,
  })
  return {
    schema: reader.schema,
    batches: reader,
    types: new Map(),
    close: () => reader.close(),
  }
}

/** An Arrow IPC file or stream; a file from standard input or a store is held in memory. */
async function openArrow(place: Place, { signal }: InputOptions): Promise<Input> {
  const { text: path } = place
  const handle = path === STDIN || isRemote(place) ? undefined : await open(place.path)
  const bytes = handle === undefined ? await openBytes(place, signal) : undefined
  const close = async (): Promise<void> => {
    bytes?.destroy()
    await handle?.close()
  }
  try {
    const source =
      handle === undefined ? RecordBatchReader.from(bytes!) : RecordBatchReader.from(handle)
    const reader = await (await source).open()
    if (reader.schema === undefined) throw new Error('no schema')
    return { schema: reader.schema, batches: decoded(reader, path), types: new Map(), close }
  } catch (error) {
    await close()
    throw undecodable(error, path)
  }
}

async function* decoded(
  batches: AsyncIterable<RecordBatch>,
  path: string,
): AsyncGenerator<RecordBatch> {
  const iterator = batches[Symbol.asyncIterator]()
  for (;;) {
    const next = await iterator.next().catch((error: unknown) => {
      throw undecodable(error, path)
    })
    if (next.done) return
    yield next.value
  }
}

/** apache-arrow throws plain errors; those of the file system keep their own code. */
function undecodable(error: unknown, path: string): unknown {
  const { code, name, message } = error as NodeJS.ErrnoException
  if (code !== undefined || name === 'AbortError') return error
  const text = `Expected Arrow IPC in ${path} but received: ${message}`
  return new PackedError('InvalidData', text, { path, cause: error })
}
