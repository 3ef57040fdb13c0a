import type { Schema } from 'apache-arrow'
import { storageError } from '../../storage/index.js'
import type { InputBatch, OpenOptions } from './input.js'
import { openArrow } from './input-arrow.js'
import { csvRows } from './input-csv.js'
import type { InputFormat } from './input-format.js'
import { ndjsonRows } from './input-ndjson.js'
import { openParquet } from './input-parquet.js'
import { expectRowEnd, type InputPlace, openBytes } from './input-place.js'
import { RowInput } from './row-input.js'

/** A file that has types of its own. */
export interface BatchInput {
  readonly kind: 'batches'
  readonly schema: Schema
  readonly batches: AsyncIterable<InputBatch>
  /** Let go of the file. Idempotent. */
  close(): Promise<void>
}

/** A file before anybody knows what its columns are to be. @throws PackedError as `openInput`. */
export async function openSource(
  place: InputPlace,
  format: InputFormat,
  { after = 0n, signal }: OpenOptions,
): Promise<RowInput | BatchInput> {
  if (format === 'parquet') return openParquet(place, Number(after), signal)
  if (format === 'arrow') return openArrow(place, Number(after), signal)
  return openText(place, format, Number(after), signal)
}

async function openText(
  place: InputPlace,
  format: 'ndjson' | 'csv' | 'tsv',
  start: number,
  signal: AbortSignal | undefined,
): Promise<RowInput> {
  await expectRowEnd(place, start, signal)
  const { text: path } = place
  const opened: { destroy(): unknown }[] = []
  const open = async (offset: number) => {
    const bytes = await openBytes(place, signal, { offset })
    opened.push(bytes)
    return withPath(bytes, place.path)
  }
  const close = async (): Promise<void> => {
    for (const bytes of opened) bytes.destroy()
  }
  try {
    if (format === 'ndjson') return new RowInput(ndjsonRows(await open(start), path, start), close)
    const delimiter = format === 'tsv' ? '\t' : ','
    return new RowInput(await csvRows({ path, delimiter, start, open }), close)
  } catch (error) {
    await close()
    throw error
  }
}

async function* withPath(
  bytes: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } catch (error) {
    throw storageError(error, path)
  }
}
