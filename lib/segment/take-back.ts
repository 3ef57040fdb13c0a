import type { ChunkManager } from '../storage/index.js'

/**
 * Run what makes objects; when it fails, those that it noted are removed again.
 *
 * The failure that led there is the one to report, not one of removing.
 */
export async function takingBack<T>(
  chunkManager: ChunkManager,
  make: (note: (key: string) => void) => Promise<T>,
): Promise<T> {
  const made: string[] = []
  try {
    return await make((key) => void made.push(key))
  } catch (error) {
    await chunkManager.multiRemove(made).catch(() => {})
    throw error
  }
}
