/** What writers, readers, payloads and filters are asked for, and what they answer. */
import type { NativeFilter } from './addon-filter.js'
import type {
  FlatBatch,
  NativeSchemaText,
  ReaderHandle,
  SchemaHandle,
  VisibilityHandle,
} from './addon-values.js'

/** StorageConfig in the names of packed/storage.h, camelCase; absent = default. */
export type NativeStorage = Record<string, string | number | boolean>

export interface NativeCodec {
  /** zstd | snappy | gzip | lz4 | brotli | uncompressed */
  codec: string
  level?: number
}

/** In Parquet's terms; see ColumnEncoding in packed/writer.h. */
export type NativeEncoding =
  | 'plain'
  | 'dictionary'
  | 'deltaBinaryPacked'
  | 'deltaLengthByteArray'
  | 'deltaByteArray'
  | 'byteStreamSplit'

export interface NativeColumnOptions {
  name: string
  compression?: NativeCodec
  /** Of the writer's own codec; without `compression`. */
  level?: number
  encoding?: NativeEncoding
  dim?: number
}

/** How the encodings of columns are chosen; not in layout milvus. */
export interface NativeColumnChoices {
  columns: NativeColumnOptions[]
  /** Distinct values over all values below which a dictionary may be chosen; the layout's own. */
  dictionaryThreshold?: number
  deltaEncoding: boolean
}

/** The trials of one column, the smallest first. */
export interface NativeColumnLayout {
  name: string
  trials: { encoding: NativeEncoding; bytes: number }[]
  sampleRows: number
  distinctRatio: number | null
}

export interface NativeWriterOptions extends NativeColumnChoices {
  /** `metadata`: further footer keys of the one file. */
  groups: { id: bigint; path: string; columns: number[]; metadata: string[] }[]
  layout: 'milvus' | 'fast' | 'small'
  compatibility: 'current' | 'milvus-2.6'
  compression: NativeCodec
  vectors?: NativeCodec
  rowGroupBytes: number
  /** Before compression; 0 = the layout's own. */
  pageBytes: number
  bufferBytes: number
  userMetadata: string[]
  /** Groups and `columns` refer to what is stored, see QuantizedSchema of packed/quantize.h. */
  quantize: NativeQuantizeField[]
  /** What the footer key of quantization is to say of columns that are codes already; '' = nothing. */
  quantization: string
  replace: boolean
  fsync: boolean
  concurrency: number
  /** Parquet modular encryption with one footer key for everything. */
  encryption?: NativeEncryption
  storage: NativeStorage
  /** How objects are written; required where the storage is an object store. */
  uploader?: NativeUploader
}

/** Vectors to store as codes: with `maxAbs` one scale for all, without it a field of scales. */
export interface NativeQuantizeField {
  field: string
  name: string
  fieldId: bigint
  keepOriginal: boolean
  maxAbs?: number
  scaleName?: string
  scaleFieldId?: bigint
  /** Of lists. */
  dim?: number
}

/**
 * Called on the JS thread for every step of an upload. It must not throw, and answers each request
 * once, whenever it likes, by `uploadSettle` with the request's ticket. Held until the writer ends,
 * so it must not lead to the writer.
 *
 * A writer that is cancelled waits for no `create` and no `part` any more, for the other steps
 * `retryTimeoutMs` and a little. Answers count all the same: what a late one has made is given up
 * by `abort` or `remove`, and an upload is given up when its parts are answered.
 */
export type NativeUploader = (request: NativeUploadRequest) => void

/** One step of an upload. Answers: `create` the upload's name, `part` its tag, the others nothing. */
export interface NativeUploadRequest {
  ticket: number
  step: 'create' | 'part' | 'complete' | 'put' | 'abort' | 'remove'
  /** Key in the bucket, `rootPath` included. */
  key: string
  /** An object that stands at the key is kept: AlreadyExists. */
  ifAbsent: boolean
  upload?: string
  /** Part number, from 1. */
  number?: number
  /**
   * Native memory of a part or object. An answer without an error gives it back, and it is empty
   * from then on; after one with an error it stays valid while it is held.
   */
  content?: Uint8Array
  /** Of all parts, in order. */
  tags?: string[]
}

/** Requests of native reads to one object store so far (packed/storage_metrics.h). */
export interface NativeStorageMetrics {
  filesystem: string
  requests: number
  failed: number
  retries: number
  bytesRead: number
  latencyUs: number
  maxLatencyUs: number
  abandoned: number
}

