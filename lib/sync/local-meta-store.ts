import { stat } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import {
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOnlySignal,
  expectText,
  unexpected,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { type ChunkOptions, DeadlineExceeded, withDeadline } from '../storage/index.js'
import { type PipelineMeter, publishStage, UNMETERED } from '../telemetry/index.js'
import { MetaDatabase, type ReadMoment } from './meta-database.js'
import { committedError, metaStoreError } from './meta-database-error.js'
import type { MetaEntry, MetaStore, MetaTransaction } from './meta-store.js'

/** Time to wait for another process that is writing to the store. */
const LOCK_TIMEOUT_MS = 60_000
/** Bytes of UTF-8; LMDB takes 1978. */
const MOST_KEY_BYTES = 1024
/** Entries of a scan between two turns of the event loop. */
const SCAN_STEP = 256
/** Behind every key that starts with what is before it: no byte of UTF-8 is 0xff. */
const BEHIND = Buffer.of(0xff)

/** Options of {@link LocalMetaStore.open}. */
export interface LocalMetaStoreOptions {
  /** How long a commit waits while another process writes; 60 s by default. */
  lockTimeoutMs?: number
  /** Counts transactions and times them. */
  meter?: PipelineMeter
}

/**
 * A {@link MetaStore} in a directory on local disk (LMDB): one for all workers of a machine, in
 * any number of processes and threads.
 *
 * Reads do not wait for anybody. One transaction is written at a time, and is on disk (fdatasync)
 * before anybody sees it. A process that dies leaves no half transaction and no lock behind.
 *
 * @example
 * const store = await LocalMetaStore.open('/var/lib/ingest/meta')
 */
export class LocalMetaStore implements MetaStore {
  readonly directory: string
  readonly #database: MetaDatabase
  readonly #inode: number
  readonly #lockTimeoutMs: number
  readonly #meter: PipelineMeter
  readonly #commits = new Set<Promise<unknown>>()
  readonly #moments = new Set<ReadMoment>()
  #closed: Promise<void> | undefined

  private constructor(
    directory: string,
    opened: { database: MetaDatabase; inode: number },
    settings: Required<LocalMetaStoreOptions>,
  ) {
    this.directory = directory
    this.#database = opened.database
    this.#inode = opened.inode
    this.#lockTimeoutMs = settings.lockTimeoutMs
    this.#meter = settings.meter
  }

  /**
   * Open the store in a directory; both are made where they are not there.
   *
   * Opening writes to the store: it waits, and this thread with it, while another process does.
   *
   * @throws PackedError MetadataCorrupted (no store, or a damaged one), PermissionDenied, NoSpace,
   *   StorageIO.
   */
  static async open(
    directory: string,
    options: LocalMetaStoreOptions = {},
  ): Promise<LocalMetaStore> {
    const given = expectObject(options, 'LocalMetaStore.open')
    expectKnownKeys(given, ['lockTimeoutMs', 'meter'], 'LocalMetaStore.open')
    const path = expectText(directory, 'directory')
    const lockTimeoutMs = expectInteger(given.lockTimeoutMs, 'lockTimeoutMs', {
      min: 1,
      fallback: LOCK_TIMEOUT_MS,
    })
    try {
      const database = await MetaDatabase.open(path)
      const { ino: inode } = await stat(database.file)
      const settings = { lockTimeoutMs, meter: options.meter ?? UNMETERED }
      return new LocalMetaStore(path, { database, inode }, settings)
    } catch (error) {
      throw metaStoreError(error, path)
    }
  }

  /** The entry of a key, or undefined. */
  async get(key: string, options: ChunkOptions = {}): Promise<MetaEntry | undefined> {
    this.#expectOpen()
    const bytes = keyBytes(key)
    expectOnlySignal(options, 'get')?.throwIfAborted()
    const found = this.#reading(() => this.#database.get(bytes))
    return found && { ...found, key }
  }

  async *scan(prefix: string, options: ChunkOptions = {}): AsyncGenerator<MetaEntry, void> {
    this.#expectOpen()
    const signal = expectOnlySignal(options, 'scan')
    signal?.throwIfAborted()
    const end = Buffer.concat([Buffer.from(prefix), BEHIND])
    const moment = this.#reading(() => this.#database.moment())
    this.#moments.add(moment)
    try {
      let start: Buffer = Buffer.from(prefix)
      for (let exclusiveStart = false; ; exclusiveStart = true) {
        const keys = { start, exclusiveStart, end }
        const found = this.#reading(() => this.#database.range(moment, keys, SCAN_STEP))
        for (const entry of found) yield { ...entry, key: entry.key.toString() }
        if (found.length < SCAN_STEP) return
        start = found.at(-1)!.key
        await setImmediate()
        signal?.throwIfAborted()
        this.#expectOpen()
      }
    } finally {
      this.#end(moment)
    }
  }

  async commit(transaction: MetaTransaction, options: ChunkOptions = {}): Promise<boolean> {
    this.#expectOpen()
    const changes = checkedTransaction(transaction)
    const signal = expectOnlySignal(options, 'commit')
    signal?.throwIfAborted()
    const commit = this.#commit(changes, signal)
    this.#commits.add(commit)
    try {
      return await commit
    } finally {
      this.#commits.delete(commit)
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #commit(changes: CheckedTransaction, signal: AbortSignal | undefined): Promise<boolean> {
    const begun = performance.now()
    publishStage('meta.transaction.before')
    try {
      const limits = { timeoutMs: this.#lockTimeoutMs, signal }
      const done = await withDeadline(limits, (given) => this.#write(changes, given))
      publishStage('meta.transaction.after')
      await this.#expectStore()
      publishStage('meta.flush.after')
      this.#meter.record('meta.transaction', (performance.now() - begun) / 1000)
      return done
    } catch (error) {
      if (signal?.aborted && error === signal.reason) throw error
      throw error instanceof DeadlineExceeded
        ? lockTimeout(this.directory, this.#lockTimeoutMs)
        : metaStoreError(error, this.directory)
    }
  }

  /** Whoever has stopped waiting when its turn comes finds nothing changed. */
  async #write(changes: CheckedTransaction, signal: AbortSignal): Promise<boolean> {
    try {
      return await this.#database.transact((writer) => {
        if (signal.aborted) return false
        if (!changes.expect.every(({ key, version }) => writer.versionOf(key) === version)) {
          return false
        }
        for (const { key, value } of changes.put) writer.put(key, value)
        for (const key of changes.remove) writer.remove(key)
        return true
      })
    } catch (error) {
      throw await committedError(error)
    }
  }

  /** A store whose file was removed takes writes, and loses them when it is closed. */
  async #expectStore(): Promise<void> {
    const { file } = this.#database
    const now = await stat(file).catch(() => undefined)
    if (now?.ino === this.#inode) return
    const found = now === undefined ? 'none' : 'another one'
    const message = `Expected the metadata store "${file}" as it was opened but received ${found}`
    throw new PackedError('MetadataCorrupted', message, { path: this.directory })
  }

  #reading<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      throw metaStoreError(error, this.directory)
    }
  }

  #end(moment: ReadMoment): void {
    if (this.#moments.delete(moment)) moment.done()
  }

  #expectOpen(): void {
    if (this.#closed === undefined) return
    const message = `Expected an open metadata store for this call but received a closed one`
    throw new PackedError('Closed', message, { path: this.directory })
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#commits)
    for (const moment of [...this.#moments]) this.#end(moment)
    await this.#database.close()
  }
}

/** A transaction with keys as bytes, and values that the caller may change meanwhile. */
interface CheckedTransaction {
  expect: { key: Buffer; version: number }[]
  put: { key: Buffer; value: Buffer }[]
  remove: Buffer[]
}

function checkedTransaction(transaction: MetaTransaction): CheckedTransaction {
  const given = expectObject(transaction, 'a transaction')
  expectKnownKeys(given, ['expect', 'put', 'remove'], 'a transaction')
  const { expect = [], put = [], remove = [] } = transaction
  return {
    expect: expect.map(({ key, version }) => ({
      key: keyBytes(key),
      version: expectInteger(version, 'version'),
    })),
    put: put.map(({ key, value }) => ({ key: keyBytes(key), value: valueBytes(value) })),
    remove: remove.map(keyBytes),
  }
}

function keyBytes(key: string): Buffer {
  const bytes = Buffer.from(expectText(key, 'key'))
  if (bytes.length <= MOST_KEY_BYTES) return bytes
  throw unexpected(`a key of at most ${MOST_KEY_BYTES} bytes`, 'key', key)
}

function valueBytes(value: Uint8Array): Buffer {
  if (ArrayBuffer.isView(value)) return Buffer.from(value)
  throw unexpected('a Uint8Array', 'value', value)
}

function lockTimeout(directory: string, timeoutMs: number): PackedError {
  const message = `Expected the metadata store "${directory}" to be free for a transaction within ${timeoutMs} ms but received no turn: another process is writing`
  return new PackedError('Timeout', message, { path: directory })
}
