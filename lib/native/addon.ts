/**
 * The contract between TypeScript and the native addon: what crosses, in which shape.
 *
 * Only plain values, `ArrayBuffer` and `Uint8Array` come out of the addon; errors, promises
 * and typed views are made on this side, so that they belong to the caller's realm.
 */

/** An error as the addon reports it; `code` is a name of the table in packed/error.h. */
export interface NativeError {
  code: string
  message: string
  path?: string
  field?: string
}

/** Called exactly once, on the JS thread, when the operation has ended. */
export type Completion<T> = (error: NativeError | null, value: T) => void

/** Opaque, type-tagged handles; passing one for another is an InvalidArgument. */
declare const handle: unique symbol
export interface Handle<Name extends string> {
  readonly [handle]: Name
}
export type SchemaHandle = Handle<'schema'>
export type WriterHandle = Handle<'writer'>
export type ReaderHandle = Handle<'reader'>
/** A batch copied for one write. */
export type CopiedBatchHandle = Handle<'copied batch'>
/** Owns the native memory of one batch that was read. */
export type BatchHandle = Handle<'batch'>
/** A bloom filter over primary keys. */
export type BloomHandle = Handle<'bloom filter'>
/** Which rows are visible at a read timestamp, given deletes. */
export type VisibilityHandle = Handle<'visibility'>
/** A flag that JavaScript raises and the core polls; one per writer, reader or inspection. */
export type CancelHandle = Handle<'cancel'>

/** One field in the terms of the Arrow C Data Interface. */
export interface NativeField {
  name: string
  /** Format string, `"w:16"`, `"tsu:UTC"`, … */
  format: string
  nullable: boolean
  /** Key, value, key, value, … byte-exact; strings are UTF-8. */
  metadata: string[]
  children: NativeField[]
  dictionary: NativeField | null
  dictionaryOrdered: boolean
  /** Map type: keys are sorted. */
  keysSorted: boolean
}

export interface NativeSchema {
  fields: NativeField[]
  metadata: string[]
}

/**
 * A record batch as flat arrays, nodes in pre-order (a node, its children, its dictionary).
 *
 * `nodes` has NODE_STRIDE numbers per node: length, nullCount (-1 unknown), bitOffset,
 * bufferCount. `bitOffset` is where bit-packed buffers (validity, bool values) start, in
 * bits; byte buffers start at their first byte. `buffers` lists every node's buffers in C Data
 * order, null for an absent one (no nulls, or never allocated); view types list their variadic
 * buffers last, without the buffer of lengths.
 *
 * A dictionary in several chunks is a node of bufferCount -chunks (and the total length),
 * followed by the nodes of every chunk.
 */
export interface FlatBatch {
  rows: number
  nodes: Float64Array
  buffers: (ArrayBufferView | null)[]
}
export const NODE_STRIDE = 4

/** A batch on its way out: the same layout over memory that `owner` keeps alive. */
export interface NativeBatch {
  rows: number
  nodes: Float64Array
  buffers: (Uint8Array | null)[]
  owner: BatchHandle
  /** Bytes wrapped without a copy; 0 when everything was copied. */
  lentBytes: number
}

/** StorageConfig in the names of packed/storage.h, camelCase; absent = default. */
export type NativeStorage = Record<string, string | number | boolean>

export interface NativeCodec {
  /** zstd | snappy | gzip | lz4 | brotli | uncompressed */
  codec: string
  level?: number
}

export interface NativeWriterOptions {
  groups: { id: bigint; path: string; columns: number[] }[]
  compatibility: 'current' | 'milvus-2.6'
  compression: NativeCodec
  vectors?: NativeCodec
  columns: { name: string; compression?: NativeCodec; dictionary?: boolean; dim?: number }[]
  rowGroupBytes: number
  bufferBytes: number
  userMetadata: string[]
  replace: boolean
  fsync: boolean
  concurrency: number
  /** Parquet modular encryption with one footer key for everything. */
  encryption?: NativeEncryption
  storage: NativeStorage
}

export interface NativeEncryption {
  /** 16, 24 or 32 bytes. */
  key: Uint8Array
  keyMetadata: Uint8Array
  algorithm: 'AES_GCM_V1' | 'AES_GCM_CTR_V1'
}

/** What a caller's key retriever answered for one key metadata. */
export interface NativeKey {
  keyMetadata: Uint8Array
  key: Uint8Array
}

/** Drop the rows of a reader that are not visible, before anything is lent. */
export interface NativeVisibility {
  filter: VisibilityHandle
  /** Field ids; both are read although nobody asked for them, and then left out again. */
  keyField: bigint
  timestampField: bigint
}

export interface NativeGroupResult {
  id: bigint
  path: string
  rows: number
  fileBytes: number
  footerBytes: number
  compressedBytes: number
  uncompressedBytes: number
  rowGroups: number
  nullCounts: { field: string; nulls: number }[]
}

