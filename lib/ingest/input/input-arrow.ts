import { type FileHandle, open } from 'node:fs/promises'
import { type RecordBatch, RecordBatchReader } from 'apache-arrow'
import { PackedError } from '../../errors/index.js'
import { isRemote, storageError } from '../../storage/index.js'
import type { InputBatch } from './input.js'
import { changed, type InputPlace, openBytes, STDIN } from './input-place.js'
import type { BatchInput } from './open-source.js'
import { skipRows } from './skip-rows.js'

/**
 * An Arrow IPC file or stream, from row `after` on; a file from standard input or a store is held
 * in memory. @throws PackedError as `openInput`.
 */
export async function openArrow(
  place: InputPlace,
  after: number,
  signal: AbortSignal | undefined,
): Promise<BatchInput> {
  const { text: path } = place
  const isStream = place.path === STDIN || isRemote(place.storage)
  const handle = isStream ? undefined : await openFile(place.path)
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
    const batches = skipRows(batchesOf(decoded(reader, place), place, after), after)
    return { kind: 'batches', schema: reader.schema, batches, close }
  } catch (error) {
    await close()
    throw undecodable(error, path)
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path)
  } catch (error) {
    throw storageError(error, path)
  }
}

async function* batchesOf(
  batches: AsyncIterable<RecordBatch>,
  place: InputPlace,
  after: number,
): AsyncGenerator<InputBatch> {
  let rows = 0
  for await (const batch of batches) {
    rows += batch.numRows
    const bytes = batch.data.byteLength
    yield { batch, sequence: BigInt(rows), bytes, release: () => {} }
  }
  if (rows >= after) return
  throw changed(place, `at least ${after} rows, which were read before,`, String(rows))
}

async function* decoded(
  batches: AsyncIterable<RecordBatch>,
  { text: path }: InputPlace,
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

/** apache-arrow throws plain errors, for what it reads and what it cannot read alike. */
function undecodable(error: unknown, path: string): unknown {
  const { code, name, message } = error as NodeJS.ErrnoException
  if (code !== undefined || name === 'AbortError') return storageError(error, path)
  const text = `Expected Arrow IPC in ${path} but received: ${message}`
  return new PackedError('InvalidData', text, { path, cause: error })
}
