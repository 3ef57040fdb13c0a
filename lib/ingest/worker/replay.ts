import { type ArrowRecord, type CollectionSchema, recordBytes } from '../../schema/index.js'
import type { ChannelPosition, SegmentMeta } from '../../sync/index.js'
import type { WriteBuffer } from '../buffer/index.js'
import type { InsertGroup, Message } from '../message.js'
import type { MessageSource } from '../message-source.js'
import type { MemoryBudget } from './memory-budget.js'
import { schemaOfRecord } from './schema-change.js'

/** What a replay works on. */
export interface Replay {
  readonly log: MessageSource
  readonly after: ChannelPosition | undefined
  readonly buffer: WriteBuffer
  readonly budget: MemoryBudget
  readonly schema: CollectionSchema
  /** Of the channel, as the metadata store has them. */
  readonly segments: readonly SegmentMeta[]
  readonly signal: AbortSignal | undefined
}

/** What a replay brought back. */
export interface Replayed {
  readonly messages: number
  /** Arrow bytes of the rows that no segment has yet, by segment. */
  readonly bytes: ReadonlyMap<bigint, number>
  /** Segments with rows that were logged before fields were added. */
  readonly olderSchema: ReadonlySet<bigint>
}

/**
 * Give the write buffer the messages after a checkpoint once more. Rows and deletes that are in
 * segments it leaves out itself; rows of segments that were dropped are left out here.
 *
 * @throws PackedError what the log throws, and what ends the budget (a sync that failed for good);
 *   the signal's reason.
 */
export async function replay(options: Replay): Promise<Replayed> {
  const { log, after, buffer, budget, segments, signal } = options
  const bytes = new Map<bigint, number>()
  const checkpoints = new Map<bigint, bigint>()
  const dropped = new Set<bigint>()
  for (const { segmentId, checkpoint, state } of segments) {
    if (checkpoint !== undefined) checkpoints.set(segmentId, checkpoint.messageId)
    if (state === 'Dropped') dropped.add(segmentId)
  }
  const schemas = new RecordSchemas(options.schema)
  const olderSchema = new Set<bigint>()
  let messages = 0
  for await (const { message, position } of log.seek(after, { signal })) {
    const inserts = message.inserts.filter(({ segmentId }) => !dropped.has(segmentId))
    const size = inserts.reduce((sum, { record }) => sum + bytesOf(record), 0)
    const schema = schemas.of(inserts)
    await budget.acquire(size, signal)
    try {
      bufferMessage(buffer, { ...message, inserts }, position, schema)
    } finally {
      budget.release(size)
    }
    messages += 1
    for (const { segmentId, record } of inserts) {
      if (schema !== options.schema) olderSchema.add(segmentId)
      if (position.messageId <= (checkpoints.get(segmentId) ?? 0n)) continue
      bytes.set(segmentId, (bytes.get(segmentId) ?? 0) + bytesOf(record))
    }
  }
  return { messages, bytes, olderSchema }
}

/** Hand a logged message to the write buffer. */
export function bufferMessage(
  buffer: WriteBuffer,
  { source, sequence, inserts, deletes }: Message,
  position: ChannelPosition,
  schema: CollectionSchema,
): void {
  const positions = { startPosition: position, endPosition: position }
  buffer.bufferData({ source, sequence, inserts, deletes, ...positions, schema })
}

/** Schemas of rows that were logged before fields were added, one object for all that are alike. */
class RecordSchemas {
  readonly #schema: CollectionSchema
  readonly #known = new Map<string, CollectionSchema>()

  constructor(schema: CollectionSchema) {
    this.#schema = schema
  }

  of([insert]: readonly InsertGroup[]): CollectionSchema {
    if (insert === undefined) return this.#schema
    const key = [...insert.record.fieldIdToColumn.keys()].join()
    const schema = this.#known.get(key) ?? schemaOfRecord(this.#schema, insert.record)
    this.#known.set(key, schema)
    return schema
  }
}

function bytesOf(record: ArrowRecord): number {
  let bytes = 0
  for (const ofField of recordBytes(record).values()) bytes += ofField
  return bytes
}
