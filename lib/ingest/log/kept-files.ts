import { unlink } from 'node:fs/promises'
import { errnoOf, storageError, syncFolder } from '../../storage/index.js'
import { publishStage } from '../../telemetry/index.js'
import type { FileHeader } from './file-header.js'

/** A file of an open log. */
export interface KeptFile {
  readonly path: string
  readonly header: FileHeader
  /** Of its last message that counts; the one before it where there is none. */
  lastMessageId: bigint
  sizeBytes: number
}

/** The files of an open log, oldest first; the last one is written to. */
export class KeptFiles {
  readonly #directory: string
  readonly #files: KeptFile[]
  /** First messages of the files that somebody reads, once per reader. */
  readonly #readers = new Set<{ firstMessageId: bigint }>()
  #acknowledged = 0n
  #removal: Promise<void> = Promise.resolve()

  constructor(directory: string, files: readonly KeptFile[]) {
    this.#directory = directory
    this.#files = [...files]
  }

  get sizeBytes(): number {
    return this.#files.reduce((sum, file) => sum + file.sizeBytes, 0)
  }

  get oldest(): KeptFile {
    return this.#files[0]!
  }

  /** The one that is written to; undefined before the first. */
  get newest(): KeptFile | undefined {
    return this.#files.at(-1)
  }

  push(file: KeptFile): void {
    this.#files.push(file)
  }

  /** The first file with messages behind an id; `done` says that it is no longer read. */
  read(after: bigint): { next(): KeptFile | undefined; done(): Promise<void> } {
    const first = this.#files.find(({ lastMessageId }) => lastMessageId > after)
    const reader = { firstMessageId: (first ?? this.newest!).header.firstMessageId }
    let file = first
    this.#readers.add(reader)
    return {
      next: () => {
        const found = file
        if (found === undefined) return undefined
        reader.firstMessageId = found.header.firstMessageId
        file = this.#files[this.#files.indexOf(found) + 1]
        return found
      },
      done: () => {
        this.#readers.delete(reader)
        return this.#remove()
      },
    }
  }

  /** Remove the files whose messages are all acknowledged, as soon as nobody reads them. */
  acknowledge(messageId: bigint): Promise<void> {
    if (messageId > this.#acknowledged) this.#acknowledged = messageId
    return this.#remove()
  }

  /** One removal at a time, oldest file first: a crash leaves no gap. */
  #remove(): Promise<void> {
    const removal = this.#removal.then(() => this.#removeUnneeded())
    this.#removal = removal.catch(() => {})
    return removal
  }

  async #removeUnneeded(): Promise<void> {
    let removed = false
    while (this.#isUnneeded(this.oldest)) {
      const { path } = this.oldest
      publishStage('log.truncate.before', () => ({ path }))
      await this.#guard(() => unlink(path), path)
      this.#files.shift()
      removed = true
      publishStage('log.truncate.after', () => ({ path }))
    }
    if (removed) await this.#guard(() => syncFolder(this.#directory), this.#directory)
  }

  #isUnneeded(file: KeptFile): boolean {
    if (file === this.newest || file.lastMessageId > this.#acknowledged) return false
    const { firstMessageId } = file.header
    return [...this.#readers].every((reader) => reader.firstMessageId > firstMessageId)
  }

  async #guard(operation: () => Promise<void>, path: string): Promise<void> {
    try {
      await operation()
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw storageError(error, path)
    }
  }
}
