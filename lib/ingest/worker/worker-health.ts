import { isNativeError } from 'node:util/types'
import { isPackedError, PackedError } from '../../errors/index.js'
import type { WorkerState } from './worker-status.js'

/** Whether a worker can go on, from what its parts report. */
export class WorkerHealth {
  #failure: Error | undefined
  /** Of the last message that could not be logged, until one is. */
  #logError: Error | undefined
  /** Of the last sync that failed, until one succeeds. */
  #syncError: Error | undefined
  #past: Error | undefined
  #closing = false

  /** What ended the worker: it never accepts again. */
  get failure(): Error | undefined {
    return this.#failure
  }

  get lastError(): Error | undefined {
    return this.#failure ?? this.#logError ?? this.#syncError ?? this.#past
  }

  get isClosing(): boolean {
    return this.#closing
  }

  close(): void {
    this.#closing = true
  }

  /** @returns false when it had failed before. */
  fail(error: unknown): boolean {
    if (this.#failure !== undefined) return false
    this.#failure = errorOf(error)
    return true
  }

  logged(error?: unknown): void {
    if (error === undefined) this.#past = this.#logError ?? this.#past
    this.#logError = error === undefined ? undefined : errorOf(error)
  }

  synced(error?: unknown): void {
    if (error === undefined) this.#past = this.#syncError ?? this.#past
    this.#syncError = error === undefined ? undefined : errorOf(error)
  }

  /** @param isWaiting a message waits for memory: a sync that fails then stands in its way. */
  state(isWaiting: boolean): WorkerState {
    if (this.#closing) return 'closed'
    if (this.#failure !== undefined) return 'failed'
    const isStalled = this.#logError !== undefined || (isWaiting && this.#syncError !== undefined)
    return isStalled ? 'stalled' : 'running'
  }

  /** @throws PackedError Closed; what ended the worker. */
  expectOpen(method: string): void {
    if (this.#closing) throw closedError(method)
    if (this.#failure !== undefined) throw this.#failure
  }
}

function errorOf(thrown: unknown): Error {
  if (isPackedError(thrown) || isNativeError(thrown)) return thrown
  return new PackedError('Internal', String(thrown), { cause: thrown })
}

export function closedError(method: string): PackedError {
  const message = `Expected an open IngestWorker for ${method}() but it is closed`
  return new PackedError('Closed', message)
}
