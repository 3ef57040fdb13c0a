import { publishEvent } from './packed-events.js'

/** What one object store has cost this process so far. */
export interface StorageMetrics {
  /** `address/bucket`; of AWS itself `bucket`. */
  filesystem: string
  /** Attempts: a retry is one more. */
  requests: number
  /** Attempts that failed. */
  failed: number
  retries: number
  bytesRead: number
  bytesWritten: number
  /** Milliseconds of all requests that ended: their sum, and the longest. */
  latencyMs: { sum: number; max: number }
  /** Parts that were sent. */
  parts: number
  /** Uploads started and neither completed nor aborted yet. */
  openUploads: number
  /** Native calls that outlived their deadline and were left behind. */
  abandoned: number
}

/** Counts what TypeScript does with one object store. */
export class StorageMeter {
  readonly #counts: StorageMetrics

  constructor(filesystem: string) {
    this.#counts = {
      filesystem,
      requests: 0,
      failed: 0,
      retries: 0,
      bytesRead: 0,
      bytesWritten: 0,
      latencyMs: { sum: 0, max: 0 },
      parts: 0,
      openUploads: 0,
      abandoned: 0,
    }
  }

  /** One attempt that ended. */
  request(latencyMs: number, outcome: { failed?: boolean; retry?: boolean } = {}): void {
    this.#counts.requests += 1
    if (outcome.failed) this.#counts.failed += 1
    if (outcome.retry) this.#counts.retries += 1
    this.#counts.latencyMs.sum += latencyMs
    this.#counts.latencyMs.max = Math.max(this.#counts.latencyMs.max, latencyMs)
    publishEvent('storage.request', () => ({
      filesystem: this.#counts.filesystem,
      durationMs: latencyMs,
      failed: outcome.failed ?? false,
      retry: outcome.retry ?? false,
    }))
  }

  read(bytes: number): void {
    this.#counts.bytesRead += bytes
  }

  written(bytes: number): void {
    this.#counts.bytesWritten += bytes
  }

  partSent(): void {
    this.#counts.parts += 1
  }

  uploads(change: 1 | -1): void {
    this.#counts.openUploads += change
  }

  snapshot(): StorageMetrics {
    return { ...this.#counts, latencyMs: { ...this.#counts.latencyMs } }
  }
}

/** By name, for as long as this thread of JavaScript lives, as counters of a process are. */
const meters = new Map<string, StorageMeter>()

/** The meter of a store; made at the first call. */
export function storageMeter(filesystem: string): StorageMeter {
  let meter = meters.get(filesystem)
  if (meter === undefined) {
    meter = new StorageMeter(filesystem)
    meters.set(filesystem, meter)
  }
  return meter
}

/** Every meter, in order of first use. */
export function storageMeters(): StorageMeter[] {
  return [...meters.values()]
}
