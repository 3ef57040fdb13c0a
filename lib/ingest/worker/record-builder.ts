import { type Data, Int64, makeData, RecordBatch, type Schema, Struct, Type } from 'apache-arrow'
import { createFieldData } from '../../data/index.js'
import {
  type ArrowRecord,
  allFields,
  arrowDataBytes,
  arrowTypeOf,
  type CollectionSchema,
  convertToArrowSchema,
  DataType,
  type FieldSchema,
  ROW_ID_FIELD,
  sameType,
  TIMESTAMP_FIELD,
  withSystemFields,
} from '../../schema/index.js'
import type { Breather } from '../breather.js'
import type { BufferPool } from './buffer-pool.js'
import { OwnedRecord } from './owned-record.js'
import { fillingOf, type RowPart } from './row-intake.js'

/** What is the worker's to give to rows. */
export interface RowIdentity {
  /** Of the first row; the others follow. */
  readonly firstRowId: bigint
  readonly timestamp: bigint
}

/** Copied in one go. */
const COPY_BYTES = 2 ** 21
/** Values that are appended one by one in one go. */
const FILL_ROWS = 4096

const BYTES_TYPES: ReadonlySet<number> = new Set([
  Type.Utf8,
  Type.LargeUtf8,
  Type.Binary,
  Type.LargeBinary,
])

/**
 * Makes records of a collection, system fields included, from the rows of messages.
 *
 * A column is copied into memory of the worker's own, once, converted on the way where its type
 * holds the same values in another form (narrower integers, FixedSizeList vectors). With
 * `copy: false` a column of exactly the stored type is kept as it is.
 */
export class RecordBuilder {
  readonly #fields: readonly FieldSchema[]
  readonly #arrow: Schema

  readonly #pool: BufferPool

  /**
   * @param schema the user's; the system fields are added.
   * @param pool what records are copied into, until they are released.
   */
  constructor(schema: CollectionSchema, pool: BufferPool) {
    this.#pool = pool
    const stored = withSystemFields(schema)
    this.#fields = allFields(stored)
    this.#arrow = convertToArrowSchema(stored)
  }

  /**
   * @throws PackedError TypeMismatch, InvalidData (null or a value that does not fit), Detached,
   *   naming the field.
   */
  async build(
    part: RowPart,
    identity: RowIdentity,
    options: { copy: boolean; breather: Breather },
  ): Promise<ArrowRecord> {
    const { numRows } = part
    const rowIds = await consecutive(identity.firstRowId, numRows, options.breather)
    const children: Data[] = []
    for (const field of this.#fields) {
      const given = part.columns.get(field)
      if (field.fieldId === ROW_ID_FIELD) children.push(int64(rowIds))
      else if (field.fieldId === TIMESTAMP_FIELD) {
        children.push(int64(new BigInt64Array(numRows).fill(identity.timestamp)))
      } else if (given === undefined) {
        children.push(await filled(field, rowIds, options.breather))
      } else if (options.copy || !isStored(field, given)) {
        children.push(await copied(field, given, { breather: options.breather, pool: this.#pool }))
      } else {
        children.push(given)
      }
      await options.breather.pause()
    }
    const type = new Struct(this.#arrow.fields)
    const data = makeData({ type, length: numRows, nullCount: 0, children })
    const given = new Set(part.columns.values())
    return new OwnedRecord(
      new RecordBatch(this.#arrow, data),
      children.filter((child) => !given.has(child)),
      this.#pool,
    )
  }
}

function int64(values: BigInt64Array): Data {
  return makeData({ type: new Int64(), length: values.length, data: values })
}

async function consecutive(
  first: bigint,
  count: number,
  breather: Breather,
): Promise<BigInt64Array> {
  const ids = new BigInt64Array(count)
  let next = first
  for (let row = 0; row < count; row++) {
    ids[row] = next++
    if (row % FILL_ROWS === FILL_ROWS - 1) await breather.pause()
  }
  return ids
}

function isStored(field: FieldSchema, data: Data): boolean {
  return sameType(data.type, arrowTypeOf(field)) && (field.nullable || data.nullCount === 0)
}

/** The column in memory of its own, of the rows that it has and no more. */
async function copied(
  field: FieldSchema,
  given: Data,
  { breather, pool }: { breather: Breather; pool: BufferPool },
): Promise<Data> {
  const column = createFieldData(field, pool.take)
  column.reserve(given.length, bytesOfValues(given))
  const bytesPerRow = Math.max(1, Math.ceil(arrowDataBytes(given) / given.length))
  const step = Math.max(1, Math.floor(COPY_BYTES / bytesPerRow))
  for (let row = 0; row < given.length; row += step) {
    const rows = Math.min(step, given.length - row)
    column.appendColumn(rows === given.length ? given : given.slice(row, rows))
    await breather.pause()
  }
  return column.toArrow()
}

async function filled(
  field: FieldSchema,
  rowIds: BigInt64Array,
  breather: Breather,
): Promise<Data> {
  const column = createFieldData(field)
  const filling = fillingOf(field)
  column.reserve(rowIds.length, 0)
  for (let row = 0; row < rowIds.length; row++) {
    if (filling === 'null') column.appendNull()
    else if (filling === 'empty') column.append({})
    else if (filling === 'default') column.append(field.defaultValue)
    else column.append(field.dataType === DataType.Int64 ? rowIds[row] : String(rowIds[row]))
    if (row % FILL_ROWS === FILL_ROWS - 1) await breather.pause()
  }
  return column.toArrow()
}

/** What columns of variable length make room for at once; others grow. */
function bytesOfValues({ type, length, valueOffsets }: Data): number {
  if (!BYTES_TYPES.has(type.typeId)) return 0
  const offsets = valueOffsets as unknown as Int32Array | BigInt64Array
  return Number(offsets[length]!) - Number(offsets[0]!)
}
