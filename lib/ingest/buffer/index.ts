export type { BufferedMessage } from './buffered-message.js'
export type { PendingSync } from './pending-sync.js'
export type { SegmentBuffer } from './segment-buffer.js'
export {
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
} from './sync-policies.js'
export { WriteBuffer } from './write-buffer.js'
export { WriteBufferManager, type WriteBufferManagerOptions } from './write-buffer-manager.js'
export type { SyncSubmitter, TaskFacts, WriteBufferOptions } from './write-buffer-options.js'
