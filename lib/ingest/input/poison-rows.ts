import { type FileHandle, open } from 'node:fs/promises'
import { expectObject, expectText, stringifyExact, unexpected } from '../../config/index.js'
import { storageError } from '../../storage/index.js'
import type { BadRow } from './row-source.js'

/** What happens to a row that cannot be written. */
export type OnError = 'stop' | 'skip' | { readonly file: string }

/** @throws PackedError InvalidArgument. */
export function expectOnError(value: unknown): OnError {
  if (value === undefined || value === 'stop') return 'stop'
  if (value === 'skip') return 'skip'
  if (typeof value !== 'object') throw unexpected("'stop', 'skip' or { file }", 'onError', value)
  return { file: expectText(expectObject(value, 'onError').file, 'onError.file') }
}

/**
 * Where rows go that cannot be written.
 *
 * A file gets one line of JSON for each: `{ source, line, error: { code, message }, text }`, on
 * disk before the rows around it are accepted. A crash between the two makes the row be reported
 * once more: at least once, never not at all.
 */
export class PoisonRows {
  readonly #onError: OnError
  #file: FileHandle | undefined
  #count = 0

  constructor(onError: OnError) {
    this.#onError = onError
  }

  get count(): number {
    return this.#count
  }

  /** @throws PackedError the row's error, where it stops the run; NoSpace, StorageIO. */
  async take(source: string, rows: readonly BadRow[]): Promise<void> {
    const [first] = rows
    if (first === undefined) return
    if (this.#onError === 'stop') throw first.error
    if (this.#onError !== 'skip') await this.#append(this.#onError.file, source, rows)
    this.#count += rows.length
  }

  /** Idempotent. */
  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #append(path: string, source: string, rows: readonly BadRow[]): Promise<void> {
    const lines = rows.map(({ line, text, error: { code, message } }) =>
      stringifyExact({ source, line, error: { code, message }, text }),
    )
    try {
      this.#file ??= await open(path, 'a')
      await this.#file.appendFile(`${lines.join('\n')}\n`)
      await this.#file.datasync()
    } catch (error) {
      throw storageError(error, path)
    }
  }
}
