/** Filters against columns: names, kinds and values, and what no column can hold. */
import {
  Binary,
  Bool,
  DateDay,
  DateMillisecond,
  Decimal,
  Dictionary,
  DurationSecond,
  Field,
  FixedSizeBinary,
  Float16,
  Float32,
  Float64,
  Int8,
  Int32,
  Int64,
  List,
  Null,
  Schema,
  Struct,
  TimeMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint64,
  Utf8,
} from 'apache-arrow'
import type { Filter } from '../lib/index.js'
import { filterOfTree, filterTree, resolveFilter } from '../lib/packed/filter/index.js'
import { rejection } from './support/rejection.js'

const field = (name: string, type: Field['type'], id?: number, extra = {}) =>
  new Field(
    name,
    type,
    true,
    new Map(
      Object.entries({
        ...(id === undefined ? {} : { 'PARQUET:field_id': String(id) }),
        ...extra,
      }),
    ),
  )

const schema = new Schema([
  field('id', new Int64(), 100),
  field('tiny', new Int8(), 101),
  field('pages', new Int32(), 102),
  field('huge', new Uint64()),
  field('price', new Float64(), 104),
  field('weight', new Float32()),
  field('half', new Float16()),
  field('title', new Utf8(), 107),
  field('kind', new Dictionary(new Utf8(), new Int32())),
  field('ok', new Bool()),
  field('raw', new Binary()),
  field('day', new DateDay()),
  field('dayMs', new DateMillisecond()),
  field('second', new TimestampSecond()),
  field('ms', new TimestampMillisecond()),
  field('ns', new TimestampNanosecond('UTC')),
  field('clock', new TimeMicrosecond()),
  field('took', new DurationSecond()),
  field('nothing', new Null()),
  field('embedding', new FixedSizeBinary(16), 120),
  field('maybe', new Binary(), 121, { dim: '4' }),
  field('tags', new List(new Field('item', new Utf8()))),
  field('point', new Struct([new Field('x', new Float32())])),
  field('cost', new Decimal(2, 10)),
])

const resolve = (filter: Filter) => resolveFilter(filterTree(filter)!, schema)
const never = (column: string) => ({ op: 'in', column, values: [] })
const always = (column: string) => ({ op: 'not', arg: never(column) })
const least = -(2n ** 63n)
const most = 2n ** 63n - 1n

