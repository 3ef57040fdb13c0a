export type { ChunkEntry, ChunkManager, ChunkOptions } from './chunk-manager.js'
export { checkKey } from './keys.js'
export { LocalChunkManager, type LocalChunkManagerOptions } from './local-chunk-manager.js'
export { storageError } from './storage-error.js'
