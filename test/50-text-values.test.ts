/** The parts of the command that turn text into values and back. */
import { DateUnit, TimeUnit } from 'apache-arrow'
import { dateValueText, decimalText, timestampText, timeText } from '../lib/cli/time-text.js'
import { parseExact, stringifyExact } from '../lib/config/index.js'
import { parseColumnType } from '../lib/ingest/input/column-type.js'
import { fitJson, fitText } from '../lib/ingest/input/fit-value.js'
import {
  type Shape,
  shapeOfJson,
  shapeOfText,
  typeOfShapes,
} from '../lib/ingest/input/infer-type.js'
import { splitLines } from '../lib/ingest/input/input-text.js'

describe('JSON with exact integers', () => {
  const largest = '{"id":9223372036854775807,"s":"9223372036854775807","n":[-9007199254740993]}'

  test('integers beyond 2^53 are bigint, texts that look like them stay texts', () => {
    expect(parseExact(largest)).toEqual({
      id: 9223372036854775807n,
      s: '9223372036854775807',
      n: [-9007199254740993n],
    })
  })

  test('long safe integers and fractions stay numbers', () => {
    const text = '[1234567890123456,0.12345678901234567,1e3,12345678901234567.5]'
    expect(parseExact(text)).toEqual(JSON.parse(text))
  })

  test('escapes and keys survive beside long integers', () => {
    const text = '{"i\\"9":"\\u0069\\\\","1234567890123456789":{"s":12345678901234567890}}'
    expect(parseExact(text)).toEqual({
      'i"9': 'i\\',
      '1234567890123456789': { s: 12345678901234567890n },
    })
  })

  test('a string of many megabytes beside a long integer', () => {
    const text = 'x'.repeat(20 << 20)
    expect(parseExact(`{"id":9223372036854775807,"s":"${text}"}`)).toEqual({
      id: 9223372036854775807n,
      s: text,
    })
  })

  test('an error speaks of the text as it is', () => {
    expect(() => parseExact('{"id":9223372036854775807,}')).toThrow(/position 26|double-quoted/)
  })

  test('written as it was read', () => {
    expect(stringifyExact(parseExact(largest))).toBe(largest)
    expect(stringifyExact({ a: [1n, []], b: undefined, c: {} }, 2)).toBe(
      '{\n  "a": [\n    1,\n    []\n  ],\n  "c": {}\n}',
    )
  })
})

describe('types', () => {
  test.each([
    ['int64', { kind: 'scalar', name: 'int64', nullable: true }],
    ['utf8!', { kind: 'scalar', name: 'utf8', nullable: false }],
    ['float32[3]', { kind: 'vector', name: 'float32', dim: 3, nullable: false }],
    ['binary[16]?', { kind: 'vector', name: 'binary', dim: 16, nullable: true }],
  ])('%s', (text, type) => expect(parseColumnType(text)).toEqual(type))

  test.each(['int128', 'utf8[3]', 'float32[0]', 'toString', ''])('%p is refused', (text) => {
    expect(() => parseColumnType(text)).toThrow(/Expected one of int8, .*, binary\[n\] as a type/)
  })

  test.each<[string, unknown, Shape | undefined]>([
    ['a safe integer', 3, 'integer'],
    ['an int64', 2n ** 63n - 1n, 'integer'],
    ['an integer beyond int64', 2n ** 63n, 'nested'],
    ['a fraction', 0.5, 'number'],
    ['an array of numbers', [1, 2.5], 'vector 2'],
    ['an array of texts', ['a'], 'nested'],
    ['an object', {}, 'nested'],
    ['null', null, undefined],
  ])('JSON: %s', (_, value, shape) => expect(shapeOfJson(value)).toBe(shape))

  test.each<[string, Shape]>([
    ['-12', 'integer'],
    ['00501', 'text'],
    ['9223372036854775808', 'text'],
    ['1e-3', 'number'],
    ['NaN', 'number'],
    ['true', 'boolean'],
    ['[1,2]', 'vector 2'],
    ['[1,"x"]', 'text'],
    ['', 'text'],
  ])('CSV: %p', (text, shape) => expect(shapeOfText(text)).toBe(shape))

  test('a column that mixes integers and fractions is float64, any other mixture is none', () => {
    expect(typeOfShapes(new Set<Shape>(['number', 'integer']))).toMatchObject({ name: 'float64' })
    expect(typeOfShapes(new Set<Shape>(['text', 'integer']))).toBeUndefined()
    expect(typeOfShapes(new Set<Shape>(['vector 2', 'vector 3']))).toBeUndefined()
    expect(typeOfShapes(new Set())).toMatchObject({ name: 'utf8' })
  })
})

