import type { StorageConfig } from '../config/index.js'
import type { ChunkManager } from './chunk-manager.js'
import { LocalChunkManager } from './local-chunk-manager.js'
import { RemoteChunkManager } from './remote-chunk-manager.js'

/**
 * The chunk manager of a place: a directory (the working directory where none is named) or a
 * bucket.
 *
 * @throws PackedError as `RemoteChunkManager.open`.
 */
export async function openChunkManager(storage: StorageConfig = {}): Promise<ChunkManager> {
  const isLocal = (storage.storageType ?? 'local') === 'local'
  return isLocal
    ? new LocalChunkManager({ rootPath: storage.rootPath || '.' })
    : RemoteChunkManager.open({ storage })
}
