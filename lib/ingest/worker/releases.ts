/** What was opened, to be given back in the reverse order. */
export class Releases {
  readonly #releases: (() => Promise<unknown>)[] = []

  add(release: () => Promise<unknown>): void {
    this.#releases.push(release)
  }

  /** Give everything back, whatever fails; the first failure is thrown. A second call does nothing. */
  async run(): Promise<void> {
    const failures: unknown[] = []
    for (const release of this.#releases.splice(0).reverse()) {
      await release().catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0) throw failures[0]
  }
}
