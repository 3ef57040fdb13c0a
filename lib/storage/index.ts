export type {
  ChunkContent,
  ChunkEntry,
  ChunkManager,
  ChunkOptions,
  ChunkRange,
  ChunkWriteOptions,
  MultiWriteOptions,
} from './chunk-manager.js'
export { expectChunkManager } from './chunk-options.js'
export { DeadlineExceeded, withDeadline } from './deadline.js'
export { Gate } from './gate.js'
export { checkKey } from './keys.js'
export { LocalChunkManager, type LocalChunkManagerOptions } from './local/chunk-manager.js'
export { DirectoryLock, type LockOwner, lockDirectory } from './local/directory-lock.js'
export { syncFolder } from './local/sync-folder.js'
export { walkTemporaries } from './local/temporaries.js'
export { mapBounded, readAhead } from './map-bounded.js'
export type { ByteRange, ObjectStore, OpenUpload, StoredPart } from './object-store.js'
export { follow } from './on-abort.js'
export {
  type ChunkPlace,
  chunkManagerAt,
  isRemote,
  openChunkManager,
} from './open-chunk-manager.js'
export { nativeStorageOf, openObjectStore } from './open-object-store.js'
export { RemoteChunkManager, type RemoteChunkManagerOptions } from './remote/chunk-manager.js'
export { RemoteKeys } from './remote/keys.js'
export {
  type AbandonUploadsOptions,
  abandonUploads,
  type ResumedUploads,
  type ResumeUploadsOptions,
  resumeUploads,
} from './spool/resume.js'
export { SpooledFiles, type SpooledFilesOptions } from './spool/spooled-files.js'
export type { UploadProgress } from './spool/upload.js'
export { errnoOf, storageError } from './storage-error.js'
export { storageMetrics } from './storage-metrics.js'
export { ByteBudget } from './upload/byte-budget.js'
export { UploadHandler, type UploadHandlerOptions } from './upload/handler.js'
export { uploadJournal } from './upload/journal.js'
export type { Uploader, UploadOptions } from './uploader.js'
