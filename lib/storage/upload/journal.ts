import { setTimeout as sleep } from 'node:timers/promises'
import { isPackedError, PackedError } from '../../errors/index.js'
import type { ObjectStore, OpenUpload } from '../object-store.js'

/** An upload that nobody will complete. */
export interface UnwantedUpload {
  store: ObjectStore
  key: string
  /** Its name; absent where the store may have started one whose name never arrived. */
  upload?: string | undefined
  /** Milliseconds since the epoch between which it was started, by the clock of this machine. */
  started: { fromMs: number; toMs: number }
  /** The store may still be at work on a part: look once more after the abort. */
  doubtful?: boolean
}

/** How far the clock of a store may be from ours. */
const CLOCK_SKEW_MS = 60_000
/**
 * One attempt, however long the store would be retried by itself, and the pause between two: both
 * together stay well below the 10 s after which nothing may be left on a store that is back.
 */
const ATTEMPT_MS = 3000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2000
/** What a caller waits for the first attempt: it has its own failure to report. */
const PATIENCE_MS = 1000
/** Between attempts that the store refuses: other credentials may be there by then. */
const REFUSED_PAUSE_MS = 30_000

/**
 * Gives up uploads, for as long as the store cannot be reached if need be.
 *
 * Timers do not keep the process alive: what is left when it ends is for `packed uploads abort`.
 */
export class UploadJournal {
  readonly #pending = new Set<UnwantedUpload>()
  /** Names of uploads under way in this thread, by store: never taken for one that was lost. */
  readonly #live = new Set<string>()
  /** How many uploads are being started, by store and key. */
  readonly #starting = new Map<string, number>()

  /** Uploads that should be gone and may not be. */
  get pending(): number {
    return this.#pending.size
  }

  /** Run what starts an upload, which is wanted until `discard` or `done`. */
  async start(store: ObjectStore, key: string, create: () => Promise<string>): Promise<string> {
    const name = nameOf(store, key)
    this.#starting.set(name, (this.#starting.get(name) ?? 0) + 1)
    try {
      const upload = await create()
      this.live(store, upload)
      return upload
    } finally {
      const left = this.#starting.get(name)! - 1
      if (left > 0) this.#starting.set(name, left)
      else this.#starting.delete(name)
    }
  }

  /** An upload of an earlier process that is wanted again. */
  live(store: ObjectStore, upload: string): void {
    this.#live.add(nameOf(store, upload))
  }

  /** An upload that was completed. */
  done(store: ObjectStore, upload: string): void {
    this.#live.delete(nameOf(store, upload))
  }

  /**
   * Give up an upload: true when it is gone, false when that did not work at once. It is tried
   * again until it works. Never rejects.
   */
  async discard(unwanted: UnwantedUpload): Promise<boolean> {
    if (unwanted.upload !== undefined) this.done(unwanted.store, unwanted.upload)
    this.#pending.add(unwanted)
    const patience = new AbortController()
    await Promise.race([
      this.#attempt(unwanted, FIRST_PAUSE_MS),
      sleep(PATIENCE_MS, undefined, patience).catch(() => {}),
    ])
    patience.abort()
    return !this.#pending.has(unwanted)
  }

  async #attempt(unwanted: UnwantedUpload, pauseMs: number): Promise<void> {
    try {
      await this.#remove(unwanted, AbortSignal.timeout(ATTEMPT_MS))
      this.#pending.delete(unwanted)
    } catch (error) {
      const refused = isPackedError(error) && !error.retryable && error.code !== 'Aborted'
      const next = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
      const pause = refused ? REFUSED_PAUSE_MS : pauseMs
      setTimeout(() => void this.#attempt(unwanted, next), pause).unref()
    }
  }

  async #remove(unwanted: UnwantedUpload, signal: AbortSignal): Promise<void> {
    const { store, key, upload, doubtful = false } = unwanted
    if (upload !== undefined) await store.abort(key, upload, { signal })
    if (upload !== undefined && !doubtful) return
    for await (const open of store.listUploads(key, { signal })) {
      if (open.key !== key) continue
      const same =
        upload === undefined ? await this.#wasLost(open, unwanted, signal) : open.upload === upload
      if (same) await store.abort(key, open.upload, { signal })
    }
  }

  /** Nobody has sent a part of an upload that nobody knows the name of. */
  async #wasLost(
    { key, upload, startedMs }: OpenUpload,
    { store, started: { fromMs, toMs } }: UnwantedUpload,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (this.#starting.has(nameOf(store, key))) {
      throw new PackedError('Conflict', `Expected no start of an upload of "${key}" meanwhile`)
    }
    if (this.#live.has(nameOf(store, upload))) return false
    if (startedMs < fromMs - CLOCK_SKEW_MS || startedMs > toMs + CLOCK_SKEW_MS) return false
    for await (const _ of store.listParts(key, upload, { signal })) return false
    return true
  }
}

function nameOf(store: ObjectStore, name: string): string {
  return `${store.name}\0${name}`
}

/** One for as long as this thread of JavaScript lives: writers may be long gone by then. */
const journal = new UploadJournal()

/** The journal of this thread. */
export function uploadJournal(): UploadJournal {
  return journal
}
