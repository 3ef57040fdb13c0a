const settled = (): void => {}

/**
 * Runs asynchronous operations one after the other, in the order of the calls.
 *
 * A failure is the caller's alone: it neither stops nor fails the operations behind it.
 */
export class SerialQueue {
  #tail: Promise<void> = Promise.resolve()

  run<T>(operation: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(operation)
    this.#tail = result.then(settled, settled)
    return result
  }
}
