import { expectOnlySignal } from '../../config/index.js'
import type { CollectionSchema } from '../../schema/index.js'
import type { ChunkOptions } from '../../storage/index.js'
import { MessageBuilder } from './message-builder.js'
import type { WorkerMessage, WriteResult } from './message-input.js'
import { forgetDirectory, openStores, unknownPartition } from './open-stores.js'
import { expectNewerSchema } from './schema-change.js'
import { type TakenMessage, takeMessage } from './take-message.js'
import { WorkerCore } from './worker-core.js'
import { closedError } from './worker-health.js'
import {
  expectUserSchema,
  type IngestWorkerOptions,
  resolveWorkerOptions,
} from './worker-options.js'
import type { WorkerStatus } from './worker-status.js'

/** What a worker found in its directory. */
export interface RecoveredWorker {
  /** Accepted messages that were not in segments yet, or not known to be. */
  readonly messages: number
  /** Bytes of a message that was being logged when a worker crashed: it was never accepted. */
  readonly tornBytes: number
}

/**
 * Takes rows and deletes in, and brings them into segments: what is accepted once is in segments
 * exactly once, whatever happens to the process.
 *
 * A worker has one directory, one channel and one collection. `write` resolves when a message is
 * accepted, which means: in the log of the directory. From there rows go through a write buffer
 * into segments; the metadata store knows what is in them, and how far every source has come. A
 * worker that is opened on the directory of one that crashed goes on where that one stopped.
 *
 * Writes may overlap: they are accepted in call order, and wait while the memory that the worker
 * may have is in use. A disk that is full, or a store that cannot be reached, makes them fail or
 * wait (`status().state` is 'stalled') until it is over. What no repetition mends ends the worker
 * ('failed'): every call rejects with it, and what was accepted is there for the next `open`.
 *
 * @example
 * await using worker = await IngestWorker.open({ directory: 'ingest', schema })
 * await worker.write({ source: 'orders', sequence: 1, rows })
 * await worker.flush()
 */
export class IngestWorker implements AsyncDisposable {
  readonly recovered: RecoveredWorker
  readonly #core: WorkerCore
  readonly #partitions = new Set<bigint>()
  readonly #counts = { rows: 0, bytes: 0, deletes: 0, repeats: 0 }
  #closing: Promise<void> | undefined

  private constructor(core: WorkerCore, recovered: RecoveredWorker) {
    this.#core = core
    this.recovered = recovered
    this.#partitions.add(core.stores.partitionId)
  }

  /**
   * Take a directory and bring back what it has. Nothing is left open when this fails.
   *
   * @throws PackedError InvalidArgument, InvalidSchema (not the collection's schema, naming the
   *   field), Conflict (somebody has the directory, naming it), NotFound (no such partition),
   *   MetadataCorrupted (the metadata store is lost), FileCorrupted (a damaged log), and what
   *   the disk and the store throw. The signal's reason when it is aborted.
   */
  static async open(options: IngestWorkerOptions): Promise<IngestWorker> {
    const settings = resolveWorkerOptions(options)
    const stores = await openStores(settings)
    let core: WorkerCore | undefined
    try {
      core = await WorkerCore.make(settings, stores)
      const messages = await core.recover()
      const { tornBytes } = stores.log.recovered
      return new IngestWorker(core, { messages, tornBytes })
    } catch (error) {
      await (core === undefined ? stores.releases.run() : core.end(undefined)).catch(() => {})
      throw error
    }
  }

  /** The user's fields, as the collection has them now. */
  get schema(): CollectionSchema {
    return this.#core.builder.schema
  }

  /** Of the last message of a source that was accepted: where the source goes on. */
  lastSequence(source: string): bigint | undefined {
    return this.#core.parts.buffer.lastSequence(source)
  }

  /**
   * Accept a message. Its memory is lent until the promise settles (see `WorkerMessage.copy`).
   *
   * A failure means that nothing of it is kept, and it may be written again; after the loss of
   * the disk or of this process nobody knows, and writing it again is harmless in every case.
   *
   * @throws PackedError InvalidArgument, InvalidSchema, TypeMismatch, InvalidData, Detached (the
   *   message), NotFound (no such partition), NoSpace, StorageIO, PermissionDenied (the log), Closed,
   *   and what ended the worker. The signal's reason while it waits for memory.
   */
  async write(message: WorkerMessage): Promise<WriteResult> {
    const { budget, lane, health, settings } = this.#core
    health.expectOpen('write')
    const taken = takeMessage(message, this.schema)
    const { partitionId, bytes, signal } = taken
    if (partitionId !== undefined && !this.#partitions.has(partitionId)) {
      await this.#expectPartition(partitionId)
    }
    const start = performance.now()
    await budget.acquire(bytes, signal)
    settings.meter.record('ingest.wait', (performance.now() - start) / 1000)
    try {
      const result = await lane.accept(taken)
      this.#count(taken, result)
      return result
    } finally {
      budget.release(bytes)
    }
  }

