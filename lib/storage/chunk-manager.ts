import type { Readable, Writable } from 'node:stream'
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
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** How an object is to appear at its key. */
export interface ChunkWriteOptions extends ChunkOptions {
  /**
   * An object that stands at the key, or appears meanwhile, is kept: AlreadyExists. NotSupported
   * where the store cannot promise that.
   */
  ifAbsent?: boolean
}

/** Which bytes of an object; without `length` those to its end. */
export interface ChunkRange {
  /** 0 by default. */
  offset?: number
  length?: number
}

/** One object of {@link ChunkManager.multiWrite}. */
export interface ChunkContent {
  path: string
  content: Uint8Array
}

/** Options of {@link ChunkManager.multiWrite}. */
export interface MultiWriteOptions extends ChunkWriteOptions {
  /** Called with the key of every object that is there, also where another one fails. */
  onWritten?: (path: string) => void
}

/**
 * Whole objects by key, wherever they are (Milvus's ChunkManager).
 *
 * Keys are relative, `/`-separated, and never leave the root: `.`, `..`, backslashes, NUL and a `/`
 * at the end are InvalidArgument. A `/` in front and empty parts are, too, on a disk; a store drops
 * the one in front and keeps the others. Every failure is a PackedError with the key as its `path`;
 * an aborted signal rejects with its reason. Content is lent until the promise settles.
 */
export interface ChunkManager {
  /** Where keys start: a directory, or a prefix in a bucket. */
  readonly rootPath: string
  /**
   * Where the addon finds the same objects under the same keys. Absent where it cannot: what it
   * is to read is then fetched whole, through `read`.
   */
  readonly storage?: StorageConfig | undefined
  /** Where the object of a key really is: the file, or the bucket and the key in it. */
  path(path: string): string
  /** Write a whole object or nothing; an object of the same key is replaced in one step. */
  write(path: string, content: Uint8Array, options?: ChunkWriteOptions): Promise<void>
  /**
   * Write many objects, a bounded number at a time. Each appears whole or not at all; they do not
   * appear together. After a failure nothing more is begun, what was begun is waited for, and
   * what was written stays: `onWritten` tells which.
   */
  multiWrite(entries: Iterable<ChunkContent>, options?: MultiWriteOptions): Promise<void>
  /**
   * A stream to an object that appears when the stream has finished; nothing appears of one that
   * is destroyed, fails or is aborted. What is buffered is bounded (back-pressure).
   */
  writeStream(path: string, options?: ChunkWriteOptions): Writable
  /** @throws PackedError NotFound. */
  read(path: string, options?: ChunkOptions): Promise<Uint8Array>
  /** Exactly `length` bytes from `offset`; InvalidArgument where the object is too short. */
  readAt(path: string, offset: number, length: number, options?: ChunkOptions): Promise<Uint8Array>
  /** Many objects in the order of their keys, a bounded number at a time, or the first failure. */
  multiRead(paths: Iterable<string>, options?: ChunkOptions): Promise<Uint8Array[]>
  /** A range of an object, as `readAt` has it, in chunks; read when they are asked for. */
  readStream(path: string, options?: ChunkOptions & ChunkRange): Readable
  /** Replaces what is at `to`, in one step. @throws PackedError NotFound. */
  copy(from: string, to: string, options?: ChunkWriteOptions): Promise<void>
  /** Whether there is an object at this path. */
  exist(path: string, options?: ChunkOptions): Promise<boolean>
  /** Bytes. @throws PackedError NotFound. */
  size(path: string, options?: ChunkOptions): Promise<number>
  /** Objects whose key starts with `prefix` (a folder, or part of a name), in key order. */
  walk(prefix: string, options?: ChunkOptions & { recursive?: boolean }): AsyncIterable<ChunkEntry>
  /** Removing what is not there succeeds. */
  remove(path: string, options?: ChunkOptions): Promise<void>
  /** Many objects. What can be removed is; the first failure is thrown. */
  multiRemove(paths: Iterable<string>, options?: ChunkOptions): Promise<void>
  /** Remove every object below a prefix, which must not be empty. */
  removeWithPrefix(prefix: string, options?: ChunkOptions): Promise<void>
}
