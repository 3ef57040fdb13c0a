import { isPackedError, PackedError, type PackedErrorCode } from '../errors/index.js'

/** The table of the core (`CodeOfErrno` in error.cc), so that both disks of a segment agree. */
const CODES: Readonly<Record<string, PackedErrorCode>> = {
  ENOENT: 'NotFound',
  EEXIST: 'AlreadyExists',
  EACCES: 'PermissionDenied',
  EPERM: 'PermissionDenied',
  EROFS: 'PermissionDenied',
  ENOSPC: 'NoSpace',
  EDQUOT: 'NoSpace',
  EFBIG: 'NoSpace',
  EISDIR: 'InvalidArgument',
  ENOTDIR: 'InvalidArgument',
  ENAMETOOLONG: 'InvalidArgument',
  ELOOP: 'InvalidArgument',
  ENOMEM: 'OutOfMemory',
}

/** The errno name of a thrown value, undefined where Node's file system did not throw it. */
export function errnoOf(thrown: unknown): string | undefined {
  const { code } = (thrown ?? {}) as { code?: unknown }
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined
}

/** What a file system threw about the object `path`, as a PackedError; others pass as they are. */
export function storageError(thrown: unknown, path: string): unknown {
  const errno = errnoOf(thrown)
  if (errno === undefined || isPackedError(thrown)) return thrown
  return new PackedError(
    CODES[errno] ?? 'StorageIO',
    `Expected the object "${path}" to be accessible but received ${(thrown as Error).message}`,
    { path, cause: thrown },
  )
}
