import { isPackedError, PackedError } from '../../errors/index.js'
import { callSync, type NativeError, type NativeUploadRequest } from '../../native/index.js'
import type { ObjectStore } from '../object-store.js'
import type { RemoteKeys } from '../remote/keys.js'
import { createUpload } from './create.js'
import { uploadJournal } from './journal.js'

/** Failures of one writer that are kept to tell the caller more than the addon can carry. */
const MOST_FAILURES = 16

/** An upload that was created and neither completed nor given up. */
interface OpenUpload {
  key: string
  startedMs: number
  /** Parts and a completion under way. */
  pending: Set<Promise<unknown>>
  doubtful: boolean
}

export interface UploadHandlerOptions {
  store: ObjectStore
  keys: RemoteKeys
  /** The path that the caller gave, by key: errors name it. */
  paths: ReadonlyMap<string, string>
  /** Where answers go: the addon's `uploadSettle`, unless told otherwise. */
  settle?: (ticket: number, error: NativeError | null, value: string) => void
}

/**
 * Does for one native writer what its uploader asks (NativeUploadRequest), on an object store.
 *
 * The writer may give up at any moment and ask for nothing more: `discard` then ends what is under
 * way and takes back what was made, so that neither an object nor an upload stays.
 */
export class UploadHandler {
  readonly #store: ObjectStore
  readonly #keys: RemoteKeys
  readonly #paths: ReadonlyMap<string, string>
  readonly #settle: NonNullable<UploadHandlerOptions['settle']>
  readonly #cancel = new AbortController()
  readonly #uploads = new Map<string, OpenUpload>()
  /** Keys of objects that this writer has put there. */
  readonly #published = new Set<string>()
  readonly #pending = new Set<Promise<unknown>>()
  readonly #failures: PackedError[] = []

  constructor({ store, keys, paths, settle = settleNative }: UploadHandlerOptions) {
    this.#store = store
    this.#keys = keys
    this.#paths = paths
    this.#settle = settle
  }

  /** For NativeWriterOptions: never throws, answers every request once. */
  readonly handle = (request: NativeUploadRequest): void => {
    const step = this.#run(request).then(
      (value) => this.#settle(request.ticket, null, value),
      (error: unknown) => this.#settle(request.ticket, this.#report(error, request.key), ''),
    )
    this.#track(this.#pending, step)
  }

  /** The error of the addon with what the store said as its cause, where a step was to blame. */
  explain(error: unknown): unknown {
    if (!isPackedError(error)) return error
    const { code, message, field, path } = error
    const failure = this.#failures.find((f) => f.code === code && message.includes(f.message))
    if (failure === undefined) return error
    return new PackedError(code, message, {
      field,
      path: path ?? failure.path,
      cause: failure.cause,
    })
  }

  /** Everything is at its key: there is nothing to take back any more. */
  finished(): void {
    this.#published.clear()
  }

  /** End what is under way and leave nothing behind. Never rejects; idempotent. */
  async discard(): Promise<void> {
    this.cancel()
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending)
    await Promise.all([
      ...[...this.#uploads.keys()].map((upload) => this.#abort(upload)),
      ...[...this.#published].map((key) => this.#remove(key).catch(() => {})),
    ])
  }

  /** Cancel steps that nobody can see the effect of; the others run to their end. */
  cancel(): void {
    this.#cancel.abort(new PackedError('Aborted', 'The writer of the upload gave up'))
  }

  async #run(request: NativeUploadRequest): Promise<string> {
    switch (request.step) {
      case 'create':
        return this.#create(request)
      case 'part':
        return this.#part(request)
      case 'complete':
        return this.#complete(request)
      case 'put':
        return this.#put(request)
      case 'abort':
        return this.#abort(request.upload!)
      case 'remove':
        return this.#remove(request.key)
    }
  }

  async #create({ key, ifAbsent }: NativeUploadRequest): Promise<string> {
    const { signal } = this.#cancel
    signal.throwIfAborted()
    const startedMs = Date.now()
    const upload = await createUpload(this.#store, key, { ifAbsent, signal })
    this.#uploads.set(upload, { key, startedMs, pending: new Set(), doubtful: false })
    return upload
  }

  async #part({ key, upload, number, content }: NativeUploadRequest): Promise<string> {
    const open = this.#expectUpload(key, upload)
    const { signal } = this.#cancel
    signal.throwIfAborted()
    const part = { number: number!, content: content! }
    const sent = this.#store.part(key, upload!, part, { signal })
    this.#track(open.pending, sent)
    try {
      return await sent
    } catch (error) {
      open.doubtful = true
      throw error
    }
  }

  /** Not under the signal: an object that half the world sees cannot be called off. */
  async #complete({ key, upload, tags, ifAbsent }: NativeUploadRequest): Promise<string> {
    const open = this.#expectUpload(key, upload)
    this.#cancel.signal.throwIfAborted()
    const made = this.#store.complete(key, upload!, tags!, { ifAbsent })
    this.#track(open.pending, made)
    await made
    this.#uploads.delete(upload!)
    uploadJournal().done(this.#store, upload!)
    this.#published.add(key)
    return ''
  }

  async #put({ key, content, ifAbsent }: NativeUploadRequest): Promise<string> {
    this.#cancel.signal.throwIfAborted()
    await this.#store.put(key, content!, { ifAbsent })
    this.#published.add(key)
    return ''
  }

  /** A part that arrives after the abort would stay for ever: the parts under way end first. */
  async #abort(upload: string): Promise<string> {
    const open = this.#uploads.get(upload)
    if (open === undefined) return ''
    await Promise.allSettled(open.pending)
    if (!this.#uploads.delete(upload)) return ''
    const { key, startedMs, doubtful } = open
    const started = { fromMs: startedMs, toMs: startedMs }
    await uploadJournal().discard({ store: this.#store, key, upload, started, doubtful })
    return ''
  }

  async #remove(key: string): Promise<string> {
    this.#published.delete(key)
    await this.#store.remove(key)
    return ''
  }

  #expectUpload(key: string, upload: string | undefined): OpenUpload {
    const open = upload === undefined ? undefined : this.#uploads.get(upload)
    if (open !== undefined) return open
    throw new PackedError(
      'Closed',
      `Expected an open upload of "${key}" but received one that ended`,
    )
  }

  #track(pending: Set<Promise<unknown>>, step: Promise<unknown>): void {
    const settled = () => {
      pending.delete(step)
    }
    pending.add(step)
    step.then(settled, settled)
  }

  #report(error: unknown, key: string): NativeError {
    const path = this.#paths.get(key) ?? key
    const failure = this.#keys.named(error, path)
    if (!isPackedError(failure)) {
      const code = this.#cancel.signal.aborted ? 'Aborted' : 'Internal'
      return { code, message: String((error as Error)?.message ?? error), path }
    }
    if (this.#failures.length < MOST_FAILURES) this.#failures.push(failure)
    return { code: failure.code, message: failure.message, path }
  }
}

/** An environment that has ended takes no answers. */
function settleNative(ticket: number, error: NativeError | null, value: string): void {
  try {
    callSync((addon) => addon.uploadSettle(ticket, error, value))
  } catch {}
}
