import { DeleteData } from '../../data/index.js'
import type { ChannelPosition } from '../../sync/index.js'
import { BufferBase } from './buffer-base.js'
import type { CheckedDelete } from './check-message.js'

/** Deletes that no sync has taken yet, in the order of the messages; keys may repeat. */
export class DeltaBuffer extends BufferBase {
  readonly data = new DeleteData()

  append({ group, times }: CheckedDelete, start: ChannelPosition, end: ChannelPosition): void {
    const before = this.data.size()
    this.data.merge(group.data)
    const bytes = this.data.size() - before
    this.count({ rows: group.data.rowCount, bytes, times, start, end })
  }
}