describe('conditions become those of their columns', () => {
  test.each<[Filter, object]>([
    [['id', '=', 5], { op: '=', column: 'id', value: 5n }],
    [['id', '>', most], { op: '>', column: 'id', value: most }],
    [[100, '!=', -0], { op: '!=', column: 'id', value: 0n }],
    [[102n, 'is null'], { op: 'is null', column: 'pages' }],
    [
      ['id', 'in', [3, 2n, 3.5, Number.NaN, 2n ** 64n]],
      { op: 'in', column: 'id', values: [3n, 2n] },
    ],
    [['price', '<', 5], { op: '<', column: 'price', value: 5 }],
    [['price', '=', 5n], { op: '=', column: 'price', value: 5 }],
    [['price', '=', Number.NaN], { op: '=', column: 'price', value: Number.NaN }],
    [['price', 'in', [1, 2n, 2n ** 53n + 1n]], { op: 'in', column: 'price', values: [1, 2] }],
    [['title', '>=', 'ä'], { op: '>=', column: 'title', value: 'ä' }],
    [['kind', 'in', ['a']], { op: 'in', column: 'kind', values: ['a'] }],
    [['ok', '=', true], { op: '=', column: 'ok', value: true }],
    [['ok', 'in', [false]], { op: 'in', column: 'ok', values: [false] }],
    [['raw', '<', Buffer.from('ab')], { op: '<', column: 'raw', value: Uint8Array.of(97, 98) }],
    [['nothing', 'is not null'], { op: 'not', arg: { op: 'is null', column: 'nothing' } }],
    [['took', '>', 60], { op: '>', column: 'took', value: 60n }],
    [
      [['id', '>', 1], { or: [['ok', '!=', true], { not: ['title', 'not in', []] }] }],
      {
        op: 'and',
        args: [
          { op: '>', column: 'id', value: 1n },
          {
            op: 'or',
            args: [
              { op: '!=', column: 'ok', value: true },
              { op: 'not', arg: { op: 'not', arg: never('title') } },
            ],
          },
        ],
      },
    ],
  ])('%j', (filter, node) => {
    expect(resolve(filter)).toEqual(node)
  })

  test('what an integer column cannot hold is the bound that says the same', () => {
    const cases: [Filter, object][] = [
      [['id', '<', 3.5], { op: '<=', column: 'id', value: 3n }],
      [['id', '<=', 3.5], { op: '<=', column: 'id', value: 3n }],
      [['id', '>', -3.5], { op: '>=', column: 'id', value: -3n }],
      [['id', '>=', 1e-9], { op: '>=', column: 'id', value: 1n }],
      [['id', '=', 3.5], never('id')],
      [['id', '!=', 3.5], always('id')],
      [['tiny', '<', 128], always('tiny')],
      [['tiny', '<', 127.5], always('tiny')],
      [['tiny', '<', 127], { op: '<', column: 'tiny', value: 127n }],
      [['tiny', '<=', -129n], never('tiny')],
      [['tiny', '<', -127.5], { op: '<=', column: 'tiny', value: -128n }],
      [['tiny', '>', -128.5], always('tiny')],
      [['tiny', '>=', 300], never('tiny')],
      [['tiny', '>', 127.5], never('tiny')],
      [['tiny', '=', 2 ** 60], never('tiny')],
      [['id', '<', 2n ** 63n], always('id')],
      [['id', '>=', least], { op: '>=', column: 'id', value: least }],
      [['id', '>', least - 1n], always('id')],
      [['id', '<', 1e300], always('id')],
      [['id', '>', Number.POSITIVE_INFINITY], never('id')],
      [['id', '>', Number.NEGATIVE_INFINITY], always('id')],
      [['id', '<', Number.NaN], never('id')],
      [['id', '!=', Number.NaN], always('id')],
      [['huge', '<', 2n ** 64n - 1n], { op: '<', column: 'huge', value: 2n ** 64n - 1n }],
      [['huge', '>', -1], always('huge')],
      [['huge', '<', -0.5], never('huge')],
    ]
    for (const [filter, node] of cases) expect([filter, resolve(filter)]).toEqual([filter, node])
  })

  test('floats: a bigint is compared exactly, narrow columns with what they would store', () => {
    const odd = 2n ** 53n + 1n
    const cases: [Filter, object][] = [
      [['price', '=', odd], never('price')],
      [['price', '!=', odd], always('price')],
      [['price', '<', odd], { op: '<=', column: 'price', value: 2 ** 53 }],
      [['price', '>=', odd], { op: '>', column: 'price', value: 2 ** 53 }],
      [['price', '<=', odd + 2n], { op: '<', column: 'price', value: 2 ** 53 + 4 }],
      [['price', '>', odd + 2n], { op: '>=', column: 'price', value: 2 ** 53 + 4 }],
      [['price', '<', 10n ** 400n], { op: '<', column: 'price', value: Number.POSITIVE_INFINITY }],
      [
        ['price', '>', -(10n ** 400n)],
        { op: '>', column: 'price', value: Number.NEGATIVE_INFINITY },
      ],
      [['weight', '=', 0.1], { op: '=', column: 'weight', value: Math.fround(0.1) }],
      [['weight', 'in', [0.1, 1e300]], { op: 'in', column: 'weight', values: [Math.fround(0.1)] }],
      [['weight', '<=', 1e300], { op: '<', column: 'weight', value: Number.POSITIVE_INFINITY }],
      [['weight', '>', 1e300], { op: '>=', column: 'weight', value: Number.POSITIVE_INFINITY }],
      [
        ['weight', '=', Number.NEGATIVE_INFINITY],
        { op: '=', column: 'weight', value: Number.NEGATIVE_INFINITY },
      ],
      [['half', '=', 0.1], { op: '=', column: 'half', value: 0.0999755859375 }],
      [['half', '=', 2049], { op: '=', column: 'half', value: 2048 }],
      [['half', '=', 2051], { op: '=', column: 'half', value: 2052 }],
      [['half', '=', -1.5 * 2 ** -24], { op: '=', column: 'half', value: -(2 ** -23) }],
      [['half', '<', 65519.99], { op: '<', column: 'half', value: 65504 }],
      [['half', '<=', 65520], { op: '<', column: 'half', value: Number.POSITIVE_INFINITY }],
    ]
    for (const [filter, node] of cases) expect([filter, resolve(filter)]).toEqual([filter, node])
    expect(resolve(['half', '=', Number.NaN])).toEqual({
      op: '=',
      column: 'half',
      value: Number.NaN,
    })
  })

  test('times are counts of the unit of their column', () => {
    const noon = new Date(Date.UTC(2026, 0, 31, 12))
    const seconds = BigInt(noon.getTime()) / 1000n
    const days = seconds / 86_400n
    const cases: [Filter, object][] = [
      [['second', '>=', noon], { op: '>=', column: 'second', value: seconds }],
      [['second', '>=', Number(seconds)], { op: '>=', column: 'second', value: seconds }],
      [
        ['second', '>', '2026-01-31T12:00:00.25Z'],
        { op: '>=', column: 'second', value: seconds + 1n },
      ],
      [['second', '=', '2026-01-31T12:00:00.25Z'], never('second')],
      [['ms', '=', '2026-01-31T13:30+01:30'], { op: '=', column: 'ms', value: seconds * 1000n }],
      [
        ['ms', '=', '2026-01-31 08:00:00,5'.replace(',', '.')],
        { op: '=', column: 'ms', value: (seconds - 14_400n) * 1000n + 500n },
      ],
      [['ms', '=', '1969-12-31T23:59:59.999Z'], { op: '=', column: 'ms', value: -1n }],
      [
        ['ns', '=', '2026-01-31T12:00:00.123456789Z'],
        { op: '=', column: 'ns', value: seconds * 10n ** 9n + 123456789n },
      ],
      [['ns', '<', '2500-01-01'], always('ns')],
      [['day', '=', '2026-01-31'], { op: '=', column: 'day', value: days }],
      [['day', '<', noon], { op: '<=', column: 'day', value: days }],
      [['day', '<', '1969-12-31T12:00'], { op: '<=', column: 'day', value: -1n }],
      [['dayMs', '=', '2026-01-31'], { op: '=', column: 'dayMs', value: days * 86_400_000n }],
      [['clock', '<', '12:30'], { op: '<', column: 'clock', value: 45_000_000_000n }],
      [['clock', '<', '00:00:01.0000015'], { op: '<=', column: 'clock', value: 1_000_001n }],
    ]
    for (const [filter, node] of cases) expect([filter, resolve(filter)]).toEqual([filter, node])
  })
})

