import { DeleteData } from '../../data/index.js'
import type { ArrowRecord, CollectionSchema } from '../../schema/index.js'
import { Breather } from '../breather.js'
import type { DeleteGroup } from '../message.js'
import type { BufferPool } from './buffer-pool.js'
import type { DeleteKeys } from './message-input.js'
import { RecordBuilder } from './record-builder.js'
import { takeRows } from './row-intake.js'
import type { TakenMessage } from './take-message.js'

/** Deletes of every partition. */
const ALL_PARTITIONS = -1n
/** Appended in one go. */
const SLICE = 8192

/** Rows and deletes of a message in the worker's own memory. */
export interface BuiltMessage {
  readonly records: readonly ArrowRecord[]
  readonly deletes: readonly DeleteGroup[]
}

/** Makes what is logged and buffered of what callers give. */
export class MessageBuilder {
  /** The user's. */
  readonly schema: CollectionSchema
  readonly #records: RecordBuilder
  /** Of all messages that are being built. */
  readonly #breather = new Breather()

  constructor(schema: CollectionSchema, pool: BufferPool) {
    this.schema = schema
    this.#records = new RecordBuilder(schema, pool)
  }

  /**
   * @param firstRowId asked for when the number of rows is known to be more than 0.
   * @throws PackedError InvalidSchema, TypeMismatch, InvalidData, Detached.
   */
  async build(
    message: TakenMessage,
    timestamp: bigint,
    takeRowIds: (count: number) => Promise<bigint>,
  ): Promise<BuiltMessage> {
    const breather = this.#breather
    const rows = this.#rowsOf(message)
    const records: ArrowRecord[] = []
    let firstRowId = rows === undefined || rows.numRows === 0 ? 0n : await takeRowIds(rows.numRows)
    for (const part of rows?.parts ?? []) {
      const identity = { firstRowId, timestamp }
      records.push(await this.#records.build(part, identity, { copy: message.copy, breather }))
      firstRowId += BigInt(part.numRows)
    }
    const deletes = await deletesOf(message, timestamp, breather)
    return { records, deletes }
  }

  /** The schema may have changed while the message waited. */
  #rowsOf({ rows, given }: TakenMessage) {
    return rows === undefined || rows.schema === this.schema ? rows : takeRows(this.schema, given)
  }
}

async function deletesOf(
  { deletes: keys, partitionId = ALL_PARTITIONS }: TakenMessage,
  timestamp: bigint,
  breather: Breather,
): Promise<DeleteGroup[]> {
  if (keys.length === 0) return []
  const data = new DeleteData()
  for (let row = 0; row < keys.length; row += SLICE) {
    const slice: DeleteKeys = keys.slice(row, row + SLICE)
    data.appendColumns(slice, new BigInt64Array(slice.length).fill(timestamp))
    await breather.pause()
  }
  return [{ partitionId, data }]
}
