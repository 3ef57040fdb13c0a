/**
 * Lets a few operations run at a time, the others wait in call order.
 *
 * Node's file system shares libuv's four threads with everything else of the process (DNS,
 * crypto, the file system of the application): one chunk manager must never occupy them all.
 */
export class Gate {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(most: number) {
    this.#free = most
  }

  async run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await operation()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}
