import type { CollectionSchema } from '../../schema/index.js'
import { type MetaCache, updateBufferedRows, withIds } from '../../sync/index.js'
import type { BufferedMessage } from './buffered-message.js'
import {
  type CheckedDelete,
  type CheckedInsert,
  checkDelete,
  checkInsert,
} from './check-message.js'
import type { Checkpoints } from './checkpoints.js'
import type { SegmentBuffer } from './segment-buffer.js'
import { expectGrowing, type SegmentBuffers } from './segment-buffers.js'

/** What {@link MessageIntake} works on. */
export interface MessageIntakeOptions {
  readonly metaCache: MetaCache
  readonly buffers: SegmentBuffers
  readonly checkpoints: Checkpoints
  /** By partition: deletes up to this message id are in segments. */
  readonly deletePositions: ReadonlyMap<bigint, bigint>
  /** Sync what is buffered of a segment. */
  readonly sync: (segmentId: bigint) => void
}

/** What of a message is to be buffered: all of it can be. */
interface CheckedMessage {
  readonly inserts: readonly CheckedInsert[]
  readonly deletes: readonly CheckedDelete[]
  readonly schema: CollectionSchema
}

/** Brings the parts of a message into their buffers. */
export class MessageIntake {
  readonly #options: MessageIntakeOptions

  constructor(options: MessageIntakeOptions) {
    this.#options = options
  }

  /** Buffer a message, without what is in segments already. @throws as `WriteBuffer.bufferData`. */
  take(message: BufferedMessage): void {
    const { buffers } = this.#options
    const { startPosition } = message
    const { inserts, deletes, schema } = this.#check(message)
    for (const insert of inserts) {
      const { segmentId } = insert.group
      const before = buffers.get(segmentId)?.schema
      // Files have one schema: rows of another one begin new files.
      if (before !== undefined && before !== schema) this.#options.sync(segmentId)
      this.#add(buffers.forRows(insert.group, schema, startPosition), insert, message)
    }
    for (const remove of deletes) {
      const buffer = buffers.forDeletes(remove.group.partitionId, startPosition)
      this.#options.checkpoints.hold(buffer)
      buffer.deletes.append(remove, startPosition, message.endPosition)
    }
  }

  #add(buffer: SegmentBuffer, insert: CheckedInsert, message: BufferedMessage): void {
    const { checkpoints, metaCache } = this.#options
    checkpoints.hold(buffer)
    buffer.inserts.append(insert, message.startPosition, message.endPosition)
    const rows = updateBufferedRows(buffer.inserts.rows)
    metaCache.updateSegments(rows, withIds(insert.group.segmentId))
  }

  #check({ inserts, deletes, endPosition, schema: given }: BufferedMessage): CheckedMessage {
    const { metaCache, deletePositions } = this.#options
    const schema = given ?? metaCache.schema
    const isNew = (saved: bigint | undefined): boolean =>
      saved === undefined || endPosition.messageId > saved
    const newInserts = inserts.filter(({ segmentId }) =>
      isNew(metaCache.getSegment(segmentId)?.checkpoint?.messageId),
    )
    const newDeletes = deletes.filter(({ partitionId }) => isNew(deletePositions.get(partitionId)))
    for (const { segmentId } of newInserts) expectGrowing(metaCache, segmentId, endPosition)
    return {
      inserts: newInserts.flatMap((group) => checkInsert(group, schema) ?? []),
      deletes: newDeletes.flatMap((group) => checkDelete(group, schema) ?? []),
      schema,
    }
  }
}
