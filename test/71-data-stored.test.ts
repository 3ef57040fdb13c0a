import { createFieldData } from '../lib/data/index.js'
import type { FieldInit } from '../lib/schema/index.js'
import { fieldX } from './support/collection.js'
import { rejection } from './support/rejection.js'

describe('values as they are stored', () => {
  const stored = (init: Omit<FieldInit, 'name'>, value: unknown): string => {
    const data = createFieldData(fieldX(init))
    data.append(value)
    return Buffer.from(data.toArrow().values as Uint8Array).toString('hex')
  }

  test('a sparse vector is pairs of index and value', () => {
    expect(stored({ dataType: 'SparseFloatVector' }, { 5: 1 })).toBe('050000000000803f')
  })

  test('an Array is a ScalarField', () => {
    const init = { dataType: 'Array', elementType: 'Int64', maxCapacity: 4 } as const
    expect(stored(init, [1, 2])).toBe('1a040a020102')
  })

  test.each([
    ['{"a": 1e2}', '{"a": 1e2}'],
    [{ a: [1, 9007199254740993n], b: undefined }, '{"a":[1,9007199254740993]}'],
    [7, '7'],
    [true, 'true'],
    [
      { at: new Date(0), big: 2n ** 64n },
      '{"at":"1970-01-01T00:00:00.000Z","big":18446744073709551616}',
    ],
  ])('JSON %p', (value, text) => {
    expect(stored({ dataType: 'JSON' }, value)).toBe(Buffer.from(text).toString('hex'))
  })

  test('JSON in a circle is refused', async () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    const error = await rejection(() => stored({ dataType: 'JSON' }, circle))
    expect(error).toMatchObject({ code: 'InvalidData', field: 'x' })
    expect(error.message).toContain('circular')
  })

  // The bytes are never touched: neither taking them over nor refusing more reads or copies.
  test('offsets of 31 bits are the end of one InsertData', async () => {
    const data = createFieldData(fieldX({ dataType: 'JSON' }))
    const bytes = new Uint8Array(2 ** 31 - 1)
    data.appendColumn({ offsets: new Int32Array([0, bytes.length]), bytes })
    for (const value of ['1', new Uint8Array(1)]) {
      const error = await rejection(() => data.append(value))
      expect(error.code).toBe('InvalidData')
      expect(error.message).toBe(
        'Expected at most 2147483647 bytes in one InsertData for field "x" in row 1 but received ' +
          '2147483648',
      )
    }
    expect([data.length, data.valueBytes]).toEqual([1, bytes.length])
  })

  test('a nullable dense vector is binary, and nulls take no bytes', () => {
    const data = createFieldData(fieldX({ dataType: 'FloatVector', dim: 2, nullable: true }))
    data.appendColumn([[1, 2], null, [3, 4]])
    const arrow = data.toArrow()
    expect(String(arrow.type)).toBe('Binary')
    expect([...arrow.valueOffsets]).toEqual([0, 8, 8, 16])
    expect(arrow.nullCount).toBe(1)
  })
})

describe('Milvus sizes', () => {
  test.each<[string, Omit<FieldInit, 'name'>, unknown[], number]>([
    ['int64', { dataType: 'Int64' }, [1, 2, 3, 4, 5], 5 * 8 + 1],
    ['nullable int64', { dataType: 'Int64', nullable: true }, [1, null, 3, 4, 5], 5 * 8 + 5 + 1],
    ['int8', { dataType: 'Int8' }, [1, 2], 3],
    ['bool', { dataType: 'Bool' }, [true, false, true], 4],
    ['varchar', { dataType: 'VarChar' }, ['a', 'bb', 'é'], 1 + 2 + 2 + 3 * 16 + 1],
    ['nullable varchar', { dataType: 'VarChar', nullable: true }, ['a', null], 1 + 2 * 16 + 2 + 1],
    ['JSON', { dataType: 'JSON' }, ['{"a":1}'], 7 + 16 + 1],
    [
      'float vector',
      { dataType: 'FloatVector', dim: 4 },
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
      32 + 4,
    ],
    [
      'nullable float vector',
      { dataType: 'FloatVector', dim: 4, nullable: true },
      [[1, 2, 3, 4], null],
      16 + 4,
    ],
    [
      'array of int16',
      { dataType: 'Array', elementType: 'Int16', maxCapacity: 9 },
      [[1, 2, 3]],
      6 + 1,
    ],
    [
      'array of text',
      { dataType: 'Array', elementType: 'VarChar', maxCapacity: 9, maxLength: 9 },
      [['a', 'é']],
      1 + 2 + 32 + 1,
    ],
    // contents: tag, length 8, 8 bytes; dim: tag, varint 300 of two bytes
    ['sparse', { dataType: 'SparseFloatVector' }, [{ 299: 1 }], 2 + 8 + 1 + 2],
    [
      'array of vector',
      { dataType: 'ArrayOfVector', elementType: 'FloatVector', dim: 2, maxCapacity: 9 },
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
      16,
    ],
  ])('%s', (_, init, values, bytes) => {
    const data = createFieldData(fieldX(init))
    data.appendColumn(values)
    expect(data.memorySize()).toBe(bytes)
  })

  // Column groups split off columns of 1024 bytes per row and more, by integer division.
  test.each([
    [1007, 1024],
    [1006, 1023],
  ])('a text of %i bytes is %i in a row', (length, average) => {
    const data = createFieldData(fieldX({ dataType: 'VarChar' }))
    data.appendColumn(['x'.repeat(length), 'x'.repeat(length), 'x'.repeat(length + 2)])
    expect(Math.floor(data.memorySize() / 3)).toBe(average)
  })
})
