/** Statistics of primary keys: what a file holds to the byte, ranges, columns, wrong input. */
import { Float64, Int32, LargeUtf8, Utf8, vectorFromArray } from 'apache-arrow'
import fc from 'fast-check'
import {
  PrimaryKeyStats,
  parsePrimaryKeyStats,
  serializeMergedPrimaryKeyStats,
  serializePrimaryKeyStats,
} from '../lib/binlog/index.js'
import { DataType } from '../lib/schema/index.js'
import {
  BASIC,
  BLOCKED,
  found,
  INT64_MAX,
  INT64_MIN,
  int64,
  statsOf,
  textOf,
  textStatsOf,
} from './support/primary-keys.js'
import { rejection } from './support/rejection.js'

const parse = (text: string) => parsePrimaryKeyStats(Buffer.from(text))

describe('writing', () => {
  test('a blocked filter of three keys, byte for byte', async () => {
    const stats = await statsOf(int64(2n, 3n, 1n))
    expect(textOf(serializePrimaryKeyStats(stats))).toBe(
      `{"fieldID":100,"max":0,"min":0,"bfType":4,"bf":${BLOCKED},"pkType":5,"maxPk":3,"minPk":1}`,
    )
  })

  test('a basic filter of three keys, byte for byte', async () => {
    const keys = [int64(1n), int64(2n, 3n)]
    const options = { fieldId: 100n, pkType: DataType.Int64, keys, kind: 'basic' } as const
    expect(textOf(serializePrimaryKeyStats(await PrimaryKeyStats.build(options)))).toBe(
      `{"fieldID":100,"max":0,"min":0,"bfType":3,"bf":${BASIC},"pkType":5,"maxPk":3,"minPk":1}`,
    )
  })

  test.each([
    [1, 512, 355],
    [3, 512, 119],
    [100, 2048, 15],
    [1000, 17408, 13],
    [100000, 1700352, 12],
  ])('the filter of %i rows has %i bits and %i hash functions', async (rows, bits, k) => {
    const { filter } = await statsOf(new BigInt64Array(rows))
    expect(filter.parts()).toMatchObject({ kind: 'blocked', bits, k })
  })

  test('a lower rate of false positives makes a larger filter', async () => {
    const keys = [new BigInt64Array(1000)]
    const options = { fieldId: 1, pkType: DataType.Int64, keys, falsePositive: 1e-6 }
    const { filter } = await PrimaryKeyStats.build(options)
    expect(filter.parts()!.bits).toBe(48128)
  })

  test('a merged file is the array of its batches', async () => {
    const list = [await statsOf(int64(1n)), await statsOf(int64(2n, 3n))]
    const merged = textOf(serializeMergedPrimaryKeyStats(list))
    const single = list.map((stats) => textOf(serializePrimaryKeyStats(stats)))
    expect(merged).toBe(`[${single.join(',')}]`)
    expect(textOf(serializeMergedPrimaryKeyStats([]))).toBe('[]')
  })

  test('texts are escaped as Go escapes them', async () => {
    const stats = await textStatsOf(['<a href="x">&\u2028\u2029\n\\é😀'])
    const text = textOf(serializePrimaryKeyStats(stats))
    const key = '"\\u003ca href=\\"x\\"\\u003e\\u0026\\u2028\\u2029\\n\\\\é😀"'
    expect(text.slice(text.indexOf('"pkType"'))).toBe(`"pkType":21,"maxPk":${key},"minPk":${key}}`)
  })
})

