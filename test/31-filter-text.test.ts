/** The text of filters: what parses to what, what is said of what does not, and the way back. */
import fc from 'fast-check'
import { type Filter, type FilterCondition, parseFilter, printFilter } from '../lib/index.js'
import { filterTree } from '../lib/packed/filter/index.js'
import { arbitraryFilter, plainTree } from './support/arbitrary-filter.js'
import { rejection } from './support/rejection.js'

const bytes = Uint8Array.of(0, 255)

describe('parseFilter', () => {
  test.each<[string, Filter]>([
    ['price >= 10', ['price', '>=', 10]],
    ['price>=-10.5e1', ['price', '>=', -105]],
    ["lang = 'de'", ['lang', '=', 'de']],
    ["title = 'it''s'", ['title', '=', "it's"]],
    ["title = ''", ['title', '=', '']],
    ['ok = TRUE', ['ok', '=', true]],
    ['ok != false', ['ok', '!=', false]],
    ['a <> 1', ['a', '!=', 1]],
    ['a == 1', ['a', '=', 1]],
    ['id = 9007199254740991', ['id', '=', 9007199254740991]],
    ['id = 9007199254740992', ['id', '=', 9007199254740992n]],
    ['id < -9223372036854775808', ['id', '<', -9223372036854775808n]],
    ['id < +18446744073709551615', ['id', '<', 18446744073709551615n]],
    ['f < .5', ['f', '<', 0.5]],
    ['f < 1e17', ['f', '<', 1e17]],
    ['f = NaN', ['f', '=', Number.NaN]],
    ['f < -Infinity', ['f', '<', Number.NEGATIVE_INFINITY]],
    ['f = -0', ['f', '=', -0]],
    ["raw = x'00fF'", ['raw', '=', bytes]],
    ['#101 > 3', [101n, '>', 3]],
    ['"unit price" > 3', ['unit price', '>', 3]],
    ['"a ""b""" > 3', ['a "b"', '>', 3]],
    ['"null" is null', ['null', 'is null']],
    ['größe > 3', ['größe', '>', 3]],
    ['$meta IS  NOT\nNULL', ['$meta', 'is not null']],
    ["lang in ('de', 'fr')", ['lang', 'in', ['de', 'fr']]],
    ['lang not in (1)', ['lang', 'not in', [1]]],
    ['lang in ()', ['lang', 'in', []]],
    ['information > 1', ['information', '>', 1]],
  ])('the condition %s', (text, filter) => {
    expect(parseFilter(text)).toEqual(filter)
  })

  const [a, b, c]: FilterCondition[] = [
    ['a', '=', 1],
    ['b', '=', 2],
    ['c', '=', 3],
  ]
  test.each<[string, Filter]>([
    ['a = 1 and b = 2 AND c = 3', [a!, b!, c!]],
    ['a = 1 or b = 2 and c = 3', { or: [a!, [b!, c!]] }],
    ['(a = 1 or b = 2) and c = 3', [{ or: [a!, b!] }, c!]],
    ['not a = 1 and b = 2', [{ not: a! }, b!]],
    ['not (a = 1 and b = 2)', { not: [a!, b!] }],
    ['not not a = 1', { not: { not: a! } }],
    ['((a = 1))', a!],
    [
      "price >= 10 and lang in ('de','fr') and not (title is null)",
      [['price', '>=', 10], ['lang', 'in', ['de', 'fr']], { not: ['title', 'is null'] }],
    ],
  ])('the combination %s', (text, filter) => {
    expect(parseFilter(text)).toEqual(filter)
  })

  test.each([
    ['', 1, "a column, 'not' or '('", 'the end'],
    ['price >=', 9, 'a value', 'the end'],
    ['price >= and b = 1', 10, 'a value', '"and"'],
    ['price 10', 7, "an operator, 'in' or 'is null'", '"10"'],
    ['price => 10', 8, 'a value', '">"'],
    ['a = null', 5, "a value (a null is found by 'is null')", '"null"'],
    ['a = "b"', 5, 'a value (text is in single quotes)', '"\\"b\\""'],
    ["a = 'b", 5, "a ' that ends the text", 'none'],
    ['"a = 1', 1, 'a " that ends the name', 'none'],
    ['(a = 1', 7, "'and', 'or' or ')'", 'the end'],
    ['a = 1)', 6, "'and', 'or' or the end", '")"'],
    ['a = 1 b = 2', 7, "'and', 'or' or the end", '"b"'],
    ['a in 1', 6, "'('", '"1"'],
    ['a in (1', 8, "',' or ')'", 'the end'],
    ['a in (1,)', 9, 'a value', '")"'],
    ['a is 1', 6, "'null' or 'not null'", '"1"'],
    ['a is not 1', 10, "'null'", '"1"'],
    ['a not 1', 7, "'in'", '"1"'],
    ['and = 1', 1, "a column, 'not' or '('", '"and"'],
    ['a = 1.2.3', 5, 'a number', '"1.2.3"'],
    ['a = 12px', 5, 'a number', '"12px"'],
    ["a = x'0'", 5, 'a value', '"x"'],
    ['a ; b', 3, 'a column, an operator or a value', '";"'],
    ['a = 😀', 5, 'a column, an operator or a value', '"😀"'],
    [
      "meta['k'] = 1",
      5,
      'a column (keys inside of JSON and fields inside of structs are none)',
      '"["',
    ],
    ['a.b = 1', 2, 'a column (keys inside of JSON and fields inside of structs are none)', '"."'],
  ])('what is wrong with %s', async (text, column, expected, received) => {
    const error = await rejection(() => parseFilter(text))
    const [message, shown, caret] = error.message.split('\n')
    expect(error.code).toBe('InvalidArgument')
    expect(message).toBe(
      `Expected ${expected} at column ${column} of the filter but received ${received.replaceAll('\\"', '"')}`,
    )
    expect(shown).toBe(`  ${text}`)
    expect(caret).toBe(`${' '.repeat(column + 1)}^`)
  })

  test('a long text is shown around what is wrong', async () => {
    const text = `${'a = 1 and '.repeat(100)}b`
    const [message, shown, caret] = (await rejection(() => parseFilter(text))).message.split('\n')
    expect(message).toMatch(/at column 1002 /)
    expect(shown!.length).toBeLessThan(130)
    expect(shown![caret!.indexOf('^') - 1]).toBe('b')
  })

  test('levels without end are refused, lists of any length are not', async () => {
    for (const open of ['(', 'not ', 'not (']) {
      const error = await rejection(() => parseFilter(`${open.repeat(100_000)}a = 1`))
      expect(error.message).toMatch(/^Expected at most 128 levels at column/)
    }
    const many = Array.from({ length: 20_000 }, (_, id) => id)
    expect(parseFilter(`id in (${many.join(',')})`)).toEqual(['id', 'in', many])
    expect(parseFilter(many.map((id) => `id = ${id}`).join(' or '))).toEqual({
      or: many.map((id) => ['id', '=', id]),
    })
  })

  test('something that is no text', async () => {
    expect((await rejection(() => parseFilter(7 as never))).message).toBe(
      'Expected the text of a filter for text but received 7 (number)',
    )
  })
})

