import { type ColumnInput, createFieldData } from '../lib/data/index.js'
import type { FieldInit } from '../lib/schema/index.js'
import { fieldX } from './support/collection.js'

/** What a column of the field holds after `input`. */
function column(init: Omit<FieldInit, 'name'>, input: ColumnInput): unknown[] {
  const data = createFieldData(fieldX(init))
  data.appendColumn(input)
  return Array.from({ length: data.length }, (_, row) => data.get(row))
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const f32 = (...values: number[]): Float32Array => Float32Array.from(values)

describe('columns', () => {
  test.each([
    ['Int8', new Int8Array([1, -128])],
    ['Int16', new Int16Array([1, -32768])],
    ['Int32', new Int32Array([1, -(2 ** 31)])],
    ['Int64', new BigInt64Array([1n, -(2n ** 63n)])],
    ['Timestamptz', new BigInt64Array([1n, 2n])],
    ['Float', f32(1.5, Number.NaN)],
    ['Double', new Float64Array([0.1, Infinity])],
  ] as const)('%s takes its typed array over without a copy', (dataType, values) => {
    const data = createFieldData(fieldX({ dataType }))
    data.appendColumn(values)
    expect(data.toArrow().values.buffer).toBe(values.buffer)
    expect([data.get(0), data.get(1), data.get(2)]).toEqual([values[0], values[1], undefined])
  })

  test.each<[string, Omit<FieldInit, 'name'>, ColumnInput, unknown[]]>([
    ['small integers widen', { dataType: 'Int64' }, new Int8Array([-1, 7]), [-1n, 7n]],
    [
      'safe integers widen',
      { dataType: 'Int64' },
      new Float64Array([2 ** 53 - 1]),
      [9007199254740991n],
    ],
    ['unsigned in range', { dataType: 'Int64' }, new BigUint64Array([5n]), [5n]],
    ['bigint narrows in range', { dataType: 'Int8' }, [5n, -5n], [5, -5]],
    ['booleans as bytes', { dataType: 'Bool' }, new Uint8Array([1, 0, 1]), [true, false, true]],
    [
      'null rows of a bitmap',
      { dataType: 'Int32', nullable: true },
      { values: new Int32Array([1, 2, 3]), validity: new Uint8Array([0b101]) },
      [1, null, 3],
    ],
    [
      'null booleans',
      { dataType: 'Bool', nullable: true },
      { values: new Uint8Array([1, 9]), validity: new Uint8Array([0b01]) },
      [true, null],
    ],
    [
      'nulls that would not convert',
      { dataType: 'Int32', nullable: true },
      { values: new Float64Array([1, Number.NaN]), validity: new Uint8Array([1]) },
      [1, null],
    ],
    [
      'text as strings',
      { dataType: 'VarChar', nullable: true },
      ['', 'é', null, '😀'],
      ['', 'é', null, '😀'],
    ],
    [
      'text as offsets and bytes',
      { dataType: 'VarChar' },
      { offsets: new Int32Array([1, 3, 3, 5]), bytes: utf8('-abcd-') },
      ['ab', '', 'cd'],
    ],
    [
      'text as offsets, bytes and validity',
      { dataType: 'VarChar', nullable: true },
      { offsets: new Int32Array([0, 1, 2]), bytes: utf8('ab'), validity: new Uint8Array([2]) },
      [null, 'b'],
    ],
    [
      'JSON bytes as they are',
      { dataType: 'JSON' },
      { offsets: new Int32Array([0, 7]), bytes: utf8('{"a":1}') },
      [{ a: 1 }],
    ],
    ['flat vectors', { dataType: 'FloatVector', dim: 2 }, f32(1, 2, 3, 4), [f32(1, 2), f32(3, 4)]],
    [
      'flat vectors with nulls',
      { dataType: 'FloatVector', dim: 2, nullable: true },
      { values: f32(1, 2, 0, 0, 3, 4), validity: new Uint8Array([0b101]) },
      [f32(1, 2), null, f32(3, 4)],
    ],
    [
      'vectors one by one',
      { dataType: 'FloatVector', dim: 2 },
      [[1, 2], f32(3, 4), new Float64Array([5, 6]), new Uint8Array(f32(7, 8).buffer)],
      [f32(1, 2), f32(3, 4), f32(5, 6), f32(7, 8)],
    ],
    [
      'numbers become float16',
      { dataType: 'Float16Vector', dim: 4 },
      [[1, -2, 65504, 2 ** -24]],
      [new Uint16Array([0x3c00, 0xc000, 0x7bff, 1])],
    ],
    [
      'numbers become bfloat16',
      { dataType: 'BFloat16Vector', dim: 3 },
      f32(1, -Infinity, 3.140625),
      [new Uint16Array([0x3f80, 0xff80, 0x4049])],
    ],
    [
      'bits of 16-bit floats',
      { dataType: 'Float16Vector', dim: 1 },
      new Uint16Array([0x3c00, 0x7e01]),
      [new Uint16Array([0x3c00]), new Uint16Array([0x7e01])],
    ],
    [
      'int8 vectors',
      { dataType: 'Int8Vector', dim: 2 },
      [[-128, 127]],
      [new Int8Array([-128, 127])],
    ],
    [
      'binary vectors round up to bytes',
      { dataType: 'BinaryVector', dim: 16 },
      new Uint8Array([1, 2, 3, 4]),
      [new Uint8Array([1, 2]), new Uint8Array([3, 4])],
    ],
    [
      'sparse in any form',
      { dataType: 'SparseFloatVector', nullable: true },
      [
        { 7: 1, 2: 0.5 },
        new Map([[9, 1]]),
        [
          [3, 1],
          [1, 2],
        ],
        {},
        null,
        new Uint8Array([5, 0, 0, 0, 0, 0, 128, 63]),
      ],
      [
        new Map([
          [2, 0.5],
          [7, 1],
        ]),
        new Map([[9, 1]]),
        new Map([
          [1, 2],
          [3, 1],
        ]),
        new Map(),
        null,
        new Map([[5, 1]]),
      ],
    ],
    [
      'arrays',
      { dataType: 'Array', elementType: 'Int64', maxCapacity: 4 },
      [[1n, 2], new BigInt64Array([3n]), new Uint8Array([0x1a, 4, 0x0a, 2, 1, 2])],
      [[1n, 2n], [3n], [1n, 2n]],
    ],
    [
      'arrays with null elements',
      { dataType: 'Array', elementType: 'Int64', maxCapacity: 4, elementNullable: true },
      [[1, null, 3]],
      [[1n, null, 3n]],
    ],
    [
      'arrays of vectors',
      {
        dataType: 'ArrayOfVector',
        elementType: 'FloatVector',
        dim: 2,
        nullable: true,
        maxCapacity: 4,
      },
      [[[1, 2], f32(3, 4)], [], null],
      [[f32(1, 2), f32(3, 4)], [], null],
    ],
    [
      'arrays of nullable vectors',
      {
        dataType: 'ArrayOfVector',
        elementType: 'FloatVector',
        dim: 2,
        elementNullable: true,
        maxCapacity: 4,
      },
      [[[1, 2], null]],
      [[f32(1, 2), null]],
    ],
  ])('%s', (_, init, input, values) => {
    expect(column(init, input)).toEqual(values)
  })

  test('grow from what they took over without writing to it', () => {
    const given = new BigInt64Array([1n, 2n])
    const data = createFieldData(fieldX({ dataType: 'Int64' }))
    data.appendColumn(given)
    const before = data.toArrow()
    data.append(3)
    expect([...(data.toArrow().values as BigInt64Array)]).toEqual([1n, 2n, 3n])
    expect([...(before.values as BigInt64Array)]).toEqual([1n, 2n])
    expect(given).toEqual(new BigInt64Array([1n, 2n]))
  })

  test('nulls reach Arrow as a bitmap, and no nulls as none', () => {
    const data = createFieldData(fieldX({ dataType: 'Int32', nullable: true }))
    data.appendColumn(Array.from({ length: 9 }, (_, i) => i))
    expect(data.toArrow().nullBitmap?.length ?? 0).toBe(0)
    data.appendNull()
    data.append(10)
    const arrow = data.toArrow()
    expect([data.nullCount, arrow.nullCount, arrow.length]).toEqual([1, 1, 11])
    expect([...arrow.nullBitmap!.subarray(0, 2)].map((byte) => byte & 0xff)).toEqual([0xff, 0b101])
  })
})
