import { isPackedError } from '../../errors/index.js'
import type { ObjectStore } from '../object-store.js'
import { Spool, type SpoolSet } from './spool.js'
import { discardSet, uploadSet } from './upload.js'

/** What {@link SpooledFiles} are to become. */
export interface SpooledFilesOptions {
  store: ObjectStore
  /** Directory of the spool. */
  spool: string
  /** The paths that the caller gave, by key. */
  paths: ReadonlyMap<string, string>
  ifAbsent: boolean
  partBytes: number
  inFlightBytes: number
  /** Force files and record to the disk, for a spool that outlives a loss of power. */
  fsync: boolean
  signal?: AbortSignal | undefined
}

/** The files of one writer, on the local disk until they are in the store. */
export class SpooledFiles {
  readonly #options: SpooledFilesOptions
  readonly #spool: Spool
  readonly #set: SpoolSet
  #state: 'writing' | 'kept' | 'gone' = 'writing'

  private constructor(options: SpooledFilesOptions, spool: Spool, set: SpoolSet) {
    this.#options = options
    this.#spool = spool
    this.#set = set
  }

  /** @throws PackedError Conflict (another process has the spool), PermissionDenied, NoSpace. */
  static async create(options: SpooledFilesOptions): Promise<SpooledFiles> {
    const { store, paths, ifAbsent, partBytes, fsync } = options
    const spool = await Spool.enter(options.spool)
    try {
      const files = [...paths].map(([key, path], index) => {
        return { name: String(index), path, key, sizeBytes: 0, partBytes }
      })
      const set = await spool.create({ store: store.name, ifAbsent, files }, { fsync })
      return new SpooledFiles(options, spool, set)
    } catch (error) {
      await spool.leave()
      throw error
    }
  }

  /** Where to write, in the order of `paths`. */
  get locals(): string[] {
    return this.#set.record.files.map((file) => this.#set.local(file))
  }

  /**
   * Every file is at its local path: upload all. After a failure that may pass they stay for
   * `resumeUploads`.
   */
  async publish(): Promise<void> {
    const { store, inFlightBytes, signal } = this.#options
    try {
      await this.#set.seal()
      await uploadSet(this.#set, { store, inFlightBytes, signal })
      await this.#leave('gone')
    } catch (error) {
      const mayPass = isPackedError(error) && error.retryable && error.code !== 'NoSpace'
      if (mayPass && this.#set.record.sealed) await this.#leave('kept')
      throw error
    }
  }

  /** Leave nothing behind, unless it is to be resumed. Never rejects; idempotent. */
  async discard(): Promise<void> {
    if (this.#state !== 'writing') return
    this.#state = 'gone'
    await discardSet(this.#set, this.#options.store).catch(() => {})
    await this.#leave('gone')
  }

  async #leave(state: 'kept' | 'gone'): Promise<void> {
    this.#state = state
    this.#spool.done(this.#set)
    await this.#spool.leave()
  }
}
