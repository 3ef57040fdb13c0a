import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChunkEntry, ChunkOptions } from '../chunk-manager.js'
import { checkPrefix, isKeyPart } from '../keys.js'
import { storageError } from '../storage-error.js'
import { examine, isAbsent } from './walk.js'

/** Only what a write left that never came to its name: a backup may be all there is of a file. */
const PARTIAL = /^\..*\.\d+-[0-9a-f]{16}\.partial$/

/**
 * The unfinished writes below a folder of a {@link LocalChunkManager}, which its `walk` passes
 * over: those under way, and those of processes that were killed.
 *
 * @param folder ends with `/`, or is empty.
 * @throws PackedError InvalidArgument, PermissionDenied, StorageIO.
 */
export async function* walkTemporaries(
  rootPath: string,
  folder: string,
  options: ChunkOptions = {},
): AsyncGenerator<ChunkEntry, void, undefined> {
  checkPrefix(folder)
  for (const entry of await entriesOf(join(rootPath, folder), folder)) {
    options.signal?.throwIfAborted()
    const key = folder + entry.name
    if (entry.isDirectory()) {
      if (isKeyPart(entry.name)) yield* walkTemporaries(rootPath, `${key}/`, options)
    } else if (PARTIAL.test(entry.name)) {
      const found = await examine(rootPath, key)
      if (found !== null) yield found
    }
  }
}

/** None where the folder is missing, or is gone by now. */
async function entriesOf(directory: string, key: string): Promise<Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true })
  } catch (error) {
    if (isAbsent(error)) return []
    throw storageError(error, key)
  }
}
