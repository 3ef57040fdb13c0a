/**
 * The contract between TypeScript and the native addon: what crosses, in which shape.
 *
 * Only plain values, `ArrayBuffer` and `Uint8Array` come out of the addon; errors, promises
 * and typed views are made on this side, so that they belong to the caller's realm.
 */
import type {
  NativeBloom,
  NativeCodec,
  NativeColumnChoices,
  NativeColumnLayout,
  NativeCompressionMetrics,
  NativeFileInfo,
  NativeFoundKeys,
  NativeGroupResult,
  NativeKey,
  NativeKeyHits,
  NativeKeyRange,
  NativeOpenedReader,
  NativePayloadEncoding,
  NativePayloadOptions,
  NativeProgress,
  NativeQuantized,
  NativeReaderOptions,
  NativeRecordDecoding,
  NativeRecordEncoding,
  NativeStorage,
  NativeStorageMetrics,
  NativeWriterOptions,
} from './addon-files.js'
import type { NativeFilterStats } from './addon-filter.js'
import type {
  BatchHandle,
  BloomHandle,
  CancelHandle,
  CodecDictionaryHandle,
  CodecHandle,
  CodecStreamHandle,
  Completion,
  CopiedBatchHandle,
  FileLockHandle,
  FlatBatch,
  Handle,
  KeySetHandle,
  NativeAddresses,
  NativeBatch,
  NativeBatchWithSchema,
  NativeError,
  NativeMemory,
  NativeSchema,
  NativeSchemaText,
  ReaderHandle,
  ReadPolicy,
  RowAccessHandle,
  SchemaHandle,
  VisibilityHandle,
  WriterHandle,
} from './addon-values.js'

