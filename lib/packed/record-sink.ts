import { type CallSite, captureCallSite, PackedError } from '../errors/index.js'
import type { ArrowRecord } from '../schema/index.js'
import type { RecordWriter } from './record-io.js'
import { SerialQueue } from './serial-queue.js'

/**
 * The life of a record writer, whatever it writes: records until `close` publishes or `discard`
 * does not, and a failure that ends it.
 *
 * Calls may overlap: they run one after the other in call order. A record's memory is lent until
 * its `write` settles.
 */
export abstract class RecordSink implements RecordWriter {
  readonly #queue = new SerialQueue()
  #failure: unknown
  #state: 'open' | 'failed' | 'closed' = 'open'
  #closing: Promise<void> | undefined

  abstract getWrittenUncompressed(): number

  /** Take the rows of a record. */
  protected abstract accept(record: ArrowRecord): Promise<void>
  /** Publish what was taken, all of it or nothing. */
  protected abstract publish(): Promise<void>
  /** Let go of everything that is not published; called last, in any case. */
  protected abstract release(): Promise<void>

  /** @throws PackedError; then nothing will be published and later calls are `Closed`. */
  write(record: ArrowRecord): Promise<void> {
    return this.inTurn('write', () => this.accept(record), captureCallSite(this.write))
  }

  /** Run a call when those before it are over; one that fails ends the writer. */
  protected inTurn(method: string, call: () => Promise<void>, site: CallSite): Promise<void> {
    return this.#queue.run(async () => {
      try {
        this.#expectOpen(method)
        await call()
      } catch (error) {
        if (this.#state === 'open') await this.#fail(error)
        throw error instanceof PackedError ? error.at(site) : error
      }
    })
  }

  /**
   * Publish every file, all of them or none. Idempotent: every call gives the same promise. After
   * a failed write there is nothing to publish: it resolves, the failure was reported already.
   */
  close(): Promise<void> {
    this.#closing ??= this.#queue.run(async () => {
      if (this.#state === 'failed') return
      this.#state = 'closed'
      try {
        await this.publish()
      } finally {
        await this.release()
      }
    })
    return this.#closing
  }

  /** Publish nothing, unless `close` was called before. Idempotent. */
  discard(): Promise<void> {
    this.#closing ??= this.#queue.run(async () => {
      this.#state = 'closed'
      await this.release()
    })
    return this.#closing
  }

  /** `discard()`: a block left by an exception publishes nothing. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.discard()
  }

  async #fail(failure: unknown): Promise<void> {
    this.#state = 'failed'
    this.#failure = failure
    await this.release()
  }

  #expectOpen(method: string): void {
    if (this.#state === 'open') return
    throw new PackedError(
      'Closed',
      `Expected an open ${this.constructor.name} for ${method}() but received one that is ${this.#state}`,
      { cause: this.#failure },
    )
  }
}
