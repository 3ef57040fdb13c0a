import {
  type Data,
  Field,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { InsertData } from '../lib/data/index.js'
import { createCollectionSchema } from '../lib/schema/index.js'
import { wktOf } from '../lib/segment/export-geometry.js'
import { rowsOfBulk } from '../lib/segment/import-bulk.js'
import { wkbOf } from '../lib/segment/import-geometry.js'
import { rejection } from './support/rejection.js'

/** A collection with a key of text, and rows of text columns as a bulk file has them. */
function bulkOf(columns: Record<string, { dataType: string; values: (string | null)[] }>) {
  const key = { name: 'key', dataType: 'VarChar', maxLength: 9, isPrimaryKey: true }
  const fields = Object.entries(columns).map(([name, { dataType }]) => {
    return { name, dataType, nullable: true }
  })
  type Init = Parameters<typeof createCollectionSchema>[0]
  const schema = createCollectionSchema({ name: 'bulk', fields: [key, ...fields] } as Init)
  const rows = Object.values(columns)[0]!.values.length
  const texts: [string, (string | null)[]][] = [
    ['key', Array.from({ length: rows }, (_, row) => `k${row}`)],
    ...Object.entries(columns).map(([name, { values }]): [string, (string | null)[]] => [
      name,
      values,
    ]),
  ]
  const arrow = new Schema(texts.map(([name]) => new Field(name, new Utf8(), true)))
  const children = texts.map(([, values]): Data => vectorFromArray(values, new Utf8()).data[0]!)
  const type = new Struct(arrow.fields)
  const batch = new RecordBatch(arrow, makeData({ type, length: rows, nullCount: 0, children }))
  return { schema, batch }
}

describe('rows of a bulk file', () => {
  test('texts become the values of their fields', () => {
    const { schema, batch } = bulkOf({
      place: { dataType: 'Geometry', values: ['POINT (1 2)', null] },
      time: {
        dataType: 'Timestamptz',
        values: ['1969-12-31T23:59:59.999999Z', '2025-01-01 03:30:00+05:30'],
      },
      document: { dataType: 'JSON', values: ['{"a": 1}', null] },
      weights: {
        dataType: 'SparseFloatVector',
        values: ['{"7": 0.5}', '{"indices":[9],"values":[2]}'],
      },
    })
    const data = InsertData.fromRows(schema, rowsOfBulk(batch, schema))
    const values = (name: string) => {
      const field = data.fields().find((candidate) => candidate.field.name === name)!
      return [field.get(0), field.get(1)]
    }
    expect(values('place').map((value) => value && wktOf(value as Uint8Array))).toEqual([
      'POINT (1 2)',
      null,
    ])
    expect(values('time')).toEqual([-1n, 1735682400000000n])
    expect(values('document')).toEqual([{ a: 1 }, null])
    expect(values('weights')).toEqual([new Map([[7, 0.5]]), new Map([[9, 2]])])
  })

  test.each([
    ['Geometry', 'POINT (1)', /WKT with "\)" instead of a number/],
    ['Geometry', 'CIRCLE (1 2)', /instead of a type of geometry/],
    ['Geometry', 'POINT (1 2) 3', /WKT with "3" instead of the end/],
    ['Timestamptz', 'yesterday', /"yesterday"/],
    ['Timestamptz', '2025-13-01T00:00:00Z', /"2025-13-01T00:00:00Z"/],
    ['SparseFloatVector', '{', /row 1/],
  ])('a %s of "%s" names field and row', async (dataType, text, message) => {
    const { schema, batch } = bulkOf({ v: { dataType, values: [null, text] } })
    const error = await rejection(() => [...rowsOfBulk(batch, schema)])
    expect(error).toMatchObject({ code: 'InvalidData', field: 'v' })
    expect(error.message).toMatch(/in row 1/)
    expect(error.message).toMatch(message)
  })
})

test.each([
  'POINT (1 -2.5)',
  'POINT EMPTY',
  'POINT Z (1 2 3)',
  'POINT ZM (1 2 3 4)',
  'LINESTRING (0 0, 1 1e+21)',
  'POLYGON ((0 0, 1 0, 0 0), (0.1 0.1, 0.2 0.1, 0.1 0.1))',
  'POLYGON EMPTY',
  'MULTIPOINT ((1 2), (3 4))',
  'MULTILINESTRING M ((1 2 3, 4 5 6), (7 8 9, 1 2 3))',
  'MULTIPOLYGON (((0 0, 1 0, 0 0)), ((5 5, 6 5, 5 5)))',
  'GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))',
])('%s stays itself in binary and back', (text) => {
  expect(wktOf(wkbOf(text))).toBe(text)
  expect(wktOf(wkbOf(text.toLowerCase().replaceAll(', ', ',').replace('e+21', 'E21')))).toBe(text)
})

test('points of a multipoint may stand without parentheses', () => {
  expect(wktOf(wkbOf('MULTIPOINT (1 2, 3 4)'))).toBe('MULTIPOINT ((1 2), (3 4))')
})

test('the bytes of a point are those of the standard', () => {
  expect(Buffer.from(wkbOf('POINT (1 2)')).toString('hex')).toBe(
    '0101000000000000000000f03f0000000000000040',
  )
})
