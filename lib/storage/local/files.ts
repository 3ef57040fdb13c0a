import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { PackedError } from '../../errors/index.js'

/**
 * Opening a FIFO waits for a writer otherwise, which nothing could call off; regular files take no
 * notice. Windows has neither.
 */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** Bytes per system call: how late an abort may come, and what one call may occupy. */
const STEP_BYTES = 4 << 20
/** Bytes of one chunk of a stream. */
const CHUNK_BYTES = 1 << 20

/** A range of a file, found to be there. */
interface OpenRange {
  handle: FileHandle
  offset: number
  length: number
}

/** What is asked for: `length` bytes from `offset`, or everything from there on. */
export interface FileRange {
  offset: number
  length: number | undefined
}

/**
 * The caller closes the handle.
 *
 * @throws PackedError InvalidArgument where the file is too short, or a folder, FIFO or device.
 */
async function openRange(file: string, key: string, range: FileRange): Promise<OpenRange> {
  const handle = await open(file, READ)
  try {
    const found = await handle.stat()
    if (!found.isFile()) throw notAFile(key)
    const { size } = found
    const { offset, length = Math.max(size - offset, 0) } = range
    if (offset + length > size) throw tooShort(key, { offset, length }, size)
    return { handle, offset, length }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** The bytes of a range. */
export async function readRange(
  file: string,
  key: string,
  range: FileRange,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { handle, offset, length } = await openRange(file, key, range)
  try {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; ) {
      signal?.throwIfAborted()
      const step = Math.min(STEP_BYTES, length - at)
      const { bytesRead } = await handle.read(bytes, at, step, offset + at)
      if (bytesRead === 0) throw tooShort(key, { offset, length }, offset + at)
      at += bytesRead
    }
    return bytes
  } finally {
    await handle.close()
  }
}

/** The bytes of a range in chunks; every call of the file system goes through `call`. */
export async function* streamRange(
  file: string,
  key: string,
  range: FileRange,
  call: <T>(operation: () => Promise<T>) => Promise<T>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { handle, offset, length } = await call(() => openRange(file, key, range))
  try {
    for (let at = 0; at < length; ) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, length - at))
      const position = offset + at
      const { bytesRead } = await call(() => handle.read(chunk, 0, chunk.length, position))
      if (bytesRead === 0) throw tooShort(key, { offset, length }, position)
      at += bytesRead
      yield chunk.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

function notAFile(key: string): PackedError {
  const message = `Expected the key of an object but received "${key}", which is no regular file`
  return new PackedError('InvalidArgument', message, { path: key })
}

/** An object that does not have the bytes that are asked for. */
export function tooShort(
  key: string,
  { offset, length }: { offset: number; length: number },
  sizeBytes: number,
): PackedError {
  return new PackedError(
    'InvalidArgument',
    `Expected ${length} bytes from offset ${offset} of "${key}" but received an object of ${sizeBytes} bytes`,
    { path: key },
  )
}
