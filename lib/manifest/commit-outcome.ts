import { isPackedError, type PackedErrorCode } from '../errors/index.js'

/** Failures of a write after which nothing is there, nor will be. */
const NOT_WRITTEN: readonly PackedErrorCode[] = [
  'InvalidArgument',
  'NoSpace',
  'NotFound',
  'NotSupported',
  'PermissionDenied',
]
const CERTAIN: ReadonlySet<PackedErrorCode> = new Set(NOT_WRITTEN)
/** Besides, what is found before a version is written, or in its place. */
const NOT_COMMITTED: ReadonlySet<PackedErrorCode> = new Set([
  ...NOT_WRITTEN,
  'Conflict',
  'MetadataCorrupted',
  'RetriesExhausted',
])

/** Whether what `ManifestStore.create` threw means that the version is not its caller's. */
export function isCertain(error: unknown): boolean {
  return isPackedError(error) && CERTAIN.has(error.code)
}

/**
 * Whether what `ManifestTransaction.commit` threw means that there is surely no new version: what
 * was written for it may be removed. After any other failure it may be there.
 */
export function isNotCommitted(error: unknown): boolean {
  return isPackedError(error) && NOT_COMMITTED.has(error.code)
}
