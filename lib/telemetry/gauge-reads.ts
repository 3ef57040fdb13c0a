import type { GaugeName } from './pipeline-metrics.js'

/** Who tells the values of gauges: several workers of one process add up. */
export class GaugeReads {
  readonly #reads = new Map<GaugeName, Set<() => number>>()

  /** Ask `read` as well, until the result is called. */
  add(name: GaugeName, read: () => number): () => void {
    const reads = this.#reads.get(name) ?? new Set()
    this.#reads.set(name, reads)
    // A wrapper of its own: the same function may be given twice, and is taken back once.
    const once = (): number => read()
    reads.add(once)
    return () => void reads.delete(once)
  }

  /** The sum of what is told; undefined where nobody does. A read that throws tells nothing. */
  total(name: GaugeName): number | undefined {
    let total: number | undefined
    for (const read of this.#reads.get(name) ?? []) {
      try {
        total = (total ?? 0) + read()
      } catch {
        // Whoever looks at metrics is not who could mend it.
      }
    }
    return total
  }
}