describe('printFilter', () => {
  test.each<[Filter, string]>([
    [[], ''],
    [['a', 'not in', [1n, 2]], 'not a in (1, 2)'],
    [['when', '>', new Date(Date.UTC(2026, 0, 31))], "when > '2026-01-31T00:00:00.000Z'"],
    [
      {
        not: {
          or: [
            ['a', '=', 1],
            ['not', 'is not null'],
          ],
        },
      },
      'not (a = 1 or not "not" is null)',
    ],
    [['f', '=', 1e300], 'f = 1e+300'],
    [['f', '=', 2 ** 60], 'f = 1.152921504606847e+18'],
    [['nan', '=', Number.NaN], '"nan" = nan'],
    [{ and: [{ or: [['a', '=', -0]] }] }, 'a = -0.0'],
  ])('%j', (filter, text) => {
    expect(printFilter(filter)).toBe(text)
  })

  test('what is printed parses to the same filter', () => {
    const property = fc.property(arbitraryFilter(), (filter) => {
      const text = printFilter(filter)
      const parsed = parseFilter(text)
      expect(plainTree(filterTree(parsed)!)).toEqual(plainTree(filterTree(filter)!))
      expect(printFilter(parsed)).toBe(text)
    })
    fc.assert(property, { numRuns: 500 })
  })

  test('something that is no filter', async () => {
    expect((await rejection(() => printFilter('a = 1' as never))).message).toMatch(
      /^Expected a condition like/,
    )
  })
})
