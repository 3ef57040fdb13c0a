/** Bounds the bytes of many uploads that are on their way at the same time. */
export class ByteBudget {
  readonly #most: number
  #used = 0
  readonly #waiting: { bytes: number; go: () => void }[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** Run when there is room, in call order; what is larger than the budget runs alone. */
  async run<T>(bytes: number, operation: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) {
      await new Promise<void>((go) => this.#waiting.push({ bytes, go }))
    } else {
      this.#used += bytes
    }
    try {
      return await operation()
    } finally {
      this.#used -= bytes
      this.#admit()
    }
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#used += next.bytes
      next.go()
    }
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#most
  }
}
