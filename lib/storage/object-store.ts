import type { ChunkEntry, ChunkOptions } from './chunk-manager.js'
import type { Uploader, UploadOptions } from './uploader.js'

/** A part that the store has. */
export interface StoredPart {
  number: number
  sizeBytes: number
  tag: string
  /** Base64 of its checksums, where the store tells them; ours carry a CRC32. */
  crc32?: string
  crc32c?: string
  /** Hex, where the tag is one: not of encrypted buckets. */
  md5?: string
}

/** An upload that was started and neither completed nor aborted. */
export interface OpenUpload {
  key: string
  upload: string
  startedMs: number
}

/** Bytes from `offset` on; without `length` to the end. */
export interface ByteRange {
  offset: number
  length?: number
}

/** One bucket of S3, Azure or Google, behind one interface. Keys are whole keys in the bucket. */
export interface ObjectStore extends Uploader {
  /** `address/bucket`, for messages and metrics. */
  readonly name: string
  /** @throws PackedError NotFound. */
  head(key: string, options?: ChunkOptions): Promise<ChunkEntry>
  /** Whole, or a range; a body that ends early is asked for again from where it ended. */
  get(key: string, options?: ChunkOptions & { range?: ByteRange }): Promise<Uint8Array>
  /** The same as a stream of chunks, with back-pressure. */
  stream(key: string, options?: ChunkOptions & { range?: ByteRange }): AsyncIterable<Uint8Array>
  /** In key order; `recursive: false` stops at the next `/` after the prefix. */
  list(prefix: string, options?: ChunkOptions & { recursive?: boolean }): AsyncIterable<ChunkEntry>
  /** What cannot be removed is reported by its key; the others are gone. */
  removeMany(keys: readonly string[], options?: ChunkOptions): Promise<void>
  /** Within the bucket. @throws PackedError NotFound. */
  copy(from: string, to: string, options?: UploadOptions): Promise<void>
  /** Stores without a prefix search (MinIO) only answer for an exact key. */
  listUploads(prefix: string, options?: ChunkOptions): AsyncIterable<OpenUpload>
  /** The parts that a store has of an upload, by number. */
  listParts(key: string, upload: string, options?: ChunkOptions): AsyncIterable<StoredPart>
  /** Whether `ifAbsent` really holds there: found out once, by two writes of a key of its own. */
  conditionalWrites(options?: ChunkOptions): Promise<boolean>
  /** Close idle connections; requests under way go on. */
  close(): void
}
