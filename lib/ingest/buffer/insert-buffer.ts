import { Bm25Stats } from '../../data/index.js'
import type { ArrowRecord } from '../../schema/index.js'
import type { ChannelPosition } from '../../sync/index.js'
import { BufferBase } from './buffer-base.js'
import type { CheckedInsert } from './check-message.js'

/** Rows of a segment that no sync has taken yet: one chunk per message, over its memory. */
export class InsertBuffer extends BufferBase {
  readonly #chunks: ArrowRecord[] = []
  readonly #bm25 = new Map<bigint, Bm25Stats>()

  /** In the order of the messages. */
  get chunks(): readonly ArrowRecord[] {
    return this.#chunks
  }

  /** By the output field of every BM25 function. */
  get bm25(): ReadonlyMap<bigint, Bm25Stats> {
    return this.#bm25
  }

  append(insert: CheckedInsert, start: ChannelPosition, end: ChannelPosition): void {
    const { group, bytes, times, bm25 } = insert
    this.#chunks.push(group.record)
    for (const [fieldId, stats] of bm25) {
      const sum = this.#bm25.get(fieldId) ?? new Bm25Stats()
      sum.merge(stats)
      this.#bm25.set(fieldId, sum)
    }
    this.count({ rows: group.record.numRows, bytes, times, start, end })
  }
}
