import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { addAbortSignal, type Readable } from 'node:stream'
import type { StorageConfig } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import { isRemote, openChunkManager, storageError } from '../../storage/index.js'

/** Standard input, as a path. */
export const STDIN = '-'

/** Where an input is. */
export interface InputPlace {
  /** As it was given: what messages name. */
  text: string
  /** On the disk, or below the root of `storage`; {@link STDIN}. */
  path: string
  /** The local disk by default. */
  storage?: StorageConfig | undefined
}

/** Which bytes of an input; to the end without `length`. */
export interface InputRange {
  offset?: number
  length?: number
}

/** The bytes of an input, read when they are asked for. */
export async function openBytes(
  place: InputPlace,
  signal: AbortSignal | undefined,
  { offset = 0, length }: InputRange = {},
): Promise<Readable> {
  const { path, storage } = place
  if (storage !== undefined && isRemote(storage)) {
    const range = length === undefined ? { offset } : { offset, length }
    return (await openChunkManager(storage)).readStream(path, { ...range, signal })
  }
  const end = length === undefined ? Number.POSITIVE_INFINITY : offset + length - 1
  const bytes = path === STDIN ? process.stdin : createReadStream(path, { start: offset, end })
  return signal === undefined ? bytes : addAbortSignal(signal, bytes)
}

const LINE_ENDS: readonly number[] = [...Buffer.from('\r\n')]

/**
 * Make sure that a text goes on at `offset`, where an earlier reader of it stopped.
 *
 * @throws PackedError FileChanged when the file is shorter, or no row ends there;
 *   InvalidArgument for standard input, which cannot be read again.
 */
export async function expectRowEnd(
  place: InputPlace,
  offset: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (offset === 0) return
  if (place.path === STDIN) {
    const message = `Expected a file to go on at byte ${offset} but received standard input`
    throw new PackedError('InvalidArgument', message)
  }
  const size = await sizeOf(place, signal)
  if (size < offset) {
    throw changed(place, `at least ${offset} bytes, which were read before,`, String(size))
  }
  if (size === offset) return
  const around: Buffer[] = []
  for await (const chunk of await openBytes(place, signal, { offset: offset - 1, length: 2 })) {
    around.push(chunk as Buffer)
  }
  // The last row of a file may have been read before its line end was there.
  if (Buffer.concat(around).some((byte) => LINE_ENDS.includes(byte))) return
  throw changed(place, `the end of a row at byte ${offset}, where reading stopped,`, 'other bytes')
}

/** What was read of an input before is not there any more. */
export function changed({ text }: InputPlace, expected: string, received: string): PackedError {
  const message = `Expected ${expected} in ${text} but received ${received}: the file was changed`
  return new PackedError('FileChanged', message, { path: text })
}

async function sizeOf(
  { path, storage }: InputPlace,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (storage !== undefined && isRemote(storage)) {
    return (await openChunkManager(storage)).size(path, { signal })
  }
  const { size } = await stat(path).catch((error: unknown) => {
    throw storageError(error, path)
  })
  return size
}
