import type { Dirent } from 'node:fs'
import { stat, unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import {
  expectBoolean,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOnlySignal,
  expectText,
  resolveStorageConfig,
  type StorageConfig,
  unexpected,
} from '../../config/index.js'
import { callAsync } from '../../native/index.js'
import type {
  ChunkContent,
  ChunkEntry,
  ChunkManager,
  ChunkOptions,
  ChunkRange,
  ChunkWriteOptions,
  MultiWriteOptions,
} from '../chunk-manager.js'
import {
  expectContent,
  expectIfAbsent,
  expectMultiWrite,
  expectRange,
  expectSomePrefix,
  expectWalk,
  MOST_AT_ONCE,
} from '../chunk-options.js'
import { Gate } from '../gate.js'
import { checkKey, checkPrefix } from '../keys.js'
import { mapBounded } from '../map-bounded.js'
import { type ObjectSink, sinkStream } from '../remote/object-sink.js'
import { sourceStream } from '../remote/object-source.js'
import { storageError } from '../storage-error.js'
import { type FileRange, readRange, streamRange } from './files.js'
import { FileSink, type FileSinkOptions, writeWhole } from './sink.js'
import { examine, isAbsent, listFolder, pruneFolders } from './walk.js'

/** Options of a {@link LocalChunkManager}. */
export interface LocalChunkManagerOptions {
  /** Directory that keys start from; made by the first write. */
  rootPath: string
  /** Force written objects to the disk; off by default. */
  fsync?: boolean
}

/** Half of libuv's threads. */
const WHERE = 'LocalChunkManager'
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
    const given = expectObject(options, WHERE)
    expectKnownKeys(given, ['rootPath', 'fsync'], WHERE)
    this.rootPath = resolve(expectText(given.rootPath, 'rootPath'))
    this.storage = { storageType: 'local', rootPath: this.rootPath }
    this.#fsync = expectBoolean(given.fsync, 'fsync', false)
  }

  path(path: string): string {
    return join(this.rootPath, checkKey(path))
  }

  write(path: string, content: Uint8Array, options: ChunkWriteOptions = {}): Promise<void> {
    const { signal } = options
    return this.#run(path, { signal }, (file) =>
      writeWhole(file, path, expectContent(content), this.#appearing(options)),
    )
  }

  async multiWrite(
    entries: Iterable<ChunkContent>,
    options: MultiWriteOptions = {},
  ): Promise<void> {
    const { onWritten, ...writing } = expectMultiWrite(options)
    await mapBounded(entries, MOST_AT_ONCE, async ({ path, content }) => {
      await this.write(path, content, writing)
      onWritten?.(path)
    })
  }

  writeStream(path: string, options: ChunkWriteOptions = {}): Writable {
    const { signal } = options
    const file = this.path(path)
    const appearing = this.#appearing(options)
    const open = async (): Promise<ObjectSink> => {
      const sink = await this.#guard(path, signal, () => FileSink.open(file, path, appearing))
      return {
        write: (chunk) => this.#guard(path, signal, () => sink.write(chunk)),
        finish: () => this.#guard(path, signal, () => sink.finish()),
        discard: () => sink.discard(),
      }
    }
    return sinkStream(open, signal)
  }

  read(path: string, options: ChunkOptions = {}): Promise<Uint8Array> {
    return this.#run(path, options, (file, signal) =>
      readRange(file, path, expectRange({}), signal),
    )
  }

  readAt(
    path: string,
    offset: number,
    length: number,
    options: ChunkOptions = {},
  ): Promise<Uint8Array> {
    return this.#run(path, options, (file, signal) => {
      const range = {
        offset: expectInteger(offset, 'offset'),
        length: expectInteger(length, 'length'),
      }
      return readRange(file, path, range, signal)
    })
  }

  multiRead(paths: Iterable<string>, options: ChunkOptions = {}): Promise<Uint8Array[]> {
    return mapBounded(paths, MOST_AT_ONCE, (path) => this.read(path, options))
  }

  /**
   * The object as a private mapping of its file: nothing is read before it is looked at, writes of
   * JavaScript stay in this process. The caller's word that nobody changes the file: one that is
   * truncated under its mapping kills the process.
   */
  async mmap(path: string, options: ChunkOptions = {}): Promise<Uint8Array> {
    const key = checkKey(path)
    expectOnlySignal(options, WHERE)?.throwIfAborted()
    const storage = resolveStorageConfig(this.storage)
    const mapping = await callAsync<ArrayBuffer>((addon, done) => addon.mapFile(storage, key, done))
    return new Uint8Array(mapping)
  }

  readStream(path: string, { signal, ...range }: ChunkOptions & ChunkRange = {}): Readable {
    return sourceStream(this.#chunks(path, expectRange(range), signal), signal)
  }

  /** The bytes go through this process; one file system need not hold both. */
  async copy(from: string, to: string, options: ChunkWriteOptions = {}): Promise<void> {
    const { signal } = options
    const target = this.path(to)
    const appearing = this.#appearing(options)
    const chunks = this.#chunks(from, expectRange({}), signal)
    let sink: FileSink | undefined
    try {
      const first = await chunks.next()
      sink = await this.#guard(to, signal, () => FileSink.open(target, to, appearing))
      for (let chunk = first; !chunk.done; chunk = await chunks.next()) {
        const { value } = chunk
        await this.#guard(to, signal, () => sink!.write(value))
      }
      await this.#guard(to, signal, () => sink!.finish())
    } finally {
      await sink?.discard()
      await chunks.return()
    }
  }

  /** False for a folder: only objects exist. */
  exist(path: string, options: ChunkOptions = {}): Promise<boolean> {
    return this.#run(path, options, async () => (await examine(this.rootPath, path)) !== null)
  }

  size(path: string, options: ChunkOptions = {}): Promise<number> {
    return this.#run(path, options, async (file) => {
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
    const folder = start.slice(0, start.lastIndexOf('/') + 1)
    yield* this.#walkFolder(folder, { start, ...expectWalk(options) })
  }

  remove(path: string, options: ChunkOptions = {}): Promise<void> {
    return this.#run(path, options, async (file) => {
      await unlink(file).catch((error: unknown) => {
        if (!isAbsent(error)) throw error
      })
    })
  }

  async multiRemove(paths: Iterable<string>, options: ChunkOptions = {}): Promise<void> {
    const outcomes = await Promise.allSettled([...paths].map((path) => this.remove(path, options)))
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  /** Stops at the first object that cannot be removed. Folders left empty go, too. */
  async removeWithPrefix(prefix: string, options: ChunkOptions = {}): Promise<void> {
    expectSomePrefix(prefix)
    const signal = expectOnlySignal(options, WHERE)
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

  #appearing(options: ChunkWriteOptions): FileSinkOptions {
    return {
      fsync: this.#fsync,
      ifAbsent: expectIfAbsent(options),
      signal: options.signal,
    }
  }

  #chunks(
    path: string,
    range: FileRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const file = this.path(path)
    return streamRange(file, path, range, (call) => this.#guard(path, signal, call))
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
        const found = await this.#run(key, { signal: scope.signal }, () =>
          examine(this.rootPath, key),
        )
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
    options: ChunkOptions,
    operation: (file: string, signal: AbortSignal | undefined) => Promise<T>,
  ): Promise<T> {
    const signal = expectOnlySignal(options, WHERE)
    const file = this.path(path)
    return this.#guard(path, signal, () => operation(file, signal))
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
