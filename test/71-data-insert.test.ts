import { buildRecord, InsertData, type LenientReport, rowsOf } from '../lib/data/index.js'
import { createCollectionSchema, type FieldInit } from '../lib/schema/index.js'
import { DOCUMENTS, ID } from './support/collection.js'
import { rejection } from './support/rejection.js'

const v = Float32Array.of(1, 2)

function rowsIn(data: InsertData): Record<string, unknown>[] {
  return [...rowsOf(buildRecord(data.schema, [data]), data.schema)]
}

describe('rows', () => {
  test('what is not given is the default value, null, or an empty dynamic object', () => {
    const data = InsertData.fromRows(DOCUMENTS, [
      { id: 1, v },
      { id: 2n, title: null, price: null, tags: ['a'], v, colour: 'red', size: 9007199254740993n },
      { id: 3, price: 0, v, $meta: { a: 1 }, b: 2 },
    ])
    expect(data.rowCount).toBe(3)
    expect(rowsIn(data)).toEqual([
      { id: 1n, title: null, price: 9.5, tags: null, v, $meta: {} },
      {
        id: 2n,
        title: null,
        price: 9.5,
        tags: ['a'],
        v,
        $meta: { colour: 'red', size: 9007199254740993n },
      },
      { id: 3n, title: null, price: 0, tags: null, v, $meta: { a: 1, b: 2 } },
    ])
  })

  test('columns and rows mix, and columns that are not given are filled', () => {
    const data = InsertData.fromColumns(DOCUMENTS, {
      id: [1, 2],
      v: new Float32Array([1, 2, 1, 2]),
    })
    data.appendRow({ id: 3, title: 'x', v })
    data.appendColumns({ id: BigInt64Array.of(4n), v: [[1, 2]], price: [undefined] })
    expect(data.field(100)!.length).toBe(4)
    expect(rowsIn(data).map(({ id, title, price }) => [id, title, price])).toEqual([
      [1n, null, 9.5],
      [2n, null, 9.5],
      [3n, 'x', 9.5],
      [4n, null, 9.5],
    ])
  })

  test('struct arrays are objects, or columns of their own', () => {
    const structs = createCollectionSchema({
      name: 'docs',
      fields: [ID],
      structArrayFields: [
        {
          name: 'chunks',
          maxCapacity: 9,
          fields: [
            { name: 'chunks[page]', dataType: 'Array', elementType: 'Int32', maxCapacity: 9 },
            {
              name: 'chunks[v]',
              dataType: 'ArrayOfVector',
              elementType: 'FloatVector',
              dim: 2,
              maxCapacity: 9,
            },
          ],
        },
      ],
    })
    const data = InsertData.fromRows(structs, [
      {
        id: 1,
        chunks: [
          { page: 7, v: [1, 2] },
          { page: 8, v: [1, 2] },
        ],
      },
      { id: 2, 'chunks[page]': [9], 'chunks[v]': [v] },
      { id: 3, chunks: [] },
    ])
    expect(rowsIn(data)).toEqual([
      { id: 1n, 'chunks[page]': [7, 8], 'chunks[v]': [v, v] },
      { id: 2n, 'chunks[page]': [9], 'chunks[v]': [v] },
      { id: 3n, 'chunks[page]': [], 'chunks[v]': [] },
    ])
  })

  test('memory size is the sum of the columns', () => {
    const small = createCollectionSchema({
      name: 'd',
      fields: [ID, { name: 'v', dataType: 'FloatVector', dim: 2 }],
    })
    expect(
      InsertData.fromRows(small, [
        { id: 1, v },
        { id: 2, v },
      ]).memorySize(),
    ).toBe(17 + 20)
  })
})

describe('lenient', () => {
  const fields: FieldInit[] = [
    ID,
    { name: 'n', dataType: 'Int8', nullable: true },
    { name: 't', dataType: 'VarChar', maxLength: 99, nullable: true },
  ]
  const simple = createCollectionSchema({ name: 'docs', fields })

  test('values that do not fit become null and are reported; objects speak for themselves', () => {
    const reports: LenientReport[] = []
    const options = { lenient: true, onLenient: (report: LenientReport) => reports.push(report) }
    const data = InsertData.fromRows(
      simple,
      [
        { id: 1, n: 300, t: new URL('http://a/b') },
        { id: 2, n: 'x', t: { toString: () => 'own' } },
        { id: 3, n: 1, t: {} },
      ],
      options,
    )
    expect(rowsIn(data)).toEqual([
      { id: 1n, n: null, t: 'http://a/b' },
      { id: 2n, n: null, t: 'own' },
      { id: 3n, n: 1, t: null },
    ])
    expect(reports.map(({ field, row, value }) => [field, row, value])).toEqual([
      ['n', 0, 300],
      ['n', 1, 'x'],
      ['t', 2, {}],
    ])
    expect(reports[1]!.error).toMatchObject({ code: 'TypeMismatch', field: 'n' })
  })

  test('columns given value by value are lenient, too; flat ones are all or nothing', async () => {
    const reports: LenientReport[] = []
    const onLenient = (report: LenientReport) => reports.push(report)
    const data = new InsertData(simple, { lenient: true, onLenient })
    data.appendColumns({ id: [1, 2], n: ['x', 2], t: ['a', 'b'] })
    expect(rowsIn(data).map(({ n }) => n)).toEqual([null, 2])
    expect(reports.map(({ field, row }) => [field, row])).toEqual([['n', 0]])
    const flat = { id: [3], n: new Int16Array([300]), t: ['c'] }
    expect((await rejection(() => data.appendColumns(flat))).message).toContain('"n" in row 2')
    expect(data.rowCount).toBe(2)
  })

  test('a field that takes no null keeps its error, and nothing is reported then', async () => {
    const onLenient = jest.fn()
    const data = new InsertData(simple, { lenient: true, onLenient })
    const rows = [{ id: 1, n: 300 }, { id: 'x' }]
    const error = await rejection(() => data.appendRows(rows))
    expect(error).toMatchObject({ code: 'TypeMismatch', field: 'id' })
    expect([data.rowCount, onLenient.mock.calls.length]).toEqual([0, 0])
  })
})
