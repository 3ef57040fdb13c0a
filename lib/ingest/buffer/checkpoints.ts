import { PackedError } from '../../errors/index.js'
import type { ChannelPosition } from '../../sync/index.js'

/**
 * Up to where everything that was consumed is saved.
 *
 * Whoever holds data that is not saved (a buffer, then the sync that took it) holds the position
 * that was consumed before its first message. Positions ascend, so that the oldest holder is the
 * one that came first.
 */
export class Checkpoints {
  readonly #holders = new Map<object, ChannelPosition | undefined>()
  #consumed: ChannelPosition | undefined

  /** @param consumed everything up to here is saved; undefined: nothing was ever consumed. */
  constructor(consumed?: ChannelPosition) {
    this.#consumed = consumed
  }

  /** The last message. */
  get consumed(): ChannelPosition | undefined {
    return this.#consumed
  }

  /** What a restart has to continue from; undefined: from the oldest message. */
  get saved(): ChannelPosition | undefined {
    const [oldest] = this.#holders.entries()
    return oldest === undefined ? this.#consumed : oldest[1]
  }

  /** `holder` has data of the message that is being consumed. */
  hold(holder: object): void {
    if (!this.#holders.has(holder)) this.#holders.set(holder, this.#consumed)
  }

  /** Its data is saved, or not wanted any more. */
  release(holder: object): void {
    this.#holders.delete(holder)
  }

  /** @throws PackedError InvalidArgument for a position that is not after the last one. */
  check({ messageId }: ChannelPosition): void {
    const last = this.#consumed?.messageId
    if (last === undefined || messageId > last) return
    const message = `Expected a position after message ${last} for a write buffer but received message ${messageId}`
    throw new PackedError('InvalidArgument', message)
  }

  /** All data of the message at `position` is held. */
  consume(position: ChannelPosition): void {
    const last = this.#consumed?.messageId
    if (last === undefined || position.messageId > last) this.#consumed = position
  }
}
