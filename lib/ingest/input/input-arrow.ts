import { open } from 'node:fs/promises'
import { type RecordBatch, RecordBatchReader } from 'apache-arrow'
import { PackedError } from '../../errors/index.js'
import { isRemote } from '../../storage/index.js'
import type { Input } from './input.js'
import { type InputPlace, openBytes, STDIN } from './input-place.js'

/** An Arrow IPC file or stream; a file from standard input or a store is held in memory. */
export async function openArrow(place: InputPlace, signal: AbortSignal): Promise<Input> {
  const { text: path } = place
  const handle =
    place.path === STDIN || isRemote(place.storage) ? undefined : await open(place.path)
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
