import type {
  CancelHandle,
  KeySetHandle,
  NativeBatchWithSchema,
  NativeKeyHits,
  ReadPolicy,
  RowAccessHandle,
} from '../native/index.js'
import { AbortLink, callAsync, callSync } from '../native/index.js'

/** The files of a reader by position, opened when they are first asked for. */
export class RowAccess {
  readonly #open: (flag: CancelHandle) => Promise<RowAccessHandle>
  readonly #policy: ReadPolicy
  readonly #signal: AbortSignal | undefined
  #opened: Promise<RowAccessHandle> | undefined
  #link: AbortLink | undefined

  constructor(
    open: (flag: CancelHandle) => Promise<RowAccessHandle>,
    policy: ReadPolicy,
    signal: AbortSignal | undefined,
  ) {
    this.#open = open
    this.#policy = policy
    this.#signal = signal
  }

  async take(positions: Float64Array): Promise<NativeBatchWithSchema> {
    const rows = await this.#handle()
    return callAsync((addon, done) => addon.rowsTake(rows, positions, this.#policy, done))
  }

  /** How many rows there are positions of. */
  async count(): Promise<number> {
    const rows = await this.#handle()
    return callSync((addon) => addon.rowsCount(rows))
  }

  /** The rows whose value in a column of the schema is one of the keys. */
  async find(column: number, keys: KeySetHandle): Promise<NativeKeyHits> {
    const rows = await this.#handle()
    return callAsync((addon, done) => addon.rowsFind(rows, column, keys, done))
  }

  async readRowGroup(file: number, rowGroup: number): Promise<NativeBatchWithSchema> {
    const rows = await this.#handle()
    return callAsync((addon, done) => addon.rowsReadGroup(rows, file, rowGroup, this.#policy, done))
  }

  /** Close what was opened. Idempotent. */
  async close(): Promise<void> {
    this.#link?.unlink()
    const opened = this.#opened
    this.#opened = undefined
    if (opened === undefined) return
    const rows = await opened.catch(() => undefined)
    if (rows !== undefined) await callAsync<void>((addon, done) => addon.rowsClose(rows, done))
  }

  /** A failed opening is tried again by the next call. */
  #handle(): Promise<RowAccessHandle> {
    if (this.#opened !== undefined) return this.#opened
    const link = new AbortLink(this.#signal)
    this.#link = link
    this.#opened = this.#open(link.flag).catch((error: unknown) => {
      link.unlink()
      this.#opened = undefined
      throw link.translate(error)
    })
    return this.#opened
  }
}
