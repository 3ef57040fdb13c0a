import { randomBytes } from 'node:crypto'
import {
  expectBoolean,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectSignal,
  expectText,
  unexpected,
} from '../config/index.js'
import { isPackedError, PackedError } from '../errors/index.js'
import type { ChunkManager, ChunkOptions } from '../storage/index.js'
import {
  expectColumnGroup,
  expectColumnGroups,
  expectDeltaLog,
  expectIndex,
  expectIndexId,
  expectLobFile,
  expectStatistics,
} from './change-values.js'
import { applyChanges, type ManifestChange } from './changes.js'
import { isCertain } from './commit-outcome.js'
import { pause } from './commit-pause.js'
import { encodeManifestJson } from './json.js'
import type {
  Manifest,
  ManifestColumnGroup,
  ManifestDeltaLog,
  ManifestIndex,
  ManifestLobFile,
  ManifestStatistics,
} from './model.js'
import { CommitClock, refuseOutrun } from './outrun.js'
import { manifestJsonKey } from './paths.js'
import { MANIFEST_RESOLVERS, type ManifestResolver, resolveChanges } from './resolve.js'
import { ManifestStore, TRANSACTION_ID_BYTES } from './store.js'

/** Options of {@link ManifestTransaction.open}. */
export interface ManifestTransactionOptions {
  /** Where the manifest is. */
  chunkManager: ChunkManager
  /** Key of the segment's folder; it need not exist. */
  basePath: string
  /** Version to start from: -1, the default, for the latest, 0 for an empty manifest. */
  version?: number | undefined
  /** What becomes of the changes when others have committed; 'fail' by default. */
  resolver?: ManifestResolver | undefined
  /** How often another version is tried when others were quicker; 1 by default. */
  retryLimit?: number | undefined
  /** The caller's word that nobody else commits: needed for stores without conditional writes. */
  singleWriter?: boolean | undefined
  /** Write `manifest.json`, the readable copy, after each commit. */
  json?: boolean | undefined
  /** Of opening; a commit has its own. */
  signal?: AbortSignal | undefined
}

/** What a commit made. */
export interface ManifestCommit {
  readonly version: number
  readonly manifest: Manifest
  /** Why there is no new `manifest.json`, where one was asked for and could not be written. */
  readonly jsonFailure?: unknown
}

const KNOWN = [
  'chunkManager',
  'basePath',
  'version',
  'resolver',
  'retryLimit',
  'singleWriter',
  'json',
  'signal',
] as const

interface Settings {
  readonly store: ManifestStore
  readonly resolver: ManifestResolver
  readonly retryLimit: number
  readonly json: boolean
}

/**
 * Changes to a manifest that become one new version, or none at all (`milvus_storage::Transaction`).
 *
 * What is recorded is checked when it is given, and against the manifest when it is committed. A
 * commit that failed may be tried again, also where nobody knows whether it went through (`Network`,
 * `Timeout`): it does not happen twice. Nothing has to be closed; files that were written for a
 * commit that did not happen are garbage.
 *
 * @example
 * const transaction = await ManifestTransaction.open({ chunkManager, basePath, resolver: 'merge' })
 * const { version } = await transaction.appendFiles(columnGroups).commit()
 */
export class ManifestTransaction {
  /** Version that the changes are for; 0 for a segment without a manifest. */
  readonly readVersion: number
  /** What that version says; without the changes, also after the commit. */
  readonly manifest: Manifest
  readonly #settings: Settings
  readonly #id = randomBytes(TRANSACTION_ID_BYTES)
  readonly #changes: ManifestChange[] = []
  #running = false
  #committed = false
  /** A version whose creation may have gone through. */
  #doubtful: number | undefined

  private constructor(settings: Settings, read: { version: number; manifest: Manifest }) {
    this.#settings = settings
    this.readVersion = read.version
    this.manifest = read.manifest
  }

