import { randomBytes } from 'node:crypto'
import { mkdir, readdir, realpath, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { writeWhole } from '../local/sink.js'
import { storageError } from '../storage-error.js'
import { lockDirectory } from './lock.js'
import { newRecord, readRecord, type SpoolFile, type SpoolRecord } from './record.js'

const RECORD = 'record.json'
const SET = /^\.upload-[0-9a-f]{16}$/
const MIB = 1 << 20
const MOST_PARTS = 10_000

/** The files of one writer in a spool, and the record of what is to become of them. */
export class SpoolSet {
  readonly directory: string
  readonly record: SpoolRecord
  readonly #fsync: boolean
  #saved: Promise<void> = Promise.resolve()

  constructor(directory: string, record: SpoolRecord, { fsync = false } = {}) {
    this.directory = directory
    this.record = record
    this.#fsync = fsync
  }

  get paths(): string[] {
    return this.record.files.map(({ path }) => path)
  }

  /** Where the bytes of a file are. */
  local({ name }: SpoolFile): string {
    return join(this.directory, name)
  }

  /** The record as it is now, in one step; saves do not overtake each other. */
  save(): Promise<void> {
    const save = async () => {
      const content = Buffer.from(JSON.stringify(this.record))
      const file = join(this.directory, RECORD)
      const options = { fsync: this.#fsync, ifAbsent: false, signal: undefined }
      try {
        await writeWhole(file, file, content, options)
      } catch (error) {
        throw storageError(error, file)
      }
    }
    this.#saved = this.#saved.then(save, save)
    return this.#saved
  }

  /** Every file is there: note how long it is, and what parts that makes. */
  async seal(): Promise<void> {
    for (const file of this.record.files) {
      file.sizeBytes = (await stat(this.local(file))).size
      const least = Math.ceil(file.sizeBytes / MOST_PARTS / MIB) * MIB
      file.partBytes = Math.max(file.partBytes, least)
    }
    this.record.sealed = true
    await this.save()
  }

  /** Free the disk, but keep the record. */
  async removeFiles(): Promise<void> {
    for (const file of this.record.files) await unlink(this.local(file)).catch(() => {})
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true })
  }
}

/** A directory of sets, held by one thread of one process. */
export class Spool {
  readonly directory: string
  readonly #release: () => Promise<void>
  readonly #busy = new Set<string>()
  #users = 0
  /** Set when the last user leaves: until the lock is gone nobody can take it again. */
  #left: Promise<void> | undefined

  private constructor(directory: string, release: () => Promise<void>) {
    this.directory = directory
    this.#release = release
  }

  /**
   * Use a spool, together with others in this thread; made where it is missing. Every user calls
   * `leave` once.
   *
   * @throws PackedError Conflict (another process has it), PermissionDenied, NoSpace.
   */
  static async enter(directory: string): Promise<Spool> {
    try {
      await mkdir(directory, { recursive: true })
      const name = await realpath(directory)
      for (;;) {
        const spool = await (spools.get(name) ?? Spool.#lock(name))
        if (spool.#left === undefined) {
          spool.#users += 1
          return spool
        }
        await spool.#left
      }
    } catch (error) {
      throw storageError(error, directory)
    }
  }

  static #lock(name: string): Promise<Spool> {
    const locked = lockDirectory(name).then((release) => new Spool(name, release))
    spools.set(name, locked)
    locked.catch(() => spools.delete(name))
    return locked
  }

  async leave(): Promise<void> {
    this.#users -= 1
    if (this.#users > 0) return
    this.#left = this.#release()
      .catch(() => {})
      .then(() => void spools.delete(this.directory))
    await this.#left
  }

  /** Start a set. Nobody else takes it up until `done`. */
  async create(
    facts: Pick<SpoolRecord, 'store' | 'ifAbsent' | 'files'>,
    options: { fsync: boolean },
  ): Promise<SpoolSet> {
    const name = `.upload-${randomBytes(8).toString('hex')}`
    const set = new SpoolSet(join(this.directory, name), newRecord(facts), options)
    this.#busy.add(set.directory)
    await mkdir(set.directory)
    await set.save()
    return set
  }

  /**
   * Take up every set that nobody is at work on, one after the other. A set without a record was
   * killed while it was made: it holds nothing, and is removed.
   *
   * @throws PackedError MetadataCorrupted, after all that can be read.
   */
  async *takeAll(): AsyncGenerator<SpoolSet, void, undefined> {
    const failures: unknown[] = []
    for (const name of (await readdir(this.directory)).filter((entry) => SET.test(entry))) {
      const directory = join(this.directory, name)
      if (this.#busy.has(directory)) continue
      this.#busy.add(directory)
      try {
        const record = await readRecord(join(directory, RECORD)).catch((error: unknown) => {
          failures.push(error)
          return null
        })
        if (record) yield new SpoolSet(directory, record)
        if (record === undefined) await rm(directory, { recursive: true, force: true })
      } finally {
        this.#busy.delete(directory)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  /** Nobody is at work on the set any more. */
  done(set: SpoolSet): void {
    this.#busy.delete(set.directory)
  }
}

/** Spools that this thread holds, by real path: a lock is of a process, its writers share it. */
const spools = new Map<string, Promise<Spool>>()
