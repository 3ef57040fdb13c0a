import type { Dirent } from 'node:fs'
import { readdir, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChunkEntry } from '../chunk-manager.js'
import { isKeyPart } from '../keys.js'
import { errnoOf } from '../storage-error.js'
import { isTemporaryName } from './sink.js'

/** What a folder that is no longer there, or never was, throws. */
export function isAbsent(error: unknown): boolean {
  const errno = errnoOf(error)
  return errno === 'ENOENT' || errno === 'ENOTDIR'
}

/** The entries of a folder in the order of the keys below it, none for a missing folder. */
export async function listFolder(directory: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true })
    return entries
      .filter(({ name }) => isKeyPart(name) && !isTemporaryName(name))
      .map((entry) => ({ entry, key: entry.isDirectory() ? `${entry.name}/` : entry.name }))
      .sort((left, right) => (left.key < right.key ? -1 : 1))
      .map(({ entry }) => entry)
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}

/** Size and time of an object; null where it is none, or no longer. Links to files are followed. */
export async function examine(root: string, key: string): Promise<ChunkEntry | null> {
  try {
    const found = await stat(join(root, key))
    if (!found.isFile()) return null
    return { path: key, sizeBytes: found.size, modifiedMs: found.mtimeMs }
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
}

/** Remove the folders of `directory` that hold nothing, and itself; what is in use stays. */
export async function pruneFolders(directory: string): Promise<void> {
  for (const entry of await listFolder(directory)) {
    if (entry.isDirectory()) await pruneFolders(join(directory, entry.name))
  }
  await rmdir(directory).catch(() => {})
}
