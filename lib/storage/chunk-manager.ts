import type { StorageConfig } from '../config/index.js'

/** One object below a prefix. */
export interface ChunkEntry {
  /** Key, as `read` takes it. */
  path: string
  sizeBytes: number
  modifiedMs: number
}

/** What every call of a {@link ChunkManager} takes. */
export interface ChunkOptions {
  signal?: AbortSignal | undefined
}

/**
 * Whole objects by key, wherever they are (Milvus's ChunkManager).
 *
 * Keys are relative, `/`-separated, and never leave the root: absolute keys, `..` and empty parts
 * are InvalidArgument. Every failure is a PackedError with the key as its `path`.
 */
export interface ChunkManager {
  /** Where keys start: a directory, or a prefix in a bucket. */
  readonly rootPath: string
  /**
   * Where the addon finds the same objects under the same keys. Absent where it cannot: what it
   * is to read is then fetched whole, through `read`.
   */
  readonly storage?: StorageConfig | undefined
  /** Write a whole object or nothing; an object of the same key is replaced in one step. */
  write(path: string, content: Uint8Array, options?: ChunkOptions): Promise<void>
  /** @throws PackedError NotFound. */
  read(path: string, options?: ChunkOptions): Promise<Uint8Array>
  /** Exactly `length` bytes from `offset`; InvalidArgument where the object is too short. */
  readAt(path: string, offset: number, length: number, options?: ChunkOptions): Promise<Uint8Array>
  exist(path: string, options?: ChunkOptions): Promise<boolean>
  /** Bytes. @throws PackedError NotFound. */
  size(path: string, options?: ChunkOptions): Promise<number>
  /** Objects whose key starts with `prefix` (a folder, or part of a name), in key order. */
  walk(prefix: string, options?: ChunkOptions & { recursive?: boolean }): AsyncIterable<ChunkEntry>
  /** Removing what is not there succeeds. */
  remove(path: string, options?: ChunkOptions): Promise<void>
  /** Remove every object below a prefix, which must not be empty. */
  removeWithPrefix(prefix: string, options?: ChunkOptions): Promise<void>
}
