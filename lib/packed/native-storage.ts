import type { StorageConfig } from '../config/index.js'
import type { NativeStorage } from '../native/index.js'
import { nativeStorageOf } from '../storage/index.js'

/**
 * Start what reads from a storage: at once, or when the function that gives the credentials has.
 *
 * @param native `config` in the form of the addon, checked.
 * @throws what `start` throws; PermissionDenied where the function gives no credentials.
 */
export async function withCredentials<T>(
  config: StorageConfig | undefined,
  native: NativeStorage,
  start: (storage: NativeStorage) => Promise<T>,
): Promise<T> {
  return start(config?.credentials === undefined ? native : await nativeStorageOf(config))
}
