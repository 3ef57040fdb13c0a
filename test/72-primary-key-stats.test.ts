/** Statistics of primary keys: what a file holds to the byte, and what is read leniently. */
import { Float64, Int32, LargeUtf8, Utf8, vectorFromArray } from 'apache-arrow'
import fc from 'fast-check'
import {
  type PrimaryKeyColumn,
  PrimaryKeyStats,
  parsePrimaryKeyStats,
  serializeMergedPrimaryKeyStats,
  serializePrimaryKeyStats,
} from '../lib/binlog/index.js'
import { DataType } from '../lib/schema/index.js'
import { rejection } from './support/rejection.js'

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** Filters of the keys 1, 2, 3 as the Go libraries of Milvus gave them. */
const BLOCKED =
  '{"k":119,"b":["mpqbipXHhIbwm1DQON6Ii8qKmMpa2xh6SA2NLp3KSIpNmoia2MKwhIFQ6QKU0geHHcTOpnn6KbIosgyLEvLCyg=="]}'
const BASIC = '{"m":44,"k":11,"b":"AAAAAAAAACwAAAeSV1hVWA=="}'

const int64 = (...keys: bigint[]) => BigInt64Array.from(keys)

const statsOf = (...columns: PrimaryKeyColumn[]) =>
  PrimaryKeyStats.build({ fieldId: 100, pkType: DataType.Int64, keys: columns })

const textStatsOf = (...columns: PrimaryKeyColumn[]) =>
  PrimaryKeyStats.build({ fieldId: 101, pkType: DataType.VarChar, keys: columns })

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString()
const parse = (text: string) => parsePrimaryKeyStats(Buffer.from(text))
const found = async (stats: PrimaryKeyStats, keys: PrimaryKeyColumn) => [
  ...(await stats.mayContain(keys)),
]

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

