import { isPackedError } from '../errors/index.js'
import type { ChunkManager } from '../storage/index.js'
import type { Logger } from '../telemetry/index.js'

/** A store that is away is not waited for: what is left there is an orphan. */
const REMOVE_MS = 5000

/** Takes care of what attempts that failed may have left. */
export class PackLeftovers {
  readonly #chunkManager: ChunkManager
  readonly #logger: Logger
  readonly #orphans: string[] = []

  constructor(chunkManager: ChunkManager, logger: Logger) {
    this.#chunkManager = chunkManager
    this.#logger = logger
  }

  /** Keys that could not be removed. */
  get orphans(): readonly string[] {
    return this.#orphans
  }

  /**
   * Run what writes `paths`; when it fails, they are removed.
   *
   * What stood at a path before is not ours to remove.
   */
  async removing<T>(paths: () => readonly string[], write: () => Promise<T>): Promise<T> {
    try {
      return await write()
    } catch (error) {
      if (isPackedError(error) && error.code === 'AlreadyExists') this.keep(paths(), error)
      else await this.remove(paths())
      throw error
    }
  }

  /** Never fails; and it asks no signal, as who gives up has to clean up, too. */
  async remove(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return
    try {
      await this.#chunkManager.multiRemove(paths, { signal: AbortSignal.timeout(REMOVE_MS) })
    } catch (error) {
      this.keep(paths, error)
    }
  }

  /** Leave what is there to the garbage collection. */
  keep(paths: readonly string[], error: unknown): void {
    if (paths.length === 0) return
    this.#orphans.push(...paths)
    this.#logger.warn({ paths, err: error }, 'A failed sync may have left objects behind')
  }
}
