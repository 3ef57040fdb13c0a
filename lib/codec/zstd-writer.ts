import { Transform, type TransformCallback } from 'node:stream'
import { type CancelHandle, callSync } from '../native/index.js'
import type { WriterSettings } from './codec-options.js'

/** Encodes a block to a frame; ends early once the flag is up. */
type EncodeBlock = (block: Uint8Array, flag: CancelHandle) => Promise<Uint8Array | number>

/**
 * Compresses to ZSTD, several blocks at the same time, each to a frame of its own: decoders take
 * frames one after the other for one stream. The same bytes come out whatever the concurrency.
 */
export class ZstdWriter extends Transform {
  readonly #settings: WriterSettings
  readonly #encode: EncodeBlock
  readonly #flag: CancelHandle
  /** Memory of blocks that are done. */
  readonly #spare: Uint8Array[] = []
  #block: Uint8Array | undefined
  #filled = 0
  #blocks = 0
  #atWork = 0
  /** Settles when all blocks so far have been given out, in order. */
  #given: Promise<void> = Promise.resolve()
  #whenFree: (() => void) | undefined

  constructor(settings: WriterSettings, encode: EncodeBlock) {
    super()
    this.#settings = settings
    this.#encode = encode
    this.#flag = callSync((addon) => addon.newCancel())
  }

  override _transform(chunk: Uint8Array, _encoding: string, callback: TransformCallback): void {
    this.#take(chunk).then(() => callback(), callback)
  }

  override _flush(callback: TransformCallback): void {
    if (this.#filled > 0 || this.#blocks === 0) this.#start()
    this.#given.then(() => callback(), callback)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    callSync((addon) => addon.cancel(this.#flag))
    this.#free()
    this.#given.then(
      () => callback(error),
      () => callback(error),
    )
  }

  async #take(chunk: Uint8Array): Promise<void> {
    const { blockBytes, concurrency } = this.#settings
    let rest = chunk
    while (rest.length > 0 && !this.destroyed) {
      this.#block ??= this.#spare.pop() ?? Buffer.allocUnsafeSlow(blockBytes)
      const part = rest.subarray(0, blockBytes - this.#filled)
      this.#block.set(part, this.#filled)
      this.#filled += part.length
      rest = rest.subarray(part.length)
      if (this.#filled < blockBytes) continue
      this.#start()
      if (this.#atWork >= concurrency) await this.#oneFree()
    }
  }

  /** Encode what is gathered; its frame is given out after those before it. */
  #start(): void {
    const memory = this.#block ?? Buffer.alloc(0)
    const frame = this.#encode(memory.subarray(0, this.#filled), this.#flag)
    this.#block = undefined
    this.#filled = 0
    this.#blocks++
    this.#atWork++
    const done = frame.finally(() => {
      this.#atWork--
      this.#spare.push(memory)
      this.#free()
    })
    this.#given = Promise.all([done, this.#given]).then(([bytes]) => {
      if (!this.destroyed) this.push(bytes)
    })
    this.#given.catch((error: Error) => this.destroy(error))
  }

  #oneFree(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenFree = resolve
    })
  }

  #free(): void {
    const free = this.#whenFree
    this.#whenFree = undefined
    free?.()
  }
}
