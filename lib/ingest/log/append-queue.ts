import { follow } from '../../storage/index.js'
import type { ChannelPosition } from '../../sync/index.js'
import { Breather } from '../breather.js'
import type { Message } from '../message.js'
import { encodeMessage } from './encode-message.js'
import type { EncodedMessage } from './record-frame.js'

/** What is encoded ahead of the disk, as copies and as views of messages. */
const MOST_ENCODED_BYTES = 64 << 20
/** What is written, and forced to the disk, at once; the first message of a group may be larger. */
const GROUP_BYTES = 32 << 20

interface Entry {
  readonly message: Message
  readonly resolve: (position: ChannelPosition) => void
  readonly reject: (error: unknown) => void
  readonly unfollow: () => void
  encoded?: EncodedMessage
}

/** Writes a group, wholly or not at all; resolves when it is accepted. */
export type WriteGroup = (group: readonly EncodedMessage[]) => Promise<readonly ChannelPosition[]>

/**
 * Messages on their way to the disk, in call order. They are encoded while earlier ones are
 * written, and all that is encoded by the time the disk is free goes there as one group.
 */
export class AppendQueue {
  readonly #write: WriteGroup
  readonly #entries: Entry[] = []
  readonly #breather = new Breather()
  #encodedBytes = 0
  #encoding: Promise<void> | undefined
  #writing: Promise<void> | undefined

  constructor(write: WriteGroup) {
    this.#write = write
  }

  /** An abort takes a message back as long as its group is not being written. */
  push(message: Message, signal: AbortSignal | undefined): Promise<ChannelPosition> {
    return new Promise((resolve, reject) => {
      let entry: Entry | undefined
      const unfollow = follow(signal, (reason) => {
        if (entry === undefined) return reject(reason)
        if (this.#forget([entry]).length > 0) reject(reason)
        this.#encode()
      })
      if (signal?.aborted) return
      entry = { message, resolve, reject, unfollow }
      this.#entries.push(entry)
      this.#encode()
    })
  }

  /** When everything that was pushed is settled. */
  async drained(): Promise<void> {
    while (this.#encoding !== undefined || this.#writing !== undefined) {
      await this.#encoding
      await this.#writing
    }
  }

  #encode(): void {
    this.#encoding ??= this.#encodeAll().finally(() => {
      this.#encoding = undefined
      if (this.#nextToEncode() !== undefined) this.#encode()
    })
  }

  async #encodeAll(): Promise<void> {
    for (let entry = this.#nextToEncode(); entry !== undefined; entry = this.#nextToEncode()) {
      try {
        const encoded = await encodeMessage(entry.message, this.#breather)
        if (!this.#entries.includes(entry)) continue
        entry.encoded = encoded
        this.#encodedBytes += encoded.bodyBytes
        this.#startWriting()
      } catch (error) {
        this.#settle([entry], ({ reject }) => reject(error))
      }
    }
  }

  #nextToEncode(): Entry | undefined {
    if (this.#encodedBytes >= MOST_ENCODED_BYTES) return undefined
    return this.#entries.find(({ encoded }) => encoded === undefined)
  }

  #startWriting(): void {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined
      if (this.#entries[0]?.encoded !== undefined) this.#startWriting()
    })
  }

  async #writeAll(): Promise<void> {
    for (let group = this.#takeGroup(); group.length > 0; group = this.#takeGroup()) {
      try {
        const positions = await this.#write(group.map(({ encoded }) => encoded!))
        for (const [index, { resolve }] of group.entries()) resolve(positions[index]!)
      } catch (error) {
        for (const { reject } of group) reject(error)
        this.#settle([...this.#entries], ({ reject }) => reject(error))
      }
    }
  }

  /** The encoded messages that are next, no longer in the queue. */
  #takeGroup(): Entry[] {
    let bytes = 0
    const end = this.#entries.findIndex(({ encoded }) => {
      if (encoded === undefined || (bytes > 0 && bytes + encoded.bodyBytes > GROUP_BYTES))
        return true
      bytes += encoded.bodyBytes
      return false
    })
    const group = this.#forget(this.#entries.slice(0, end === -1 ? undefined : end))
    this.#encode()
    return group
  }

  #settle(entries: readonly Entry[], settle: (entry: Entry) => void): void {
    for (const entry of this.#forget(entries)) settle(entry)
  }

  /** Those of the entries that were still in the queue. */
  #forget(entries: readonly Entry[]): Entry[] {
    return entries.filter((entry) => {
      const index = this.#entries.indexOf(entry)
      if (index === -1) return false
      this.#entries.splice(index, 1)
      this.#encodedBytes -= entry.encoded?.bodyBytes ?? 0
      entry.unfollow()
      return true
    })
  }
}
