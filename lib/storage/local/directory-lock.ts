import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expectKnownKeys, expectObject, expectText } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import { callSync, type FileLockHandle } from '../../native/index.js'
import { storageError } from '../storage-error.js'

const NAME = 'lock'
const OWNER_KEYS = ['pid', 'host', 'since', 'name'] as const

/** Who holds a directory, as the lock file says. */
export interface LockOwner {
  pid: number
  host: string
  /** ISO 8601, to milliseconds. */
  since: string
  /** What it is, in the owner's words. */
  name: string
}

/**
 * A directory that is this holder's alone.
 *
 * The lock is the kernel's (flock): it ends with `release`, with this object, with its thread and
 * with its process, however that ends. The file `lock` stays; what it says is for people.
 */
export class DirectoryLock {
  readonly directory: string
  readonly owner: LockOwner
  /** Who had the directory before and never gave it back: it crashed. */
  readonly staleOwner: LockOwner | undefined
  readonly #file: string
  readonly #handle: FileLockHandle
  #released: Promise<void> | undefined

  private constructor(
    directory: string,
    owners: { owner: LockOwner; staleOwner: LockOwner | undefined },
    file: string,
    handle: FileLockHandle,
  ) {
    this.directory = directory
    this.owner = owners.owner
    this.staleOwner = owners.staleOwner
    this.#file = file
    this.#handle = handle
  }

  /** See {@link lockDirectory}. */
  static async take(directory: string, name: string): Promise<DirectoryLock> {
    const file = join(expectText(directory, 'directory'), NAME)
    try {
      await mkdir(directory, { recursive: true })
      const handle = callSync((addon) => addon.fileLockTake(file))
      if (handle === null) throw held(directory, await ownerOf(file))
      const owner = { pid: process.pid, host: hostname(), since: new Date().toISOString(), name }
      const lock = new DirectoryLock(
        directory,
        { owner, staleOwner: await ownerOf(file) },
        file,
        handle,
      )
      await lock.#write(owner)
      return lock
    } catch (error) {
      throw storageError(error, file)
    }
  }

  /** Give the directory back. Idempotent. */
  release(): Promise<void> {
    this.#released ??= this.#release()
    return this.#released
  }

  /** A file that nobody can write any more is no reason to keep the lock. */
  async #release(): Promise<void> {
    await truncate(this.#file).catch(() => {})
    callSync((addon) => addon.fileLockRelease(this.#handle))
  }

  async #write(owner: LockOwner): Promise<void> {
    try {
      await writeFile(this.#file, `${JSON.stringify(owner)}\n`)
    } catch (error) {
      callSync((addon) => addon.fileLockRelease(this.#handle))
      throw error
    }
  }
}

/**
 * Take a directory, made where it is not there, for this caller alone: against other processes,
 * other threads, and other calls of this one.
 *
 * @param directory on a local disk, or on a network file system with locks.
 * @param owner what the caller is, for those who find the directory locked.
 * @throws PackedError Conflict naming the owner; PermissionDenied, NoSpace, StorageIO.
 */
export function lockDirectory(
  directory: string,
  owner: { name?: string } = {},
): Promise<DirectoryLock> {
  expectObject(owner, 'owner')
  expectKnownKeys(owner, ['name'], 'lockDirectory')
  const name = expectText(owner.name ?? 'arrow-packed', 'name')
  return DirectoryLock.take(expectText(directory, 'directory'), name)
}

/** Undefined for a file that is empty (given back) or half written. */
async function ownerOf(file: string): Promise<LockOwner | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '')
  try {
    const owner = JSON.parse(text) as Partial<LockOwner> | null
    const complete = OWNER_KEYS.every((key) => owner?.[key] !== undefined)
    return complete ? (owner as LockOwner) : undefined
  } catch {
    return undefined
  }
}

function held(directory: string, owner: LockOwner | undefined): PackedError {
  const who =
    owner === undefined
      ? 'one that another process holds'
      : `one that process ${owner.pid} on ${owner.host} (${owner.name}) holds since ${owner.since}`
  const message = `Expected the directory "${directory}" for this process alone but received ${who}`
  return new PackedError('Conflict', message, { path: directory })
}
