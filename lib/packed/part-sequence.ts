import { captureCallSite, isPackedError, PackedError } from '../errors/index.js'
import { SerialQueue } from './serial-queue.js'

/** One part of a sequence, open. */
export interface OpenPart<Item> {
  /** The next item, or null at the end of the part. */
  next(): Promise<Item | null>
  close(): Promise<void>
}

/**
 * Items of parts that are read one after the other: the chunks of a segment, or its stretches of
 * one storage version. One of them is open at a time, or also the next one where opening takes
 * requests.
 *
 * Calls may overlap: they run one after the other in call order. A failure stays: a sequence
 * that lost a part never looks as if it had come to its end.
 */
export abstract class PartSequence<Item> implements AsyncIterable<Item> {
  readonly #parts: number
  readonly #opensAhead: boolean
  readonly #queue = new SerialQueue()
  /** The part that is being read, or is to be opened next. */
  #position = 0
  #open: OpenPart<Item> | undefined
  /** The part after the open one; its failure is nobody's until it is its turn. */
  #next: Promise<OpenPart<Item>> | undefined
  #failure: { error: unknown } | undefined
  #closed = false
  #closing: Promise<void> | undefined

  /** @param opensAhead open a part while the one before it is read. */
  protected constructor(parts: number, opensAhead = false) {
    this.#parts = parts
    this.#opensAhead = opensAhead
  }

  /** Open a part; called in order, the part before it is closed unless parts are opened ahead. */
  protected abstract openPart(index: number): Promise<OpenPart<Item>>

  /** Open the first part, so that what is wrong with it shows at once. Empty sequences end. */
  protected async begin(): Promise<this> {
    if (this.#parts > 0) await this.#openNext()
    return this
  }

  /** The next item, or null at the end, again and again; `method` is what the caller called. */
  protected advance(method: (...args: never[]) => unknown): Promise<Item | null> {
    const site = captureCallSite(method)
    return this.#queue.run(async () => {
      try {
        this.#expectUsable(method.name)
        return await this.#advance()
      } catch (error) {
        if (!this.#closed) this.#failure ??= { error }
        throw isPackedError(error) ? error.at(site) : error
      }
    })
  }

  /**
   * Run something else after the calls before it; its failure is its caller's alone.
   *
   * @throws what `work` throws, with the caller's stack; PackedError Closed.
   */
  protected inTurn<T>(method: (...args: never[]) => unknown, work: () => Promise<T>): Promise<T> {
    const site = captureCallSite(method)
    return this.#queue.run(async () => {
      try {
        this.#expectOpen(method.name)
        return await work()
      } catch (error) {
        throw isPackedError(error) ? error.at(site) : error
      }
    })
  }

  /** Items until the end. Leaving the loop early closes the reader. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    const next = () => this.advance(this[Symbol.asyncIterator])
    let ended = false
    try {
      for (let item = await next(); item !== null; item = await next()) yield item
      ended = true
    } finally {
      if (!ended) await this.close()
    }
  }

  /** Close the parts that are open. Idempotent; later reads are `Closed`. */
  close(): Promise<void> {
    this.#closing ??= this.#queue.run(async () => {
      this.#closed = true
      await this.#closeOpen()
      const next = await this.#next?.catch(() => undefined)
      await next?.close()
    })
    return this.#closing
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #advance(): Promise<Item | null> {
    while (this.#position < this.#parts) {
      const part = this.#open ?? (await this.#openNext())
      const item = await part.next()
      if (item !== null) return item
      await this.#closeOpen()
      this.#position++
    }
    return null
  }

  async #openNext(): Promise<OpenPart<Item>> {
    this.#open = await (this.#next ?? this.openPart(this.#position))
    this.#next = undefined
    if (this.#opensAhead && this.#position + 1 < this.#parts) {
      this.#next = this.openPart(this.#position + 1)
      this.#next.catch(() => {})
    }
    return this.#open
  }

  async #closeOpen(): Promise<void> {
    const part = this.#open
    this.#open = undefined
    await part?.close()
  }

  #expectUsable(method: string): void {
    if (this.#failure !== undefined) throw this.#failure.error
    this.#expectOpen(method)
  }

  #expectOpen(method: string): void {
    if (!this.#closed) return
    throw new PackedError(
      'Closed',
      `Expected an open ${this.constructor.name} for ${method}() but received one that is closed`,
    )
  }
}
