export {
  type BinlogDescriptorInit,
  type BinlogEventInit,
  type BuildBinlogOptions,
  buildBinlog,
  hybridTimestamp,
} from './build-binlog.js'
export { alignChunks, type V1Chunk } from './chunk-plan.js'
export { type BinlogDescriptor, hasBinlogMagic } from './descriptor.js'
export { EventType } from './event-header.js'
export { type BinlogEncryption, type BinlogExtras, MULTI_FIELD } from './extras.js'
export {
  type BinlogDecryptor,
  type BinlogEvent,
  type BinlogFile,
  type BinlogPayload,
  type EncryptedEvents,
  type ReadBinlogOptions,
  readBinlog,
} from './read-binlog.js'
export { V1RecordReader } from './record-reader.js'
export type { V1RecordReaderOptions } from './record-reader-options.js'
export { V1RecordWriter } from './record-writer.js'
export type { V1RecordWriterOptions } from './record-writer-options.js'
