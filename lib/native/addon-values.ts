/** Values that cross the boundary: errors, handles, schemas and batches. */

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
/** Rows of files by their positions. */
export type RowAccessHandle = Handle<'row access'>
/** A batch copied for one write. */
export type CopiedBatchHandle = Handle<'copied batch'>
/** Owns the native memory of one batch that was read. */
export type BatchHandle = Handle<'batch'>
/** A bloom filter over primary keys. */
export type BloomHandle = Handle<'bloom filter'>
/** Primary keys that rows are looked for by. */
export type KeySetHandle = Handle<'key set'>
/** Which rows are visible at a read timestamp, given deletes. */
export type VisibilityHandle = Handle<'visibility'>
/** A file that nobody else may lock meanwhile. */
export type FileLockHandle = Handle<'file lock'>
/** A codec of bytes and its dictionary. */
export type CodecHandle = Handle<'codec'>
/** One direction of a codec, over bytes that come in pieces. */
export type CodecStreamHandle = Handle<'codec stream'>
/** A trained dictionary of ZSTD. */
export type CodecDictionaryHandle = Handle<'codec dictionary'>
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
 * A NativeSchema on its way out, as JSON: one string takes less time than an object for every
 * field. What is false, empty or null is left out.
 */
export type NativeSchemaText = string

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
  /** Bytes wrapped without a copy; 0 when everything was copied. Parts of mapped files aside. */
  lentBytes: number
}

export interface NativeBatchWithSchema {
  schema: NativeSchemaText
  batch: NativeBatch
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
  /** Lent bytes that are no garbage to come in the eyes of the collector; 0 = none. */
  creditBytes: number
}

/** C Data / C Stream addresses; only lib/cdata may see them. */
export interface NativeAddresses {
  array: bigint
  schema: bigint
}
