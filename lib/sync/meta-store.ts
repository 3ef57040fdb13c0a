import type { ChunkOptions } from '../storage/index.js'

/** A value and how often its key was written: what a change can be made to depend on. */
export interface MetaEntry {
  readonly key: string
  readonly value: Uint8Array
  /** Above 0, another one after every change of the key. */
  readonly version: number
}

/** One transaction: applied whole, or not at all. */
export interface MetaTransaction {
  /** Keys that must stand at a version; 0: that must not be there. */
  readonly expect?: readonly { readonly key: string; readonly version: number }[]
  readonly put?: readonly { readonly key: string; readonly value: Uint8Array }[]
  readonly remove?: readonly string[]
}

/**
 * A transactional store of small values by key, as narrow as that a distributed one can stand
 * behind it: get, range, and compare-and-commit.
 */
export interface MetaStore {
  /** The entry of a key, or undefined. */
  get(key: string, options?: ChunkOptions): Promise<MetaEntry | undefined>
  /** Entries whose key starts with `prefix`, in key order (UTF-8), of one moment. */
  scan(prefix: string, options?: ChunkOptions): AsyncIterable<MetaEntry>
  /**
   * Apply a transaction. Resolves when it is on disk, not merely visible.
   *
   * @returns false when a key of `expect` is not as expected; then nothing was changed.
   * @throws PackedError NoSpace, StorageIO, Timeout (another process holds the store), Closed; an
   *   aborted signal rejects with its reason, whether the change happens is then open.
   */
  commit(transaction: MetaTransaction, options?: ChunkOptions): Promise<boolean>
  /** Waits for commits under way. Idempotent; what comes later is Closed. */
  close(): Promise<void>
}
