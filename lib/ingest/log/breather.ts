import { setImmediate as nextTurn } from 'node:timers/promises'

/** What one turn of the event loop may take. */
const TURN_MS = 5

/** Gives way to the rest of the process when a loop has run for a while. */
export class Breather {
  #sinceMs = performance.now()

  /** To be awaited where nothing is to be done. */
  async pause(): Promise<void> {
    if (performance.now() - this.#sinceMs < TURN_MS) return
    await nextTurn()
    this.#sinceMs = performance.now()
  }
}
