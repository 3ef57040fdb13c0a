import { Transform, type TransformCallback } from 'node:stream'
import {
  type Addon,
  type CancelHandle,
  type CodecStreamHandle,
  callAsync,
  callSync,
} from '../native/index.js'

const NOTHING = new Uint8Array(0)

/**
 * One direction of a codec as a stream: chunk by chunk through a native one, which gives 256 KiB at
 * a time at most. However much a chunk becomes, no more is made than the consumer takes.
 */
export class CodecTransform extends Transform {
  readonly #flag: CancelHandle
  readonly #stream: CodecStreamHandle
  /** The step that is at work; a chunk is lent to it. */
  #step: Promise<unknown> = Promise.resolve()
  #resume: (() => void) | undefined

  constructor(open: (addon: Addon, flag: CancelHandle) => CodecStreamHandle) {
    super()
    const flag = callSync((addon) => addon.newCancel())
    this.#flag = flag
    this.#stream = callSync((addon) => open(addon, flag))
  }

  override _transform(chunk: Uint8Array, _encoding: string, callback: TransformCallback): void {
    this.#run(chunk, false).then(() => callback(), callback)
  }

  override _flush(callback: TransformCallback): void {
    this.#run(NOTHING, true).then(() => callback(), callback)
  }

  /** The consumer wants more: of the chunk that is at work, if there is one. */
  override _read(size: number): void {
    const resume = this.#resume
    if (resume === undefined) {
      super._read(size)
    } else {
      this.#resume = undefined
      resume()
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    callSync((addon) => addon.cancel(this.#flag))
    this.#step.then(
      () => callback(error),
      () => callback(error),
    )
  }

  async #run(chunk: Uint8Array, last: boolean): Promise<void> {
    let rest = chunk
    let more = true
    while (more) {
      const step = callAsync<{ output: Uint8Array; read: number; more: boolean }>((addon, done) =>
        addon.codecStreamStep(this.#stream, rest, last, done),
      )
      this.#step = step
      const { output, read, more: full } = await step
      more = full
      rest = rest.subarray(read)
      if (this.destroyed) return
      if (output.length > 0 && !this.push(output) && more) await this.#drained()
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve
    })
  }
}
