import type { Readable, Writable } from 'node:stream'
import {
  checkStorageConfig,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOnlySignal,
  resolvePartBytes,
  type StorageConfig,
} from '../../config/index.js'
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
} from '../chunk-options.js'
import { checkObjectPrefix, isObjectKey } from '../keys.js'
import { type FileRange, tooShort } from '../local/files.js'
import { mapBounded } from '../map-bounded.js'
import type { ObjectStore } from '../object-store.js'
import { openObjectStore } from '../open-object-store.js'
import { ByteBudget } from '../upload/byte-budget.js'
import { UploadSink } from '../upload/sink.js'
import { RemoteKeys } from './keys.js'
import { expectConditions, expectRangeThere, findObject, refuseObject } from './object-checks.js'
import { type ObjectSink, sinkStream } from './object-sink.js'
import { sourceStream } from './object-source.js'

/** Options of `RemoteChunkManager.open`. */
export interface RemoteChunkManagerOptions {
  /** An object store; keys start from its `rootPath`. */
  storage: StorageConfig
}

const WHERE = 'RemoteChunkManager'
const DEFAULT_BYTES_IN_FLIGHT = 64 << 20
/** Objects of one call that are read, written or looked at at a time. */
const MOST_AT_ONCE = 32
/** Keys that are collected before they are removed. */
const REMOVE_KEYS = 1000

/**
 * Objects in a bucket of S3, Azure or Google Cloud Storage.
 *
 * Retries, time-outs and credentials are those of the {@link StorageConfig}. An object that is
 * longer than one part goes in parts, `uploadBytesInFlight` at a time for all writes of one
 * manager; an upload that fails or is aborted is given up in the store. An abort that comes while
 * the last request of a write is under way may find the object there.
 *
 * Every method throws PackedError with the key as its `path`: InvalidArgument (bad key), NotFound
 * (object or bucket), PermissionDenied, AlreadyExists, Conflict, Throttled, Timeout, Network,
 * NoSpace, StorageIO; an aborted signal rejects with its reason.
 *
 * @example
 * const chunks = await RemoteChunkManager.open({ storage: { storageType: 'minio', … } })
 * await pipeline(createReadStream('rows'), chunks.writeStream('import/rows'))
 */
export class RemoteChunkManager implements ChunkManager {
  readonly #keys: RemoteKeys
  readonly #storage: StorageConfig
  readonly #store: ObjectStore
  readonly #budget: ByteBudget
  readonly #most: number

  private constructor(store: ObjectStore, storage: StorageConfig) {
    this.#store = store
    this.#storage = storage
    this.#budget = new ByteBudget(storage.uploadBytesInFlight ?? DEFAULT_BYTES_IN_FLIGHT)
    this.#most = Math.min(storage.maxConnections ?? MOST_AT_ONCE, MOST_AT_ONCE)
    this.#keys = new RemoteKeys(storage.rootPath ?? '')
  }

  /**
   * The manager of a store. Nothing is asked of the store yet.
   *
   * @throws PackedError InvalidArgument (unknown options, a local storage), NotSupported (the
   *   package of the provider is not installed).
   */
  static async open(options: RemoteChunkManagerOptions): Promise<RemoteChunkManager> {
    const given = expectObject(options, WHERE)
    expectKnownKeys(given, ['storage'], WHERE)
    const storage = checkStorageConfig(expectObject(given.storage, 'storage'))
    return new RemoteChunkManager(await openObjectStore(storage), storage)
  }

  get rootPath(): string {
    return this.#keys.root
  }

  /** Of the class, not of the object: what prints the object does not print the keys in it. */
  get storage(): StorageConfig {
    return this.#storage
  }

  path(path: string): string {
    return `${this.#storage.bucketName}/${this.#keys.whole(path)}`
  }

