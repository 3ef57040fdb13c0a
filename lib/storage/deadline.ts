import { onAbort } from './on-abort.js'

/** How long one operation on an object store may take, with all its retries. */
export interface OperationLimits {
  timeoutMs: number
  signal?: AbortSignal | undefined
}

/** What `withDeadline` rejects with when the time is over. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded'

  constructor(timeoutMs: number) {
    super(`Expected an answer within ${timeoutMs} ms but received none`)
  }
}

/**
 * Run an operation under a signal that ends with the caller's or when the time is over.
 *
 * Rejects at that moment, whatever the operation does: a client that does not listen is left
 * behind. Rejects with the caller's reason or with DeadlineExceeded; the last failure of the
 * operation itself is for the caller to remember.
 */
export async function withDeadline<T>(
  { timeoutMs, signal }: OperationLimits,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const controller = new AbortController()
  let cut: (reason: unknown) => void = () => {}
  const over = new Promise<never>((_, reject) => {
    cut = (reason) => {
      reject(reason)
      controller.abort(reason)
    }
  })
  const timer = setTimeout(() => cut(new DeadlineExceeded(timeoutMs)), timeoutMs)
  const unlisten = signal && onAbort(signal, () => cut(signal.reason))
  try {
    return await Promise.race([run(controller.signal), over])
  } finally {
    clearTimeout(timer)
    unlisten?.()
  }
}
