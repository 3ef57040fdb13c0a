export type { BatchInput } from './batch-input.js'
export { CODECS, type CodecName, type Compression } from './compression.js'
export { inspectFile, type PackedColumnChunk, type PackedFileInfo } from './file-info.js'
export { allocate, type MemoryUsage, memoryUsage } from './memory.js'
export { PackedReader } from './reader.js'
export type { PackedReaderOptions, PackedRowGroup, VectorForm } from './reader-options.js'
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
export { PackedWriter } from './writer.js'
export type {
  ColumnGroupResult,
  ColumnWriteOptions,
  PackedWriteResult,
  PackedWriterOptions,
  WriteOptions,
  WriterProgress,
} from './writer-options.js'
