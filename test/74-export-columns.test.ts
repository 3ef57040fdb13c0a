import {
  Binary,
  type Data,
  FixedSizeBinary,
  Int32,
  Int64,
  makeData,
  Vector,
  vectorFromArray,
} from 'apache-arrow'
import {
  type CollectionSchema,
  createCollectionSchema,
  DataType,
  encodeScalarField,
  type FieldSchema,
} from '../lib/schema/index.js'
import { bulkColumn } from '../lib/segment/export-columns.js'
import { wktOf } from '../lib/segment/export-geometry.js'
import { rejection } from './support/rejection.js'

function collection(...fields: object[]): CollectionSchema {
  type Init = Parameters<typeof createCollectionSchema>[0]
  const key = { fieldId: 100, name: 'id', dataType: 'Int64', isPrimaryKey: true }
  return createCollectionSchema({ name: 'things', fields: [key, ...fields] } as Init)
}

/** The field beside the key, and a column of it in the form of the bulk writer. */
function bulk(init: object, data: Data): unknown[] {
  const field = collection({ fieldId: 101, name: 'v', ...init }).fields[1] as FieldSchema
  return Array.from(new Vector([bulkColumn(field, data)]), plain)
}

function plain(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  return Array.from(value as Iterable<unknown>, plain)
}

function bytesColumn(...values: (Uint8Array | null)[]): Data {
  return vectorFromArray(values, new Binary()).data[0]!
}

function wkb(...parts: (number | { f: number })[]): Uint8Array {
  const pieces = parts.map((part) => {
    const bytes = Buffer.alloc(typeof part === 'number' ? 4 : 8)
    if (typeof part === 'number') bytes.writeUInt32LE(part)
    else bytes.writeDoubleLE(part.f)
    return bytes
  })
  return Buffer.concat([Buffer.from([1]), ...pieces])
}

