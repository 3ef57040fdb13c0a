import { callAsync, type NativeKey, type NativeReaderOptions } from '../native/index.js'
import { withKeys } from './key-retriever.js'
import { withCredentials } from './native-storage.js'
import type { PackedReaderOptions } from './reader-options.js'
import type { ReaderSettings } from './reader-settings.js'
import { RowAccess } from './row-access.js'

/**
 * Call `use` with what opening files takes: credentials of the storage, and the keys of encrypted
 * files, which are wiped when it has settled.
 *
 * @throws what `use` throws, PermissionDenied, Encryption.
 */
export function withEverything<T>(
  { storage: config }: PackedReaderOptions,
  { native, keyRetriever, signal }: ReaderSettings,
  use: (ready: NativeReaderOptions & { keys: NativeKey[] }) => Promise<T>,
): Promise<T> {
  const { paths } = native
  return withCredentials(config, native.storage, (storage) =>
    withKeys({ storage, paths, keyRetriever, signal }, (keys) => use({ ...native, storage, keys })),
  )
}

/** The same files by position, to be opened when they are first asked for. */
export function rowAccessOf(options: PackedReaderOptions, settings: ReaderSettings): RowAccess {
  return new RowAccess(
    (flag) =>
      withEverything(options, settings, (ready) =>
        callAsync((addon, done) => addon.rowsOpen(ready, flag, done)),
      ),
    settings.policy,
    settings.signal,
  )
}
