import { isPackedError } from '../errors/index.js'
import { type CancelHandle, callSync } from '../native/index.js'

/**
 * Run one native call that polls a cancel flag, which `signal` raises.
 *
 * @throws the signal's reason when it is aborted, what `start` throws otherwise.
 */
export async function abortable<T>(
  signal: AbortSignal | undefined,
  start: (flag: CancelHandle) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const flag = callSync((addon) => addon.newCancel())
  const raise = () => callSync((addon) => addon.cancel(flag))
  signal?.addEventListener('abort', raise, { once: true })
  try {
    return await start(flag)
  } catch (error) {
    const aborted = signal?.aborted && isPackedError(error) && error.code === 'Aborted'
    throw aborted ? signal.reason : error
  } finally {
    signal?.removeEventListener('abort', raise)
  }
}
