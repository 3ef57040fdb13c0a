import { createReadStream } from 'node:fs'
import { addAbortSignal, type Readable } from 'node:stream'
import type { StorageConfig } from '../../config/index.js'
import { isRemote, openChunkManager } from '../../storage/index.js'

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

/** The bytes of an input, read when they are asked for. */
export async function openBytes(
  { path, storage }: InputPlace,
  signal: AbortSignal,
): Promise<Readable> {
  if (storage !== undefined && isRemote(storage)) {
    return (await openChunkManager(storage)).readStream(path, { signal })
  }
  return addAbortSignal(signal, path === STDIN ? process.stdin : createReadStream(path))
}
