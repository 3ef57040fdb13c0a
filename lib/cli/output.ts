import { createWriteStream } from 'node:fs'
import { link, rename, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { PackedError } from '../errors/index.js'
import { openChunkManager } from '../storage/index.js'
import { isRemote, type Place } from './place.js'

export type Chunks = AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>
export type IfExists = 'error' | 'replace'

/**
 * Print to standard output at its reader's pace. A reader that has left (`| head`) has what it
 * wanted: that ends the chunks, not the command.
 */
export async function toStdout(chunks: Chunks): Promise<void> {
  try {
    await pipeline(chunks, process.stdout, { end: false })
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    const gone = code === 'EPIPE' && syscall === 'write'
    if (!gone && code !== 'ERR_STREAM_DESTROYED') throw error
  }
}

/** Write a file or an object that appears whole or not at all. */
export async function toFile(
  place: Place,
  chunks: Chunks,
  { ifExists, signal }: { ifExists: IfExists; signal: AbortSignal },
): Promise<void> {
  const { path, storage } = place
  if (isRemote(place)) {
    const store = await openChunkManager(storage)
    const object = store.writeStream(path, { ifAbsent: ifExists === 'error', signal })
    return pipeline(chunks, object, { signal })
  }
  if (ifExists === 'error') await refuseExisting(path)
  const partial = `${path}.${process.pid}.partial`
  try {
    await pipeline(chunks, createWriteStream(partial, { flags: 'wx' }))
    if (ifExists === 'replace') await rename(partial, path)
    else await link(partial, path) // refuses, unlike rename, what came into being meanwhile
  } finally {
    await rm(partial, { force: true })
  }
}

/** @throws PackedError AlreadyExists. */
export async function refuseExisting(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return
  const message = `Expected no file at ${path} but found one; --if-exists replace overwrites it`
  throw new PackedError('AlreadyExists', message, { path })
}
