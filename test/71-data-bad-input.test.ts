import { Int64, makeData } from 'apache-arrow'
import { buildRecord, type ColumnInput, InsertData, rowsOf } from '../lib/data/index.js'
import { createCollectionSchema, withSystemFields } from '../lib/schema/index.js'
import { DOCUMENTS, ID } from './support/collection.js'
import { rejection } from './support/rejection.js'

const v = Float32Array.of(1, 2)

function rowsIn(data: InsertData): Record<string, unknown>[] {
  return [...rowsOf(buildRecord(data.schema, [data]), data.schema)]
}

describe('bad input', () => {
  const system = withSystemFields(DOCUMENTS)
  const full = { RowID: 1, Timestamp: 1, id: 1, v }

  test.each<[string, Record<string, unknown>, string, string]>([
    [
      'a missing primary key',
      { id: undefined },
      'InvalidData',
      'Expected a value for field "id" in row 2 but received none',
    ],
    [
      'a missing RowID',
      { RowID: undefined },
      'InvalidData',
      'Expected a value for field "RowID" in row 2 but received none',
    ],
    [
      'null in a key',
      { id: null },
      'InvalidData',
      'Expected a value (the field is not nullable) for field "id" in row 2 but received null',
    ],
    [
      'a timestamp beyond 2^53',
      { Timestamp: 2 ** 53 },
      'InvalidData',
      'Expected an integer of 64 bits (bigint or safe integer) for field "Timestamp" in row 2 but received 9007199254740992 (number)',
    ],
    [
      'a timestamp beyond 2^63',
      { Timestamp: 2n ** 63n },
      'InvalidData',
      'Expected an integer of 64 bits (bigint or safe integer) for field "Timestamp" in row 2 but received 9223372036854775808 (bigint)',
    ],
    [
      'text for an integer',
      { id: '1' },
      'TypeMismatch',
      'field "id" in row 2 but received "1" (string)',
    ],
    [
      'a number for text',
      { title: 1 },
      'TypeMismatch',
      'Expected a string for field "title" in row 2 but received 1 (number)',
    ],
    [
      'half a surrogate pair',
      { title: 'a\ud800' },
      'InvalidData',
      'Expected well-formed text for field "title" in row 2',
    ],
    [
      'a number beyond float32',
      { price: 1e39 },
      'InvalidData',
      'Expected a number within float32 for field "price" in row 2',
    ],
    [
      'a wrong dimension',
      { v: [1, 2, 3] },
      'InvalidData',
      'Expected a vector of 2 float32 for field "v" in row 2 but received 3 of them (12 bytes)',
    ],
    [
      'text in a vector',
      { v: [1, '2'] },
      'InvalidData',
      'so a float32 as element 1, for field "v" in row 2 but received "2" (string)',
    ],
    [
      'no vector',
      { v: 'x' },
      'TypeMismatch',
      'Expected a vector of 2 float32 for field "v" in row 2 but received "x" (string)',
    ],
    [
      'bytes of a wrong width',
      { v: new Uint8Array(7) },
      'InvalidData',
      'field "v" in row 2 but received 1.75 of them (7 bytes)',
    ],
    ['a wrong element', { tags: [1] }, 'TypeMismatch', '(field "tags", row 2)'],
    ['no array', { tags: 'a' }, 'TypeMismatch', 'Expected an array for field "tags" in row 2'],
    ['broken JSON', { $meta: '{' }, 'InvalidData', 'Expected JSON text for field "$meta" in row 2'],
  ])('%s', async (_, change, code, message) => {
    const data = InsertData.fromRows(system, [full, full])
    const size = data.memorySize()
    const error = await rejection(() => data.appendRow({ ...full, ...change }))
    expect(error.code).toBe(code)
    expect(error.message).toContain(message)
    expect(error.field).toBe(Object.keys(change)[0])
    expect([data.rowCount, data.memorySize()]).toEqual([2, size])
    expect(data.fields().map(({ length }) => length)).toEqual(new Array(8).fill(2))
  })

  test('a failing row takes the rows before it back, and the next append works', async () => {
    const data = InsertData.fromRows(DOCUMENTS, [{ id: 0, title: null, v, tags: null }])
    const rows = [
      { id: 1, title: 'x', tags: ['y'], v },
      { id: 2, v: [1] },
    ]
    const error = await rejection(() => data.appendRows(rows))
    expect(error.message).toContain('field "v" in row 2')
    data.appendRow({ id: 3, title: 'z', v, tags: [] })
    expect(rowsIn(data).map(({ id, title, tags }) => [id, title, tags])).toEqual([
      [0n, null, null],
      [3n, 'z', []],
    ])
  })

  const strict = createCollectionSchema({
    name: 'docs',
    fields: [
      ID,
      { name: 'flag', dataType: 'Bool', nullable: true },
      { name: 'n', dataType: 'Int8', nullable: true },
      { name: 'title', dataType: 'VarChar', maxLength: 9, nullable: true },
      { name: 'v', dataType: 'FloatVector', dim: 2, nullable: true },
      { name: 's', dataType: 'SparseFloatVector', nullable: true },
      {
        name: 'many',
        dataType: 'ArrayOfVector',
        elementType: 'Int8Vector',
        dim: 2,
        maxCapacity: 9,
        nullable: true,
      },
    ],
  })

  test.each<[string, Record<string, ColumnInput>, string, string]>([
    [
      'unequal lengths',
      { id: [1, 2], title: ['a'] },
      'InvalidData',
      'Expected 2 rows (as field "id" has) for field "title" but received 1',
    ],
    [
      'an unknown column',
      { id: [1], titel: ['a'] },
      'InvalidData',
      'received "titel". Did you mean "title"?',
    ],
    [
      'a missing column',
      { title: ['a'] },
      'InvalidData',
      'Expected a value for field "id" in row 0 but received none',
    ],
    ['no column', { id: 7 as never }, 'TypeMismatch', 'Expected an array, a typed array'],
    [
      'a value out of range',
      { id: [1, 2], n: new Int16Array([1, 128]) },
      'InvalidData',
      'Expected an integer of 8 bits for field "n" in row 1 but received 128 (number)',
    ],
    [
      'bytes that are no boolean',
      { id: [1, 2], flag: new Uint8Array([1, 2]) },
      'InvalidData',
      'Expected 0 or 1 for field "flag" in row 1',
    ],
    [
      'flat numbers for text',
      { id: [1], title: new Int8Array(1) },
      'TypeMismatch',
      'field "title" but received Int8Array',
    ],
    [
      'text for numbers',
      { id: { offsets: new Int32Array([0, 1]), bytes: new Uint8Array(1) } },
      'TypeMismatch',
      'field "id"',
    ],
    [
      'offsets that run backwards',
      { id: [1], title: { offsets: new Int32Array([1, 0]), bytes: new Uint8Array(2) } },
      'InvalidData',
      'Expected ascending offsets of at most 2 for field "title" but received 0 as offset 1',
    ],
    [
      'offsets beyond the bytes',
      { id: [1], title: { offsets: new Int32Array([0, 3]), bytes: new Uint8Array(2) } },
      'InvalidData',
      'received 3 as offset 1',
    ],
    [
      'bytes that are no text',
      {
        id: [1, 2],
        title: { offsets: new Int32Array([0, 1, 2]), bytes: new Uint8Array([65, 0xff]) },
      },
      'InvalidData',
      'Expected UTF-8 for field "title" in row 1',
    ],
    [
      'a character cut by an offset',
      {
        id: [1, 2],
        title: { offsets: new Int32Array([0, 1, 2]), bytes: new Uint8Array([0xc3, 0xa9]) },
      },
      'InvalidData',
      'Expected UTF-8 for field "title" in row 0',
    ],
    [
      'half a vector',
      { id: [1], v: new Float32Array(3) },
      'InvalidData',
      'Expected a multiple of 8 bytes',
    ],
    [
      'numbers of another type',
      { id: [1], v: new Int8Array(8) },
      'TypeMismatch',
      'Expected a vector of 2 float32 for field "v" but received Int8Array',
    ],
    [
      'a short validity',
      { id: [1], n: { values: new Int8Array(9), validity: new Uint8Array(1) } },
      'InvalidData',
      'Expected 2 bytes of validity',
    ],
    [
      'nulls in a key',
      { id: { values: new BigInt64Array(2), validity: new Uint8Array([1]) } },
      'InvalidData',
      'Expected a value (the field is not nullable) for field "id" in row 1',
    ],
    [
      'Arrow of another type',
      { id: [1], title: makeData({ type: new Int64(), data: new BigInt64Array(1) }) },
      'TypeMismatch',
      'Expected Utf8 for field "title" but received Int64',
    ],
    [
      'a sparse index twice',
      {
        id: [1],
        s: [
          [
            [1, 1],
            [1, 2],
          ],
        ],
      },
      'InvalidData',
      'Expected every index once for field "s" in row 0',
    ],
    [
      'a sparse NaN',
      { id: [1], s: [{ 1: Number.NaN }] },
      'InvalidData',
      'Expected a finite float32 at index 1',
    ],
    [
      'a sparse key that is no index',
      { id: [1], s: [{ a: 1 }] },
      'InvalidData',
      'Expected an index of 0 to 4294967294',
    ],
    [
      'unsorted sparse bytes',
      { id: [1], s: { offsets: new Int32Array([0, 16]), bytes: new Uint8Array(16) } },
      'InvalidData',
      'for field "s" in row 0 but received index 0 after 0',
    ],
    [
      'a bad vector of an array',
      {
        id: [1],
        many: [
          [
            [1, 2],
            [1, 300],
          ],
        ],
      },
      'InvalidData',
      'Expected a vector of 2 int8 as element 1 for field "many" in row 0',
    ],
  ])('%s', async (_, columns, code, message) => {
    const data = new InsertData(strict)
    const error = await rejection(() => data.appendColumns(columns))
    expect(error.code).toBe(code)
    expect(error.message).toContain(message)
    expect(data.fields().map(({ length }) => length)).toEqual(new Array(7).fill(0))
    data.appendRow({ id: 1 })
    expect(data.rowCount).toBe(1)
  })

  test('a key that is no field is refused where there is no dynamic field', async () => {
    const error = await rejection(() => InsertData.fromRows(strict, [{ id: 1, Title: 'x' }]))
    expect(error.message).toBe(
      'Expected only fields of collection "docs" in row 0 but received "Title". Did you mean "title"?',
    )
  })

  test('a row that is no object, and a misspelled option', async () => {
    const error = await rejection(() => InsertData.fromRows(strict, [[1] as never]))
    expect(error.message).toBe('Expected an object for row 0 but received an array of length 1')
    const misspelled = await rejection(() => new InsertData(strict, { lenien: true } as never))
    expect(misspelled.message).toContain('Did you mean "lenient"?')
  })
})