/** One way of one kind (packed/compression_metrics.h). */
export interface NativeCompressionCounts {
  calls: number
  originalBytes: number
  compressedBytes: number
  nanoseconds: number
}

export interface NativeCompressionMetrics {
  source: 'page' | 'arrow'
  codec: string
  type: string
  compress: NativeCompressionCounts
  decompress: NativeCompressionCounts
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
  columns: NativeColumnResult[]
}

/** Of the footer, all row groups together. */
export interface NativeColumnResult {
  field: string
  /** Of data pages, as Parquet calls them. */
  encodings: string[]
  dictionaryFallback: boolean
  compressedBytes: number
  uncompressedBytes: number
}

export interface NativeProgress {
  rows: number
  bytesIn: number
  bytesOut: number
  bufferedBytes: number
  rowGroups: number
}

/** Files whose rows follow one another, each from row `start` to before `end`, -1 = its end. */
export interface NativeFileGroup {
  /** The columns that count; all of them where absent. */
  columns?: string[]
  files: { path: string; start: number; end: number; fileBytes: number; footerBytes: number }[]
}

export interface NativeReaderOptions {
  paths: string[]
  /** Column groups, which are read in the place of `paths`; these are then all their files. */
  groups?: NativeFileGroup[]
  /** Match the fields of `schema` by name, whatever their ids. */
  byName: boolean
  /** What is known of the files, in path order; -1 = not known. */
  known?: { fileBytes: number; footerBytes: number }[]
  schema?: SchemaHandle
  /** Field ids as bigint, names as string. */
  columns?: (bigint | string)[]
  defaults?: { schema: SchemaHandle; batch: FlatBatch }
  vectors: 'fixed_size_binary' | 'fixed_size_list'
  quantized: 'decode' | 'raw'
  batchRows: number
  batchBytes: number
  bufferBytes: number
  mmap: boolean
  lenient: boolean
  /** Keys of encrypted files, by their key metadata (see `readKeyMetadata`). */
  keys?: NativeKey[]
  visibility?: NativeVisibility
  /**
   * Only rows that it is true for come out. Its columns are those of `schema`, or the files' own
   * where there is none; those that are not in `columns` are read and left out again.
   */
  filter?: NativeFilter
  storage: NativeStorage
}

/** Codes (int8, row by row), scales (float32) and the largest error of vectors in memory. */
export interface NativeQuantized {
  codes: Uint8Array
  scales: Uint8Array
  maxError: number
}

/** One whole Parquet file inside another file, or in memory. */
export interface NativePayload {
  /** The file around it; with `bytes`, only what errors name. */
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
  /**
   * Positions in the schema of what comes out, in this order; absent = all. Only these columns,
   * and those that `visibility` and `filter` need, are opened.
   */
  output?: number[]
  batchRows: number
  batchBytes: number
  bufferBytes: number
  visibility?: NativeVisibility
  /** Only rows that it is true for come out; columns by their names in the schema. */
  filter?: NativeFilter
  storage: NativeStorage
}

export interface NativePayloadEncoding {
  compression: NativeCodec
  /** Dictionary encoding of every column; a codec-written binlog has it. */
  dictionary: boolean
}

export interface NativeRecordEncoding {
  /** True: every buffer of the stream is compressed; false: the stream is one ZSTD frame. */
  buffers: boolean
  /** zstd, or for buffers lz4 (the frame format). */
  compression: NativeCodec
}

export interface NativeRecordDecoding {
  /** Most bytes of the stream, and most that its buffers may decode to. */
  maxBytes: number
  /** Take fields without a field id. */
  lenient: boolean
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
    min: string | null
    max: string | null
  }[]
  schema: NativeSchemaText
}

export interface NativeOpenedReader {
  reader: ReaderHandle
  schema: NativeSchemaText
  rows: number
  files: NativeFileInfo[]
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

/** Rows that have one of the keys that were looked for, and the position of it: as many of both. */
export interface NativeFoundKeys {
  rows: Float64Array
  keys: Int32Array
}

/** The same of files (rows ascend), and what was read of the column: files without rows aside. */
export interface NativeKeyHits extends NativeFoundKeys {
  rowGroupsRead: number
  /** Their statistics rule every key out. */
  rowGroupsSkipped: number
  /** Those with a row group that was read. */
  filesRead: number
  filesSkipped: number
}