describe('reading JSON', () => {
  const object = (members: object) => JSON.stringify({ fieldID: 100, max: 9, min: 1, ...members })

  test('what was written', async () => {
    const list = [await statsOf(int64(1n, 2n, 3n)), await textStatsOf(['<&>', 'z'])]
    const bytes = serializeMergedPrimaryKeyStats(list)
    const read = parsePrimaryKeyStats(bytes)
    expect(read.map(({ fieldId, pkType, min, max }) => [fieldId, pkType, min, max])).toEqual([
      [100n, 5, 1n, 3n],
      [101n, 21, '<&>', 'z'],
    ])
    expect(serializeMergedPrimaryKeyStats(read)).toEqual(bytes)
    expect(await found(read[0]!, int64(1n, 2n, 3n, 4n))).toEqual([1, 1, 1, 0])
    expect(await found(read[1]!, ['z', 'y'])).toEqual([1, 0])
  })

  test('a basic filter comes back to the byte', () => {
    const text = `{"fieldID":1,"max":0,"min":0,"bfType":3,"bf":${BASIC},"pkType":5,"maxPk":3,"minPk":1}`
    expect(textOf(serializePrimaryKeyStats(parse(text)[0]!))).toBe(text)
  })

  test('without pkType the keys are int64, without bfType the filter is basic', async () => {
    const text = object({ bf: JSON.parse(BASIC) })
    const [stats] = parse(text)
    expect(stats).toMatchObject({ fieldId: 100n, pkType: 5, min: 1n, max: 9n })
    expect(stats!.filter.kind).toBe('basic')
    expect(await found(stats!, int64(1n, 2n, 3n, 8n))).toEqual([1, 1, 1, 0])
    expect(parse(object({ pkType: 0 }))[0]!.pkType).toBe(5)
    expect(parse(object({ pkType: -7, bfType: null }))[0]!.pkType).toBe(5)
  })

  test('maxPk and minPk go before max and min', () => {
    expect(parse(object({ maxPk: 12 }))[0]).toMatchObject({ min: 1n, max: 12n })
    expect(parse(object({ minPk: -3, maxPk: null }))[0]).toMatchObject({ min: -3n, max: 9n })
    const text = '{"fieldID":1,"pkType":21,"max":9,"min":1,"minPk":"a"}'
    expect(parse(text)[0]).toMatchObject({ min: 'a', max: undefined })
  })

  test('without a range only the filter speaks', async () => {
    const [stats] = parse(`{"fieldID":1,"bfType":4,"bf":${BLOCKED}}`)
    expect(stats).toMatchObject({ min: undefined, max: undefined })
    expect(await found(stats!, int64(1n, 2n, 1000n))).toEqual([1, 1, 0])
    expect(textOf(serializePrimaryKeyStats(stats!))).toContain('"maxPk":null,"minPk":null')
  })

  const block = JSON.parse(BLOCKED).b[0] as string
  test.each([
    ['missing', {}],
    ['null', { bf: null, bfType: 4 }],
    ['a number', { bf: 7, bfType: 4 }],
    ['a text', { bf: 'x', bfType: 3 }],
    ['of the unsupported kind', { bf: JSON.parse(BASIC), bfType: 1 }],
    ['of an unknown kind', { bf: JSON.parse(BASIC), bfType: 99 }],
    ['of no kind', { bf: JSON.parse(BASIC), bfType: 'Basic' }],
    ['of the other kind', { bf: JSON.parse(BASIC), bfType: 4 }],
    ['blocked without blocks', { bf: { k: 12, b: [] }, bfType: 4 }],
    ['blocked with a short block', { bf: { k: 12, b: [block.slice(4)] }, bfType: 4 }],
    ['blocked with a number', { bf: { k: 12, b: [7] }, bfType: 4 }],
    ['blocked without hash functions', { bf: { k: 0, b: [block] }, bfType: 4 }],
    ['blocked with too many', { bf: { k: 1e9, b: [block] }, bfType: 4 }],
    ['blocked with a part of one', { bf: { k: 1.5, b: [block] }, bfType: 4 }],
    ['blocked with less than none', { bf: { k: -1, b: [block] }, bfType: 4 }],
    ['basic with another length', { bf: { ...JSON.parse(BASIC), m: 45 }, bfType: 3 }],
    ['basic with a vast length', { bf: { ...JSON.parse(BASIC), m: 2 ** 53 - 1 }, bfType: 3 }],
    ['basic without words', { bf: { m: 44, k: 11, b: 'AAAAAAAAACw=' }, bfType: 3 }],
    ['basic without anything', { bf: { m: 0, k: 1, b: '' }, bfType: 3 }],
  ])('a filter that is %s holds every key', async (_, members) => {
    const [stats] = parse(object(members))
    expect(stats!.filter.kind).toBe('alwaysTrue')
    expect(stats!.filter.parts()).toBeUndefined()
    expect(await found(stats!, int64(0n, 1n, 5n, 9n, 10n))).toEqual([0, 1, 1, 1, 0])
    // As Milvus reads it back, too.
    expect(textOf(serializePrimaryKeyStats(stats!))).toContain('"bfType":2,"bf":{}')
  })

  test('an empty file and an empty array have none', () => {
    expect(parse('')).toEqual([])
    expect(parse('[]')).toEqual([])
  })

  test.each([
    ['{"fieldID":', 'JSON'],
    ['7', 'an object for primary-key statistics but received 7'],
    ['[null]', 'an object for primary-key statistics but received null'],
    ['[[]]', 'an object for primary-key statistics'],
    ['{"max":1}', 'an integer for fieldID but received undefined'],
    ['{"fieldID":"100"}', 'a 64-bit integer for fieldID but received 100'],
    ['{"fieldID":9223372036854775808}', 'a 64-bit integer for fieldID'],
    ['{"fieldID":1,"pkType":20}', '5 or 21 for pkType'],
    ['{"fieldID":1,"maxPk":"a"}', 'a 64-bit integer for maxPk but received a'],
    ['{"fieldID":1,"maxPk":1.5}', 'a 64-bit integer for maxPk but received 1.5'],
    ['{"fieldID":1,"pkType":21,"minPk":7}', 'a string for minPk but received 7'],
  ])('%s is corrupted', async (text, message) => {
    const failure = await rejection(() => parse(text))
    expect(failure.code).toBe('FileCorrupted')
    expect(failure.message).toContain(message)
  })

  test('bytes that are no UTF-8 are corrupted', async () => {
    const failure = await rejection(() => parsePrimaryKeyStats(Uint8Array.of(0x7b, 0xff, 0x7d)))
    expect(failure.code).toBe('FileCorrupted')
  })
})