export * from './addon-files.js'
export * from './addon-filter.js'
export * from './addon-values.js'

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
  /**
   * Write batches of a stream until it ends or some have been written, none of which JavaScript
   * sees; `order` says where the stream has each column of the writer, whose layouts are the same.
   */
  writerWriteStream(
    writer: WriterHandle,
    stream: Handle<'stream'>,
    order: readonly number[],
    done: Completion<{ rows: number; ended: boolean }>,
  ): void
  writerFinish(writer: WriterHandle, done: Completion<NativeGroupResult[]>): void
  writerAbort(writer: WriterHandle, done: Completion<void>): void
  writerProgress(writer: WriterHandle): NativeProgress
  /** The footer key that describes codes of vectors, after `writerFinish`; empty where none are. */
  writerQuantization(writer: WriterHandle, done: Completion<string>): void
  /** What a sample of the rows takes in each encoding, by column. Borrows until `done`. */
  columnLayout(
    schema: SchemaHandle,
    batches: FlatBatch[],
    options: NativeColumnChoices & { compression: NativeCodec; concurrency: number },
    flag: CancelHandle,
    done: Completion<NativeColumnLayout[]>,
  ): void
  /** Answer a request of a writer's uploader. A ticket that is not open is ignored. */
  uploadSettle(ticket: number, error: NativeError | null, value: string): void
  /** One entry per object store that was read from, in order of first use. */
  storageMetrics(): NativeStorageMetrics[]
  /** What page codecs and Arrow have compressed in this process: one entry per kind. */
  compressionMetrics(): NativeCompressionMetrics[]

  readerOpen(
    options: NativeReaderOptions,
    flag: CancelHandle,
    done: Completion<NativeOpenedReader>,
  ): void
  readerNext(reader: ReaderHandle, policy: ReadPolicy, done: Completion<NativeBatch | null>): void
  /** What readerNext would give, if it is laid out already; null = it is not, or is no batch. */
  readerTakePrepared(reader: ReaderHandle, policy: ReadPolicy): NativeBatch | null
  readerClose(reader: ReaderHandle, done: Completion<void>): void
  /** The address of an ArrowArrayStream that shares the reader's position, any thread. */
  readerExportStream(reader: ReaderHandle): bigint
  /** At any time, also when the reader is closed; without a filter what was read. */
  readerFilterStats(reader: ReaderHandle): NativeFilterStats
  /**
   * Rows by position, whatever a reader of the same files does; limits of batches do not count.
   * Calls run in call order.
   */
  rowsOpen(
    options: NativeReaderOptions,
    flag: CancelHandle,
    done: Completion<RowAccessHandle>,
  ): void
  rowsCount(rows: RowAccessHandle): number
  /** The rows at these positions (safe integers), in this order, as often as they occur. */
  rowsTake(
    rows: RowAccessHandle,
    positions: Float64Array,
    policy: ReadPolicy,
    done: Completion<NativeBatchWithSchema>,
  ): void
  /**
   * The rows whose value in a column of the schema, by its position, is one of the keys. Of row
   * groups that their statistics do not rule out, that column is read.
   */
  rowsFind(
    rows: RowAccessHandle,
    column: number,
    keys: KeySetHandle,
    done: Completion<NativeKeyHits>,
  ): void
  /** A row group of the file at a position of `paths`: the columns that the file has. */
  rowsReadGroup(
    rows: RowAccessHandle,
    file: number,
    rowGroup: number,
    policy: ReadPolicy,
    done: Completion<NativeBatchWithSchema>,
  ): void
  rowsClose(rows: RowAccessHandle, done: Completion<void>): void
  /** Rows of batches of one schema, counted through all of them. Borrows until `done`. */
  rowsGather(
    schema: SchemaHandle,
    batches: FlatBatch[],
    positions: Float64Array,
    policy: ReadPolicy,
    done: Completion<NativeBatch>,
  ): void
  /** Of one column of int64 or utf8 keys without nulls. Borrows until `done`. */
  keySetNew(schema: SchemaHandle, batch: FlatBatch, done: Completion<KeySetHandle>): void
  /** The rows of a batch of one column that have one of the keys. Borrows until `done`. */
  keySetFind(
    keys: KeySetHandle,
    schema: SchemaHandle,
    batch: FlatBatch,
    done: Completion<NativeFoundKeys>,
  ): void
  /** Detach every ArrayBuffer of the batch and free its memory now. Idempotent. */
  batchRelease(batch: BatchHandle): void

  inspectFile(
    storage: NativeStorage,
    path: string,
    keys: NativeKey[],
    done: Completion<NativeFileInfo>,
  ): void
  /** A local file as a private mapping, which counts as lent until it is collected. */
  mapFile(storage: NativeStorage, path: string, done: Completion<ArrayBuffer>): void
  /**
   * Take a file (made where it is not there) for the holder of the handle alone, by flock(2): also
   * against other handles of this process. Null where another one has it.
   */
  fileLockTake(path: string): FileLockHandle | null
  /** Idempotent; the end of the environment or of the process releases, too. */
  fileLockRelease(lock: FileLockHandle): void
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

  /** One batch as an Arrow IPC stream, compressed. Borrows until `done`. */
  recordSerialize(
    schema: SchemaHandle,
    batch: FlatBatch,
    options: NativeRecordEncoding,
    flag: CancelHandle,
    done: Completion<Uint8Array>,
  ): void
  /** The one record of an Arrow IPC stream as a batch of `schema`. Borrows until `done`. */
  recordDeserialize(
    schema: SchemaHandle,
    bytes: Uint8Array,
    options: NativeRecordDecoding,
    policy: ReadPolicy,
    flag: CancelHandle,
    done: Completion<NativeBatch>,
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

  /**
   * Quantize a batch of one column, float32 as FixedSizeBinary, which is borrowed until `done`:
   * a scale for each vector, for all, or a given one.
   */
  quantizeVectors(
    schema: SchemaHandle,
    batch: FlatBatch,
    scale: 'vector' | 'segment' | number,
    flag: CancelHandle,
    done: Completion<NativeQuantized>,
  ): void
  /** The float32 of codes (FixedSizeBinary) by a second column of scales or, without it, `scale`. */
  dequantizeVectors(
    schema: SchemaHandle,
    batch: FlatBatch,
    scale: number,
    flag: CancelHandle,
    done: Completion<Uint8Array>,
  ): void

  /** A row is visible when row.ts <= readTimestamp and no later delete of its key is. */
  visibilityNew(readTimestamp: bigint): VisibilityHandle
  /** Add deletes: a batch of two columns, key (int64 or utf8) and timestamp (int64). */
  visibilityAdd(
    filter: VisibilityHandle,
    schema: SchemaHandle,
    batch: FlatBatch,
    done: Completion<void>,
  ): void
  /**
   * One byte per row of a batch of key and timestamp: 1 where it is visible. Counts nothing; borrows
   * until `done`.
   */
  visibilityLook(
    filter: VisibilityHandle,
    schema: SchemaHandle,
    batch: FlatBatch,
    done: Completion<Uint8Array>,
  ): void
  /** Keys with a delete, and rows that readers with this filter left out so far. */
  visibilityStats(filter: VisibilityHandle): { keys: number; hiddenRows: number }

  codecNew(name: string, dictionary: CodecDictionaryHandle | null): CodecHandle
  /** The most bytes that encoding so many gives. */
  codecBound(codec: CodecHandle, bytes: number): number
  /**
   * Compress to one frame; level null = the codec's default. Answers with the number of bytes in
   * `dst` where that is given; too small a one is an InvalidArgument with both sizes.
   */
  codecEncodeSync(
    codec: CodecHandle,
    level: number | null,
    src: Uint8Array,
    dst: Uint8Array | null,
  ): Uint8Array | number
  codecDecodeSync(
    codec: CodecHandle,
    maxBytes: number,
    src: Uint8Array,
    dst: Uint8Array | null,
  ): Uint8Array | number
  /** The same off the JS thread; borrows `src` and `dst` until `done`. */
  codecEncode(
    codec: CodecHandle,
    level: number | null,
    src: Uint8Array,
    dst: Uint8Array | null,
    flag: CancelHandle,
    done: Completion<Uint8Array | number>,
  ): void
  codecDecode(
    codec: CodecHandle,
    maxBytes: number,
    src: Uint8Array,
    dst: Uint8Array | null,
    flag: CancelHandle,
    done: Completion<Uint8Array | number>,
  ): void
  codecReaderNew(codec: CodecHandle, maxBytes: number, flag: CancelHandle): CodecStreamHandle
  /** Not for zstd, whose blocks are frames by `codecEncode`. */
  codecWriterNew(
    codec: CodecHandle,
    level: number | null,
    blockBytes: number,
    flag: CancelHandle,
  ): CodecStreamHandle
  /**
   * Take what there is room for of a chunk (borrowed until `done`), give what it becomes, 256 KiB
   * at most. `more`: there may be more of it, which the rest of the chunk gives, if only an empty
   * one. `last`: no other chunk follows; without `more` the stream has ended as it should.
   */
  codecStreamStep(
    stream: CodecStreamHandle,
    chunk: Uint8Array,
    last: boolean,
    done: Completion<{ output: Uint8Array; read: number; more: boolean }>,
  ): void
  codecDictionaryOpen(bytes: Uint8Array): { dictionary: CodecDictionaryHandle; id: number }
  /** Train a dictionary on samples, which are copied at the call. */
  codecDictionaryTrain(
    samples: readonly Uint8Array[],
    dictBytes: number,
    done: Completion<Uint8Array>,
  ): void

  cdataExport(schema: SchemaHandle, batch: FlatBatch): NativeAddresses
  cdataImport(array: bigint, schema: bigint, policy: ReadPolicy): NativeBatchWithSchema
  cdataExportStream(schema: SchemaHandle, batches: FlatBatch[]): bigint
  cdataOpenStream(stream: bigint): { stream: Handle<'stream'>; schema: NativeSchemaText }
  cdataStreamNext(
    stream: Handle<'stream'>,
    policy: ReadPolicy,
    done: Completion<NativeBatch | null>,
  ): void
  cdataStreamClose(stream: Handle<'stream'>): void
  /** Free an exported struct, calling its release callback if that is still set. */
  cdataFree(kind: 'array' | 'schema' | 'stream', address: bigint): void
}
