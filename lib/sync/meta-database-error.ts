import { isPackedError, PackedError, type PackedErrorCode } from '../errors/index.js'
import { storageError } from '../storage/index.js'

/** Numbers of LMDB (below 0) and of the system that say more than "it did not work". */
const CODES: ReadonlyMap<number, PackedErrorCode> = new Map([
  [-30797, 'MetadataCorrupted'], // MDB_PAGE_NOTFOUND
  [-30796, 'MetadataCorrupted'], // MDB_CORRUPTED
  [-30795, 'MetadataCorrupted'], // MDB_PANIC
  [-30794, 'MetadataCorrupted'], // MDB_VERSION_MISMATCH
  [-30793, 'MetadataCorrupted'], // MDB_INVALID
  [-30792, 'NoSpace'], // MDB_MAP_FULL
  [-30779, 'MetadataCorrupted'], // MDB_PROBLEM
  [1, 'PermissionDenied'], // EPERM
  [12, 'OutOfMemory'], // ENOMEM
  [13, 'PermissionDenied'], // EACCES
  [27, 'NoSpace'], // EFBIG
  [28, 'NoSpace'], // ENOSPC
  [30, 'PermissionDenied'], // EROFS
  [122, 'NoSpace'], // EDQUOT
])

/**
 * What LMDB or the file system threw about a store, as a PackedError.
 *
 * A transaction that failed at its end rejects with an error that only promises the reason.
 */
export async function committedError(thrown: unknown): Promise<unknown> {
  const { commitError } = (thrown ?? {}) as { commitError?: Promise<unknown> }
  if (commitError === undefined) return thrown
  return commitError.catch((reason: unknown) => reason)
}

/** The PackedError for what a store threw; PackedErrors pass as they are. */
export function metaStoreError(thrown: unknown, directory: string): unknown {
  if (isPackedError(thrown)) return thrown
  const { code, message } = (thrown ?? {}) as { code?: unknown; message?: unknown }
  if (typeof code === 'string') return storageError(thrown, directory)
  const known = typeof code === 'number' ? CODES.get(code) : undefined
  return new PackedError(
    known ?? 'StorageIO',
    `Expected the metadata store "${directory}" to be readable and writable but received ${message}`,
    { path: directory, cause: thrown },
  )
}
