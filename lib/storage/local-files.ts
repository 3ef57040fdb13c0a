import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PackedError } from '../errors/index.js'
import { errnoOf } from './storage-error.js'

const MOST_NAME_BYTES = 255
/** Bytes per system call: how late an abort may come, and what one call may occupy. */
const STEP_BYTES = 4 << 20

/** Names that unfinished writes have, those of the packed writer too. */
export function isTemporaryName(name: string): boolean {
  return /^\..*\.\d+-[0-9a-f]{16}\.(?:partial|backup)$/.test(name)
}

/** `.name.<pid>-<random>.partial` beside `file`; a long name is cut, not refused. */
function temporarySibling(file: string): string {
  const tail = `.${process.pid}-${randomBytes(8).toString('hex')}.partial`
  const name = Buffer.from(`.${basename(file)}`).subarray(0, MOST_NAME_BYTES - tail.length)
  return join(dirname(file), name.toString('latin1').replace(/[^\x20-\x7e]/g, '_') + tail)
}

/** Somebody may remove the folder, empty as it is, between making it and using it. */
async function createBelow(file: string): Promise<FileHandle> {
  for (let attempt = 1; ; attempt += 1) {
    await mkdir(dirname(file), { recursive: true })
    try {
      return await open(file, 'wx')
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || attempt === 3) throw error
    }
  }
}

/** Write a file that appears whole, replacing what was there, or not at all. */
export async function writeWhole(
  file: string,
  content: Uint8Array,
  options: { fsync: boolean; signal: AbortSignal | undefined },
): Promise<void> {
  const temporary = temporarySibling(file)
  const handle = await createBelow(temporary)
  try {
    try {
      for (let at = 0; at < content.byteLength; ) {
        options.signal?.throwIfAborted()
        const step = Math.min(STEP_BYTES, content.byteLength - at)
        at += (await handle.write(content, at, step)).bytesWritten
      }
      if (options.fsync) await handle.sync()
    } finally {
      await handle.close()
    }
    options.signal?.throwIfAborted()
    await rename(temporary, file)
    if (options.fsync) await syncFolder(dirname(file))
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw error
  }
}

/** A new name is on the disk when its folder is. */
async function syncFolder(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** `length` bytes from `offset`, or everything from `offset` on. */
export async function readRange(
  file: string,
  key: string,
  range: { offset: number; length: number | undefined },
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const { offset, length = size - offset } = range
    if (offset + length > size) throw tooShort(key, offset, length, size)
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; ) {
      signal?.throwIfAborted()
      const step = Math.min(STEP_BYTES, length - at)
      const { bytesRead } = await handle.read(bytes, at, step, offset + at)
      if (bytesRead === 0) throw tooShort(key, offset, length, offset + at)
      at += bytesRead
    }
    return bytes
  } finally {
    await handle.close()
  }
}

function tooShort(key: string, offset: number, length: number, size: number): PackedError {
  return new PackedError(
    'InvalidArgument',
    `Expected ${length} bytes from offset ${offset} of "${key}" but received an object of ${size} bytes`,
    { path: key },
  )
}