describe('reading the compound form', () => {
  const block = Buffer.from(JSON.parse(BLOCKED).b[0] as string, 'base64url')

  function header(...numbers: [at: number, value: number][]): Buffer {
    const bytes = Buffer.alloc(64)
    for (const [at, value] of numbers) bytes.writeInt32LE(value, at)
    return bytes
  }

  function fileHeader(pkType: number, entries: number, version = 1): Buffer {
    const bytes = header([8, version], [12, entries], [16, pkType], [20, 100])
    bytes.write('mpkstats')
    return bytes
  }

  function int64Entry(min: bigint, max: bigint, blocks = 1, k = 119): Buffer {
    const bytes = header([0, blocks], [4, k])
    bytes.writeBigInt64LE(min, 8)
    bytes.writeBigInt64LE(max, 16)
    return Buffer.concat([bytes, block])
  }

  function textEntry(min: Buffer, max: Buffer): Buffer {
    const sized = [min, max].flatMap((key) => {
      const size = Buffer.alloc(4)
      size.writeUInt32LE(key.length)
      return [size, key]
    })
    const area = Buffer.concat(sized)
    return Buffer.concat([header([0, 1], [4, 119], [8, area.length]), area, block])
  }

  test('entries of int64 keys', async () => {
    const entries = [int64Entry(1n, 3n), int64Entry(INT64_MIN, INT64_MAX)]
    const list = parsePrimaryKeyStats(Buffer.concat([fileHeader(5, 2), ...entries]))
    expect(list.map(({ fieldId, min, max }) => [fieldId, min, max])).toEqual([
      [100n, 1n, 3n],
      [100n, INT64_MIN, INT64_MAX],
    ])
    expect(await found(list[0]!, int64(1n, 2n, 3n, 4n))).toEqual([1, 1, 1, 0])
    expect(textOf(serializePrimaryKeyStats(list[0]!))).toContain(`"bf":${BLOCKED}`)
  })

  test('entries of texts, at any offset of a larger buffer', () => {
    const entry = textEntry(Buffer.from('é'), Buffer.from('z'.repeat(99)))
    const file = Buffer.concat([Buffer.alloc(3), fileHeader(21, 2), entry, entry])
    const list = parsePrimaryKeyStats(file.subarray(3))
    expect(list.map(({ pkType, min, max }) => [pkType, min, max])).toEqual(
      Array(2).fill([21, 'é', 'z'.repeat(99)]),
    )
  })

  const wrongText = textEntry(Buffer.from([0xff]), Buffer.from(''))
  const shortText = textEntry(Buffer.from('ab'), Buffer.from('cd'))
  shortText.writeUInt32LE(99, 64)
  test.each<[string, Buffer[], string]>([
    ['a short header', [Buffer.from('mpkstats')], '64 bytes for the file header but received 8'],
    ['another type of keys', [fileHeader(1, 0)], '5 or 21 for pkType but received 1'],
    ['too few entries', [fileHeader(5, -1), int64Entry(1n, 2n)], 'entry 1 of 4294967295'],
    ['no blocks', [fileHeader(5, 1), int64Entry(1n, 2n, 0)], '0 bytes and 119 hash functions'],
    ['no hash functions', [fileHeader(5, 1), int64Entry(1n, 2n, 1, 0)], '0 hash functions'],
    ['cut blocks', [fileHeader(5, 1), int64Entry(1n, 2n, 2)], '128 bytes for blocks of entry 0'],
    ['vast blocks', [fileHeader(5, 1), int64Entry(1n, 2n, -1)], 'blocks of entry 0'],
    ['text that is no UTF-8', [fileHeader(21, 1), wrongText], 'UTF-8 for the least key'],
    ['text longer than its area', [fileHeader(21, 1), shortText], '99 bytes for the least key'],
  ])('%s: corrupted', async (_, parts, message) => {
    const failure = await rejection(() => parsePrimaryKeyStats(Buffer.concat(parts)))
    expect(failure.code).toBe('FileCorrupted')
    expect(failure.message).toContain(message)
  })

  test('another version is not supported', async () => {
    const failure = await rejection(() => parsePrimaryKeyStats(fileHeader(5, 0, 2)))
    expect(failure).toMatchObject({ code: 'NotSupported' })
    expect(failure.message).toContain('version 1')
  })
})
