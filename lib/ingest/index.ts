export {
  type BufferedMessage,
  WriteBuffer,
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
