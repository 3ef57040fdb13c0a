import { PackedError } from '../errors/index.js'
import { NODE_STRIDE } from '../native/index.js'

/** A node of a native batch: an array of a column, or of what a column is nested of. */
export interface FlatNode {
  length: number
  nullCount: number
  buffers: (Uint8Array | null)[]
}

/** Walks nodes and buffers in the order in which the addon lists them. */
export class FlatCursor {
  private node = 0
  private buffer = 0

  constructor(
    private readonly nodes: Float64Array,
    private readonly buffers: (Uint8Array | null)[],
  ) {}

  next(): FlatNode {
    const at = this.node * NODE_STRIDE
    const count = this.nodes[at + 3]
    if (count === undefined) throw new PackedError('Internal', 'Expected one more node in a batch')
    const buffers = this.buffers.slice(this.buffer, this.buffer + count)
    this.node += 1
    this.buffer += count
    return {
      length: this.nodes[at] as number,
      nullCount: this.nodes[at + 1] as number,
      buffers,
    }
  }
}