describe('what does not fit', () => {
  test.each<[Filter, string, string]>([
    [
      ['prise', '=', 1],
      'InvalidArgument',
      'Expected the name of a column for filter but received "prise". Did you mean "price"?',
    ],
    [
      [999, '=', 1],
      'InvalidArgument',
      'Expected the id of a field for filter but received 999. There are: id, tiny,',
    ],
    [
      ['id', '=', 'a'],
      'TypeMismatch',
      'Expected an integer for filter on id but received "a" (string)',
    ],
    [
      ['id', '=', true],
      'TypeMismatch',
      'Expected an integer for filter on id but received true (boolean)',
    ],
    [
      ['id', '=', new Date(0)],
      'TypeMismatch',
      'Expected an integer for filter on id but received an object (Date)',
    ],
    [
      ['id', 'in', [1, 'a']],
      'TypeMismatch',
      'Expected an integer for filter on id but received "a" (string)',
    ],
    [
      ['id', '=', 2 ** 60],
      'TypeMismatch',
      'Expected a bigint (numbers beyond 2^53 are not exact) for filter on id',
    ],
    [
      ['price', '<', '1'],
      'TypeMismatch',
      'Expected a number for filter on price but received "1" (string)',
    ],
    [
      ['title', '=', 1],
      'TypeMismatch',
      'Expected well-formed text for filter on title but received 1 (number)',
    ],
    [['title', '=', '\ud800'], 'TypeMismatch', 'Expected well-formed text for filter on title'],
    [['ok', '=', 1], 'TypeMismatch', 'Expected a boolean for filter on ok but received 1 (number)'],
    [
      ['ok', '<', true],
      'TypeMismatch',
      "Expected =, !=, in or 'is null' for filter on ok (booleans) but received <",
    ],
    [
      ['raw', '=', 'a'],
      'TypeMismatch',
      'Expected a Uint8Array for filter on raw but received "a" (string)',
    ],
    [
      ['day', '=', '2026-02-30'],
      'TypeMismatch',
      'Expected a day (ISO 8601 text, a Date or an integer) for filter on day',
    ],
    [
      ['ms', '=', 'yesterday'],
      'TypeMismatch',
      'Expected a time (ISO 8601 text, a Date or an integer) for filter on ms',
    ],
    [['ms', '=', new Date(Number.NaN)], 'TypeMismatch', 'Expected a time'],
    [
      ['clock', '=', '24:00'],
      'TypeMismatch',
      "Expected a time of day ('HH:MM:SS' or an integer) for filter on clock",
    ],
    [['took', '=', '12:00'], 'TypeMismatch', 'Expected an integer for filter on took'],
    [
      ['nothing', '=', 1],
      'TypeMismatch',
      "Expected 'is null' for filter on nothing but received 1 (number)",
    ],
    [
      ['embedding', 'is null'],
      'UnsupportedType',
      'for filter on embedding but received FixedSizeBinary[16], as vectors are stored',
    ],
    [
      ['maybe', '=', Uint8Array.of(1)],
      'UnsupportedType',
      'for filter on maybe but received vectors',
    ],
    [['tags', 'is null'], 'UnsupportedType', 'for filter on tags but received List<Utf8>'],
    [['point', '=', 1], 'UnsupportedType', 'for filter on point but received Struct'],
    [['cost', '=', 1], 'UnsupportedType', 'for filter on cost but received Decimal'],
  ])('%j', async (filter, code, message) => {
    const error = await rejection(() => resolve(filter))
    expect(error.message).toContain(message)
    expect(error.code).toBe(code)
    if (code !== 'InvalidArgument') expect(error.field).toBe((filter as unknown as string[])[0])
  })
})

