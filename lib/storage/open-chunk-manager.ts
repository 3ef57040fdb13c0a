import { expectObject, type StorageConfig } from '../config/index.js'
import type { ChunkManager } from './chunk-manager.js'
import { LocalChunkManager } from './local/chunk-manager.js'
import { RemoteChunkManager } from './remote/chunk-manager.js'

/** Where objects are: a chunk manager, or the place that one is opened for. */
export interface ChunkPlace {
  chunkManager?: ChunkManager | undefined
  storage?: StorageConfig | undefined
}

/** True where every file takes requests to open. */
export function isRemote(storage: StorageConfig | undefined): boolean {
  return (storage?.storageType ?? 'local') !== 'local'
}

/**
 * The chunk manager of a place: a directory (the working directory where none is named) or a
 * bucket.
 *
 * @throws PackedError as `RemoteChunkManager.open`.
 */
export async function openChunkManager(storage: StorageConfig = {}): Promise<ChunkManager> {
  expectObject(storage, 'storage')
  return isRemote(storage)
    ? RemoteChunkManager.open({ storage })
    : new LocalChunkManager({ rootPath: storage.rootPath || '.' })
}

/** The chunk manager that is given, or one for the storage. @throws InvalidArgument for neither. */
export async function chunkManagerAt(place: ChunkPlace): Promise<ChunkManager> {
  const { chunkManager, storage } = place
  if (chunkManager === undefined && storage !== undefined) return openChunkManager(storage)
  return expectObject(chunkManager, 'chunkManager') as unknown as ChunkManager
}
