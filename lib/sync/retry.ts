import { ExponentialBackoff, handleWhen, retry } from 'cockatiel'
import { expectInteger, expectKnownKeys, expectObject, unexpected } from '../config/index.js'
import { follow } from '../storage/index.js'

const LONGEST_TIMER_MS = 2 ** 31 - 1

/** How often, and how patiently, what failed is done again. */
export interface RetryOptions {
  /** Attempts in all, the first included; Infinity for no end. */
  maxAttempts?: number
  /** Of the pause after the first failure; it doubles, with some chance in it. */
  initialDelayMs?: number
  /** Longest pause. */
  maxDelayMs?: number
}

/** What {@link retrying} is told. */
export interface Retrying {
  readonly retry: Required<RetryOptions>
  /** Aborting ends a pause at once, and an attempt when it ends. */
  readonly signal: AbortSignal | undefined
  readonly shouldRetry: (error: unknown) => boolean
  readonly onRetry?: (error: unknown, attempt: number) => void
}

/** Retry options with defaults. @throws PackedError InvalidArgument. */
export function resolveRetry(
  value: RetryOptions | undefined,
  name: string,
  fallback: Required<RetryOptions>,
): Required<RetryOptions> {
  if (value === undefined) return fallback
  const given = expectObject(value, name)
  expectKnownKeys(given, ['maxAttempts', 'initialDelayMs', 'maxDelayMs'], name)
  return {
    maxAttempts: expectAttempts(given.maxAttempts ?? fallback.maxAttempts, `${name}.maxAttempts`),
    initialDelayMs: expectInteger(given.initialDelayMs, `${name}.initialDelayMs`, {
      fallback: fallback.initialDelayMs,
    }),
    maxDelayMs: expectInteger(given.maxDelayMs, `${name}.maxDelayMs`, {
      fallback: fallback.maxDelayMs,
    }),
  }
}

/**
 * Do `attempt` until it succeeds, fails for good, or has no attempts left.
 *
 * @throws the failure of the last attempt; the signal's reason when it is aborted.
 */
export async function retrying<T>(options: Retrying, attempt: () => Promise<T>): Promise<T> {
  const { retry: limits, signal, shouldRetry, onRetry } = options
  signal?.throwIfAborted()
  const { maxAttempts, initialDelayMs: initialDelay, maxDelayMs: maxDelay } = limits
  const policy = retry(
    handleWhen((error) => shouldRetry(error)),
    {
      maxAttempts: maxAttempts - 1,
      backoff: new ExponentialBackoff({ initialDelay, maxDelay }),
    },
  ).dangerouslyUnref()
  // Holds the process instead of the policy's pause, which would do so after an abort, too.
  const awake = setInterval(() => {}, LONGEST_TIMER_MS)
  const listening = policy.onRetry((event) => {
    if ('error' in event) onRetry?.(event.error, event.attempt)
  })
  let running: Promise<unknown> = Promise.resolve()
  let unfollow = (): void => {}
  // The policy sleeps through an abort: whoever waits for it need not.
  const aborted = new Promise<never>((_, reject) => {
    unfollow = follow(signal, (reason) => {
      void running.catch(() => {}).finally(() => reject(reason))
    })
  })
  try {
    const work = policy.execute(() => {
      signal?.throwIfAborted()
      const result = attempt()
      running = result
      return result
    }, signal)
    return await Promise.race([work, aborted])
  } finally {
    clearInterval(awake)
    unfollow()
    listening.dispose()
  }
}

function expectAttempts(value: unknown, name: string): number {
  if (value === Number.POSITIVE_INFINITY) return value
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value
  throw unexpected('an integer >= 1 or Infinity', name, value)
}
