import { randomUUID } from 'node:crypto'
import { isPackedError } from '../errors/index.js'
import type { ChunkOptions } from './chunk-manager.js'
import type { Uploader } from './uploader.js'

/** The first byte of a probe's object says which writer it is of. */
const WRITERS = [Uint8Array.of(1), Uint8Array.of(2)] as const

/**
 * Whether a store really keeps an object that stands at a key: found out by two writers of a key
 * of their own below the root, at the same time, and by an upload in parts after them. Stores
 * that know the condition of single objects only, or let two of two win a race, count as no.
 *
 * What is written is removed again, as far as the store lets it.
 *
 * @throws PackedError where no object can be written at all.
 */
export async function probeConditionalWrites(
  store: Uploader,
  rootPath: string,
  { signal }: ChunkOptions = {},
): Promise<boolean> {
  const folder = rootPath.replace(/\/+$/, '')
  const key = `${folder === '' ? '' : `${folder}/`}.arrow-packed-probe-${randomUUID()}`
  const options = { ifAbsent: true, signal }
  try {
    const written = await Promise.all(
      WRITERS.map((content) => isKept(store.put(key, content, options))),
    )
    if (written.filter((kept) => kept).length !== 1) return false
    return await isKept(putInParts(store, key, WRITERS[0], options))
  } finally {
    await store.remove(key, { signal }).catch(() => {})
  }
}

/** True where a write was refused for the object that is there, false where it went through. */
async function isKept(write: Promise<void>): Promise<boolean> {
  try {
    await write
    return false
  } catch (error) {
    if (!isPackedError(error)) throw error
    if (error.code === 'AlreadyExists' || error.code === 'Conflict') return true
    // A store that refuses the condition itself does not know it.
    if (error.code === 'NotSupported' || error.code === 'InvalidArgument') return false
    throw error
  }
}

async function putInParts(
  store: Uploader,
  key: string,
  content: Uint8Array,
  options: { ifAbsent: boolean; signal: AbortSignal | undefined },
): Promise<void> {
  const upload = await store.create(key, options)
  let done = false
  try {
    const tag = await store.part(key, upload, { number: 1, content }, options)
    await store.complete(key, upload, [tag], options)
    done = true
  } finally {
    if (!done) await store.abort(key, upload).catch(() => {})
  }
}