describe('range', () => {
  test('integers beyond 2^53 keep every digit through a file', async () => {
    const stats = await statsOf(int64(9007199254740993n, INT64_MAX), int64(INT64_MIN))
    expect([stats.min, stats.max]).toEqual([INT64_MIN, INT64_MAX])
    const [read] = parsePrimaryKeyStats(serializePrimaryKeyStats(stats))
    expect([read!.min, read!.max]).toEqual([INT64_MIN, INT64_MAX])
    const [single] = parsePrimaryKeyStats(
      serializePrimaryKeyStats(await statsOf(int64(9007199254740993n))),
    )
    expect(single!.max).toBe(9007199254740993n)
  })

  test('texts are ordered by UTF-8 bytes, over all columns', async () => {
    // U+FF5E is above U+1F600 in UTF-16 units and below it in bytes.
    const stats = await textStatsOf(['b', '～'], ['😀', 'ab'])
    expect([stats.min, stats.max]).toEqual(['ab', '😀'])
    expect(await found(stats, ['😀', '～', 'b', 'aa'])).toEqual([1, 1, 1, 0])
  })

  test('a key outside is not there, whatever the filter says', async () => {
    const text = `{"fieldID":1,"bfType":2,"bf":{},"max":0,"min":0,"maxPk":20,"minPk":10}`
    const keys = int64(9n, 10n, 20n, 21n, INT64_MIN, INT64_MAX)
    expect(await found(parse(text)[0]!, keys)).toEqual([0, 1, 1, 0, 0, 0])
    const texts = '{"fieldID":1,"bfType":2,"bf":{},"pkType":21,"maxPk":"é","minPk":"b"}'
    expect(await found(parse(texts)[0]!, ['a', 'b', 'ba', 'é', 'éa', ''])).toEqual([
      0, 1, 1, 1, 0, 0,
    ])
  })
})

describe('columns', () => {
  test('no key is missed, few others are there', async () => {
    const keys = BigInt64Array.from({ length: 50_000 }, (_, i) => BigInt(2 * i))
    const stats = await statsOf(keys)
    expect((await stats.mayContain(keys)).every((mark) => mark === 1)).toBe(true)
    const odd = await stats.mayContain(keys.map((key) => key + 1n))
    const wrong = odd.reduce((sum, mark) => sum + mark, 0)
    expect(wrong).toBeGreaterThan(0)
    expect(wrong).toBeLessThan(100)
  })

  test('strings, Utf8 and LargeUtf8 data and slices of them are the same keys', async () => {
    const keys = Array.from({ length: 1000 }, (_, i) => `key ${i} é`)
    const reference = serializePrimaryKeyStats(await textStatsOf(keys))
    const { data } = vectorFromArray(keys, new Utf8())
    const slices = [data[0]!.slice(0, 300), data[0]!.slice(300, 700)]
    expect(serializePrimaryKeyStats(await textStatsOf(...slices))).toEqual(reference)
    const large = vectorFromArray(keys, new LargeUtf8()).data[0]!
    expect(serializePrimaryKeyStats(await textStatsOf(large))).toEqual(reference)
    expect(await found(await textStatsOf(keys), large.slice(5, 4))).toEqual([1, 1, 1, 1])
  })

  test('more text than fits one piece', async () => {
    const keys = Array.from({ length: 40 }, (_, i) => `${i}`.padStart(1 << 20, 'x'))
    const stats = await textStatsOf(keys)
    const marks = await stats.mayContain([...keys, 'y', ...keys])
    expect(marks.length).toBe(81)
    expect([...marks.entries()].filter(([, mark]) => mark === 0)).toEqual([[40, 0]])
  })

  test('halves of a surrogate pair in two keys are not one character', async () => {
    const stats = await textStatsOf(['a\ud83d', '\ude00b', 'é'])
    expect(await found(stats, ['a\ufffd', '\ufffdb', 'é', 'a\u{1f600}'])).toEqual([1, 1, 1, 0])
  })

  test('no rows in some columns', async () => {
    const stats = await statsOf(int64(), int64(7n), int64())
    expect([stats.min, stats.max]).toEqual([7n, 7n])
    expect(await found(stats, int64())).toEqual([])
    expect(await found(await textStatsOf(['', 'a'], []), [''])).toEqual([1])
  })

  test('many calls at once', async () => {
    const stats = await statsOf(int64(1n, 2n, 3n))
    const calls = Array.from({ length: 50 }, (_, i) => found(stats, int64(BigInt(i % 3) + 1n)))
    expect((await Promise.all(calls)).flat()).toEqual(Array(50).fill(1))
  })
})

