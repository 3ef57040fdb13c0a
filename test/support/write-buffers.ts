/**
 * A write buffer with what it needs, and syncs whose outcome a test decides: what they write goes
 * into memory, so that a test can fail any of them at any step, and see what was saved.
 */
import { Int64, makeData, RecordBatch, Struct } from 'apache-arrow'
import { DeleteData } from '../../lib/data/index.js'
import {
  type BufferedMessage,
  type DeleteGroup,
  type InsertGroup,
  WriteBuffer,
  type WriteBufferOptions,
} from '../../lib/ingest/index.js'
import {
  type ArrowRecord,
  type CollectionSchema,
  convertToArrowSchema,
  createCollectionSchema,
  SimpleArrowRecord,
  withSystemFields,
} from '../../lib/schema/index.js'
import type { ChunkManager } from '../../lib/storage/index.js'
import {
  type Allocator,
  type ChannelPosition,
  finishSyncing,
  MetaCache,
  type SegmentMeta,
  SyncManager,
  type SyncPack,
  type SyncWork,
  updateCheckpoint,
  updateState,
  withIds,
} from '../../lib/sync/index.js'

export const CHANNEL = 'numbers-channel'
export const PARTITION = 7n

/** RowID, Timestamp, a key and a number: 32 bytes a row. */
export const NUMBERS: CollectionSchema = withSystemFields(
  createCollectionSchema({
    name: 'numbers',
    fields: [
      { fieldId: 100, name: 'id', dataType: 'Int64', isPrimaryKey: true },
      { fieldId: 101, name: 'number', dataType: 'Int64' },
    ],
  }),
)
export const ROW_BYTES = 32

/** Rows with keys `first`, `first + 1`, … of one timestamp. */
export function numbers(first: number, rows: number, timestamp: bigint): SimpleArrowRecord {
  const schema = convertToArrowSchema(NUMBERS)
  const keys = BigInt64Array.from({ length: rows }, (_, row) => BigInt(first + row))
  const times = new BigInt64Array(rows).fill(timestamp)
  const column = (data: BigInt64Array) =>
    makeData({ type: new Int64(), length: rows, nullCount: 0, data })
  const children = [keys, times, keys, keys].map(column)
  const type = new Struct(schema.fields)
  const data = makeData({ type, length: rows, nullCount: 0, children })
  return new SimpleArrowRecord(new RecordBatch(schema, data))
}

/** A position whose timestamp is its message id, unless it is given. */
export function at(messageId: number, timestamp = messageId): ChannelPosition {
  return { channelName: CHANNEL, messageId: BigInt(messageId), timestamp: BigInt(timestamp) }
}

export interface MessageInit {
  /** By segment: first key and rows. */
  inserts?: Record<number, readonly [first: number, rows: number]>
  /** By partition. */
  deletes?: Record<number, readonly number[]>
  source?: string
  sequence?: number
  timestamp?: number
  schema?: CollectionSchema
}

/** The message at a position; its sequence is its message id, unless it is given. */
export function message(messageId: number, init: MessageInit = {}): BufferedMessage {
  const { source = 'test', sequence = messageId, timestamp = messageId, schema } = init
  const position = at(messageId, timestamp)
  const inserts = Object.entries(init.inserts ?? {}).map(
    ([segment, [first, rows]]): InsertGroup => {
      const record = numbers(first, rows, BigInt(timestamp))
      return { partitionId: PARTITION, segmentId: BigInt(segment), record }
    },
  )
  const deletes = Object.entries(init.deletes ?? {}).map(([partition, keys]): DeleteGroup => {
    const data = new DeleteData()
    data.appendColumns(
      keys,
      keys.map(() => timestamp),
    )
    return { partitionId: BigInt(partition), data }
  })
  return {
    source,
    sequence: BigInt(sequence),
    inserts,
    deletes,
    startPosition: position,
    endPosition: position,
    ...(schema === undefined ? {} : { schema }),
  }
}

export function keysOf(record: ArrowRecord): number[] {
  const column = record.column(100n)!
  return [...(column.values as BigInt64Array).subarray(0, column.length)].map(Number)
}

