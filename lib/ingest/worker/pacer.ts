import { setImmediate } from 'node:timers/promises'

/** Work of the JS thread between two turns of the event loop. */
const TURN_MS = 5

/** Lets the event loop turn in the middle of long work. */
export class Pacer {
  #since = performance.now()

  /** Call between steps of work that take a millisecond or two at most. */
  async pause(): Promise<void> {
    if (performance.now() - this.#since < TURN_MS) return
    await setImmediate()
    this.#since = performance.now()
  }
}
