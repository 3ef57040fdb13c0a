import type { CollectionSchema } from '../../schema/index.js'
import type { TimeSpan } from '../../segment/index.js'
import type { ChannelPosition, SegmentLevel } from '../../sync/index.js'
import { joined } from './buffer-base.js'
import { DeltaBuffer } from './delta-buffer.js'
import { InsertBuffer } from './insert-buffer.js'

/** What a segment buffer is for. */
export interface SegmentBufferInit {
  readonly partitionId: bigint
  readonly level: SegmentLevel
  /** Of its rows. */
  readonly schema: CollectionSchema
  /** Arrow bytes of rows that make it full. */
  readonly insertBufferBytes: number
  /** Bytes of deletes that make it full. */
  readonly deleteBufferBytes: number
}

/** What a write buffer holds of one segment, between two of its syncs. */
export class SegmentBuffer {
  readonly partitionId: bigint
  readonly level: SegmentLevel
  readonly schema: CollectionSchema
  readonly inserts: InsertBuffer
  readonly deletes: DeltaBuffer

  constructor(init: SegmentBufferInit) {
    this.partitionId = init.partitionId
    this.level = init.level
    this.schema = init.schema
    this.inserts = new InsertBuffer({ bytes: init.insertBufferBytes })
    this.deletes = new DeltaBuffer({ bytes: init.deleteBufferBytes })
  }

  get bytes(): number {
    return this.inserts.bytes + this.deletes.bytes
  }

  get isFull(): boolean {
    return this.inserts.isFull || this.deletes.isFull
  }

  get times(): TimeSpan | undefined {
    return joined(this.inserts.times, this.deletes.times)
  }

  /** The earlier one of its parts'. */
  get startPosition(): ChannelPosition | undefined {
    const [insert, remove] = [this.inserts.startPosition, this.deletes.startPosition]
    if (insert === undefined || remove === undefined) return insert ?? remove
    return insert.messageId < remove.messageId ? insert : remove
  }

  /** Of its oldest message; undefined for an empty buffer, which no age makes due. */
  get minTimestamp(): bigint | undefined {
    return this.startPosition?.timestamp
  }
}
