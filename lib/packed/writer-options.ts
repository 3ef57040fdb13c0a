import type { Schema } from 'apache-arrow'
import type { CompressionConfig, StorageConfig } from '../config/index.js'
import type { ColumnGroup, ColumnGroupPolicy, ColumnGroupSpec } from '../schema/index.js'
import type { AutoCompression, CodecName, Compression } from './compression.js'
import type { PackedEncryption } from './encryption.js'
import type { Layout } from './layouts.js'
import type { ChosenLevels } from './level-choice.js'
import type { QuantizedField } from './quantization.js'
import type { QuantizeOptions } from './quantize-settings.js'
import type { ColumnEncoding } from './writer-columns.js'

/** Choices for one column; what is absent falls back to the writer's. */
export interface ColumnWriteOptions {
  /** Codec of the column; the writer's by default. */
  codec?: CodecName
  /** Level of the codec, in its own range. */
  level?: number
  /**
   * Parquet encoding of every leaf of the column; the layout's choice when absent (Milvus's:
   * dictionary, PLAIN for dense vectors; of the others: by a sample). In layouts `'fast'` and
   * `'small'` also:
   *
   * - `'deltaBinaryPacked'`: integers, dates, times and timestamps. Small where they are sorted.
   * - `'deltaLengthByteArray'`: strings and binaries, lengths and text apart.
   * - `'deltaByteArray'`: strings and binaries without what the one before begins with. Small where
   *   they are sorted.
   * - `'byteStreamSplit'`: numbers and dense vectors, first bytes beside first bytes. Quantised
   *   vectors become smaller and faster to compress. Of dense vectors, DuckDB and Polars do not
   *   read it.
   */
  encoding?: ColumnEncoding
  /** Said by `optimizeColumnLayout`, of which writers take no notice. */
  reason?: string
  /** As `reason`. */
  estimatedBytes?: number
  /**
   * List of float32, float16 or int8 only: every list has this many elements, and the column is
   * stored as a dense vector (FIXED_LEN_BYTE_ARRAY).
   */
  dim?: number
}

/** What a writer has done so far. */
export interface WriterProgress {
  /** Rows accepted by `write`. */
  rows: number
  /** Decoded Arrow bytes accepted. */
  bytesIn: number
  /** Bytes handed to the files, all groups. */
  bytesOut: number
  /** Bytes copied or, of vectors, quantized, and not yet encoded, all groups. */
  bufferedBytes: number
  /** Closed Parquet row groups, all groups. */
  rowGroups: number
}

