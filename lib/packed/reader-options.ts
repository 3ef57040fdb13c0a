import type { Schema } from 'apache-arrow'
import type { StorageConfig } from '../config/index.js'
import type { NativeVisibility } from '../native/index.js'
import type { Filter } from './filter/index.js'
import type { KeyRetriever } from './key-retriever.js'
import type { PackedFile } from './reader-files.js'
import type { PackedColumnGroup } from './reader-groups.js'

/** How dense vectors (FIXED_LEN_BYTE_ARRAY) come out where the schema does not say. */
export type VectorForm = 'fixed_size_binary' | 'fixed_size_list'

/** Options of `PackedReader.open`. A name that is not listed here is InvalidArgument. */
export interface PackedReaderOptions {
  /**
   * One file per column group, by path or with what is known of it. Files are told apart by their
   * field ids; the order only decides the column order of the files' own schema.
   */
  paths?: readonly (string | PackedFile)[]
  /**
   * In the place of `paths`: column groups of several files, as a manifest has them. The files of
   * a group are read one after the other, each through its window of rows; groups are joined row
   * by row and have equally many rows. Any Parquet is taken, packed keys count for nothing. Files
   * of groups without a column of the answer are not opened, where their windows are whole.
   */
  columnGroups?: readonly PackedColumnGroup[]
  /** Where paths are; the local disk by default. */
  storage?: StorageConfig
  /**
   * The fields to read, in this order, matched by `PARQUET:field_id` where both sides have one
   * and by name otherwise. A field may ask for any type of the table in docs/types.md; fields
   * that the files do not have come out as nulls, or as their value of `defaults`.
   */
  schema?: Schema
  /** The columns to read, in this order: names, or field ids as number or bigint. */
  columns?: readonly (string | number | bigint)[]
  /** Values of fields of `schema` that the files do not have, by name. */
  defaults?: Readonly<Record<string, unknown>>
  /** Without a `schema`: dense vectors as `'fixed_size_binary'` (default) or as lists of float32. */
  vectors?: VectorForm
  /**
   * Vectors that a writer has quantized: `'decode'` (default) as float32 under the field id of their
   * codes, for which the files with their scales have to be among the paths; scales are then left
   * out unless they are in `columns`. With a `schema`, those that it asks for as float32 vectors.
   * `'raw'`: codes and scales as they are stored.
   */
  quantized?: 'decode' | 'raw'
  /** Most rows in one batch; 65,536 by default. */
  batchRows?: number
  /** Most decoded bytes in one batch, but at least one row; 0 (default) = no bound. */
  batchBytes?: number
  /**
   * Decoded bytes held ahead of the caller; 64 MiB by default, 0 means the default. Of an object
   * store as many stored bytes are read ahead besides; one request per file is on its way in any
   * case.
   */
  bufferBytes?: number
  /** Release a batch when the next one is asked for: nothing of it may be kept. */
  releasePrevious?: boolean
  /** Copy every batch into JavaScript's own memory instead of lending native memory. */
  copy?: boolean
  /**
   * Lent bytes (of all readers of this environment) above which batches are copied; by default an
   * eighth of the memory of the machine or container, from 1 GiB to 4 GiB. Collecting every batch
   * therefore never blocks.
   */
  maxOutstandingBytes?: number
  /**
   * Map local files instead of reading them. The caller's word that nobody changes them: a file
   * truncated under a live mapping kills the process.
   *
   * Pages that are stored (not compressed, no nulls) and aligned come out where they are in the
   * file: as views of an ArrayBuffer over all of it or, where that is more than 32 MiB, of ones
   * over 32 MiB each. They take no memory, are not counted as lent and stay whole when a batch is
   * released. Writing to them reaches no file. Others are decoded.
   */
  mmap?: boolean
  /** Take plain Parquet and files without `group_field_id_list`, matched by field id, then name. */
  lenient?: boolean
  /** Aborting rejects what is in flight with the signal's reason and ends the reader. */
  signal?: AbortSignal
  /**
   * Gives the keys of encrypted files. Files that are not encrypted are read as well; without a
   * retriever an encrypted file is an `Encryption` error.
   */
  keyRetriever?: KeyRetriever
  /** @internal Fields of `schema` are matched by name alone; with `columnGroups` only. */
  matchBy?: 'idThenName' | 'name'
  /** @internal Drops rows before anything of them is lent; what a SegmentReader reads through. */
  visibility?: NativeVisibility
  /**
   * The rows that come out; all if absent or empty. Its columns are those of `schema`, or the files'
   * own where there is none (whose footers are then read once more), whether they are in `columns`
   * or not. Row groups of which statistics prove that no row is wanted are not read.
   */
  filter?: Filter
}

/** One Parquet row group of one of the files. */
export interface PackedRowGroup {
  path: string
  /**
   * Position of the file's group in `group_field_id_list`; -1 when the file does not say. Of
   * `columnGroups` the position among these.
   */
  group: number
  /** Position in the file; of `columnGroups` among those of the group that the windows touch. */
  index: number
  /** Of `columnGroups`, here and in `rowOffset`: those within the window. */
  rows: number
  /** First row, within the file. */
  rowOffset: number
  /** Decoded bytes as `row_group_metadata` has them; the footer's figure where it is absent. */
  memoryBytes: number
  compressedBytes: number
  uncompressedBytes: number
}