  /**
   * Bring everything that is accepted into flushed segments, and save how far the sources have
   * come. Writes may go on meanwhile; they are not part of it.
   *
   * @throws PackedError Closed, and what ended the worker; the signal's reason: then it goes on
   *   without this call.
   */
  async flush(options: ChunkOptions = {}): Promise<void> {
    const signal = expectOnlySignal(options, 'flush')
    this.#core.health.expectOpen('flush')
    await this.#core.flush(signal)
  }

  /**
   * Go on with a schema that has more fields, each nullable or with a default value. Segments
   * that were growing are closed, so that every segment has one schema. The same schema changes
   * nothing.
   *
   * @throws PackedError InvalidSchema naming the field that may not be so, Closed, and what the
   *   store throws: then the schema is the one before.
   */
  async updateSchema(schema: CollectionSchema): Promise<void> {
    const { lane, health, assigner, stores, parts } = this.#core
    health.expectOpen('updateSchema')
    const given = expectUserSchema(schema)
    await lane.exclusive(async () => {
      const before = this.schema
      if (expectNewerSchema(before, given).length === 0) return
      const version = Math.max(given.version, before.version + 1)
      const next = Object.freeze({ ...given, version })
      assigner.closeAll()
      await stores.catalog.updateSchema(stores.channel.collectionId, next)
      parts.metaCache.updateSchema(next)
      this.#core.builder = new MessageBuilder(next, this.#core.pool)
    })
  }

  /** What the worker is doing; also after it has ended. */
  status(): WorkerStatus {
    const { budget, health, parts, saver, stores } = this.#core
    const { channelName, collectionId } = stores.channel
    return {
      state: health.state(budget.waiting > 0),
      channelName,
      collectionId,
      ...this.#counts,
      segments: this.#core.segmentCounts(),
      bufferBytes: budget.usedBytes,
      memoryBytes: budget.limitBytes,
      backlogMessages: parts.buffer.backlogMessages,
      logBytes: stores.log.sizeBytes,
      checkpoint: saver.saved,
      lastError: health.lastError,
    }
  }

  /**
   * Drop the channel with all its segments, and remove the log; the files of segments are for
   * `collectGarbage`. The worker is closed then, and its directory that of no channel.
   *
   * @throws PackedError Closed, what ended the worker, and what the store and the disk throw: the
   *   next `open` goes on with it when the store knows that the channel is dropped.
   */
  async drop(): Promise<void> {
    this.#core.health.expectOpen('drop')
    await this.#end(async () => {
      await this.#core.lane.exclusive(() => this.#core.parts.buffer.close({ drop: true }))
      await this.#core.saver.stop()
      await this.#core.stores.log.close()
      await forgetDirectory(this.#core.settings)
    })
  }

  /**
   * Take no more messages, flush (unless told not to), and give everything back. Without a flush
   * rows that are not in segments wait in the log. Idempotent.
   *
   * @throws PackedError what flushing throws, and what ended the worker; it is closed all the same.
   */
  close({ flush = true, signal }: ChunkOptions & { flush?: boolean } = {}): Promise<void> {
    if (this.#closing !== undefined) return this.#closing
    const { failure } = this.#core.health
    if (!flush || failure === undefined) {
      return this.#end(flush ? () => this.#core.flush(signal) : undefined)
    }
    return this.#end(() => Promise.reject(failure))
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** One that was made after the worker was opened is looked up once. */
  async #expectPartition(partitionId: bigint): Promise<void> {
    const { catalog, channel } = this.#core.stores
    const partitions = await catalog.partitions(channel.collectionId)
    for (const partition of partitions) this.#partitions.add(partition.partitionId)
    if (!this.#partitions.has(partitionId))
      throw unknownPartition(partitionId, channel.collectionId)
  }

  #count({ rows, deletes, bytes }: TakenMessage, { repeated }: WriteResult): void {
    const { meter } = this.#core.settings
    if (repeated) {
      this.#counts.repeats += 1
      meter.add('ingest.repeats', 1)
      return
    }
    const numRows = rows?.numRows ?? 0
    this.#counts.rows += numRows
    this.#counts.bytes += bytes
    this.#counts.deletes += deletes.length
    meter.add('ingest.rows', numRows)
    meter.add('ingest.bytes', bytes)
    meter.add('ingest.deletes', deletes.length)
  }

  /** From now on nothing is accepted; `last` is done with what was. */
  #end(last: (() => Promise<void>) | undefined): Promise<void> {
    const { health, budget } = this.#core
    health.close()
    budget.end(closedError('write'))
    this.#closing = this.#core.end(last)
    return this.#closing
  }
}
