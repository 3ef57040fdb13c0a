export {
  type ServedWorker,
  type ServeWorkerOptions,
  serveWorker,
  type WorkerServer,
} from './http/index.js'
export type { DeleteGroup, InsertGroup, LoggedMessage, Message } from './message.js'
export type { MessageLog, MessageSource } from './message-source.js'
