import type { StorageConfig } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { NativeStorage } from '../native/index.js'
import type { ObjectStore } from './object-store.js'

/**
 * The store that a configuration names; one client per place and identity is shared, and made
 * once however many ask at the same time.
 *
 * @throws PackedError InvalidArgument (a local configuration, missing names), NotSupported (the
 *   package of the provider is not installed).
 */
export function openObjectStore(config: StorageConfig): Promise<ObjectStore> {
  const given = config.storageType ?? 'local'
  return Promise.reject(new PackedError('NotSupported', `Storage '${given}' is not built yet`))
}

/** What the addon needs to read from the same place: with the credentials of this moment. */
export async function nativeStorageOf(resolved: NativeStorage): Promise<NativeStorage> {
  return resolved
}
