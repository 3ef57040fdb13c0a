/** Statistics files of primary keys: what is read, and how leniently. */
import {
  PrimaryKeyFilter,
  parsePrimaryKeyStats,
  serializeMergedPrimaryKeyStats,
  serializePrimaryKeyStats,
} from '../lib/binlog/index.js'
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

describe('filters in parts', () => {
  const bytes = new Uint8Array(64)
  const parts = { kind: 'blocked', k: 12, bits: 512, bytes } as const

  test('are copied in and out', () => {
    const filter = PrimaryKeyFilter.fromParts({ ...parts, bytes: bytes.subarray().fill(0xab) })
    bytes.fill(0)
    expect(filter.parts()).toEqual({ ...parts, bytes: new Uint8Array(64).fill(0xab) })
  })

  test.each([
    [{ kind: 'cuckoo' }, 'InvalidArgument'],
    [{ k: '12' }, 'InvalidArgument'],
    [{ k: 2 ** 60 }, 'InvalidArgument'],
    [{ bytes: new Float64Array(8) }, 'InvalidArgument'],
    [{ bytes: undefined }, 'InvalidArgument'],
    [{ k: 0 }, 'InvalidData'],
    [{ k: 2 ** 40 }, 'InvalidData'],
    [{ bits: 1024 }, 'InvalidData'],
    [{ bits: -512 }, 'InvalidArgument'],
    [{ kind: 'basic' }, 'InvalidData'],
  ])('%j is refused', async (change, code) => {
    const failure = await rejection(() =>
      PrimaryKeyFilter.fromParts({ ...parts, ...change } as never),
    )
    expect(failure.code).toBe(code)
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
