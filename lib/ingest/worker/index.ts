export type { DeleteKeys, WorkerMessage, WriteResult } from './message-input.js'
export { IngestWorker, type RecoveredWorker } from './worker.js'
export type { IngestWorkerOptions } from './worker-options.js'
export type { SegmentCounts, WorkerState, WorkerStatus } from './worker-status.js'
