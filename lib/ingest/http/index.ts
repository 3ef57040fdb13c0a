export {
  plainStatus,
  type ServedWorker,
  type ServeWorkerOptions,
  serveWorker,
  type WorkerServer,
} from './serve-worker.js'
