import { randomBytes } from 'node:crypto'
import {
  expectBoolean,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOnlySignal,
  expectOptions,
  unexpected,
} from '../config/index.js'
import { isPackedError, PackedError } from '../errors/index.js'
import type { ChunkManager, ChunkOptions } from '../storage/index.js'
import { expectChunkManager } from '../storage/index.js'
import { decodeManifest, encodeManifest } from './codec.js'
import { isCertain } from './commit-outcome.js'
import { freezeAll } from './freeze.js'
import { decodeManifestJson } from './json.js'
import { ManifestCache, type ReadManifest } from './manifest-cache.js'
import { EMPTY_MANIFEST, type Manifest } from './model.js'
import { findNewest, listVersions } from './newest-version.js'
import { manifestJsonKey, manifestKey, metadataFolder } from './paths.js'

/** Bytes that a transaction is known by: the sync marker of its file, which Avro wants at random. */
export const TRANSACTION_ID_BYTES = 16
/** The newest version may be replaced and removed between finding and reading it. */
const OPEN_ATTEMPTS = 3
/** Options of a {@link ManifestStore}. */
export interface ManifestStoreOptions {
  /**
   * The caller's word that nobody else commits to the segment: stores without conditional writes
   * are taken, too. Others stay safe as they are.
   */
  singleWriter?: boolean | undefined
}

/** Options of {@link ManifestStore.create}. */
export interface ManifestCreateOptions extends ChunkOptions {
  /** 16 bytes, drawn where they are not given: by them a file is told from others of its content. */
  transactionId?: Uint8Array | undefined
}

/**
 * The versions of one segment's manifest: `{base}/_metadata/manifest-{N}.avro`, N = 1, 2, 3, …
 *
 * A version never changes, and appears whole or not at all. What was read is kept for all stores
 * over the same chunk manager: two reads of a version give the same frozen object. Where the folder
 * has no manifest, the `manifest.json` beside it is the only version.
 *
 * All methods throw PackedError with the key as `path`, as the chunk manager does; an aborted
 * signal rejects with its reason.
 */
export class ManifestStore {
  readonly chunkManager: ChunkManager
  /** Key of the segment's folder. */
  readonly basePath: string
  readonly singleWriter: boolean
  readonly #cache: ManifestCache

  /** @throws PackedError InvalidArgument. */
  constructor(chunkManager: ChunkManager, basePath: string, options: ManifestStoreOptions = {}) {
    expectChunkManager(chunkManager, 'chunkManager')
    expectObject(options, 'the options of ManifestStore')
    expectKnownKeys({ ...options }, ['singleWriter'], 'ManifestStore')
    metadataFolder(basePath)
    this.chunkManager = chunkManager
    this.basePath = basePath
    this.singleWriter = expectBoolean(options.singleWriter, 'singleWriter', false)
    this.#cache = ManifestCache.of(chunkManager)
  }

  /** All of them, ascending: one listing, which of a store takes a request per thousand. */
  async versions(options: ChunkOptions = {}): Promise<number[]> {
    expectOnlySignal(options, 'versions')
    const versions = await listVersions(this.chunkManager, this.basePath, '', options)
    const newest = versions.at(-1)
    if (newest !== undefined) this.#saw(newest)
    return versions
  }

