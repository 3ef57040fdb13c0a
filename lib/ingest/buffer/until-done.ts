import { classifySyncError, type RetryOptions, retrying } from '../../sync/index.js'

/** Milvus's longest pause; there is no limit of attempts, as the rows are wanted. */
const RETRY: Required<RetryOptions> = {
  maxAttempts: Number.POSITIVE_INFINITY,
  initialDelayMs: 100,
  maxDelayMs: 10_000,
}

/** Whom {@link untilDone} asks and tells. */
export interface UntilDone {
  /** No attempt begins after it is aborted. */
  readonly signal: AbortSignal
  /** An attempt failed, the next one is made after a pause. */
  readonly onRetry: (error: unknown, attempt: number) => void
}

/**
 * Do `attempt` until it succeeds, with pauses that grow.
 *
 * @throws the failure that no repetition mends; the signal's reason.
 */
export function untilDone<T>(
  { signal, onRetry }: UntilDone,
  attempt: () => Promise<T>,
): Promise<T> {
  // Whatever else gave up (a time limit, a part that was closed) the rows are still wanted.
  const shouldRetry = (error: unknown): boolean =>
    !signal.aborted && classifySyncError(error, signal) !== 'terminal'
  return retrying({ retry: RETRY, signal, shouldRetry, onRetry }, attempt)
}