export interface NativeProgress {
  rows: number
  bytesIn: number
  bytesOut: number
  bufferedBytes: number
  rowGroups: number
}

export interface NativeReaderOptions {
  paths: string[]
  schema?: SchemaHandle
  /** Field ids as bigint, names as string. */
  columns?: (bigint | string)[]
  defaults?: { schema: SchemaHandle; batch: FlatBatch }
  vectors: 'fixed_size_binary' | 'fixed_size_list'
  batchRows: number
  batchBytes: number
  bufferBytes: number
  mmap: boolean
  lenient: boolean
  /** Keys of encrypted files, by their key metadata (see `readKeyMetadata`). */
  keys?: NativeKey[]
  visibility?: NativeVisibility
  storage: NativeStorage
}

/** One whole Parquet file inside another file, or in memory. */
export interface NativePayload {
  /** The file around it; absent where `bytes` is it. */
  path?: string
  bytes?: Uint8Array
  /** Where it starts and how long it is, in bytes. */
  offset: number
  length: number
}

/** Where one output column comes from. */
export interface NativePayloadColumn {
  /** Payloads one after the other; none = a constant: its default, or null. */
  payloads: NativePayload[]
  /** Position of the column in every payload; names and ids of payloads are not looked at. */
  column: number
}

export interface NativePayloadOptions {
  /** One per field of the schema. All that have payloads must have equally many rows. */
  columns: NativePayloadColumn[]
  /** Rows, where no column has payloads. */
  rows: number
  defaults?: { schema: SchemaHandle; batch: FlatBatch }
  /** Positions in the schema of what comes out, in this order; absent = all. */
  output?: number[]
  batchRows: number
  batchBytes: number
  bufferBytes: number
  visibility?: NativeVisibility
  storage: NativeStorage
}

export interface NativePayloadEncoding {
  compression: NativeCodec
  /** Dictionary encoding of every column; a codec-written binlog has it. */
  dictionary: boolean
}

/** A bloom filter in parts. `bytes` is what its JSON form holds in base64url. */
export interface NativeBloom {
  kind: 'basic' | 'blocked'
  /** Number of hash functions as stored. */
  k: number
  /** Basic: m. Blocked: 512 per block. */
  bits: number
  bytes: Uint8Array
}

/** Least and greatest key of what was added: strings in the order of their UTF-8 bytes. */
export interface NativeKeyRange {
  min: bigint | string
  max: bigint | string
}

export interface NativeFileInfo {
  path: string
  layout: 'packed' | 'rowGroupSize' | 'columnOffsets' | 'plain'
  fileBytes: number
  footerBytes: number
  rows: number
  group: number
  createdBy: string
  formatVersion: string
  storageVersion: string
  /** Key, value, key, value, … in file order. Values that are not UTF-8 are latin1. */
  keyValues: string[]
  rowGroups: {
    rows: number
    rowOffset: number
    memoryBytes: number
    compressedBytes: number
    uncompressedBytes: number
  }[]
  chunks: {
    column: string
    rowGroup: number
    physicalType: string
    codec: string
    encodings: string[]
    values: number
    compressedBytes: number
    uncompressedBytes: number
    hasDictionary: boolean
    hasStatistics: boolean
    nullCount: number | null
  }[]
  schema: NativeSchema
}

export interface NativeOpenedReader {
  reader: ReaderHandle
  schema: NativeSchema
  rows: number
  files: NativeFileInfo[]
}

export interface NativeMemory {
  /** Bytes that the core holds now, in all environments of the process. */
  poolBytes: number
  poolPeakBytes: number
  /** Bytes lent to JavaScript by this environment and not yet given back. */
  lentBytes: number
  /** Bytes of JavaScript memory that writes in flight borrow. */
  borrowedBytes: number
  /** Operations in flight in this environment. */
  pending: number
}

export interface ReadPolicy {
  /** Copy everything into JavaScript-owned memory. */
  copy: boolean
  /** Switch to copies while more than this many bytes are lent. */
  maxOutstandingBytes: number
}

/** C Data / C Stream addresses; only lib/cdata may see them. */
export interface NativeAddresses {
  array: bigint
  schema: bigint
}

/**
 * Every function of the addon. A function that fails at once throws a NativeError object
 * (a plain value; lib/native wraps it); the others end in their Completion.
 */
export interface Addon {
  version(): { arrow: string; napi: number; threads: number }
  errorCodes(): { value: number; name: string; retryable: boolean }[]
  memoryUsage(): NativeMemory
  /** Native memory as an external ArrayBuffer that a write may borrow without a pin. */
  allocate(bytes: number): ArrayBuffer
  /**
   * Cancel what is in flight in this environment, or end the work of the whole process; wait
   * until no native thread executes it and start nothing more. Completions do not come. For the
   * 'exit' event: static destructors run after it.
   */
  shutdown(wholeProcess: boolean): void

