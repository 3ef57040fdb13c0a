/** A source that writes to a worker until it is told to stop, and knows what was accepted. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { IngestWorker } from '../../lib/ingest/index.js'
import { notes } from './ingest.js'

const ROWS = 200

export class SteadyWriter {
  readonly #worker: IngestWorker
  readonly #done: Promise<void>
  #isStopped = false
  #accepted: number
  /** Codes of messages that were refused, without repetitions. */
  readonly refused = new Set<string>()

  /** @param accepted keys that were accepted before. */
  constructor(worker: IngestWorker, accepted = 0) {
    this.#worker = worker
    this.#accepted = accepted
    this.#done = this.#run()
  }

  /** Keys 0 to this are accepted, so far. */
  get accepted(): number {
    return this.#accepted
  }

  /** Write no more; resolves when the last message is accepted, or refused for good. */
  stop(): Promise<void> {
    this.#isStopped = true
    return this.#done
  }

  /** Every message goes on until it is accepted, as a source does that has to keep its order. */
  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        const rows = notes(this.#accepted, ROWS)
        await this.#worker.write({ source: 'steady', sequence: this.#accepted + ROWS, rows })
        this.#accepted += ROWS
      } catch (error) {
        const { code, retryable } = error as { code: string; retryable: boolean }
        this.refused.add(code)
        if (!retryable) return
        await sleep(20)
      }
    }
  }
}
