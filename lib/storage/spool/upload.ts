import { isPackedError } from '../../errors/index.js'
import type { ObjectStore, StoredPart } from '../object-store.js'
import { ByteBudget } from '../upload/byte-budget.js'
import { createUpload } from '../upload/create.js'
import { uploadJournal } from '../upload/journal.js'
import { isSameFile, isStored, type PartRange, partsOf, readPart } from './parts.js'
import type { SpoolFile } from './record.js'
import type { SpoolSet } from './spool.js'

/** How far the upload of one file is. */
export interface UploadProgress {
  /** As the caller gave it. */
  path: string
  sizeBytes: number
  /** Bytes that were sent now. */
  sentBytes: number
  /** Bytes that the store had already. */
  keptBytes: number
}

export interface SpoolUploadOptions {
  store: ObjectStore
  /** Bytes of parts in memory, all files together. */
  inFlightBytes: number
  signal?: AbortSignal | undefined
  onProgress?: ((progress: UploadProgress) => void) | undefined
}

/** Uploads a sealed set: every part of every file first, then all objects appear. */
class SpoolUpload {
  readonly #set: SpoolSet
  readonly #store: ObjectStore
  readonly #budget: ByteBudget
  /** Ends the other parts when one fails. */
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #onProgress: SpoolUploadOptions['onProgress']
  /** An earlier process may have published already. */
  readonly #resumed: boolean

  constructor(set: SpoolSet, { store, inFlightBytes, signal, onProgress }: SpoolUploadOptions) {
    this.#set = set
    this.#store = store
    this.#budget = new ByteBudget(inFlightBytes)
    this.#signal = AbortSignal.any([this.#stop.signal, ...(signal === undefined ? [] : [signal])])
    this.#onProgress = onProgress
    this.#resumed = set.record.publishing
  }

  async run(): Promise<void> {
    const { record } = this.#set
    this.#signal.throwIfAborted()
    const tags = await this.#all(record.files.map((file) => this.#send(file)))
    this.#signal.throwIfAborted()
    if (!record.publishing) {
      record.publishing = true
      await this.#set.save()
    }
    for (const [index, file] of record.files.entries()) await this.#publish(file, tags[index]!)
    for (const { upload } of record.files) {
      if (upload !== undefined) uploadJournal().done(this.#store, upload)
    }
    await this.#set.remove()
  }

  /** The first failure, once nothing runs any more. */
  async #all<T>(operations: Promise<T>[]): Promise<T[]> {
    const stopping = operations.map((operation) =>
      operation.catch((error: unknown) => {
        this.#stop.abort(error)
        throw error
      }),
    )
    await Promise.allSettled(stopping)
    if (this.#stop.signal.aborted) throw this.#stop.signal.reason
    return Promise.all(stopping)
  }

  /** The tags of all parts, in order. */
  async #send(file: SpoolFile): Promise<string[]> {
    const parts = partsOf(file)
    if (file.published || parts.length === 0) return []
    const stored = await this.#storedParts(file)
    if (file.published) return []
    const progress = { path: file.path, sizeBytes: file.sizeBytes, sentBytes: 0, keptBytes: 0 }
    const sent = parts.map((part) =>
      this.#budget.run(part.length, async () => {
        const kept = stored.get(part.number)
        const known = kept && (await isStored(this.#set.local(file), part, kept))
        const tag = known ? kept.tag : await this.#sendPart(file, part)
        progress[known ? 'keptBytes' : 'sentBytes'] += part.length
        this.#onProgress?.({ ...progress })
        return tag
      }),
    )
    return this.#all(sent)
  }

