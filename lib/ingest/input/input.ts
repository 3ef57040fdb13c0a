import type { RecordBatch, Schema } from 'apache-arrow'
import { PackedError } from '../../errors/index.js'
import { PackedReader } from '../../packed/index.js'
import type { ColumnType } from './column-type.js'
import { openArrow } from './input-arrow.js'
import { csvRows } from './input-csv.js'
import type { InputFormat } from './input-format.js'
import { ndjsonRows } from './input-ndjson.js'
import { type InputPlace, openBytes, STDIN } from './input-place.js'
import { openRows } from './input-rows.js'

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

/** @throws PackedError InvalidArgument (Parquet from standard input), InvalidData. */
export async function openInput(
  place: InputPlace,
  format: InputFormat,
  options: InputOptions,
): Promise<Input> {
  if (format === 'parquet') return openParquet(place, options)
  if (format === 'arrow') return openArrow(place, options.signal)
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

async function openParquet(
  { path, storage }: InputPlace,
  { signal }: InputOptions,
): Promise<Input> {
  if (path === STDIN) {
    const message = 'Expected a file for Parquet but received standard input'
    throw new PackedError('InvalidArgument', message)
  }
  const reader = await PackedReader.open({
    paths: [path],
    ...(storage === undefined ? {} : { storage }),
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
