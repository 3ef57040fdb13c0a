import { spanOf, type TimeSpan } from '../../segment/index.js'
import type { ChannelPosition } from '../../sync/index.js'

/** What a part of a message adds to a buffer. */
export interface BufferedPart {
  readonly rows: number
  readonly bytes: number
  readonly times: TimeSpan
  /** Where the message begins. */
  readonly start: ChannelPosition
  readonly end: ChannelPosition
}

/** When a buffer is full; undefined: never for that reason. */
export interface BufferLimits {
  readonly rows?: number
  readonly bytes?: number
}

/** Counts what a buffer holds. */
export class BufferBase {
  readonly #limits: BufferLimits
  #rows = 0
  #bytes = 0
  #times: TimeSpan | undefined
  #start: ChannelPosition | undefined
  #end: ChannelPosition | undefined

  constructor(limits: BufferLimits) {
    this.#limits = limits
  }

  get rows(): number {
    return this.#rows
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Of the rows; undefined while there are none. */
  get times(): TimeSpan | undefined {
    return this.#times
  }

  /** Of the first message. */
  get startPosition(): ChannelPosition | undefined {
    return this.#start
  }

  /** Of the last message. */
  get endPosition(): ChannelPosition | undefined {
    return this.#end
  }

  get isFull(): boolean {
    const { rows = Number.POSITIVE_INFINITY, bytes = Number.POSITIVE_INFINITY } = this.#limits
    return this.#rows >= rows || this.#bytes >= bytes
  }

  protected count({ rows, bytes, times, start, end }: BufferedPart): void {
    this.#rows += rows
    this.#bytes += bytes
    this.#times = joined(this.#times, times)
    this.#start ??= start
    this.#end = end
  }
}

/** From the oldest to the newest of both. */
export function joined(
  left: TimeSpan | undefined,
  right: TimeSpan | undefined,
): TimeSpan | undefined {
  return spanOf([left, right].filter((span) => span !== undefined))
}