/** What a metadata store and a storage would have. */
export class Saved {
  readonly segments = new Map<
    bigint,
    { meta: SegmentMeta; keys: number[]; deletes: number[]; commits: number }
  >()
  readonly deletePositions = new Map<bigint, bigint>()
  checkpoint: ChannelPosition | undefined
  sequences: ReadonlyMap<string, bigint> = new Map()

  /** Keys of all rows, ascending. */
  keys(): number[] {
    const segments = [...this.segments.values()].filter(({ meta }) => meta.state !== 'Dropped')
    return segments.flatMap(({ keys }) => keys).sort((a, b) => a - b)
  }

  /** Keys of all deletes, ascending. */
  deletes(): number[] {
    const segments = [...this.segments.values()].filter(({ meta }) => meta.state !== 'Dropped')
    return segments.flatMap(({ deletes }) => deletes).sort((a, b) => a - b)
  }

  add(meta: SegmentMeta): void {
    if (this.segments.has(meta.segmentId))
      throw new Error(`segment ${meta.segmentId} is made twice`)
    this.segments.set(meta.segmentId, { meta, keys: [], deletes: [], commits: 0 })
  }

  save(pack: SyncPack, rows: { keys: number[]; deletes: number[] }): void {
    const segment = this.segments.get(pack.segmentId)
    if (segment === undefined) throw new Error(`nobody made segment ${pack.segmentId} known`)
    segment.keys.push(...rows.keys)
    segment.deletes.push(...rows.deletes)
    segment.commits += 1
    const state = pack.isDrop ? 'Dropped' : pack.isFlush ? 'Flushed' : 'Growing'
    segment.meta = { ...segment.meta, state, checkpoint: pack.checkpoint }
    const upTo = pack.checkpoint?.messageId
    if (pack.level === 'L0' && upTo !== undefined) this.deletePositions.set(pack.partitionId, upTo)
  }
}

/** A step of a sync, for whoever decides how it ends. */
export interface Step {
  readonly kind: 'prepare' | 'commit'
  readonly pack: SyncPack
  readonly segmentId: number
}

/** How steps end: with an error (of a commit: before or after it was saved), or later. */
export type Decide = (step: Step) => undefined | Promise<void> | { error: Error; isSaved?: boolean }

class SavedWork implements SyncWork {
  readonly segmentId: bigint
  readonly orderKey: string
  readonly checkpoint: ChannelPosition | undefined
  #rows: { keys: number[]; deletes: number[] } | undefined
  #isSaved = false

  constructor(
    readonly pack: SyncPack,
    private readonly beforeCommit: () => Promise<void>,
    private readonly bench: BufferBench,
  ) {
    const { segmentId, partitionId, level, channelName, checkpoint } = pack
    this.segmentId = segmentId
    this.checkpoint = checkpoint
    this.orderKey = level === 'L0' ? `L0/${channelName}/${partitionId}` : `segment/${segmentId}`
  }

  get payloadBytes(): number {
    return this.pack.payloadBytes
  }

  useChunkManager(): void {}

  async prepare(): Promise<void> {
    await this.#step('prepare')
    const { insertData, deleteData } = this.pack
    const keys = insertData.flatMap((chunk) => keysOf(chunk as ArrowRecord))
    const deletes = [...(deleteData?.keys ?? [])].map(Number)
    this.#rows = { keys, deletes }
    this.pack.release()
  }

  async commit(): Promise<void> {
    await this.beforeCommit()
    const outcome = await this.#step('commit', true)
    if (this.bench.isGone) return new Promise(() => {})
    if (!this.#isSaved) this.bench.saved.save(this.pack, this.#rows!)
    this.#isSaved = true
    if (outcome !== undefined) throw outcome
    const { batchRows, checkpoint, isFlush } = this.pack
    const actions = [finishSyncing(batchRows), updateCheckpoint(checkpoint)]
    if (isFlush) actions.push(updateState('Flushed'))
    this.bench.metaCache.updateSegments(actions, withIds(this.segmentId))
  }

  abandon(): void {}

  fail(error: unknown): void {
    this.bench.failures.push((error as Error).message)
  }

  /** The error to throw after the saving, if any. */
  async #step(kind: Step['kind'], mayBeSaved = false): Promise<Error | undefined> {
    this.bench.steps.push(`${kind} ${this.segmentId}`)
    const step = { kind, pack: this.pack, segmentId: Number(this.segmentId) }
    const decided = this.bench.decide(step)
    if (decided === undefined || decided instanceof Promise) {
      await decided
      return undefined
    }
    if (mayBeSaved && decided.isSaved) return decided.error
    throw decided.error
  }
}