  async #sendPart(file: SpoolFile, part: PartRange): Promise<string> {
    this.#signal.throwIfAborted()
    const content = await readPart(this.#set.local(file), part, this.#signal)
    const options = { signal: this.#signal }
    const { number } = part
    return this.#store.part(file.key, file.upload!, { number, content }, options)
  }

  /** What the store has of a file, after making sure that there is an upload. */
  async #storedParts(file: SpoolFile): Promise<Map<number, StoredPart>> {
    const signal = this.#signal
    const stored = new Map<number, StoredPart>()
    if (file.upload !== undefined) {
      uploadJournal().live(this.#store, file.upload)
      try {
        for await (const part of this.#store.listParts(file.key, file.upload, { signal })) {
          stored.set(part.number, part)
        }
        return stored
      } catch (error) {
        if (!isPackedError(error) || error.code !== 'NotFound') throw error
      }
      if (await this.#wasPublished(file)) return new Map()
      stored.clear()
    }
    await this.#create(file)
    return stored
  }

  /** An earlier process may have died before it heard of its upload. */
  async #create(file: SpoolFile): Promise<void> {
    const { ifAbsent, createdMs } = this.#set.record
    const { key } = file
    const lost = file.asked === true
    file.asked = true
    await this.#set.save()
    const options = { ifAbsent, signal: this.#signal }
    file.upload = await createUpload(this.#store, key, options)
    await this.#set.save()
    const started = { fromMs: createdMs, toMs: Date.now() }
    if (lost) await uploadJournal().discard({ store: this.#store, key, started })
  }

  async #publish(file: SpoolFile, tags: readonly string[]): Promise<void> {
    if (file.published) return
    const { ifAbsent } = this.#set.record
    this.#signal.throwIfAborted()
    try {
      // Not under the signal: an object that half the world sees cannot be called off.
      if (tags.length > 0) await this.#store.complete(file.key, file.upload!, tags, { ifAbsent })
      else await this.#store.put(file.key, await this.#whole(file), { ifAbsent })
    } catch (error) {
      const exists = isPackedError(error) && error.code === 'AlreadyExists'
      if (exists && (await this.#wasPublished(file))) return
      throw error
    }
    file.published = true
    await this.#set.save()
  }

  #whole(file: SpoolFile): Promise<Uint8Array> {
    const part = { number: 1, offset: 0, length: file.sizeBytes }
    return readPart(this.#set.local(file), part, this.#signal)
  }

  /** Whether an earlier process has put the object there, and died before it noted so. */
  async #wasPublished(file: SpoolFile): Promise<boolean> {
    if (!this.#resumed) return false
    const options = { signal: this.#signal }
    try {
      const { sizeBytes } = await this.#store.head(file.key, options)
      if (sizeBytes !== file.sizeBytes) return false
      const content = this.#store.stream(file.key, options)
      if (!(await isSameFile(this.#set.local(file), file.sizeBytes, content))) return false
    } catch (error) {
      if (isPackedError(error) && error.code === 'NotFound') return false
      throw error
    }
    file.published = true
    await this.#set.save()
    return true
  }
}

/**
 * Upload a sealed set and remove it from the spool. After a failure it is still there, with all
 * that the store has, and can be uploaded again.
 *
 * @throws PackedError AlreadyExists, Conflict, PermissionDenied, Timeout, Network, StorageIO; the
 *   signal's reason when it is aborted.
 */
export function uploadSet(set: SpoolSet, options: SpoolUploadOptions): Promise<void> {
  return new SpoolUpload(set, options).run()
}

/**
 * Take back what a set has put into the store, and remove it. What cannot be taken back now is
 * noted in the set, which then stays for `resumeUploads`.
 *
 * @throws PackedError when the store or the disk fails.
 */
export async function discardSet(set: SpoolSet, store: ObjectStore): Promise<void> {
  const { record } = set
  if (record.sealed) {
    record.unwanted = true
    await set.save()
    await set.removeFiles()
    const gone = await Promise.all(record.files.map((file) => takeBack(set, file, store)))
    if (gone.includes(false)) return
  }
  await set.remove()
}

/** True when nothing of a file is in the store any more. */
async function takeBack(set: SpoolSet, file: SpoolFile, store: ObjectStore): Promise<boolean> {
  const { key, upload, asked = false } = file
  if (!asked && !file.published) return true
  if (file.published) {
    await store.remove(key)
    return true
  }
  const started = { fromMs: set.record.createdMs, toMs: Date.now() }
  return uploadJournal().discard({ store, key, upload, started, doubtful: true })
}