  /**
   * The newest version; 0 where there is none. The first time all are listed, later on only what
   * may have been added: the same one or two requests for ten versions and for ten thousand.
   */
  async latest(options: ChunkOptions = {}): Promise<number> {
    options.signal?.throwIfAborted()
    const known = this.#cache.newest.get(this.basePath) ?? 0
    const newest = await findNewest(this.chunkManager, this.basePath, known, options)
    if (newest > 0) this.#saw(newest)
    return newest > 0 ? newest : ((await this.#readJson(options))?.version ?? 0)
  }

  /**
   * The manifest of a version; of version 0 the empty one. A failure is not kept.
   *
   * @throws PackedError NotFound; MetadataCorrupted.
   */
  async read(version: number, options: ChunkOptions = {}): Promise<Manifest> {
    const number = expectInteger(version, 'version')
    if (number === 0) return EMPTY_MANIFEST
    const key = manifestKey(this.basePath, number)
    try {
      return await this.#cache.get(key, () => this.#read(key), options.signal)
    } catch (error) {
      if (!isPackedError(error) || error.code !== 'NotFound') throw error
      const copy = await this.#readJson(options)
      if (copy?.version === number && (await this.versions(options)).length === 0) {
        return copy.manifest
      }
      const message = `Expected version ${number} of the manifest of "${this.basePath}" but received none`
      throw new PackedError('NotFound', message, { path: key, cause: error })
    }
  }

  /** The manifest of a version, or of the latest (-1), and which one that is. */
  async open(
    version = -1,
    options: ChunkOptions = {},
  ): Promise<{ version: number; manifest: Manifest }> {
    const number = expectInteger(version, 'version', { min: -1 })
    expectOnlySignal(options, 'open')
    if (number >= 0) return { version: number, manifest: await this.read(number, options) }
    for (let attempt = 1; ; attempt += 1) {
      const latest = await this.latest(options)
      try {
        return { version: latest, manifest: await this.read(latest, options) }
      } catch (error) {
        const isGone = isPackedError(error) && error.code === 'NotFound'
        if (!isGone || attempt === OPEN_ATTEMPTS) throw error
      }
    }
  }

  /**
   * Create a version, which must not exist. The manifest is frozen.
   *
   * A write whose answer was lost is looked for: it counts where its transaction id is there. An
   * abort after the write has begun comes too late.
   *
   * @throws PackedError AlreadyExists, made by another; PreconditionFailed, which exists but does
   *   not tell who made it; NotSupported where the store has no conditional writes and
   *   there may be other writers; what the store throws.
   */
  async create(
    version: number,
    manifest: Manifest,
    options: ManifestCreateOptions = {},
  ): Promise<void> {
    const { signal, transactionId = randomBytes(TRANSACTION_ID_BYTES) } = expectOptions(
      options,
      ['transactionId', 'signal'],
      'create',
    )
    const key = manifestKey(this.basePath, version)
    const bytes = encodeManifest(freezeAll(manifest), this.basePath, transactionId)
    signal?.throwIfAborted()
    try {
      await this.#write(key, bytes)
    } catch (error) {
      if (isCertain(error)) throw error
      await this.#expectMadeBy(transactionId, version, error)
    }
    this.#cache.put(key, { manifest, sizeBytes: bytes.length })
    this.#saw(version)
  }

  /**
   * After a write that failed. One that was refused may have been the second try of one that went
   * through: only who made the version tells, and where that cannot be read nothing is known.
   */
  async #expectMadeBy(id: Uint8Array, version: number, failure: unknown): Promise<void> {
    const isRefused = isPackedError(failure) && failure.code === 'AlreadyExists'
    const key = manifestKey(this.basePath, version)
    const maker = await this.madeBy(version).catch((error) => {
      if (!isRefused) throw failure
      throw isCertain(error) ? unknownMaker(key, error) : error
    })
    if (maker?.equals(id)) return
    if (maker !== undefined) throw alreadyExists(key, failure)
    throw isRefused ? unknownMaker(key, failure) : failure
  }

  /** The id of the transaction that made a version; undefined where the version is not there. */
  async madeBy(version: number, options: ChunkOptions = {}): Promise<Buffer | undefined> {
    try {
      const bytes = await this.chunkManager.read(manifestKey(this.basePath, version), options)
      return Buffer.from(bytes.slice(-TRANSACTION_ID_BYTES))
    } catch (error) {
      if (isPackedError(error) && error.code === 'NotFound') return undefined
      throw error
    }
  }

  /**
   * Remove an old version. Whoever removes several goes from the oldest on, so that those that are
   * left follow each other: how the newest is found relies on that.
   *
   * @throws PackedError InvalidArgument for the latest version, which is never removed.
   */
  async remove(version: number, options: ChunkOptions = {}): Promise<void> {
    const key = manifestKey(this.basePath, version)
    const known = this.#cache.newest.get(this.basePath) ?? 0
    if (version >= known && version >= (await this.latest(options))) {
      throw unexpected('a version before the latest', 'version', version)
    }
    await this.chunkManager.remove(key, options)
    this.#cache.forget(key)
  }

  async #read(key: string): Promise<ReadManifest> {
    const bytes = await this.chunkManager.read(key)
    const manifest = freezeAll(decodeManifest(bytes, this.basePath, key))
    return { manifest, sizeBytes: bytes.length }
  }

  async #readJson(
    options: ChunkOptions,
  ): Promise<{ version: number; manifest: Manifest } | undefined> {
    const key = manifestJsonKey(this.basePath)
    try {
      const text = Buffer.from(await this.chunkManager.read(key, options)).toString()
      return freezeAll(decodeManifestJson(text, this.basePath, key))
    } catch (error) {
      if (isPackedError(error) && error.code === 'NotFound') return undefined
      throw error
    }
  }

  async #write(key: string, bytes: Uint8Array): Promise<void> {
    try {
      return await this.chunkManager.write(key, bytes, { ifAbsent: true })
    } catch (error) {
      if (!isPackedError(error) || error.code !== 'NotSupported') throw error
      if (!this.singleWriter) {
        const message = `Expected a store with conditional writes, or the option singleWriter, for "${key}" but received one without: ${error.message}`
        throw new PackedError('NotSupported', message, { path: key, cause: error })
      }
    }
    if (await this.chunkManager.exist(key)) throw alreadyExists(key)
    await this.chunkManager.write(key, bytes)
  }

  /** A folder whose newest version is older than it was is another one at the same place. */
  #saw(newest: number): void {
    const { newest: known } = this.#cache
    if (newest < (known.get(this.basePath) ?? 0)) {
      this.#cache.forgetBelow(`${metadataFolder(this.basePath)}/`)
    }
    known.set(this.basePath, newest)
  }
}

function alreadyExists(key: string, cause?: unknown): PackedError {
  const message = `Expected no manifest at "${key}" but received one that exists`
  return new PackedError('AlreadyExists', message, { path: key, cause })
}

function unknownMaker(key: string, cause: unknown): PackedError {
  const message = `Expected the manifest "${key}", which exists, to tell who made it but received none`
  return new PackedError('PreconditionFailed', message, { path: key, cause })
}