  write(path: string, content: Uint8Array, options: ChunkWriteOptions = {}): Promise<void> {
    return this.#run(path, {}, async (key) => {
      const bytes = expectContent(content)
      const sink = await this.#sink(key, options)
      try {
        await sink.writeWhole(bytes)
      } finally {
        await sink.discard()
      }
    })
  }

  async multiWrite(
    entries: Iterable<ChunkContent>,
    options: MultiWriteOptions = {},
  ): Promise<void> {
    const { onWritten, ...writing } = expectMultiWrite(options)
    await mapBounded(entries, this.#most, async ({ path, content }) => {
      await this.write(path, content, writing)
      onWritten?.(path)
    })
  }

  writeStream(path: string, options: ChunkWriteOptions = {}): Writable {
    this.#keys.whole(path)
    const ifAbsent = expectIfAbsent(options)
    const open = async (): Promise<ObjectSink> => {
      const sink = await this.#run(path, {}, async (key) => {
        const opened = await this.#sink(key, options)
        if (ifAbsent) await refuseObject(this.#store, key, options)
        return opened
      })
      return {
        write: (chunk) => this.#run(path, {}, () => sink.write(chunk)),
        finish: () => this.#run(path, {}, () => sink.finish()),
        discard: () => sink.discard(),
      }
    }
    return sinkStream(open, options.signal)
  }

  read(path: string, options: ChunkOptions = {}): Promise<Uint8Array> {
    return this.#run(path, options, (key) => this.#store.get(key, options))
  }

  readAt(
    path: string,
    offset: number,
    length: number,
    options: ChunkOptions = {},
  ): Promise<Uint8Array> {
    return this.#run(path, options, async (key) => {
      const range = {
        offset: expectInteger(offset, 'offset'),
        length: expectInteger(length, 'length'),
      }
      if (range.length === 0) {
        await expectRangeThere(this.#store, key, range, options)
        return new Uint8Array(0)
      }
      const bytes = await this.#store.get(key, { range, signal: options.signal })
      if (bytes.length < range.length) throw tooShort(key, range, range.offset + bytes.length)
      return bytes
    })
  }

  multiRead(paths: Iterable<string>, options: ChunkOptions = {}): Promise<Uint8Array[]> {
    return mapBounded(paths, this.#most, (path) => this.read(path, options))
  }

  readStream(path: string, options: ChunkOptions & ChunkRange = {}): Readable {
    this.#keys.whole(path)
    const { signal, ...range } = options
    return sourceStream(this.#chunks(path, expectRange(range), signal), signal)
  }

  /** Within the store. */
  async copy(from: string, to: string, options: ChunkWriteOptions = {}): Promise<void> {
    const key = this.#keys.whole(from)
    const target = this.#keys.whole(to)
    const ifAbsent = expectIfAbsent(options)
    const { signal } = options
    try {
      if (ifAbsent) {
        await expectConditions(this.#store, target, { signal })
        await refuseObject(this.#store, target, { signal })
      }
      if (target === key) await this.#store.head(key, { signal })
      else await this.#store.copy(key, target, { ifAbsent, signal })
    } catch (error) {
      throw this.#keys.named(error, from, to)
    }
  }

  /** Whether there is an object at this path. */
  exist(path: string, options: ChunkOptions = {}): Promise<boolean> {
    return this.#run(path, options, async (key) => {
      return (await findObject(this.#store, key, options)) !== undefined
    })
  }

  size(path: string, options: ChunkOptions = {}): Promise<number> {
    return this.#run(path, options, async (key) => {
      return (await this.#store.head(key, options)).sizeBytes
    })
  }

  /**
   * Objects whose key starts with `prefix`, in the store's order of keys; without `recursive` only
   * those in the prefix's own folder. Markers of folders and keys that no call takes are no objects.
   */
  async *walk(
    prefix: string,
    options: ChunkOptions & { recursive?: boolean } = {},
  ): AsyncGenerator<ChunkEntry, void, undefined> {
    const { recursive, signal } = expectWalk(options)
    for await (const entry of this.#list(prefix, { recursive, signal })) {
      signal?.throwIfAborted()
      const path = this.#keys.relative(entry.path)
      if (isObjectKey(path)) yield { ...entry, path }
    }
  }

  remove(path: string, options: ChunkOptions = {}): Promise<void> {
    return this.#run(path, options, (key) => this.#store.remove(key, options))
  }

  async multiRemove(paths: Iterable<string>, options: ChunkOptions = {}): Promise<void> {
    const signal = expectOnlySignal(options, WHERE)
    const keys = [...paths].map((path) => this.#keys.whole(path))
    await this.#removeKeys(keys, signal)
  }

  async removeWithPrefix(prefix: string, options: ChunkOptions = {}): Promise<void> {
    const signal = expectOnlySignal(options, WHERE)
    expectSomePrefix(checkObjectPrefix(prefix))
    let keys: string[] = []
    for await (const { path } of this.#list(prefix, { recursive: true, signal })) {
      keys.push(path)
      if (keys.length < REMOVE_KEYS) continue
      await this.#removeKeys(keys, signal)
      keys = []
    }
    await this.#removeKeys(keys, signal)
  }

  async #removeKeys(keys: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    if (keys.length === 0) return
    try {
      await this.#store.removeMany(keys, { signal })
    } catch (error) {
      throw this.#keys.named(error)
    }
  }

  async *#list(
    prefix: string,
    options: { recursive: boolean; signal: AbortSignal | undefined },
  ): AsyncGenerator<ChunkEntry, void, undefined> {
    const start = this.#keys.wholePrefix(prefix)
    options.signal?.throwIfAborted()
    try {
      yield* this.#store.list(start, options)
    } catch (error) {
      throw this.#keys.named(error, prefix)
    }
  }

  async *#chunks(
    path: string,
    range: FileRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    signal?.throwIfAborted()
    const key = this.#keys.whole(path)
    const { offset, length } = range
    let received = 0
    try {
      if (length === 0) await expectRangeThere(this.#store, key, { offset, length }, { signal })
      else {
        const asked = { offset, ...(length === undefined ? {} : { length }) }
        for await (const chunk of this.#store.stream(key, { range: asked, signal })) {
          received += chunk.length
          yield chunk
        }
      }
    } catch (error) {
      throw this.#keys.named(error, path)
    }
    if (length !== undefined && received < length) {
      throw tooShort(path, { offset, length }, offset + received)
    }
  }

  async #sink(key: string, options: ChunkWriteOptions): Promise<UploadSink> {
    const ifAbsent = expectIfAbsent(options)
    if (ifAbsent) await expectConditions(this.#store, key, options)
    return new UploadSink(this.#store, key, {
      partBytes: resolvePartBytes(this.#storage.multipartPartBytes, 'storage.multipartPartBytes'),
      budget: this.#budget,
      ifAbsent,
      signal: options.signal,
    })
  }

  /** An operation on one object. */
  async #run<T>(
    path: string,
    options: ChunkOptions,
    operation: (key: string) => Promise<T>,
  ): Promise<T> {
    expectOnlySignal(options, WHERE)
    const key = this.#keys.whole(path)
    try {
      return await operation(key)
    } catch (error) {
      throw this.#keys.named(error, path)
    }
  }
}
