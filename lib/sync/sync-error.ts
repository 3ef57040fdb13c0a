import { isPackedError, PackedError, type PackedErrorCode } from '../errors/index.js'
import { metaFailureOf } from './meta-failure.js'

/**
 * What a failure of a sync means: whoever started it gave it up; the same will fail again; or it
 * may pass.
 */
export type SyncErrorClass = 'canceled' | 'terminal' | 'retry'

/** Codes whose cause does not go away by itself. A path that is taken does: ids are never reused. */
const TERMINAL: ReadonlySet<PackedErrorCode> = new Set([
  'InvalidArgument',
  'InvalidSchema',
  'InvalidData',
  'TypeMismatch',
  'UnsupportedType',
  'NotSupported',
  'NotFound',
  'PermissionDenied',
  'MetadataCorrupted',
  'FileCorrupted',
  'Closed',
  'Detached',
  'Encryption',
])

/** As writers of column groups say that files of one segment would not fit together. */
const LAYOUT_MISMATCH = /column count mismatch|column group size mismatch/i

/**
 * Sort a failure of a sync.
 *
 * @param signal what the sync was given: its reason is a cancellation, whatever it looks like.
 */
export function classifySyncError(error: unknown, signal?: AbortSignal): SyncErrorClass {
  if (signal?.aborted && error === signal.reason) return 'canceled'
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown }
  if (isPackedError(error)) {
    if (error.code === 'Aborted') return 'canceled'
    // A channel that became somebody else's does not come back.
    if (TERMINAL.has(error.code) || metaFailureOf(error) === 'misrouted') return 'terminal'
  } else if (name === 'AbortError' || name === 'TimeoutError') {
    return 'canceled'
  }
  return LAYOUT_MISMATCH.test(String(message)) ? 'terminal' : 'retry'
}

/**
 * Whether the attempt of a StorageV3 sync may pass another time: somebody else committed to the
 * manifest at the same time, or the store said that it may. All else is final.
 */
export function isTransient(error: unknown, signal?: AbortSignal): boolean {
  return isPackedError(error) && error.retryable && classifySyncError(error, signal) === 'retry'
}

/** A sync of a segment that the channel does not have (any more): nothing to write for it. */
export function segmentNotFound(segmentId: bigint, channelName: string): PackedError {
  return new PackedError(
    'NotFound',
    `Expected a segment of channel "${channelName}" for a sync but received id ${segmentId}`,
  )
}
