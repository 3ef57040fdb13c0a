import type { Data, RecordBatch } from 'apache-arrow'
import { SimpleArrowRecord } from '../../schema/index.js'
import type { BufferPool } from './buffer-pool.js'

/** Rows in memory that is a worker's own, all of it or some columns. */
export class OwnedRecord extends SimpleArrowRecord {
  readonly #pool: BufferPool
  #owned: readonly Data[]

  /** @param owned columns of `batch` whose memory nobody else has. */
  constructor(batch: RecordBatch, owned: readonly Data[], pool: BufferPool) {
    super(batch)
    this.#pool = pool
    this.#owned = owned
  }

  release(): void {
    for (const { values } of this.#owned) {
      this.#pool.give((values as ArrayBufferView).buffer as ArrayBuffer)
    }
    this.#owned = []
  }
}
