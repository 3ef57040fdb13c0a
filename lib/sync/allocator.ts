import type { ChunkOptions } from '../storage/index.js'

/** Consecutive numbers: `begin`, …, `end - 1`. */
export interface IdRange {
  readonly begin: bigint
  readonly end: bigint
}

/**
 * Gives ids that nobody else gets, over restarts and over all processes that share the store
 * behind it, and timestamps that never go back.
 */
export interface Allocator {
  /**
   * @param count of ids, 1 or more; they are consecutive, all 2 or more.
   * @throws PackedError StorageIO and what the store throws; Closed.
   */
  allocate(count: number, options?: ChunkOptions): Promise<IdRange>
  /**
   * A hybrid timestamp (milliseconds << 18 | counter) above every one that this allocator gave, and
   * above those of allocators before it, also when the clock went back. Throws as `allocate`.
   */
  allocateTimestamp(options?: ChunkOptions): Promise<bigint>
}
