/**
 * arrow-packed: write and read Milvus StorageV2 column-group Parquet files as Arrow record
 * batches. Terms are Arrow's for data, Parquet's for files, Milvus's for segments.
 */
export type { StorageConfig } from './config/index.js'
export {
  isPackedError,
  PACKED_ERROR_CODES,
  PackedError,
  type PackedErrorCode,
  type PackedErrorContext,
  type PackedErrorJson,
} from './errors/index.js'
export {
  allocate,
  type BatchInput,
  type BitsMatrix,
  CODECS,
  type CodecName,
  type ColumnGroupResult,
  type ColumnWriteOptions,
  type Compression,
  type Float32Matrix,
  inspectFile,
  type Matrix,
  type MemoryUsage,
  memoryUsage,
  type PackedColumnChunk,
  type PackedFileInfo,
  PackedReader,
  type PackedReaderOptions,
  type PackedRowGroup,
  type PackedWriteResult,
  PackedWriter,
  type PackedWriterOptions,
  toVectorColumn,
  type VectorColumnOptions,
  type VectorForm,
  type VectorMatrix,
  type VectorMatrixOf,
  type VectorsOfOptions,
  type VectorValues,
  vectorsOf,
  type WriteOptions,
  type WriterProgress,
} from './packed/index.js'
export {
  type ColumnGroupPolicy,
  type ColumnGroupSpec,
  FIELD_ID_KEY,
  type VectorElement,
} from './schema/index.js'