  /**
   * Read a version and start from it.
   *
   * @throws PackedError InvalidArgument, NotFound (no such version), MetadataCorrupted, what the
   *   store throws; the signal's reason.
   */
  static async open(options: ManifestTransactionOptions): Promise<ManifestTransaction> {
    const given = expectObject(options, 'ManifestTransaction')
    expectKnownKeys(given, KNOWN, 'ManifestTransaction')
    const chunkManager = expectObject(given.chunkManager, 'chunkManager') as unknown as ChunkManager
    const store = new ManifestStore(chunkManager, expectBase(given.basePath), {
      singleWriter: expectBoolean(given.singleWriter, 'singleWriter', false),
    })
    const settings = {
      store,
      resolver: expectOneOf(given.resolver, 'resolver', MANIFEST_RESOLVERS, 'fail'),
      retryLimit: expectInteger(given.retryLimit, 'retryLimit', { fallback: 1 }),
      json: expectBoolean(given.json, 'json', false),
    }
    const version = expectInteger(given.version, 'version', { min: -1, fallback: -1 })
    const signal = expectSignal(given.signal, 'signal')
    return new ManifestTransaction(settings, await store.open(version, { signal }))
  }

  /** Drop a column and its indexes; a group without columns goes. An unknown column is no error. */
  dropColumn(name: string): this {
    return this.#record({ kind: 'dropColumn', name: expectText(name, 'name') })
  }

  /** Add new columns for the rows that there are. */
  addColumnGroup(group: ManifestColumnGroup): this {
    return this.#record({ kind: 'addColumnGroup', group: expectColumnGroup(group, this.#base) })
  }

  /**
   * Append rows: files for every group, in the order of the manifest's groups. Indexes of columns
   * that get files are dropped. A manifest without groups takes these.
   */
  appendFiles(groups: readonly ManifestColumnGroup[]): this {
    return this.#record({ kind: 'appendFiles', groups: expectColumnGroups(groups, this.#base) })
  }

  /** Add a delete log to the next version. */
  addDeltaLog(log: ManifestDeltaLog): this {
    return this.#record({ kind: 'addDeltaLog', log: expectDeltaLog(log, this.#base) })
  }