describe('any keys', () => {
  const column = fc.oneof(
    fc.array(fc.bigInt({ min: INT64_MIN, max: INT64_MAX }), { minLength: 1 }),
    fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }),
  )

  test('are found in what a file holds, and its range is theirs', async () => {
    await fc.assert(
      fc.asyncProperty(column, fc.constantFrom('basic', 'blocked'), async (keys, kind) => {
        const numbers = typeof keys[0] === 'bigint'
        const pkType = numbers ? DataType.Int64 : DataType.VarChar
        const native = numbers ? int64(...(keys as bigint[])) : (keys as string[])
        const options = { fieldId: 100, pkType, keys: [native], kind } as const
        const bytes = serializePrimaryKeyStats(await PrimaryKeyStats.build(options))
        const [stats] = parsePrimaryKeyStats(bytes)
        expect(await found(stats!, native)).toEqual(keys.map(() => 1))
        const ordered = numbers
          ? (native as BigInt64Array).slice().sort()
          : [...(keys as string[])].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        expect([stats!.min, stats!.max]).toEqual([ordered[0], ordered.at(-1)])
        expect(serializePrimaryKeyStats(stats!)).toEqual(bytes)
      }),
    )
  })
})

describe('wrong input', () => {
  const int64Options = { fieldId: 100, pkType: DataType.Int64, keys: [int64(1n)] }
  const build = (options: object) =>
    rejection(() => PrimaryKeyStats.build({ ...int64Options, ...options } as never))

  test.each([
    [{ keys: [] }, 'InvalidArgument', 'at least one key'],
    [{ keys: [int64()] }, 'InvalidArgument', 'at least one key'],
    [{ keys: int64(1n) }, 'InvalidArgument', 'an array of columns'],
    [{ keys: [7, int64(1n)] }, 'InvalidArgument', 'keys[0]'],
    [{ keys: [['a']] }, 'TypeMismatch', 'Int64 for keys[0] but received VarChar'],
    [
      { keys: [int64(1n), vectorFromArray([1], new Float64()).data[0]] },
      'TypeMismatch',
      'Int64 for keys[1] but received Float64',
    ],
    [{ keys: [vectorFromArray([1], new Int32()).data[0]] }, 'TypeMismatch', 'Int32'],
    [{ keys: [['a', 7]], pkType: 21 }, 'InvalidData', 'row 1 of keys[0] but received number'],
    [
      { keys: [vectorFromArray(['a', null], new Utf8()).data[0]], pkType: 21 },
      'InvalidData',
      'row 1 of keys[0] but received null',
    ],
    [{ pkType: DataType.Int32 }, 'InvalidArgument', 'DataType.VarChar (21) for pkType'],
    [{ fieldId: 1.5 }, 'InvalidArgument', 'fieldId'],
    [{ kind: 'cuckoo' }, 'InvalidArgument', "'blocked' | 'basic' for kind"],
    [{ falsePositive: 0 }, 'InvalidArgument', 'between 0 and 1'],
    [{ falsePositive: 1 }, 'InvalidArgument', 'between 0 and 1'],
    [{ falsePositive: '0.1' }, 'InvalidArgument', 'falsePositive'],
    [{ falsepositive: 0.1 }, 'InvalidArgument', 'Did you mean "falsePositive"?'],
  ])('%# %j', async (options, code, message) => {
    const failure = await build(options)
    expect(failure.code).toBe(code)
    expect(failure.message).toContain(message)
  })

  test('an aborted signal', async () => {
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await expect(PrimaryKeyStats.build({ ...int64Options, signal })).rejects.toBe(reason)
  })

  test('offsets outside of the text', async () => {
    const data = vectorFromArray(['a', 'bc'], new Utf8()).data[0]!
    const { valueOffsets } = data
    valueOffsets[1] = 1 << 30
    const failure = await rejection(() => textStatsOf(data))
    expect(failure.code).toBe('InvalidData')
  })

  test('a column whose memory goes away meanwhile', async () => {
    const keys = new BigInt64Array(100_000)
    const failure = rejection(() => statsOf(keys))
    structuredClone(keys.buffer, { transfer: [keys.buffer] })
    expect((await failure).code).toBe('Detached')
  })

  test('other keys are refused by a test, too', async () => {
    const stats = await statsOf(int64(1n))
    expect((await rejection(() => stats.mayContain(['1']))).code).toBe('TypeMismatch')
    expect((await rejection(() => stats.mayContain(7 as never))).code).toBe('InvalidArgument')
  })
})
