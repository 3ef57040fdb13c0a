import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database, Transaction } from 'lmdb'
import { prepareDatabaseFile } from './meta-database-file.js'

/** What reads of one moment go through. */
export type ReadMoment = Transaction

/** An entry as the database has it. */
export interface DatabaseEntry {
  readonly key: Buffer
  readonly value: Buffer
  readonly version: number
}

/** What a transaction can do, while it has the lock of the database. */
export interface DatabaseWriter {
  /** 0 for a key that is not there. */
  versionOf(key: Buffer): number
  put(key: Buffer, value: Buffer): void
  remove(key: Buffer): void
}

/**
 * LMDB as a metadata store uses it: keys and values of bytes, a version with every value.
 *
 * Without `overlappingSync` a transaction is forced to the disk while it has the lock, before it
 * is visible: what anybody has read is never lost, and there is one failure to look at, not two.
 */
export class MetaDatabase {
  readonly file: string
  readonly #database: Database<Buffer, Buffer>
  readonly #abort: unknown

  private constructor(file: string, database: Database<Buffer, Buffer>, abort: unknown) {
    this.file = file
    this.#database = database
    this.#abort = abort
  }

  /** Open the database in a directory; both are made where they are not there. */
  static async open(directory: string): Promise<MetaDatabase> {
    const { open, ABORT } = await import('lmdb')
    const file = join(directory, 'data.mdb')
    await mkdir(directory, { recursive: true })
    await prepareDatabaseFile(file)
    const opened = open<Buffer, Buffer>({
      path: directory,
      noSubdir: false,
      keyEncoding: 'binary',
      encoding: 'binary',
      useVersions: true,
      overlappingSync: false,
      // With it, a batch that fails rejects a promise that lmdb keeps to itself.
      eventTurnBatching: false,
    })
    return new MetaDatabase(file, opened, ABORT)
  }

  get(key: Buffer): DatabaseEntry | undefined {
    this.#database.resetReadTxn()
    const found = this.#database.getEntry(key)
    return found && { key, value: found.value, version: found.version! }
  }

  /** The database as it is now, for as long as it is not given back by `done`. */
  moment(): ReadMoment {
    this.#database.resetReadTxn()
    return this.#database.useReadTransaction()
  }

  /** Up to `limit` entries in key order, from `start` (or behind it) to before `end`. */
  range(
    moment: ReadMoment,
    keys: { start: Buffer; exclusiveStart: boolean; end: Buffer },
    limit: number,
  ): DatabaseEntry[] {
    const range = this.#database.getRange({ ...keys, limit, versions: true, transaction: moment })
    return Array.from(range, ({ key, value, version }) => ({ key, value, version: version! }))
  }

  /**
   * Run `change` on this thread, once nobody else writes, and put on disk what it did, unless it
   * returns false or throws: then nothing is done.
   */
  async transact(change: (writer: DatabaseWriter) => boolean): Promise<boolean> {
    const database = this.#database
    let done = false
    await database.childTransaction(() => {
      // The number of the transaction: ascends with every one, over processes and restarts.
      const version = database.getWriteTxnId()
      done = change({
        versionOf: (key) => database.getEntry(key)?.version ?? 0,
        put: (key, value) => void database.put(key, value, version),
        remove: (key) => void database.remove(key),
      })
      return done ? undefined : this.#abort
    })
    return done
  }

  /** Waits for transactions under way. */
  close(): Promise<void> {
    return this.#database.close()
  }
}
