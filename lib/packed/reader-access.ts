import { callAsync, type NativeKey, type NativeReaderOptions } from '../native/index.js'
import { columnsOfFiles, columnsOfTree, resolveFilter } from './filter/index.js'
import { withKeys } from './key-retriever.js'
import { withCredentials } from './native-storage.js'
import type { PackedReaderOptions } from './reader-options.js'
import type { ReaderSettings } from './reader-settings.js'
import { RowAccess } from './row-access.js'

/** What the addon opens files with. */
type ReadyOptions = NativeReaderOptions & { keys: NativeKey[] }

/**
 * Call `use` with what opening files takes: credentials of the storage, and the keys of encrypted
 * files, which are wiped when it has settled.
 *
 * @throws what `use` throws, PermissionDenied, Encryption.
 */
export function withEverything<T>(
  { storage: config }: PackedReaderOptions,
  settings: ReaderSettings,
  use: (ready: ReadyOptions) => Promise<T>,
): Promise<T> {
  const { native, keyRetriever, signal } = settings
  const { paths } = native
  return withCredentials(config, native.storage, (storage) =>
    withKeys({ storage, paths, keyRetriever, signal }, async (keys) =>
      use(await withFilter({ ...native, storage, keys }, settings)),
    ),
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

/** With the filter that only the columns of the files could be checked for. */
async function withFilter(
  ready: ReadyOptions,
  { filterOnFiles, signal }: ReaderSettings,
): Promise<ReadyOptions> {
  if (filterOnFiles === undefined) return ready
  const columns = await columnsOfFiles(ready, columnsOfTree(filterOnFiles), signal)
  return { ...ready, filter: resolveFilter(filterOnFiles, columns) }
}