  importSchema(schema: NativeSchema): SchemaHandle

  newCancel(): CancelHandle
  /** Raise the flag: operations that hold it end with Aborted. Idempotent. */
  cancel(flag: CancelHandle): void

  writerOpen(
    schema: SchemaHandle,
    options: NativeWriterOptions,
    flag: CancelHandle,
    done: Completion<WriterHandle>,
  ): void
  /** Copy a batch into native memory now, for a `writerWrite` whose turn comes later. */
  writerCopy(writer: WriterHandle, batch: FlatBatch): CopiedBatchHandle
  /** Write a batch, borrowing its memory until `done`, or one that was copied (once only). */
  writerWrite(
    writer: WriterHandle,
    batch: FlatBatch | CopiedBatchHandle,
    done: Completion<void>,
  ): void
  writerFinish(writer: WriterHandle, done: Completion<NativeGroupResult[]>): void
  writerAbort(writer: WriterHandle, done: Completion<void>): void
  writerProgress(writer: WriterHandle): NativeProgress

  readerOpen(
    options: NativeReaderOptions,
    flag: CancelHandle,
    done: Completion<NativeOpenedReader>,
  ): void
  readerNext(reader: ReaderHandle, policy: ReadPolicy, done: Completion<NativeBatch | null>): void
  readerClose(reader: ReaderHandle, done: Completion<void>): void
  /** Detach every ArrayBuffer of the batch and free its memory now. Idempotent. */
  batchRelease(batch: BatchHandle): void

  inspectFile(
    storage: NativeStorage,
    path: string,
    keys: NativeKey[],
    done: Completion<NativeFileInfo>,
  ): void
  /** The key metadata in the tail of every file; null for one that is not encrypted. */
  readKeyMetadata(
    storage: NativeStorage,
    paths: string[],
    done: Completion<(Uint8Array | null)[]>,
  ): void

  /** Encode a batch (copied at the call) as one Parquet file in memory, without packed keys. */
  payloadEncode(
    schema: SchemaHandle,
    batches: FlatBatch[],
    options: NativePayloadEncoding,
    done: Completion<Uint8Array>,
  ): void
  /** Read payloads as one stream of batches of `schema`, through readerNext and readerClose. */
  payloadOpen(
    schema: SchemaHandle,
    options: NativePayloadOptions,
    flag: CancelHandle,
    done: Completion<NativeOpenedReader>,
  ): void

  bloomNew(kind: 'basic' | 'blocked', capacity: number, falsePositive: number): BloomHandle
  bloomOpen(bloom: NativeBloom): BloomHandle
  /** Add a column of int64 or utf8 keys, all at once; null without rows. Borrows until `done`. */
  bloomAdd(
    bloom: BloomHandle,
    schema: SchemaHandle,
    batch: FlatBatch,
    done: Completion<NativeKeyRange | null>,
  ): void
  /** One byte per row: 1 where the key may be in the filter. Borrows until `done`. */
  bloomTest(
    bloom: BloomHandle,
    schema: SchemaHandle,
    batch: FlatBatch,
    done: Completion<Uint8Array>,
  ): void
  bloomParts(bloom: BloomHandle): NativeBloom

  /** A row is visible when row.ts <= readTimestamp and no later delete of its key is. */
  visibilityNew(readTimestamp: bigint): VisibilityHandle
  /** Add deletes: a batch of two columns, key (int64 or utf8) and timestamp (int64). */
  visibilityAdd(
    filter: VisibilityHandle,
    schema: SchemaHandle,
    batch: FlatBatch,
    done: Completion<void>,
  ): void
  /** Keys with a delete, and rows that readers with this filter left out so far. */
  visibilityStats(filter: VisibilityHandle): { keys: number; hiddenRows: number }

  cdataExport(schema: SchemaHandle, batch: FlatBatch): NativeAddresses
  cdataImport(
    array: bigint,
    schema: bigint,
    policy: ReadPolicy,
  ): { schema: NativeSchema; batch: NativeBatch }
  cdataExportStream(schema: SchemaHandle, batches: FlatBatch[]): bigint
  cdataOpenStream(stream: bigint): { stream: Handle<'stream'>; schema: NativeSchema }
  cdataStreamNext(
    stream: Handle<'stream'>,
    policy: ReadPolicy,
    done: Completion<NativeBatch | null>,
  ): void
  cdataStreamClose(stream: Handle<'stream'>): void
  /** Free an exported struct, calling its release callback if that is still set. */
  cdataFree(kind: 'array' | 'schema' | 'stream', address: bigint): void
}
