import type { IngestProgress, IngestSummary, SourceProgress } from './ingest-options.js'
import type { Packet } from './packet.js'

type Counted = { -readonly [Key in keyof SourceProgress]: SourceProgress[Key] }

/** What a run has done so far, by source. */
export class IngestCounts {
  readonly #startMs = performance.now()
  /** By name: a file of a watched directory may come several times. */
  readonly #sources = new Map<string, Counted>()
  #current: Counted | undefined
  #rows = 0
  #bytes = 0
  #poison = 0

  /** What is counted from now on is of `source`. */
  begin(source: string, resumedAt: bigint): void {
    let counted = this.#sources.get(source)
    if (counted === undefined) {
      counted = { source, rows: 0, bytes: 0, poison: 0, resumedAt, sequence: resumedAt }
      this.#sources.set(source, counted)
    }
    this.#current = counted
  }

  accepted({ numRows, bytes, bad, sequence }: Packet): void {
    this.#rows += numRows
    this.#bytes += bytes
    this.#poison += bad.length
    const current = this.#current!
    current.rows += numRows
    current.bytes += bytes
    current.poison += bad.length
    current.sequence = sequence
  }

  progress(): IngestProgress {
    return { ...this.#totals(), current: { ...this.#current! } }
  }

  summary(aborted: boolean): IngestSummary {
    const sources = [...this.#sources.values()].map((counted) => ({ ...counted }))
    return { ...this.#totals(), aborted, sources }
  }

  #totals(): Omit<IngestProgress, 'current'> {
    const elapsedMs = performance.now() - this.#startMs
    const perSecond = (count: number): number => (count * 1000) / Math.max(1, elapsedMs)
    return {
      rows: this.#rows,
      bytes: this.#bytes,
      poison: this.#poison,
      elapsedMs,
      rowsPerSecond: perSecond(this.#rows),
      bytesPerSecond: perSecond(this.#bytes),
    }
  }
}