describe('values', () => {
  const json = (type: string, value: unknown) => fitJson(parseColumnType(type))(value)
  const text = (type: string, value: string) => fitText(parseColumnType(type))(value)

  test('integers are held to the width of their column', () => {
    expect([json('int8', 127), json('int8', 128), json('int8', -128), json('int8', 1.5)]).toEqual([
      127,
      undefined,
      -128,
      undefined,
    ])
    expect([json('int64', 2n ** 63n - 1n), json('int64', 2n ** 63n)]).toEqual([
      2n ** 63n - 1n,
      undefined,
    ])
    expect(text('int32', '-2147483648')).toBe(-2147483648)
    expect(text('int32', '1.0')).toBeUndefined()
  })

  test('floats neither overflow nor lose an integer', () => {
    expect(json('float32', 1e39)).toBeUndefined()
    expect(json('float64', 2n ** 60n)).toBe(2 ** 60)
    expect(json('float64', 2n ** 60n + 1n)).toBeUndefined()
    expect(text('float64', '-Infinity')).toBe(Number.NEGATIVE_INFINITY)
    expect(text('float64', '0x10')).toBeUndefined()
  })

  test('binary is base64 of the right length', () => {
    expect(Buffer.from(json('binary', 'AQID') as Uint8Array)).toEqual(Buffer.from([1, 2, 3]))
    expect(json('binary', 'not base64')).toBeUndefined()
    expect(json('binary[4]', 'AQID')).toBeUndefined()
  })

  test('vectors have their dimension and only numbers', () => {
    expect(text('float32[2]', '[1, 2]')).toEqual([1, 2])
    expect(json('float32[2]', [1])).toBeUndefined()
    expect(json('float32[2]', [1, null])).toBeUndefined()
    expect(json('int8[1]', [200])).toBeUndefined()
  })
})

describe('times', () => {
  test.each([
    [0n, '1970-01-01T00:00:00.000Z'],
    [-1n, '1969-12-31T23:59:59.999Z'],
    [951_782_400_000n, '2000-02-29T00:00:00.000Z'],
    [-62_198_755_200_000n, '-000001-01-01T00:00:00.000Z'],
    [253_402_300_800_000n, '+010000-01-01T00:00:00.000Z'],
  ])('%d ms', (value, expected) => {
    expect(timestampText(value, TimeUnit.MILLISECOND, true)).toBe(expected)
    expect(new Date(Number(value)).toISOString()).toBe(expected)
  })

  test('every digit of a nanosecond, no zone where there is none', () => {
    const value = 1_700_000_000_123_456_789n
    expect(timestampText(value, TimeUnit.NANOSECOND, false)).toBe('2023-11-14T22:13:20.123456789')
  })

  test('dates agree with Date on every 97th day of 800 years', () => {
    for (let day = -146_097; day < 146_097; day += 97) {
      const expected = new Date(day * 86_400_000).toISOString().slice(0, 10)
      expect(dateValueText(BigInt(day), DateUnit.DAY)).toBe(expected)
      expect(dateValueText(BigInt(day) * 86_400_000n, DateUnit.MILLISECOND)).toBe(expected)
    }
  })

  test('times of day and decimals', () => {
    expect(timeText(86_399n, TimeUnit.SECOND)).toBe('23:59:59')
    expect(timeText(1_000_001n, TimeUnit.MICROSECOND)).toBe('00:00:01.000001')
    expect([decimalText(-5n, 2), decimalText(12345n, 2), decimalText(5n, -2)]).toEqual([
      '-0.05',
      '123.45',
      '500',
    ])
  })
})

test('lines end in LF or CRLF, or at the end, wherever chunks are cut', async () => {
  async function* chunks() {
    for (const chunk of ['a\r', '\nb', 'b\n\n', 'c']) yield Buffer.from(chunk)
  }
  const lines: [string, number][] = []
  for await (const { bytes, size } of splitLines(chunks())) lines.push([String(bytes), size])
  expect(lines).toEqual([
    ['a', 3],
    ['bb', 3],
    ['', 1],
    ['c', 1],
  ])
})
