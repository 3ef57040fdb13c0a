import {
  Binary,
  Dictionary,
  Field,
  FixedSizeList,
  Float32,
  Int32,
  LargeUtf8,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow'
import {
  buildRecord,
  type ColumnInput,
  createFieldData,
  InsertData,
  rowsOf,
} from '../lib/data/index.js'
import { FIELD_ID_KEY, type FieldInit } from '../lib/schema/index.js'
import { collection, fieldX } from './support/collection.js'
import { rejection } from './support/rejection.js'

/** What a column of the field holds after `input`. */
function column(init: Omit<FieldInit, 'name'>, input: ColumnInput): unknown[] {
  const data = createFieldData(fieldX(init))
  data.appendColumn(input)
  return Array.from({ length: data.length }, (_, row) => data.get(row))
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const f32 = (...values: number[]): Float32Array => Float32Array.from(values)

describe('Arrow batches', () => {
  const schema = collection(
    { name: 'text', dataType: 'VarChar', maxLength: 99, nullable: true },
    { name: 'n', dataType: 'Int64' },
    { name: 'v', dataType: 'FloatVector', dim: 2 },
    { name: 'w', dataType: 'FloatVector', dim: 2, nullable: true },
  )

  const rows = [0, 1, 2, 3].map((i) => ({
    id: BigInt(i),
    text: i === 2 ? null : `text ${i}`,
    n: BigInt(-i),
    v: f32(i, i + 0.5),
    w: i % 2 === 0 ? f32(i, -i) : null,
  }))

  const vectors = (values: number[], nullBitmap: Uint8Array | null) =>
    makeData({
      type: new FixedSizeList(2, new Field('item', new Float32(), false)),
      length: values.length / 2,
      nullBitmap,
      child: makeData({ type: new Float32(), data: f32(...values) }),
    })

  /** The same rows in other forms: 32-bit integers, dictionary text, FixedSizeList vectors. */
  function foreignBatch(): RecordBatch {
    const columns: [Field, ReturnType<typeof makeData>][] = [
      [
        new Field('w', vectors([], null).type, true),
        vectors([0, -0, 9, 9, 2, -2, 9, 9], new Uint8Array([0b0101])),
      ],
      [
        new Field('text', new Dictionary(new Utf8(), new Int32()), true),
        vectorFromArray(
          rows.map(({ text }) => text),
          new Dictionary(new Utf8(), new Int32()),
        ).data[0]!,
      ],
      [
        new Field('n', new Int32(), false),
        makeData({ type: new Int32(), data: new Int32Array([0, -1, -2, -3]) }),
      ],
      [
        new Field('v', vectors([], null).type, false),
        vectors([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5], null),
      ],
      [
        new Field('other name', new Int32(), false, new Map([[FIELD_ID_KEY, '100']])),
        makeData({ type: new Int32(), data: new Int32Array([0, 1, 2, 3]) }),
      ],
    ]
    const arrowSchema = new Schema(columns.map(([column]) => column))
    const type = new Struct(arrowSchema.fields)
    const children = columns.map(([, data]) => data)
    return new RecordBatch(arrowSchema, makeData({ type, length: 4, nullCount: 0, children }))
  }

  test('are matched by field id, else by name, and converted where they hold the same', () => {
    const record = buildRecord(schema, [InsertData.fromBatch(schema, foreignBatch())])
    expect([...rowsOf(record, schema)]).toEqual(rows)
  })

  test('slices, tables and records of ours go in as they are', () => {
    const whole = buildRecord(schema, [InsertData.fromRows(schema, rows)])
    const batch = whole.toBatch()
    const data = InsertData.fromBatch(schema, new Table([batch.slice(1, 4), batch.slice(0, 1)]))
    data.appendBatch(whole)
    data.appendBatch(batch.slice(2, 3))
    const back = rowsOf(buildRecord(schema, [data]), schema)
    expect([...back]).toEqual([rows[1], rows[2], rows[3], rows[0], ...rows, rows[2]])
  })

  test('share their memory with the record that is built', () => {
    const batch = buildRecord(schema, [InsertData.fromRows(schema, rows)]).toBatch()
    const record = buildRecord(schema, [InsertData.fromBatch(schema, batch)])
    for (const id of [100n, 101n, 102n, 103n, 104n]) {
      const index = record.fieldIdToColumn.get(id)!
      const given = batch.data.children[index]!
      expect(record.column(id)!.values.buffer).toBe(given.values.buffer)
      expect(record.column(id)!.length).toBe(4)
    }
  })

  test('a Vector, large text and lists of binary are columns, too', () => {
    const large = makeData({
      type: new LargeUtf8(),
      length: 2,
      nullCount: 0,
      valueOffsets: new BigInt64Array([1n, 2n, 4n]),
      data: utf8('-abc'),
    })
    expect(column({ dataType: 'VarChar' }, new Vector([large, large]))).toEqual([
      'a',
      'bc',
      'a',
      'bc',
    ])
    const list = makeData({
      type: new List(new Field('item', new Binary(), false)),
      length: 1,
      nullCount: 0,
      valueOffsets: new Int32Array([1, 2]),
      child: makeData({
        type: new Binary(),
        length: 2,
        nullCount: 0,
        valueOffsets: new Int32Array([0, 8, 16]),
        data: new Uint8Array(f32(1, 2, 3, 4).buffer),
      }),
    })
    const init = {
      dataType: 'ArrayOfVector',
      elementType: 'FloatVector',
      dim: 2,
      maxCapacity: 4,
    } as const
    expect(column(init, list)).toEqual([[f32(3, 4)]])
  })

  test('large text beyond the reach of 32-bit offsets is refused', async () => {
    const large = makeData({
      type: new LargeUtf8(),
      length: 1,
      nullCount: 0,
      valueOffsets: new BigInt64Array([0n, 2n ** 31n]),
      data: new Uint8Array(2 ** 31),
    })
    const error = await rejection(() => column({ dataType: 'VarChar' }, large))
    expect(error).toMatchObject({ code: 'InvalidData', field: 'x' })
    expect(error.message).toContain('received 2147483648')
  })

  test.each<[string, (batch: RecordBatch) => unknown, string]>([
    [
      'nothing of the kind',
      () => 7,
      'Expected a RecordBatch, a Table or an ArrowRecord for the batch',
    ],
    ['a batch without the key', (batch) => batch.select(['n', 'v', 'w', 'text']), 'field "id"'],
  ])('%s is refused', async (_, make, message) => {
    const data = new InsertData(schema)
    const error = await rejection(() => data.appendBatch(make(foreignBatch()) as RecordBatch))
    expect(error.message).toContain(message)
    expect(data.rowCount).toBe(0)
  })
})
