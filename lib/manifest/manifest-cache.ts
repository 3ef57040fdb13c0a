import { LRUCache } from 'lru-cache'
import { type ChunkManager, follow } from '../storage/index.js'
import type { Manifest } from './model.js'

/** As many as Milvus keeps. */
const MOST_MANIFESTS = 1024
/** Of all of them, as files: in memory they are a few times as much. */
const MOST_BYTES = 128 << 20
/** Segments whose newest version is remembered. */
const MOST_SEGMENTS = 4096

/** A manifest and the length of its file. */
export interface ReadManifest {
  readonly manifest: Manifest
  readonly sizeBytes: number
}

/**
 * What one chunk manager has read: manifests never change, so that every reader of a version has
 * the same object; and the newest version that was seen of each segment.
 */
export class ManifestCache {
  /** By segment. A lower bound: others commit as well, and folders are removed. */
  readonly newest = new LRUCache<string, number>({ max: MOST_SEGMENTS })
  readonly #manifests = new LRUCache<string, ReadManifest>({
    max: MOST_MANIFESTS,
    maxSize: MOST_BYTES,
    sizeCalculation: ({ sizeBytes }) => Math.max(sizeBytes, 1),
  })
  readonly #reading = new Map<string, Promise<ReadManifest>>()

  /** The cache of a chunk manager, for as long as that lives. */
  static of(chunkManager: ChunkManager): ManifestCache {
    const cache = caches.get(chunkManager) ?? new ManifestCache()
    caches.set(chunkManager, cache)
    return cache
  }

  /**
   * The manifest at a key, read once for all who ask at the same time; a failure is not kept. The
   * signal is the caller's alone: the others go on waiting.
   */
  async get(
    key: string,
    read: () => Promise<ReadManifest>,
    signal: AbortSignal | undefined,
  ): Promise<Manifest> {
    signal?.throwIfAborted()
    const known = this.#manifests.get(key)
    if (known !== undefined) return known.manifest
    const reading = this.#reading.get(key) ?? this.#start(key, read)
    return (await unlessAborted(reading, signal)).manifest
  }

  put(key: string, read: ReadManifest): void {
    this.#manifests.set(key, read)
  }

  forget(key: string): void {
    this.#manifests.delete(key)
  }

  forgetBelow(folder: string): void {
    for (const key of [...this.#manifests.keys()]) if (key.startsWith(folder)) this.forget(key)
  }

  #start(key: string, read: () => Promise<ReadManifest>): Promise<ReadManifest> {
    const reading = read()
      .then((result) => {
        this.put(key, result)
        return result
      })
      .finally(() => this.#reading.delete(key))
    this.#reading.set(key, reading)
    return reading
  }
}

const caches = new WeakMap<ChunkManager, ManifestCache>()

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const unfollow = follow(signal, reject)
    work.then(resolve, reject).finally(unfollow)
  })
}