describe('the form of a filter', () => {
  test.each<[unknown, string]>([
    [
      'a = 1',
      "Expected a condition like ['price', '>=', 10], or a list of filters, for filter but received",
    ],
    [null, 'for filter but received null'],
    [
      {},
      "Expected an object with one key, 'and' | 'or' | 'not', for filter but received an object (Object)",
    ],
    [{ and: [], or: [] }, 'an object with one key'],
    [
      { nand: [['a', '=', 1]] },
      "Expected 'and' | 'or' | 'not' for the key of filter but received \"nand\"",
    ],
    [
      { or: ['a', '=', 1] },
      "Expected a condition like ['price', '>=', 10], or a list of filters, for filter.or[0]",
    ],
    [{ or: 1 }, 'Expected a list of filters for filter.or but received 1 (number)'],
    [{ or: [] }, 'Expected at least one filter for filter.or but received an array of length 0'],
    [
      [['a', '=', 1], []],
      'Expected at least one filter for filter[1] but received an array of length 0',
    ],
    [{ not: [[['a']]] }, 'for filter.not[0][0][1] but received undefined'],
    [
      ['a', '=>', 1],
      "Expected '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in' | 'is null' | 'is not null' for filter[1] but received \"=>\"",
    ],
    [['a', '='], "Expected ['column', '=', value] for filter but received an array of length 2"],
    [['a', '=', 1, 2], 'for filter but received an array of length 4'],
    [
      ['a', 'is null', true],
      "Expected ['column', 'is null'] for filter but received an array of length 3",
    ],
    [
      ['a', '=', null],
      "Expected a value for filter[2] but received null: a null is found by 'is null'",
    ],
    [['a', 'in', 1], 'Expected an array of values for filter[2] but received 1 (number)'],
    [['a', 'in', [1, undefined]], 'Expected a value for filter[2][1] but received undefined'],
    [
      ['a', '=', {}],
      'Expected a boolean, number, bigint, string, Date or Uint8Array for filter[2]',
    ],
    [[-1, '=', 1], 'Expected a non-negative 64-bit integer (bigint or safe integer) for filter[0]'],
  ])('%j', async (filter, message) => {
    const error = await rejection(() => filterTree(filter))
    expect(error.message).toContain(message)
    expect(error.code).toBe('InvalidArgument')
  })

  test('the empty list is no filter; one in a circle ends', async () => {
    expect(filterTree([])).toBeUndefined()
    const circle: unknown[] = []
    circle.push(circle)
    const error = await rejection(() => filterTree(circle))
    expect(error.message).toBe('Expected filters of at most 128 levels but received deeper ones')
  })

  test('what was given may be changed afterwards', () => {
    const when = new Date(5)
    const bytes = Uint8Array.of(1)
    const values = [1, 2]
    const tree = filterTree([
      ['a', 'in', values],
      ['b', '=', when],
      ['c', '=', bytes],
    ])!
    when.setTime(7)
    bytes[0] = 7
    values.pop()
    expect(filterOfTree(tree)).toEqual({
      and: [
        ['a', 'in', [1, 2]],
        ['b', '=', new Date(5)],
        ['c', '=', Uint8Array.of(1)],
      ],
    })
  })
})
