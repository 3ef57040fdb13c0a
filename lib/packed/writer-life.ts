import { type CallSite, captureCallSite, PackedError } from '../errors/index.js'
import type { WriterHandle } from '../native/index.js'
import { type AbortLink, callAsync, callSync } from '../native/index.js'
import { SerialQueue } from './serial-queue.js'
import { tellAborted } from './writer-events.js'
import type { WriterOutput } from './writer-output.js'

type State = 'open' | 'finished' | 'failed' | 'closed'

/** What is still to be done for a writer that nobody closed. Must not lead to the writer. */
interface Forgotten {
  link: AbortLink
  output: WriterOutput
  path: string
}

/** Writers that nobody closed: their native half removes the files, this tells the programmer. */
const forgotten = new FinalizationRegistry<Forgotten>(({ link, output, path }) => {
  link.unlink()
  void output.discard()
  process.emitWarning(
    `A PackedWriter ("${path}", …) was dropped without finish() or close(); its files were removed`,
    { type: 'ArrowPackedWarning', code: 'ARROW_PACKED_UNCLOSED' },
  )
})

/** What a writer lives on. */
export interface WriterParts {
  native: WriterHandle
  link: AbortLink
  output: WriterOutput
  /** Of its files. */
  paths: readonly string[]
}

/**
 * The life of a `PackedWriter`: its calls run in their order, and however it ends, what it has not
 * published is removed. Belongs to one writer and is collected with it.
 */
export class WriterLife {
  readonly #parts: WriterParts
  readonly #queue = new SerialQueue()
  readonly #ended = new AbortController()
  #state: State = 'open'
  #failure: unknown
  #closing: Promise<void> | undefined

  constructor(parts: WriterParts) {
    this.#parts = parts
    const { link, output, paths } = parts
    link.onAbort(this, (life) => {
      life.#parts.output.cancel()
      life.#endWhenIdle()
    })
    forgotten.register(this, { link, output, path: paths[0] ?? '' }, this)
  }

  /** Aborted when the writer ends: whoever waits for a source need not. */
  get ended(): AbortSignal {
    return this.#ended.signal
  }

  /**
   * Run an operation when those before it are done. One that fails ends the writer.
   *
   * @throws PackedError Closed naming the method, where the writer has ended; what the operation
   *   throws; the signal's reason.
   */
  run<T>(
    method: string,
    operation: () => Promise<T>,
    site: CallSite = captureCallSite(this.run),
  ): Promise<T> {
    return this.#queue.run(async () => {
      const { link, output } = this.#parts
      try {
        this.#expectOpen(method)
        link.throwIfAborted()
        return await operation()
      } catch (error) {
        const failure = output.explain(link.translate(error))
        if (this.#state === 'open') await this.#fail(failure)
        throw failure instanceof PackedError ? failure.at(site) : failure
      }
    })
  }

  /** Everything is published. Of the operation that did it. */
  finish(): void {
    this.#end('finished')
  }

  /** Wait for the calls before it, then remove what is not published. One promise for all calls. */
  close(): Promise<void> {
    this.#closing ??= this.#queue.run(async () => {
      if (this.#state === 'open') {
        await this.#discard()
        tellAborted(this.#parts.paths, this.#failure)
      }
      if (this.#state !== 'finished') this.#end('closed')
    })
    return this.#closing
  }

  /** As `close`, and what is at work is cancelled. */
  abandon(): Promise<void> {
    const { link, output } = this.#parts
    if (this.#state === 'open') {
      callSync((addon) => addon.cancel(link.flag))
      output.cancel()
    }
    return this.close()
  }

  #expectOpen(method: string): void {
    if (this.#state === 'open') return
    if (this.#state === 'failed') this.#parts.link.throwIfAborted()
    throw new PackedError(
      'Closed',
      `Expected an open PackedWriter for ${method}() but received one that is ${this.#state}`,
      { cause: this.#failure },
    )
  }

  /** After an abort between two calls: the files go at once, not at the next call. */
  #endWhenIdle(): void {
    void this.#queue.run(async () => {
      if (this.#state === 'open') await this.#fail(undefined)
    })
  }

  async #fail(failure: unknown): Promise<void> {
    this.#failure = failure
    await this.#discard()
    this.#end('failed')
    tellAborted(this.#parts.paths, failure)
  }

  /** Remove the files. The failure that led here is the one to report, not one of this. */
  async #discard(): Promise<void> {
    const { native, output } = this.#parts
    output.cancel()
    await callAsync<void>((addon, done) => addon.writerAbort(native, done)).catch(() => {})
    await output.discard()
  }

  #end(state: State): void {
    this.#state = state
    this.#ended.abort()
    this.#parts.link.unlink()
    forgotten.unregister(this)
  }
}
