import { setImmediate as nextTurn } from 'node:timers/promises'

/** What all who share a breather may take of one turn of the event loop. */
const TURN_MS = 4

/** Gives way to the rest of the process when work that comes in steps has run for a while. */
export class Breather {
  #sinceMs = performance.now()
  #turn: Promise<void> | undefined

  /** To be awaited between steps of a millisecond or two, where nothing is left half done. */
  async pause(): Promise<void> {
    // Those who waited for the same turn go on one after the other, and the last ones wait again.
    while (performance.now() - this.#sinceMs >= TURN_MS) {
      this.#turn ??= this.#nextTurn()
      await this.#turn
    }
  }

  async #nextTurn(): Promise<void> {
    await nextTurn()
    this.#sinceMs = performance.now()
    this.#turn = undefined
  }
}
