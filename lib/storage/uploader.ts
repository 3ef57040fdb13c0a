import type { ChunkOptions } from './chunk-manager.js'

/** How an object is to appear at its key. */
export interface UploadOptions extends ChunkOptions {
  /** An object that stands at the key, or appears meanwhile, is kept: AlreadyExists. */
  ifAbsent?: boolean
}

/**
 * Puts objects into a store, in one piece or as parts (the other end of `packed/uploader.h`).
 *
 * Retries, time-outs, checksums and back-off are inside: what a method answers is final. Keys are
 * whole keys in the bucket, `rootPath` included. `content` is lent until the promise settles.
 */
export interface Uploader {
  /** Start an upload; its name in the store. */
  create(key: string, options?: UploadOptions): Promise<string>
  /** Send part `number` (from 1); the tag that `complete` wants. */
  part(
    key: string,
    upload: string,
    part: { number: number; content: Uint8Array },
    options?: ChunkOptions,
  ): Promise<string>
  /** Make the object of all parts. @throws PackedError AlreadyExists, Conflict. */
  complete(
    key: string,
    upload: string,
    tags: readonly string[],
    options?: UploadOptions,
  ): Promise<void>
  /** Give up an upload and its parts; one that is not there any more is fine. */
  abort(key: string, upload: string, options?: ChunkOptions): Promise<void>
  /** An object in one piece. */
  put(key: string, content: Uint8Array, options?: UploadOptions): Promise<void>
  /** Removing what is not there succeeds. */
  remove(key: string, options?: ChunkOptions): Promise<void>
}
