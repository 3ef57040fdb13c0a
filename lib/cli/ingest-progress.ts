import type { WorkerStatus } from '../ingest/index.js'
import { formatCount } from './table.js'

/** How often the line is drawn, and over which time rates are taken. */
const PERIOD_MS = 250
const WINDOW_MS = 5_000
const MEGABYTE = 1e6

interface Sample {
  ms: number
  rows: number
  bytes: number
}

/** One line on the terminal of standard error, drawn until it is stopped; else nothing. */
export async function showProgress(status: () => WorkerStatus): Promise<() => void> {
  if (!process.stderr.isTTY) return () => {}
  const { SingleBar } = await import('cli-progress')
  const rates = new Rates()
  const bar = new SingleBar({
    format: () => progressLine(status(), rates),
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // The command answers signals itself.
    gracefulExit: false,
  })
  bar.start(0, 0)
  const timer = setInterval(() => bar.update(0), PERIOD_MS).unref()
  return () => {
    clearInterval(timer)
    bar.stop()
  }
}

/** Rows and bytes a second of the last seconds. */
export class Rates {
  #samples: Sample[] = []

  take(sample: Sample): { rows: number; bytes: number } {
    this.#samples.push(sample)
    this.#samples = this.#samples.filter(({ ms }) => sample.ms - ms <= WINDOW_MS)
    const [first] = this.#samples
    const seconds = (sample.ms - first!.ms) / 1000
    if (seconds === 0) return { rows: 0, bytes: 0 }
    return {
      rows: (sample.rows - first!.rows) / seconds,
      bytes: (sample.bytes - first!.bytes) / seconds,
    }
  }
}

export function progressLine(status: WorkerStatus, rates: Rates, ms = performance.now()): string {
  const { rows, bytes, segments, bufferBytes, memoryBytes, backlogMessages, state } = status
  const rate = rates.take({ ms, rows, bytes })
  const open = segments.growing + segments.sealed + segments.flushing
  const parts = [
    `${formatCount(rows)} rows`,
    `${formatCount(Math.round(rate.rows))} rows/s`,
    `${megabytes(rate.bytes)} MB/s`,
    `segments ${segments.flushed} flushed, ${open} open`,
    `memory ${megabytes(bufferBytes)} of ${megabytes(memoryBytes)} MB`,
    `backlog ${formatCount(backlogMessages)}`,
    ...(state === 'running' ? [] : [state]),
  ]
  return parts.join(' | ')
}

function megabytes(bytes: number): string {
  return (bytes / MEGABYTE).toFixed(1)
}
