import type { Id } from '../binlog/index.js'
import { expectId, expectInteger, expectOneOf, expectText, unexpected } from '../config/index.js'
import type { Bm25Stats, DeleteData, InsertData } from '../data/index.js'
import { type ArrowRecord, recordBytes } from '../schema/index.js'
import { isInsertData, type TimeSpan } from '../segment/index.js'
import type { ChannelPosition } from './position.js'
import type { SegmentLevel } from './segment-meta.js'

/** Rows of a pack: one chunk of one message. */
export type PackChunk = InsertData | ArrowRecord

/**
 * What a write buffer hands over of one segment: rows, deletes and what is known of them
 * (`syncmgr.SyncPack`).
 *
 * The payload is lent to the sync until it is released; it must not change meanwhile.
 *
 * @example
 * new SyncPack().withSegmentId(3n).withInsertData([record]).withBatchRows(record.numRows)
 */
export class SyncPack {
  #insertData: readonly PackChunk[] = []
  #deleteData: DeleteData | undefined
  #bm25Stats: ReadonlyMap<bigint, Bm25Stats> = new Map()
  #payloadBytes = 0
  #collectionId = 0n
  #partitionId = 0n
  #segmentId = 0n
  #channelName = ''
  #timeRange: TimeSpan = { from: 0n, to: 0n }
  #batchRows = 0
  #startPosition: ChannelPosition | undefined
  #checkpoint: ChannelPosition | undefined
  #level: SegmentLevel = 'L1'
  #isFlush = false
  #isDrop = false

  /**
   * The rows, oldest first; undefined entries and chunks without rows are left out. Sets
   * `batchRows` to the rows of them all.
   *
   * @throws PackedError InvalidArgument for what is neither InsertData nor a record.
   */
  withInsertData(data: readonly (PackChunk | undefined)[]): this {
    if (!Array.isArray(data)) throw unexpected('an array of InsertData', 'insertData', data)
    const chunks: readonly (PackChunk | undefined)[] = data
    this.#insertData = chunks.filter((chunk) => chunk !== undefined).filter(hasRows)
    this.#batchRows = this.#insertData.reduce((rows, chunk) => rows + rowsOf(chunk), 0)
    return this.#measure()
  }

  /** Deletes; without any they are as good as none. */
  withDeleteData(deletes: DeleteData | undefined): this {
    this.#deleteData = deletes !== undefined && deletes.rowCount > 0 ? deletes : undefined
    return this.#measure()
  }

  /** Statistics of the rows, by sparse field that a BM25 function fills. */
  withBm25Stats(stats: ReadonlyMap<bigint, Bm25Stats>): this {
    this.#bm25Stats = stats
    return this
  }

  /** The collection of the segment. */
  withCollectionId(collectionId: Id): this {
    this.#collectionId = expectId(collectionId, 'collectionId')
    return this
  }

  /** -1 for deletes of all partitions. */
  withPartitionId(partitionId: Id): this {
    const isAll = partitionId === -1 || partitionId === -1n
    this.#partitionId = isAll ? -1n : expectId(partitionId, 'partitionId')
    return this
  }

  /** The segment whose rows and deletes these are. */
  withSegmentId(segmentId: Id): this {
    this.#segmentId = expectId(segmentId, 'segmentId')
    return this
  }

  /** The virtual channel that the messages came by. */
  withChannelName(channelName: string): this {
    this.#channelName = expectText(channelName, 'channelName')
    return this
  }

  /** Hybrid timestamps of the first and the last message. */
  withTimeRange(from: Id, to: Id): this {
    this.#timeRange = { from: expectId(from, 'from'), to: expectId(to, 'to') }
    return this
  }

  /** Rows of this sync alone, where it is not those of the insert data. */
  withBatchRows(rows: number): this {
    this.#batchRows = expectInteger(rows, 'batchRows')
    return this
  }

  /** Of the first message. */
  withStartPosition(position: ChannelPosition | undefined): this {
    this.#startPosition = position
    return this
  }

  /** Every message of the segment up to here is in its logs once the sync is saved. */
  withCheckpoint(position: ChannelPosition | undefined): this {
    this.#checkpoint = position
    return this
  }

  /** L0 for deletes alone, L1 (the default) for rows. */
  withLevel(level: SegmentLevel): this {
    this.#level = expectOneOf(level, 'level', ['L0', 'L1'])
    return this
  }

  /** The segment's last sync: its statistics are merged. There is no way back. */
  withFlush(): this {
    this.#isFlush = true
    return this
  }

  /** The segment is dropped with this sync. There is no way back. */
  withDrop(): this {
    this.#isDrop = true
    return this
  }

  /** The chunks that have rows, oldest first. */
  get insertData(): readonly PackChunk[] {
    return this.#insertData
  }

  /** Undefined without deletes. */
  get deleteData(): DeleteData | undefined {
    return this.#deleteData
  }

  /** By sparse field that a BM25 function fills. */
  get bm25Stats(): ReadonlyMap<bigint, Bm25Stats> {
    return this.#bm25Stats
  }

  /** Bytes of rows and deletes that the pack holds: 0 when they are released. */
  get payloadBytes(): number {
    return this.#payloadBytes
  }

  /** 0 until it is set. */
  get collectionId(): bigint {
    return this.#collectionId
  }

  /** -1 for deletes of all partitions; 0 until it is set. */
  get partitionId(): bigint {
    return this.#partitionId
  }

  /** 0 until it is set. */
  get segmentId(): bigint {
    return this.#segmentId
  }

  /** Empty until it is set. */
  get channelName(): string {
    return this.#channelName
  }

  /** Hybrid timestamps of the first and the last message. */
  get timeRange(): TimeSpan {
    return this.#timeRange
  }

  /** Rows of all chunks. */
  get batchRows(): number {
    return this.#batchRows
  }

  /** Where the first message was. */
  get startPosition(): ChannelPosition | undefined {
    return this.#startPosition
  }

  /** Where the last message was. */
  get checkpoint(): ChannelPosition | undefined {
    return this.#checkpoint
  }

  /** `'L1'` until it is set. */
  get level(): SegmentLevel {
    return this.#level
  }

  /** Whether the segment is complete with this pack. */
  get isFlush(): boolean {
    return this.#isFlush
  }

  /** Whether the segment is dropped with this pack. */
  get isDrop(): boolean {
    return this.#isDrop
  }

  /** Let go of rows, deletes and BM25 statistics; what is known of them stays. Idempotent. */
  release(): void {
    const chunks = this.#insertData
    this.#insertData = []
    this.#deleteData = undefined
    this.#bm25Stats = new Map()
    this.#payloadBytes = 0
    // After it counts for nothing here: who gets the memory back looks at what is in use.
    for (const chunk of chunks) {
      if (!isInsertData(chunk)) chunk.release?.()
    }
  }

  #measure(): this {
    const rows = this.#insertData.reduce((bytes, chunk) => bytes + bytesOf(chunk), 0)
    this.#payloadBytes = rows + (this.#deleteData?.size() ?? 0)
    return this
  }
}

function rowsOf(chunk: PackChunk): number {
  return isInsertData(chunk) ? chunk.rowCount : chunk.numRows
}

function hasRows(chunk: PackChunk): boolean {
  return rowsOf(chunk) > 0
}

function bytesOf(chunk: PackChunk): number {
  if (isInsertData(chunk)) return chunk.memorySize()
  let bytes = 0
  for (const size of recordBytes(chunk).values()) bytes += size
  return bytes
}
