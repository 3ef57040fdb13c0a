/** Paths in the order in which they came, each once while it waits. */
export class WaitingFiles {
  readonly #paths = new Set<string>()
  #end: { readonly error?: unknown } | undefined
  #wake = (): void => {}

  add(path: string): void {
    this.#paths.add(path)
    this.#wake()
  }

  /** Nobody waits any longer. */
  end(): void {
    this.#end ??= {}
    this.#wake()
  }

  fail(error: unknown): void {
    this.#end ??= { error }
    this.#wake()
  }

  /** The next path, waited for; undefined after the end, whatever still waits. */
  async next(): Promise<string | undefined> {
    while (this.#end === undefined) {
      const [first] = this.#paths
      if (first !== undefined) {
        this.#paths.delete(first)
        return first
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#end.error !== undefined) throw this.#end.error
    return undefined
  }
}
