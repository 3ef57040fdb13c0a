import { buildDeltaLogPath, writeDeleteLog } from '../binlog/index.js'
import { expectKnownKeys, expectObject } from '../config/index.js'
import { buildRecord, type DeleteData } from '../data/index.js'
import { PackedError } from '../errors/index.js'
import { SerialQueue } from '../packed/index.js'
import {
  type ArrowRecord,
  type CollectionSchema,
  type FieldGroup,
  primaryKeyField,
  splitByDefaultPolicies,
} from '../schema/index.js'
import { chunkManagerAt } from '../storage/index.js'
import { averageBytes } from './average-bytes.js'
import { type ChunkWriter, openChunkWriter } from './chunk-writer.js'
import { LogLists } from './log-lists.js'
import { refuseExisting } from './refuse-existing.js'
import type { SegmentInfo } from './segment-info.js'
import { expectChunks, expectKeysOf, isInsertData } from './segment-input.js'
import { writeSidecar } from './segment-sidecar.js'
import {
  resolveSegmentWriter,
  type SegmentWriterOptions,
  type SegmentWriterSettings,
  WRITE_SEGMENT_OPTIONS,
  type WriteSegmentOptions,
} from './segment-writer-options.js'
import { StatsWriter, statsPathOf } from './stats-writer.js'
import { spanOfLogs } from './time-span.js'

/**
 * Writes a segment as Milvus lays it out: insert logs chunk by chunk, the statistics of every
 * chunk, delete logs, and at the end the merged statistics.
 *
 * A segment is written once: one that is there already is refused (AlreadyExists).
 *
 * The column groups are settled by the first record and stay, so that all chunks agree. What a
 * failed call leaves is removed, logs of earlier chunks included. Calls may overlap: they run one
 * after the other in call order.
 *
 * @example
 * const writer = new SegmentWriter({ schema, chunkManager, ids, allocateId })
 * await writer.write(record)
 * const info = await writer.finish()
 */
export class SegmentWriter {
  readonly #settings: SegmentWriterSettings
  readonly #binlogs = new LogLists()
  readonly #deltalogs = new LogLists()
  readonly #stats: StatsWriter
  readonly #queue = new SerialQueue()
  #groups: readonly FieldGroup[] | undefined
  #chunk: ChunkWriter | undefined
  #rows = 0
  /** There was nothing of this segment when the first call came. */
  #isNew = false
  #state: 'open' | 'failed' | 'finished' = 'open'

