import { PackedError } from '../../errors/index.js'
import { type PipelineMeter, publishStage } from '../../telemetry/index.js'

/** A file that is written to, and how far. */
export interface SyncTarget {
  readonly lastMessageId: bigint
  sync(): Promise<void>
}

/**
 * What of a log is on the disk. Whoever waits for it while the disk works shares the next run.
 *
 * A failure is for good: the system may forget what it could not write, and call the next attempt
 * a success.
 */
export class DiskSync {
  readonly #target: () => SyncTarget
  readonly #meter: PipelineMeter
  #durableId: bigint
  #running: Promise<void> | undefined
  #failure: { error: unknown } | undefined

  /** @param durableId the last message that is on the disk. */
  constructor(target: () => SyncTarget, durableId: bigint, meter: PipelineMeter) {
    this.#target = target
    this.#durableId = durableId
    this.#meter = meter
  }

  get durableId(): bigint {
    return this.#durableId
  }

  /** @throws PackedError Closed after a failure. */
  expectWorking(): void {
    if (this.#failure === undefined) return
    const cause = this.#failure.error
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `Expected a log that is still written but received one given up: ${reason}`
    throw new PackedError('Closed', message, { cause })
  }

  /** Nothing more is promised of this log. */
  fail(error: unknown): void {
    this.#failure ??= { error }
  }

  /** Wait until a message, which was written, is on the disk. */
  async reach(messageId: bigint): Promise<void> {
    while (this.#durableId < messageId) {
      this.expectWorking()
      this.#running ??= this.#run().finally(() => {
        this.#running = undefined
      })
      await this.#running
    }
  }

  async #run(): Promise<void> {
    const target = this.#target()
    const { lastMessageId } = target
    const sinceMs = performance.now()
    publishStage('log.sync.before')
    try {
      await target.sync()
    } catch (error) {
      this.fail(error)
      throw error
    }
    publishStage('log.sync.after')
    this.#meter.record('log.sync', (performance.now() - sinceMs) / 1000)
    this.#durableId = lastMessageId
  }
}
