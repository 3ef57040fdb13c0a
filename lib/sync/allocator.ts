import type { ChunkOptions } from '../storage/index.js'

/** Consecutive numbers: `begin`, …, `end - 1`. */
export interface IdRange {
  readonly begin: bigint
  readonly end: bigint
}

/**
 * Gives ids and timestamps that nobody else gets, over restarts, and over all processes that
 * share the store behind it.
 */
export interface Allocator {
  /**
   * @param count of ids, 1 or more; they are consecutive, all 2 or more.
   * @throws PackedError StorageIO and what the store throws; Closed.
   */
  allocate(count: number, options?: ChunkOptions): Promise<IdRange>
  /**
   * A hybrid timestamp (milliseconds << 18 | counter) above every one given before, also when the
   * clock went back. Throws as `allocate`.
   */
  allocateTimestamp(options?: ChunkOptions): Promise<bigint>
}