  /** @throws PackedError InvalidArgument, InvalidSchema (no primary key), NotSupported. */
  constructor(options: SegmentWriterOptions) {
    this.#settings = resolveSegmentWriter(options)
    this.#groups = this.#settings.groups
    const pathOf = statsPathOf(this.#settings)
    this.#stats = new StatsWriter({ ...this.#settings, pathOf })
  }

  /** The collection with system fields: every field that a record has to have. */
  get schema(): CollectionSchema {
    return this.#settings.schema
  }

  /** Rows written so far. */
  get numRows(): number {
    return this.#rows
  }

  /**
   * Add the rows of a record to the chunk that is open; its memory is lent until the promise
   * settles. The chunk ends by itself when it has `chunkBytes`.
   *
   * @param average decoded bytes per row by field id, for the choice of column groups; those
   *   of the record if absent.
   * @throws PackedError InvalidSchema, TypeMismatch, InvalidData, AlreadyExists and what writing
   *   throws; then everything is removed, and later calls are `Closed`.
   */
  write(record: ArrowRecord, average?: ReadonlyMap<bigint, number>): Promise<void> {
    return this.#enqueue('write', async () => {
      if (record.numRows === 0) return
      this.#groups ??= splitByDefaultPolicies(this.#settings.schema, {
        averageBytes: average ?? averageBytes([record]),
      })
      this.#chunk ??= await openChunkWriter(this.#settings, this.#groups)
      await this.#chunk.write(record)
      this.#stats.add(record)
      this.#rows += record.numRows
      if (this.#chunk.getWrittenUncompressed() >= this.#settings.chunkBytes) await this.#endChunk()
    })
  }

  /** Publish the open chunk and its statistics; nothing to do without one. Throws as `write`. */
  endChunk(): Promise<void> {
    return this.#enqueue('endChunk', () => this.#endChunk())
  }

  /** Write deletes as one log; none without any. Throws as `write`. */
  writeDeletes(deletes: DeleteData): Promise<void> {
    return this.#enqueue('writeDeletes', async () => {
      if (deletes.rowCount === 0) return
      const { chunkManager, root, layout, collectionId, partitionId, segmentId, signal } =
        this.#settings
      const key = primaryKeyField(this.#settings.schema)
      expectKeysOf(key, deletes)
      const logId = await this.#settings.allocateId()
      const ids = [collectionId, partitionId, segmentId, logId] as const
      const path = buildDeltaLogPath(root, ...ids, { layout })
      const binlog = await writeDeleteLog(chunkManager, path, deletes, {
        collectionId,
        partitionId,
        segmentId,
        logId,
        signal,
      })
      if (binlog !== undefined) this.#deltalogs.add(key.fieldId, binlog)
    })
  }

  /**
   * End the open chunk, merge the statistics and keep the metadata. Throws as `write`.
   *
   * @returns what Milvus's metadata would have of the segment.
   */
  finish(): Promise<SegmentInfo> {
    return this.#enqueue('finish', async () => {
      await this.#endChunk()
      await this.#stats.merge()
      const { collectionId, partitionId, segmentId, storageVersion, schema } = this.#settings
      const info: SegmentInfo = {
        collectionId,
        partitionId,
        segmentId,
        storageVersion,
        schema,
        numRows: this.#rows,
        binlogs: this.#binlogs.toFieldBinlogs(),
        ...this.#stats.lists(),
        deltalogs: this.#deltalogs.toFieldBinlogs(),
      }
      const { chunkManager, root, signal, sidecar } = this.#settings
      if (sidecar) await writeSidecar(chunkManager, root, info, { signal })
      this.#state = 'finished'
      return info
    })
  }

  /** After the calls before it, remove everything that was written, unless it is finished. Idempotent. */
  abort(): Promise<void> {
    return this.#queue.run(async () => {
      if (this.#state !== 'open') return
      this.#state = 'failed'
      await this.#remove()
    })
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.abort()
  }

  async #endChunk(): Promise<void> {
    const chunk = this.#chunk
    if (chunk === undefined) return
    const lists = await chunk.finish()
    this.#chunk = undefined
    this.#binlogs.addLists(lists)
    const times = spanOfLogs(lists.flatMap(({ binlogs }) => binlogs))
    await this.#stats.endChunk(times ?? { from: 0n, to: 0n })
  }

  #enqueue<T>(method: string, operation: () => Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      if (this.#state !== 'open') {
        const message = `Expected an open SegmentWriter for ${method}() but it is ${this.#state}`
        throw new PackedError('Closed', message)
      }
      try {
        this.#settings.signal?.throwIfAborted()
        if (!this.#isNew) await refuseExisting(this.#settings, this.#settings)
        this.#isNew = true
        return await operation()
      } catch (error) {
        this.#state = 'failed'
        await this.#remove()
        throw error
      }
    })
  }

  /**
   * Never fails, the failure that led here is the one to report; and the signal is not asked: an
   * aborted writer has to clean up, too.
   */
  async #remove(): Promise<void> {
    const lists = [this.#binlogs, this.#deltalogs]
    const paths = [...lists.flatMap((list) => list.paths()), ...this.#stats.paths()]
    const { chunkManager } = this.#settings
    await Promise.allSettled([this.#chunk?.discard(), chunkManager.multiRemove(paths)])
    this.#chunk = undefined
  }
}

/**
 * Write a segment from whole chunks: every item of `data` becomes one log per column group.
 *
 * @returns what Milvus's metadata would have of the segment.
 * @throws PackedError as `SegmentWriter`; then nothing of the segment is left.
 */
export async function writeSegment(options: WriteSegmentOptions): Promise<SegmentInfo> {
  const given = expectObject(options, 'the options of writeSegment')
  expectKnownKeys(given, WRITE_SEGMENT_OPTIONS, 'writeSegment')
  const { data, deletes, storage, ...rest } = options
  const chunkManager = await chunkManagerAt(options)
  const writer = new SegmentWriter({
    chunkBytes: Number.MAX_SAFE_INTEGER,
    ...rest,
    chunkManager,
  })
  try {
    for await (const item of expectChunks(data, 'data')) {
      if (isInsertData(item)) {
        if (item.rowCount === 0) continue
        await writer.write(buildRecord(writer.schema, [item]), averageBytes([item]))
      } else {
        await writer.write(item)
      }
      await writer.endChunk()
    }
    if (deletes !== undefined) await writer.writeDeletes(deletes)
    return await writer.finish()
  } finally {
    await writer.abort()
  }
}
