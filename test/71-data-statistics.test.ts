import fc from 'fast-check'
import { Bm25Stats, createFieldData, DeleteData } from '../lib/data/index.js'
import { createCollectionSchema } from '../lib/schema/index.js'
import { rejection } from './support/rejection.js'

const sparse = createCollectionSchema({
  name: 'docs',
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true },
    { name: 'bm25', dataType: 'SparseFloatVector', nullable: true },
  ],
}).fields[1]!

function statsOf(rows: readonly unknown[]): Bm25Stats {
  const column = createFieldData(sparse)
  column.appendColumn(rows)
  const stats = new Bm25Stats()
  stats.append(sparse, column)
  return stats
}

describe('DeleteData', () => {
  test('keeps pairs in order with their size by the formula', () => {
    const data = new DeleteData()
    data.append(1, 100n)
    data.append(-(2n ** 63n), 2 ** 53 - 1)
    data.appendColumns(BigInt64Array.of(1n), [2n ** 63n - 1n])
    expect(data.rowCount).toBe(3)
    expect(data.keys).toEqual(BigInt64Array.of(1n, -(2n ** 63n), 1n))
    expect(data.timestamps).toEqual(BigInt64Array.of(100n, 9007199254740991n, 2n ** 63n - 1n))
    expect(data.size()).toBe(3 * 24)
  })

  test('text keys count their UTF-8 bytes', () => {
    const data = new DeleteData()
    data.appendColumns(['a<b', 'é', ''], [1, 2, 3])
    expect([data.keyKind, data.keys, data.size()]).toEqual([
      'varchar',
      ['a<b', 'é', ''],
      3 + 2 + 3 * 16,
    ])
  })

  test('merges, itself included', () => {
    const data = new DeleteData()
    data.appendColumns([1, 2], [10, 20])
    data.merge(data)
    expect(data.keys).toEqual(BigInt64Array.of(1n, 2n, 1n, 2n))
    const texts = new DeleteData()
    texts.append('a', 1)
    texts.merge(texts)
    expect([texts.keys, texts.rowCount, texts.size()]).toEqual([['a', 'a'], 2, 34])
  })

  test.each<[string, unknown, unknown, string, string]>([
    [
      'a key of the other kind',
      'x',
      1,
      'TypeMismatch',
      'Expected an integer of 64 bits (as the keys before) for the key in row 1',
    ],
    ['an unsafe key', 2 ** 53, 1, 'InvalidData', 'for the key in row 1'],
    [
      'a timestamp beyond 2^53',
      1,
      2 ** 53,
      'InvalidData',
      'for the timestamp in row 1 but received 9007199254740992 (number)',
    ],
    [
      'a negative timestamp',
      1,
      -1n,
      'InvalidData',
      'Expected a timestamp >= 0 for the timestamp in row 1',
    ],
    [
      'no timestamp',
      1,
      undefined,
      'TypeMismatch',
      'for the timestamp in row 1 but received undefined',
    ],
    ['no key', null, 1, 'TypeMismatch', 'for the key in row 1 but received null'],
  ])('%s is refused and changes nothing', async (_, key, timestamp, code, message) => {
    const data = new DeleteData()
    data.append(5, 50)
    const one = await rejection(() => data.append(key as bigint, timestamp as bigint))
    expect(one).toMatchObject({ code })
    expect(one.message).toContain(message)
    await rejection(() => data.appendColumns([6n, key as bigint], [60n, timestamp as bigint]))
    expect([data.keys, data.timestamps, data.size()]).toEqual([
      BigInt64Array.of(5n),
      BigInt64Array.of(50n),
      24,
    ])
  })

  test('unequal lengths are refused, and a failed first append leaves the kind open', async () => {
    const data = new DeleteData()
    expect((await rejection(() => data.appendColumns([1], []))).message).toContain(
      'Expected 1 timestamps',
    )
    await rejection(() => data.appendColumns([1, 2], [1, -1]))
    data.append('x', 1)
    expect(data.keys).toEqual(['x'])
  })
})

describe('Bm25Stats', () => {
  test('counts documents, tokens and documents per token; nulls are none', () => {
    const stats = statsOf([{ 7: 2, 9: 1.9 }, null, {}, { 7: 1 }])
    expect([stats.numRow, stats.numToken]).toEqual([3, 4])
    expect(stats.rowsWithToken).toEqual(
      new Map([
        [7, 2],
        [9, 1],
      ]),
    )
  })

  test('2 rows and 5 tokens of which 7 is in one row have the bytes of the golden file', () => {
    const stats = statsOf([{ 7: 5 }, {}])
    expect(Buffer.from(stats.serialize()).toString('hex')).toBe(
      ['00000000', '0200000000000000', '0500000000000000', '07000000', '01000000'].join(''),
    )
  })

  test('merge is the statistics of all rows, in any order, and bytes come back equal', () => {
    const row = fc.dictionary(
      fc.integer({ min: 0, max: 2 ** 32 - 2 }).map(String),
      fc.integer({ min: 1, max: 9 }),
      { maxKeys: 5 },
    )
    fc.assert(
      fc.property(fc.array(row), fc.array(row), (left, right) => {
        const merged = statsOf(right)
        merged.merge(statsOf(left))
        const bytes = statsOf([...left, ...right]).serialize()
        expect(merged.serialize()).toEqual(bytes)
        expect(Bm25Stats.deserialize(bytes).serialize()).toEqual(bytes)
      }),
    )
  })

  test.each<[string, (bytes: Uint8Array) => Uint8Array, string, string]>([
    ['a cut head', (bytes) => bytes.subarray(0, 19), 'FileCorrupted', 'received 19 bytes'],
    ['a cut pair', (bytes) => bytes.subarray(0, 27), 'FileCorrupted', 'received 27 bytes'],
    ['another version', (bytes) => bytes.fill(1, 0, 1), 'NotSupported', 'Expected version 0'],
    ['negative rows', (bytes) => bytes.fill(255, 4, 12), 'FileCorrupted', 'a number of rows'],
    [
      'a token twice',
      (bytes) => Buffer.concat([bytes, bytes.subarray(20)]),
      'FileCorrupted',
      '7 twice',
    ],
  ])('%s is an error', async (_, change, code, message) => {
    const bytes = change(Uint8Array.from(statsOf([{ 7: 5 }]).serialize()))
    const error = await rejection(() => Bm25Stats.deserialize(bytes))
    expect(error.code).toBe(code)
    expect(error.message).toContain(message)
  })
})
