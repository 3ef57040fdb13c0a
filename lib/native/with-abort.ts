import { AbortLink } from './abort-link.js'
import type { CancelHandle } from './addon.js'

/**
 * Run one call that polls a cancel flag, which the signal raises.
 *
 * @throws the signal's reason when it is aborted, what `call` throws otherwise.
 */
export async function withAbort<T>(
  signal: AbortSignal | undefined,
  call: (flag: CancelHandle) => Promise<T>,
): Promise<T> {
  const link = new AbortLink(signal)
  try {
    return await call(link.flag)
  } catch (error) {
    throw link.translate(error)
  } finally {
    link.unlink()
  }
}