  /** Replace what is under a key, such as `bloom_filter.100`. */
  updateStatistics(key: string, statistics: ManifestStatistics): this {
    const entry = expectStatistics(statistics, this.#base)
    return this.#record({
      kind: 'updateStatistics',
      key: expectText(key, 'key'),
      statistics: entry,
    })
  }

  /** Add an index, or replace the one of its id; without ids (0) that of its column and type. */
  addIndex(index: ManifestIndex): this {
    return this.#record({ kind: 'addIndex', index: expectIndex(index, this.#base) })
  }

  /** Drop an index by its id, which is not 0. An unknown one is no error. */
  dropIndex(indexId: bigint | number): this {
    return this.#record({ kind: 'dropIndex', indexId: expectIndexId(indexId) })
  }

  /** Add a file of large values to the next version. */
  addLobFile(file: ManifestLobFile): this {
    return this.#record({ kind: 'addLobFile', file: expectLobFile(file, this.#base) })
  }

  /**
   * Make the next version of the latest one.
   *
   * An aborted signal rejects with its reason, and there is no new version; once the version is
   * being written the abort comes too late, and the commit ends as it would.
   *
   * @throws PackedError InvalidArgument (no changes, or changes that do not fit the manifest);
   *   Conflict, RetriesExhausted (others committed); NotSupported (see `singleWriter`); Closed
   *   (committed already, or a commit is running); what the store throws.
   */
  async commit(options: ChunkOptions = {}): Promise<ManifestCommit> {
    expectKnownKeys({ ...options }, ['signal'], 'commit')
    this.#expectOpen()
    const signal = expectSignal(options.signal, 'signal')
    signal?.throwIfAborted()
    this.#running = true
    try {
      const made = await this.#commit(signal)
      this.#committed = true
      return this.#settings.json ? await this.#mirrored(made) : made
    } finally {
      this.#running = false
    }
  }

  get #base(): string {
    return this.#settings.store.basePath
  }

  #record(change: ManifestChange): this {
    this.#expectOpen()
    this.#changes.push(change)
    return this
  }

  #expectOpen(): void {
    if (!this.#committed && !this.#running) return
    const received = this.#committed ? 'one that has committed' : 'one that is committing'
    const message = `Expected an open transaction but received ${received}`
    throw new PackedError('Closed', message, { path: this.#base })
  }

  async #commit(signal: AbortSignal | undefined): Promise<ManifestCommit> {
    const { store, resolver, retryLimit } = this.#settings
    if (this.#changes.length === 0) throw unexpected('changes', 'a commit', undefined)
    // What does not fit is refused before anything is asked of the store.
    applyChanges(this.manifest, this.#changes)
    for (let attempt = 0; ; attempt += 1) {
      const clock = new CommitClock()
      const latestVersion = await store.latest({ signal })
      const done = await this.#doneBefore(latestVersion, signal)
      if (done !== undefined) return done
      const manifest = await resolveChanges(resolver, {
        readVersion: this.readVersion,
        read: this.manifest,
        latestVersion,
        latest: () => store.read(latestVersion, { signal }),
        changes: this.#changes,
      })
      const version = latestVersion + 1
      if (await this.#create(version, manifest, signal)) {
        if (!clock.isPrompt) await this.#refuseOutrun(version)
        return { version, manifest }
      }
      if (attempt >= retryLimit) throw this.#exhausted(attempt + 1, version)
      await pause(attempt, signal)
    }
  }

  /** False where others have that version. */
  async #create(
    version: number,
    manifest: Manifest,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { store } = this.#settings
    signal?.throwIfAborted()
    try {
      await store.create(version, manifest, { transactionId: this.#id })
      return true
    } catch (error) {
      if (isPackedError(error) && error.code === 'AlreadyExists') return false
      if (!isCertain(error)) this.#doubtful = version
      throw error
    }
  }

  /** What an earlier call of `commit` made without knowing. */
  async #doneBefore(
    latestVersion: number,
    signal: AbortSignal | undefined,
  ): Promise<ManifestCommit | undefined> {
    const version = this.#doubtful
    if (version === undefined || version > latestVersion) return undefined
    const { store } = this.#settings
    const maker = await store.madeBy(version, { signal })
    if (maker === undefined) {
      const message = `Expected version ${version} of "${this.#base}" to tell who made it but received none: whether this transaction did is not known`
      throw new PackedError('PreconditionFailed', message, { path: this.#base })
    }
    if (!maker.equals(this.#id)) {
      this.#doubtful = undefined
      return undefined
    }
    await this.#refuseOutrun(version)
    return { version, manifest: await store.read(version, { signal }) }
  }

  /** As long as this has no answer the version stays in doubt; after a Conflict it is gone. */
  async #refuseOutrun(version: number): Promise<void> {
    this.#doubtful = version
    try {
      await refuseOutrun(this.#settings.store, version)
    } catch (error) {
      if (isPackedError(error) && error.code === 'Conflict') this.#doubtful = undefined
      throw error
    }
  }

  /** The version is committed, whatever becomes of the copy. */
  async #mirrored(made: ManifestCommit): Promise<ManifestCommit> {
    const { store } = this.#settings
    try {
      const text = encodeManifestJson(made.manifest, made.version, this.#base)
      await store.chunkManager.write(manifestJsonKey(this.#base), Buffer.from(text))
      return made
    } catch (jsonFailure) {
      return { ...made, jsonFailure }
    }
  }

  #exhausted(attempts: number, version: number): PackedError {
    const message = `Expected to commit to "${this.#base}" in ${attempts} attempts but received version ${version} from others, too`
    return new PackedError('RetriesExhausted', message, { path: this.#base })
  }
}

function expectBase(value: unknown): string {
  if (typeof value === 'string') return value
  throw unexpected('a string', 'basePath', value)
}
