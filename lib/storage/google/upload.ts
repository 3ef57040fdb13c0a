import { once } from 'node:events'
import type { Writable } from 'node:stream'

/**
 * One resumable upload of Google: a single stream of bytes, so that parts go out in their order.
 *
 * A part is taken when it was written to the stream; the object appears when `end` resolves.
 */
export class OrderedUpload {
  readonly #stream: Writable
  /** Rejects with what ended the stream; nobody may be waiting for it yet. */
  readonly #failed: Promise<never>
  #next = 1
  readonly #waiting = new Map<number, () => void>()

  constructor(stream: Writable) {
    this.#stream = stream
    this.#failed = new Promise((_, reject) => stream.once('error', reject))
    this.#failed.catch(() => {})
  }

  /** Write part `number` after all before it. `content` may be reused when it resolves. */
  async write(number: number, content: Uint8Array, signal: AbortSignal): Promise<void> {
    if (number !== this.#next) {
      const turn = new Promise<void>((resolve) => this.#waiting.set(number, resolve))
      await this.#or(turn, signal)
    }
    const written = new Promise<void>((resolve, reject) =>
      // A copy: the stream keeps what it has not sent, for a retry.
      this.#stream.write(Buffer.from(content), (error) => (error ? reject(error) : resolve())),
    )
    await this.#or(written, signal)
    this.#next = number + 1
    this.#waiting.get(this.#next)?.()
    this.#waiting.delete(this.#next)
  }

  async end(signal: AbortSignal): Promise<void> {
    const finished = once(this.#stream, 'finish', { signal }).then(() => {})
    this.#stream.end()
    await this.#or(finished, signal)
  }

  destroy(): void {
    this.#stream.destroy()
  }

  #or<T>(step: Promise<T>, signal: AbortSignal): Promise<T> {
    return Promise.race([step, this.#failed, aborted(signal)])
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