/** Options of `PackedWriter.open`. A name that is not listed here is InvalidArgument. */
export interface PackedWriterOptions {
  /**
   * Arrow schema of every batch. Each top-level field needs a unique id in its metadata under
   * `PARQUET:field_id` (unless `fieldIds: 'auto'`) and a unique name.
   */
  schema: Schema
  /**
   * `'metadata'` (default): every field brings its id. `'auto'`: fields without one get 100,
   * 101, …; reported as `writer.fieldIds`.
   */
  fieldIds?: 'metadata' | 'auto'
  /**
   * The files to write: spelled out, every field in exactly one group, or a policy that derives
   * them below `directory` as `directory/<group id>` (`'milvus'` by default).
   */
  groups?: readonly ColumnGroupSpec[] | ColumnGroupPolicy
  /** Where the files of a policy go. Only with a policy. */
  directory?: string
  /**
   * `'milvus'` (default) is what Milvus writes today. `'fast'` takes larger row groups, ZSTD level 1,
   * dictionaries and deltas only where a sample of the rows says that they pay, and stores pages
   * that do not compress as they are (inside a ZSTD frame): ordinary Parquet for every reader.
   * `'small'` encodes the first rows of a row group in every encoding that suits a column and takes
   * the smallest, compresses everything with ZSTD level 9, and cuts still larger row groups. Dense
   * vectors may come out as BYTE_STREAM_SPLIT, which DuckDB and Polars do not read of them: with
   * `columns: { name: { encoding: 'plain' } }` they do. The encodings are what `columns` of the
   * result says. In an encrypted file the first row group chooses for all of them; one of layout
   * `'fast'` has no samples: dictionaries, and PLAIN for vectors.
   */
  layout?: Layout
  /** `'milvus-2.6'` compresses dense vectors like everything else, as that version did. */
  compatibility?: 'current' | 'milvus-2.6'
  /**
   * Codec of every column but dense vectors; ZSTD level 3 by default, level 1 in layout `'fast'`, 9
   * in `'small'`. With level `'auto'` every kind of column of a file gets its own by its share of a
   * row group: see `CompressionStrategy`. The result and the footer key `arrow-packed.compression`
   * say which.
   */
  compression?: CodecName | Compression | AutoCompression
  /**
   * What a configuration says of compression, for whatever the other options leave open; what it
   * does not say has no effect. `level` is that of `compression`, `concurrency` that of the writer,
   * `blockBytes` the bytes of a page before it is compressed. `enableDeltaEncoding` and
   * `dictionaryThreshold` are for what samples choose (a dictionary at a glance below a quarter in
   * layout `'fast'`, as a trial below 0.7 in `'small'`). Pages and samples are not of layout
   * `'milvus'`; the other settings are for other things.
   */
  config?: CompressionConfig
  /**
   * Dense vectors: `'stored'` uncompressed (the default of layout `'milvus'`), `'always'` through
   * the codec of `compression`, `'auto'` what the layout does (not `'milvus'`; the default of the
   * others: `'fast'` page by page whichever pays, `'small'` always), or a codec of their own. Pages that are stored because this says so begin at multiples
   * of 64 in the file, for readers that map it.
   */
  vectors?: 'auto' | 'always' | 'stored' | CodecName | Compression
  /** Choices for single columns, by name of the top-level field as it is stored. */
  columns?: Readonly<Record<string, ColumnWriteOptions>>
  /**
   * Vector fields (float32) that are stored as codes of 8 bits, by name: lossy, a quarter of the
   * bytes. Codes, and scales where every vector has its own, are fields of their own with ids of
   * their own; groups and `columns` refer to them. What they are is in every file, under the footer
   * key `arrow-packed.quantization`, and `PackedReader` decodes them. NaN and infinities are
   * InvalidData naming field and row.
   */
  quantize?: Readonly<Record<string, QuantizeOptions>>
  /**
   * Columns of the schema that are codes already, as `quantizationOf` describes them in the files
   * that they come from, read with `quantized: 'raw'`: the footer key says it again, under the names
   * of the schema. Not with `quantize`. Nothing checks that the codes are those.
   */
  quantized?: readonly QuantizedField[]
  /**
   * Decoded Arrow bytes at which a Parquet row group is cut; 1 MiB by default, as Milvus does,
   * 64 MiB in layout `'fast'`, 128 MiB in `'small'`. In these a group that is not a single column of
   * dense vectors also ends its row groups at an equal share of `bufferBytes`.
   */
  rowGroupBytes?: number
  /**
   * Bound on copied plus encoded bytes (a quarter more with `quantize`, for codes); 32 MiB by default, 128 MiB in layout `'fast'`, 256 MiB in
   * `'small'`; 0 means the default.
   */
  bufferBytes?: number
  /** Further footer keys, in this order. The three keys of the format, and that of `quantize`, cannot be set. */
  userMetadata?: ReadonlyMap<string, string> | Readonly<Record<string, string>>
  /**
   * What to do when a path exists: `'error'` (default, AlreadyExists) or `'replace'`. An object
   * store is asked at the start and, as one step with publishing, again at the end.
   */
  ifExists?: 'error' | 'replace'
  /** Force files and directory entries to the disk before `finish` resolves. */
  fsync?: boolean
  /** Threads that encode at once; 0 (default) = as many as the addon has. */
  concurrency?: number
  /** Where paths are; the local disk by default. */
  storage?: StorageConfig
  /** Copy every batch at the call instead of lending its memory (see docs/ownership.md). */
  copy?: boolean
  /** Aborting rejects what is in flight with the signal's reason and removes the files. */
  signal?: AbortSignal
  /**
   * Called after each `write` and after `finish`. An exception of it rejects that call: a write
   * is then a failed write, what `finish` has published stays.
   */
  onProgress?: (progress: WriterProgress) => void
  /** Encrypts every file with one key; the key is kept no longer than the files are open. */
  encryption?: PackedEncryption
  /** Bytes of one part of an upload; overrides that of `storage` (see there). */
  multipartPartBytes?: number
  /**
   * Directory on the local disk where the files of an object store are written first. `finish`
   * uploads them from there and then removes them; after a crash, and after a failure that may
   * pass, `resumeUploads` goes on with the parts that the store has. One process at a time.
   */
  spool?: string
}

/** Options of one `write`. */
export interface WriteOptions {
  /** Overrides the writer's `copy` for this batch. */
  copy?: boolean
}

/** What one column group became; byte counts are exact, of the finished file. */
export interface ColumnGroupResult
  extends Pick<ColumnGroup, 'id' | 'path' | 'fields' | 'fieldIds'> {
  rows: number
  /** Size of the file. */
  fileBytes: number
  /**
   * Serialized Parquet FileMetaData plus 8 (its length and the magic); of an encrypted file the
   * crypto metadata and the encrypted footer plus 8.
   */
  footerBytes: number
  /** Pages as stored. */
  compressedBytes: number
  /** Decoded Arrow bytes of the rows. */
  uncompressedBytes: number
  rowGroups: number
  /** Nulls by field name. */
  nullCounts: Readonly<Record<string, number>>
  /** What the footer says of every column, by name. */
  columns: Readonly<Record<string, WrittenColumn>>
  /** With compression level `'auto'`: the level that each kind of column got. */
  levels?: ChosenLevels
}

/** One column of a written file, all its leaves and row groups together. */
export interface WrittenColumn {
  /** Encodings of its data pages, as Parquet calls them (`'PLAIN'`, `'RLE_DICTIONARY'`, …). */
  encodings: readonly string[]
  /** A dictionary was full before the column was, and other pages followed. */
  dictionaryFallback: boolean
  /** Pages as stored. */
  compressedBytes: number
  /** The same pages before they were compressed. */
  uncompressedBytes: number
}

/** What `finish` published. */
export interface PackedWriteResult {
  /** Rows of every group. */
  rows: number
  /** Groups in the order of `writer.groups`. */
  groups: ColumnGroupResult[]
  /** With `quantize` or `quantized`: the fields of codes and their errors, as the files say it. */
  quantized?: QuantizedField[]
}
