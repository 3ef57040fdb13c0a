export {
  type BufferedMessage,
  type BufferState,
  defaultPolicies,
  droppedSegments,
  flushTimestampReached,
  fullBuffer,
  oldestBuffers,
  type SyncPolicy,
  type SyncSituation,
  sealedSegments,
  staleBuffer,
  type TaskFacts,
  WriteBuffer,
  WriteBufferManager,
  type WriteBufferManagerOptions,
  type WriteBufferOptions,
} from './buffer/index.js'
export {
  type ServedWorker,
  type ServeWorkerOptions,
  serveWorker,
  type WorkerServer,
} from './http/index.js'
export {
  type ColumnType,
  formatOfExtension,
  INPUT_FORMATS,
  type Input,
  type InputFormat,
  type InputOptions,
  type InputPlace,
  inputFormat,
  openInput,
  parseColumnType,
  STDIN,
} from './input/index.js'
export {
  type LogFsync,
  type RecoveredLog,
  SegmentedLog,
  type SegmentedLogOptions,
} from './log/index.js'
export type { DeleteGroup, InsertGroup, LoggedMessage, Message } from './message.js'
export type { MessageLog, MessageSource } from './message-source.js'
export {
  type DeleteKeys,
  IngestWorker,
  type IngestWorkerOptions,
  type RecoveredWorker,
  type SegmentCounts,
  type WorkerMessage,
  type WorkerState,
  type WorkerStatus,
  type WriteResult,
} from './worker/index.js'
