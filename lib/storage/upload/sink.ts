import { PackedError } from '../../errors/index.js'
import type { ObjectStore } from '../object-store.js'
import { follow } from '../on-abort.js'
import type { ObjectSink } from '../remote/object-sink.js'
import type { ByteBudget } from './byte-budget.js'
import { createUpload } from './create.js'
import { uploadJournal } from './journal.js'
import { bytesOfPart } from './part-schedule.js'

/** How an object is cut and appears. */
export interface UploadSinkOptions {
  /** Bytes of the first parts; a shorter object goes in one piece. */
  partBytes: number
  /** Parts on their way, of other sinks too. Every sink fills one more. */
  budget: ByteBudget
  ifAbsent: boolean
  signal: AbortSignal | undefined
}

/** An object that is sent in parts while it is written. Nothing is visible before `finish`. */
export class UploadSink implements ObjectSink {
  readonly #store: ObjectStore
  readonly #key: string
  readonly #options: UploadSinkOptions
  /** Ends what runs, by the caller or when the sink is discarded. */
  readonly #ended = new AbortController()
  readonly #unlink: () => void
  readonly #tags: string[] = []
  readonly #sending = new Set<Promise<void>>()
  readonly #startedMs = Date.now()
  #parts = 0
  #part: Buffer | undefined
  #filled = 0
  #upload: Promise<string> | undefined
  #failure: { error: unknown } | undefined
  /** What runs, or ran last. */
  #work: Promise<void> = Promise.resolve()
  #state: 'open' | 'discarded' | 'finished' = 'open'

  constructor(store: ObjectStore, key: string, options: UploadSinkOptions) {
    this.#store = store
    this.#key = key
    this.#options = options
    this.#unlink = follow(options.signal, (reason) => this.#ended.abort(reason))
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#run(async () => {
      for (let at = 0; at < chunk.byteLength; ) {
        this.#part ??= Buffer.allocUnsafeSlow(this.#nextBytes())
        const piece = chunk.subarray(at, at + this.#part.length - this.#filled)
        this.#part.set(piece, this.#filled)
        this.#filled += piece.length
        at += piece.length
        if (this.#filled === this.#part.length) await this.#sendFilled()
      }
    })
  }

  /** The whole object, without a copy: `content` is lent until the promise settles. */
  writeWhole(content: Uint8Array): Promise<void> {
    return this.#run(async () => {
      const { partBytes, budget, ifAbsent } = this.#options
      if (content.byteLength <= partBytes) {
        await budget.run(content.byteLength, () => this.#put(content, ifAbsent))
        return
      }
      for (let at = 0; at < content.byteLength; ) {
        const part = content.subarray(at, at + this.#nextBytes())
        await this.#send(part)
        at += part.length
      }
      await this.#complete()
    })
  }

  finish(): Promise<void> {
    return this.#run(async () => {
      const rest = this.#part?.subarray(0, this.#filled) ?? new Uint8Array(0)
      if (this.#upload === undefined) return this.#put(rest, this.#options.ifAbsent)
      if (rest.length > 0) await this.#send(rest)
      await this.#complete()
    })
  }

  async discard(): Promise<void> {
    this.#unlink()
    if (this.#state === 'discarded') return
    const finished = this.#state === 'finished'
    this.#state = 'discarded'
    this.#ended.abort(new PackedError('Aborted', `The upload of "${this.#key}" was given up`))
    await this.#work.catch(() => {})
    await Promise.allSettled(this.#sending)
    const upload = finished ? undefined : await this.#upload?.catch(() => undefined)
    if (upload === undefined) return
    const started = { fromMs: this.#startedMs, toMs: Date.now() }
    const doubtful = this.#failure !== undefined
    const unwanted = { store: this.#store, key: this.#key, upload, started, doubtful }
    await uploadJournal().discard(unwanted)
  }

  #run(operation: () => Promise<void>): Promise<void> {
    this.#work = operation()
    return this.#work
  }

  #nextBytes(): number {
    return bytesOfPart(this.#parts + 1, this.#options.partBytes)
  }

  async #sendFilled(): Promise<void> {
    const part = this.#part!
    this.#part = undefined
    this.#filled = 0
    await this.#send(part)
  }

  /** Resolves when the part is on its way, which waits for room. */
  async #send(content: Uint8Array): Promise<void> {
    this.#expectWanted()
    const { ifAbsent } = this.#options
    this.#upload ??= createUpload(this.#store, this.#key, { ifAbsent, signal: this.#ended.signal })
    const upload = await this.#upload
    this.#parts += 1
    const number = this.#parts
    await new Promise<void>((started) => {
      const sent = this.#options.budget
        .run(content.byteLength, async () => {
          started()
          this.#expectWanted()
          const { signal } = this.#ended
          const part = { number, content }
          this.#tags[number - 1] = await this.#store.part(this.#key, upload, part, { signal })
        })
        .catch((error: unknown) => {
          this.#failure ??= { error }
        })
        .finally(() => this.#sending.delete(sent))
      this.#sending.add(sent)
    })
  }

  async #put(content: Uint8Array, ifAbsent: boolean): Promise<void> {
    this.#expectWanted()
    await this.#store.put(this.#key, content, { ifAbsent, signal: this.#ended.signal })
    this.#state = 'finished'
  }

  async #complete(): Promise<void> {
    await Promise.all(this.#sending)
    this.#expectWanted()
    // Not under the signal: whether the object is there must be known.
    const { ifAbsent } = this.#options
    const upload = await this.#upload!
    await this.#store.complete(this.#key, upload, this.#tags, { ifAbsent })
    uploadJournal().done(this.#store, upload)
    this.#state = 'finished'
  }

  #expectWanted(): void {
    this.#ended.signal.throwIfAborted()
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
