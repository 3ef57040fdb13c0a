export { type BatchInput, BatchIntake } from './batch-input.js'
export type { FilterStats } from './batch-stream.js'
export { type ColumnCompression, columnCompression } from './column-compression.js'
export {
  type ColumnLayout,
  type OptimizeColumnLayoutOptions,
  optimizeColumnLayout,
} from './column-layout.js'
export {
  type AutoCompression,
  CODECS,
  type CodecName,
  type Compression,
} from './compression.js'
export { type DeserializeRecordOptions, deserializeRecord } from './deserialize-record.js'
export type { EncryptionAlgorithm, PackedEncryption } from './encryption.js'
export { expectSchema } from './expect-schema.js'
export { inspectFile, type PackedColumnChunk, type PackedFileInfo } from './file-info.js'
export {
  type CheckedFilter,
  checkedFilter,
  type Filter,
  type FilterColumn,
  type FilterComparison,
  type FilterCondition,
  type FilterOperand,
  FilterTotal,
  filterOfTree,
  filterTree,
  parseFilter,
  printFilter,
} from './filter/index.js'
export { type GatherOptions, gatherRows } from './gather-rows.js'
export type { WriteSource } from './item-source.js'
export type { KeyRetriever } from './key-retriever.js'
export { KeySet } from './key-set.js'
export { LAYOUTS, type Layout } from './layouts.js'
export type { ChosenLevels } from './level-choice.js'
export { allocate, type MemoryUsage, memoryUsage } from './memory.js'
export { PackedRecordReader, withoutWrongSizes } from './packed-record-reader.js'
export {
  type PackedRecordReaderOptions,
  planRecordReader,
} from './packed-record-reader-options.js'
export { PackedRecordWriter } from './packed-record-writer.js'
export type { PackedRecordWriterOptions } from './packed-record-writer-options.js'
export { PackedRows } from './packed-rows.js'
export { type OpenPart, PartSequence } from './part-sequence.js'
export {
  encodePayload,
  type PayloadColumnSource,
  type PayloadEncodeOptions,
  PayloadReader,
  type PayloadReaderOptions,
  type PayloadSource,
} from './payload.js'
export {
  encryptionOf,
  type MilvusKeyMetadata,
  type PluginContext,
  parseKeyMetadata,
} from './plugin-context.js'
export { QUANTIZATION_KEY, type QuantizedField, quantizationOf } from './quantization.js'
export type { QuantizeOptions } from './quantize-settings.js'
export {
  type BatchProducer,
  ipcReadableOf,
  readableOf,
  readableStreamOf,
} from './readable-streams.js'
export { PackedReader } from './reader.js'
export type { PackedFile } from './reader-files.js'
export type { PackedColumnGroup, PackedFileWindow } from './reader-groups.js'
export type { PackedReaderOptions, PackedRowGroup, VectorForm } from './reader-options.js'
export type { RecordReader, RecordWriter } from './record-io.js'
export { RecordSink } from './record-sink.js'
export { SerialQueue } from './serial-queue.js'
export { type SerializeRecordOptions, serializeRecord } from './serialize-record.js'
export { STREAM_OPTIONS } from './stream-settings.js'
export { TimestampRange } from './timestamp-range.js'
export type { TuneLevel } from './tune/candidates.js'
export { tuneFiles } from './tune/tune-files.js'
export {
  TUNE_GOALS,
  TUNE_SETTINGS,
  type TuneGoal,
  type TuneOptions,
  type TuneProgress,
} from './tune/tune-options.js'
export type {
  TuneRecommendation,
  TuneResult,
  TuneSpeed,
  TuneTrial,
} from './tune/tune-result.js'
export { toVectorColumn, type VectorColumnOptions, type VectorValues } from './vector-column.js'
export {
  type BitsMatrix,
  type Float32Matrix,
  type Matrix,
  type VectorMatrix,
  type VectorMatrixOf,
  type VectorsOfOptions,
  vectorsOf,
} from './vectors-of.js'
export {
  type DeletedKeys,
  type DeleteTimestamps,
  VisibilityFilter,
  type VisibilityStats,
} from './visibility.js'
export { PackedWriter } from './writer.js'
export { COLUMN_ENCODINGS, type ColumnEncoding } from './writer-columns.js'
export type {
  ColumnGroupResult,
  ColumnWriteOptions,
  PackedWriteResult,
  PackedWriterOptions,
  WriteOptions,
  WriterProgress,
  WrittenColumn,
} from './writer-options.js'
export { checkWriterOptions } from './writer-settings.js'
