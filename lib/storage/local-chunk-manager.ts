import type { Dirent } from 'node:fs'
import { stat, unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  expectBoolean,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectText,
  type StorageConfig,
  unexpected,
} from '../config/index.js'
import type { ChunkEntry, ChunkManager, ChunkOptions } from './chunk-manager.js'
import { Gate } from './gate.js'
import { checkKey, checkPrefix } from './keys.js'
import { readRange, writeWhole } from './local-files.js'
import { examine, isAbsent, listFolder, pruneFolders } from './local-walk.js'
import { storageError } from './storage-error.js'

/** Options of a {@link LocalChunkManager}. */
export interface LocalChunkManagerOptions {
  /** Directory that keys start from; made by the first write. */
  rootPath: string
  /** Force written objects to the disk; off by default. */
  fsync?: boolean
}

/** Half of libuv's threads. */
const MOST_CALLS = 2

/**
 * Objects as files below a directory.
 *
 * A write goes to a hidden sibling that takes its place by renaming; nothing is left of one that
 * fails or is aborted, but the folders made for it. `content` is lent until the promise settles.
 *
 * Symbolic links are the tree's owner's (no method makes one): reading and writing follow them,
 * `walk` lists links to files and does not descend into linked folders, removing takes the link.
 *
 * Every method throws PackedError with the key as its `path`: InvalidArgument (bad key, a folder
 * where an object should be), NotFound, PermissionDenied, NoSpace, StorageIO; an aborted signal
 * rejects with its reason.
 */
export class LocalChunkManager implements ChunkManager {
  readonly rootPath: string
  readonly storage: StorageConfig
  readonly #fsync: boolean
  readonly #gate = new Gate(MOST_CALLS)

  constructor(options: LocalChunkManagerOptions) {
    const given = expectObject(options, 'LocalChunkManager')
    expectKnownKeys(given, ['rootPath', 'fsync'], 'LocalChunkManager')
    this.rootPath = resolve(expectText(given.rootPath, 'rootPath'))
    this.storage = { storageType: 'local', rootPath: this.rootPath }
    this.#fsync = expectBoolean(given.fsync, 'fsync', false)
  }

  write(path: string, content: Uint8Array, { signal }: ChunkOptions = {}): Promise<void> {
    return this.#run(path, signal, (file) => {
      if (!ArrayBuffer.isView(content)) throw unexpected('a Uint8Array', 'content', content)
      const bytes = new Uint8Array(content.buffer, content.byteOffset, content.byteLength)
      return writeWhole(file, bytes, { fsync: this.#fsync, signal })
    })
  }

  read(path: string, { signal }: ChunkOptions = {}): Promise<Uint8Array> {
    return this.#run(path, signal, (file) =>
      readRange(file, path, { offset: 0, length: undefined }, signal),
    )
  }

  readAt(
    path: string,
    offset: number,
    length: number,
    { signal }: ChunkOptions = {},
  ): Promise<Uint8Array> {
    return this.#run(path, signal, (file) => {
      const range = {
        offset: expectInteger(offset, 'offset'),
        length: expectInteger(length, 'length'),
      }
      return readRange(file, path, range, signal)
    })
  }

  /** False for a folder: only objects exist. */
  exist(path: string, { signal }: ChunkOptions = {}): Promise<boolean> {
    return this.#run(path, signal, async () => (await examine(this.rootPath, path)) !== null)
  }

  size(path: string, { signal }: ChunkOptions = {}): Promise<number> {
    return this.#run(path, signal, async (file) => {
      const found = await stat(file)
      if (found.isFile()) return found.size
      throw unexpected('the key of an object', 'path', path)
    })
  }

  /**
   * Objects whose key starts with `prefix`, in key order; without `recursive` only those in the
   * prefix's own folder. Temporary files are no objects, nor are files whose name no key can have.
   */
  async *walk(
    prefix: string,
    options: ChunkOptions & { recursive?: boolean } = {},
  ): AsyncGenerator<ChunkEntry, void, undefined> {
    const start = checkPrefix(prefix)
    const recursive = expectBoolean(options.recursive, 'recursive', true)
    const folder = start.slice(0, start.lastIndexOf('/') + 1)
    yield* this.#walkFolder(folder, { start, recursive, signal: options.signal })
  }

  remove(path: string, { signal }: ChunkOptions = {}): Promise<void> {
    return this.#run(path, signal, async (file) => {
      await unlink(file).catch((error: unknown) => {
        if (!isAbsent(error)) throw error
      })
    })
  }

  /** Stops at the first object that cannot be removed. Folders left empty go, too. */
  async removeWithPrefix(prefix: string, options: ChunkOptions = {}): Promise<void> {
    if (prefix === '') throw unexpected('a prefix that is not empty', 'prefix', prefix)
    const { signal } = options
    for await (const { path } of this.walk(prefix, { signal })) await this.remove(path, { signal })
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    const rest = prefix.slice(folder.length)
    const emptied = (await this.#list(folder, signal))
      .filter((entry) => entry.isDirectory() && entry.name.startsWith(rest))
      .map(({ name }) => folder + name)
    for (const key of rest === '' ? [folder] : emptied) {
      await this.#guard(key, signal, () => pruneFolders(join(this.rootPath, key)))
    }
  }

  async *#walkFolder(
    folder: string,
    scope: { start: string; recursive: boolean; signal: AbortSignal | undefined },
  ): AsyncGenerator<ChunkEntry, void, undefined> {
    for (const entry of await this.#list(folder, scope.signal)) {
      const key = folder + entry.name
      if (entry.isDirectory()) {
        const below = `${key}/`
        const within = below.startsWith(scope.start) || scope.start.startsWith(below)
        if (scope.recursive && within) yield* this.#walkFolder(below, scope)
      } else if (key.startsWith(scope.start)) {
        const found = await this.#run(key, scope.signal, () => examine(this.rootPath, key))
        if (found !== null) yield found
      }
    }
  }

  #list(folder: string, signal: AbortSignal | undefined): Promise<Dirent[]> {
    return this.#guard(folder, signal, () => listFolder(join(this.rootPath, folder)))
  }

  /** An operation on one object, when there is room for another call. */
  async #run<T>(
    path: string,
    signal: AbortSignal | undefined,
    operation: (file: string) => Promise<T>,
  ): Promise<T> {
    const file = join(this.rootPath, checkKey(path))
    return this.#guard(path, signal, () => operation(file))
  }

  async #guard<T>(
    path: string,
    signal: AbortSignal | undefined,
    operation: () => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted()
    return this.#gate.run(async () => {
      signal?.throwIfAborted()
      try {
        return await operation()
      } catch (error) {
        throw storageError(error, path)
      }
    })
  }
}
