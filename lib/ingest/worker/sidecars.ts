import type { CollectionSchema } from '../../schema/index.js'
import { writeSidecar } from '../../segment/index.js'
import type { ChunkManager } from '../../storage/index.js'
import type { MetaCatalog } from '../../sync/index.js'
import type { Logger } from '../../telemetry/index.js'

/** What {@link Sidecars} need. */
export interface SidecarsOptions {
  readonly catalog: MetaCatalog
  readonly chunkManager: ChunkManager
  readonly logger: Logger
}

/**
 * Keeps the metadata of flushed segments beside their files: a copy for people and tools, made as
 * far as possible and missed by nobody who has the metadata store.
 */
export class Sidecars {
  readonly #options: SidecarsOptions
  readonly #writing = new Set<Promise<void>>()

  constructor(options: SidecarsOptions) {
    this.#options = options
  }

  /** Begin to write the one of a segment that the metadata store has; `schema` is its rows'. */
  begin(segmentId: bigint, schema: CollectionSchema): void {
    const writing = this.#write(segmentId, schema)
      .catch((error: unknown) => {
        const fields = { err: error, segmentId: String(segmentId) }
        this.#options.logger.warn(fields, 'the sidecar of a segment was not written')
      })
      .finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
  }

  /** Resolves when none is being written. */
  async idle(): Promise<void> {
    await Promise.all(this.#writing)
  }

  async #write(segmentId: bigint, schema: CollectionSchema): Promise<void> {
    const { catalog, chunkManager } = this.#options
    const segment = await catalog.segment(segmentId)
    if (segment !== undefined) await writeSidecar(chunkManager, '', { ...segment, schema })
  }
}
