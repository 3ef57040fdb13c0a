import { isPackedError } from '../errors/index.js'
import type { CancelHandle } from './addon.js'
import { callSync } from './call.js'

/**
 * Ties an AbortSignal to the cancel flag of one native object.
 *
 * One `once` listener for the life of the object, removed by `unlink`, so that a long-lived
 * signal does not gather listeners. The listener holds only the flag: a forgotten writer or
 * reader stays collectable.
 */
export class AbortLink {
  readonly flag: CancelHandle
  readonly #signal: AbortSignal | undefined
  readonly #listener: () => void
  #onAbort: (() => void) | undefined

  /** @throws the signal's reason when it is aborted already. */
  constructor(signal: AbortSignal | undefined) {
    signal?.throwIfAborted()
    const flag = callSync((addon) => addon.newCancel())
    this.flag = flag
    this.#signal = signal
    this.#listener = () => {
      callSync((addon) => addon.cancel(flag))
      this.#onAbort?.()
    }
    signal?.addEventListener('abort', this.#listener, { once: true })
  }

  get aborted(): boolean {
    return this.#signal?.aborted ?? false
  }

  /** Have `react` called on `owner` after the flag is up, unless `owner` was collected. */
  onAbort<T extends object>(owner: T, react: (owner: T) => void): void {
    const weak = new WeakRef(owner)
    this.#onAbort = () => {
      const target = weak.deref()
      if (target !== undefined) react(target)
    }
  }

  /** @throws the signal's reason once it is aborted. */
  throwIfAborted(): void {
    this.#signal?.throwIfAborted()
  }

  /** The error to reject with: the signal's reason instead of the core's `Aborted`. */
  translate(error: unknown): unknown {
    return this.aborted && isPackedError(error) && error.code === 'Aborted'
      ? this.#signal?.reason
      : error
  }

  /** Stop listening. Idempotent. */
  unlink(): void {
    this.#signal?.removeEventListener('abort', this.#listener)
  }
}