export class BufferBench {
  readonly saved: Saved
  readonly metaCache: MetaCache
  readonly buffer: WriteBuffer
  /** `prepare 1`, `commit 1`, …: all that were begun, by segment. */
  readonly steps: string[] = []
  /** Messages of the errors of failed attempts. */
  readonly failures: string[] = []
  readonly packs: SyncPack[] = []
  /** Of the packs. */
  readonly schemas: CollectionSchema[] = []
  readonly checkpoints: { messageId: bigint; sequences: Record<string, bigint> }[] = []
  readonly fatal: unknown[] = []
  readonly dropped: string[] = []
  readonly manager: SyncManager
  decide: Decide = () => undefined
  nextId = 1000n
  /** The process is gone: nothing that it has begun is saved any more. */
  isGone = false
  /** Fails the calls of the allocator. */
  allocate: () => void = () => {}

  /** @param saved what an earlier one has saved; a new one by default. */
  constructor(
    options: Partial<WriteBufferOptions> = {},
    saved = new Saved(),
    channelName = CHANNEL,
  ) {
    this.saved = saved
    const segments = [...saved.segments.values()].map(({ meta }) => meta)
    const known = segments.filter(({ state }) => state !== 'Dropped')
    this.metaCache = new MetaCache({
      collectionId: 1n,
      channelName,
      schema: NUMBERS,
      segments: known,
    })
    // Nothing is written: works keep what they are given.
    const chunkManager = { write: () => {}, read: () => {} } as unknown as ChunkManager
    this.manager = new SyncManager({ chunkManager })
    const allocator: Allocator = {
      allocate: async (count) => {
        this.allocate()
        const begin = this.nextId
        this.nextId += BigInt(count)
        return { begin, end: this.nextId }
      },
      allocateTimestamp: async () => 0n,
    }
    this.buffer = new WriteBuffer({
      metaCache: this.metaCache,
      syncManager: this.manager,
      allocator,
      metaWriter: { dropChannel: async (name) => void this.dropped.push(name) },
      newTask: ({ pack, schema, beforeCommit }) => {
        this.packs.push(pack)
        this.schemas.push(schema)
        return new SavedWork(pack, beforeCommit, this)
      },
      persistSegment: async (meta) => {
        if (this.isGone) return new Promise(() => {})
        saved.add(meta)
      },
      policies: [],
      checkpoint: saved.checkpoint,
      sequences: saved.sequences,
      deletePositions: saved.deletePositions,
      onCheckpoint: (position, sequences) => {
        this.checkpoints.push({
          messageId: position.messageId,
          sequences: Object.fromEntries(sequences),
        })
      },
      onFailure: (error) => this.fatal.push(error),
      ...options,
    })
  }

  /** Begin the sync of what is buffered of a segment. */
  sync(segmentId: number): Promise<void> {
    return this.buffer.submit(this.buffer.getSyncTask(BigInt(segmentId)))
  }

  /** Where the checkpoint is. */
  at(): number | undefined {
    const messageId = this.buffer.getCheckpoint()?.messageId
    return messageId === undefined ? undefined : Number(messageId)
  }

  async close(): Promise<void> {
    await this.buffer.close()
    await this.manager.close()
  }
}

/** A promise that a test resolves. */
export function latch(): { readonly open: () => void; readonly opened: Promise<void> } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

/** Wait until a condition holds; an error that shows it after so long. */
export async function until(holds: () => boolean, mostMs = 60_000): Promise<void> {
  const end = performance.now() + mostMs
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${mostMs} ms: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