describe('columns in the form of the bulk writer', () => {
  test('dense vectors are lists over the same memory', () => {
    const floats = Float32Array.of(1, 2, 3, 4, 5, 6)
    const data = makeData({
      type: new FixedSizeBinary(8),
      length: 3,
      nullCount: 0,
      data: new Uint8Array(floats.buffer),
    })
    const field = collection({ fieldId: 101, name: 'v', dataType: 'FloatVector', dim: 2 })
      .fields[1]!
    const column = bulkColumn(field, data)
    expect((column.children[0]!.values as Float32Array).buffer).toBe(floats.buffer)
    expect(bulk({ dataType: 'FloatVector', dim: 2 }, data)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ])
    expect(bulk({ dataType: 'FloatVector', dim: 2 }, data.slice(1, 2))).toEqual([
      [3, 4],
      [5, 6],
    ])
    expect(bulk({ dataType: 'Int8Vector', dim: 8 }, data.slice(0, 1))).toEqual([
      [...new Int8Array(floats.buffer, 0, 8)],
    ])
    expect(bulk({ dataType: 'Float16Vector', dim: 4 }, data.slice(0, 1))).toEqual([
      [...new Uint8Array(floats.buffer, 0, 8)],
    ])
  })

  test('nullable dense vectors keep their nulls, sliced or at odd addresses', () => {
    const two = (a: number, b: number) => new Uint8Array(Float32Array.of(a, b).buffer)
    const data = bytesColumn(two(1, 2), null, two(3, 4), null)
    const init = { dataType: 'FloatVector', dim: 2, nullable: true }
    expect(bulk(init, data)).toEqual([[1, 2], null, [3, 4], null])
    expect(bulk(init, data.slice(1, 2))).toEqual([null, [3, 4]])
    const shifted = new Uint8Array(17)
    shifted.set(two(7, 8), 1)
    const valueOffsets = Int32Array.of(1, 9)
    const odd = makeData({
      type: new Binary(),
      length: 1,
      nullCount: 0,
      data: shifted,
      valueOffsets,
    })
    expect(bulk(init, odd)).toEqual([[7, 8]])
  })

  test('JSON and sparse vectors are text', () => {
    const json = bytesColumn(Buffer.from('{"a":1}'), null)
    expect(bulk({ dataType: 'JSON', nullable: true }, json)).toEqual(['{"a":1}', null])
    const sparse = Buffer.alloc(16)
    sparse.writeUInt32LE(5, 0)
    sparse.writeFloatLE(1, 4)
    sparse.writeUInt32LE(4294967295, 8)
    sparse.writeFloatLE(0.5, 12)
    const column = bytesColumn(sparse, new Uint8Array(0))
    expect(bulk({ dataType: 'SparseFloatVector' }, column)).toEqual([
      '{"5":1,"4294967295":0.5}',
      '{}',
    ])
  })

  test('arrays are lists of their elements', () => {
    const element = {
      dataType: 'Array',
      nullable: true,
      typeParams: { max_capacity: 9, max_length: 9 },
    }
    const longs = bytesColumn(
      encodeScalarField(DataType.Int64, [1n, 2n ** 60n]),
      null,
      encodeScalarField(DataType.Int64, []),
    )
    expect(bulk({ ...element, elementType: 'Int64' }, longs)).toEqual([[1n, 2n ** 60n], null, []])
    const words = bytesColumn(encodeScalarField(DataType.VarChar, ['a', 'ü']))
    expect(bulk({ ...element, elementType: 'VarChar' }, words)).toEqual([['a', 'ü']])
  })

  test('times with a zone are ISO 8601 to the microsecond', () => {
    const column = vectorFromArray([0n, 1735682400000001n, -1n, null], new Int64()).data[0]!
    expect(bulk({ dataType: 'Timestamptz', nullable: true }, column)).toEqual([
      '1970-01-01T00:00:00.000000Z',
      '2024-12-31T22:00:00.000001Z',
      '1969-12-31T23:59:59.999999Z',
      null,
    ])
  })

  test.each<[string, Uint8Array]>([
    ['POINT (1 -2.5)', wkb(1, { f: 1 }, { f: -2.5 })],
    ['POINT EMPTY', wkb(1, { f: Number.NaN }, { f: Number.NaN })],
    ['POINT Z (1 2 3)', wkb(1001, { f: 1 }, { f: 2 }, { f: 3 })],
    ['POINT ZM (1 2 3 4)', wkb(0xc0000001, { f: 1 }, { f: 2 }, { f: 3 }, { f: 4 })],
    ['POINT (1 2)', wkb(0x20000001, 4326, { f: 1 }, { f: 2 })],
    ['LINESTRING (0 0, 1 1)', wkb(2, 2, { f: 0 }, { f: 0 }, { f: 1 }, { f: 1 })],
    [
      'POLYGON ((0 0, 1 0, 0 0))',
      wkb(3, 1, 3, { f: 0 }, { f: 0 }, { f: 1 }, { f: 0 }, { f: 0 }, { f: 0 }),
    ],
    [
      'MULTIPOINT ((1 2), (3 4))',
      Buffer.concat([wkb(4, 2), wkb(1, { f: 1 }, { f: 2 }), wkb(1, { f: 3 }, { f: 4 })]),
    ],
    ['GEOMETRYCOLLECTION (POINT (1 2))', Buffer.concat([wkb(7, 1), wkb(1, { f: 1 }, { f: 2 })])],
    ['GEOMETRYCOLLECTION EMPTY', wkb(7, 0)],
  ])('geometry: %s', (text, bytes) => {
    expect(wktOf(bytes)).toBe(text)
  })

  test('bytes that are no geometry name field and row', async () => {
    const column = bytesColumn(wkb(1, { f: 1 }, { f: 2 }), wkb(1, { f: 1 }))
    const error = await rejection(() => bulk({ dataType: 'Geometry' }, column))
    expect(error).toMatchObject({ code: 'InvalidData', field: 'v' })
    expect(error.message).toMatch(/in row 1/)
    const after = Buffer.concat([wkb(7, 0), Buffer.from([0])])
    const more = await rejection(() => bulk({ dataType: 'Geometry' }, bytesColumn(after)))
    expect(more.message).toMatch(/bytes after the geometry/)
  })

  test('half a pair of a sparse vector names field and row', async () => {
    const column = bytesColumn(new Uint8Array(12))
    const error = await rejection(() => bulk({ dataType: 'SparseFloatVector' }, column))
    expect(error).toMatchObject({ code: 'InvalidData', field: 'v' })
  })

  test('a type that the bulk form does not have is refused by its name', async () => {
    const field = { ...collection().fields[0]!, dataType: DataType.UUID, name: 'u' }
    const column = vectorFromArray([1], new Int32()).data[0]!
    const error = await rejection(() => bulkColumn(field, column))
    expect(error).toMatchObject({ code: 'UnsupportedType', field: 'u' })
    expect(error.message).toMatch(/UUID/)
  })
})
