/** One column of every type that apache-arrow has, with nulls as asked for. */
import * as arrow from 'apache-arrow'
import { type Data, type DataType, Field, makeData, Type, Vector } from 'apache-arrow'
import { Random } from './random.cjs'
import * as values from './random-values.js'

export type Nulls = 'no nulls' | 'some nulls' | 'all null'

const item = (type: DataType, nullable = true) => new Field('item', type, nullable)
const pair = () =>
  new Field(
    'entries',
    new arrow.Struct([
      new Field('key', new arrow.Utf8(), false),
      new Field('value', new arrow.Int32(), true),
    ]),
    false,
  )
const members = () => [
  new Field('n', new arrow.Int32(), true),
  new Field('s', new arrow.Utf8(), true),
]

const int8Indices = new arrow.Int8()

/** Name and type; every class and every unit once, nested ones over varied children. */
export const TYPE_MATRIX: readonly [string, DataType][] = [
  ['null', new arrow.Null()],
  ['bool', new arrow.Bool()],
  ['int8', new arrow.Int8()],
  ['int16', new arrow.Int16()],
  ['int32', new arrow.Int32()],
  ['int64', new arrow.Int64()],
  ['uint8', new arrow.Uint8()],
  ['uint16', new arrow.Uint16()],
  ['uint32', new arrow.Uint32()],
  ['uint64', new arrow.Uint64()],
  ['float16', new arrow.Float16()],
  ['float32', new arrow.Float32()],
  ['float64', new arrow.Float64()],
  ['decimal128', new arrow.Decimal(4, 30, 128)],
  ['decimal256', new arrow.Decimal(2, 60, 256)],
  ['date32', new arrow.DateDay()],
  ['date64', new arrow.DateMillisecond()],
  ['time32[s]', new arrow.TimeSecond()],
  ['time32[ms]', new arrow.TimeMillisecond()],
  ['time64[us]', new arrow.TimeMicrosecond()],
  ['time64[ns]', new arrow.TimeNanosecond()],
  ['timestamp[s]', new arrow.TimestampSecond()],
  ['timestamp[ms, UTC]', new arrow.TimestampMillisecond('UTC')],
  ['timestamp[us]', new arrow.TimestampMicrosecond()],
  ['timestamp[ns, Europe/Berlin]', new arrow.TimestampNanosecond('Europe/Berlin')],
  ['duration[s]', new arrow.DurationSecond()],
  ['duration[ms]', new arrow.DurationMillisecond()],
  ['duration[us]', new arrow.DurationMicrosecond()],
  ['duration[ns]', new arrow.DurationNanosecond()],
  ['interval[months]', new arrow.IntervalYearMonth()],
  ['interval[days, ms]', new arrow.IntervalDayTime()],
  ['interval[months, days, ns]', new arrow.IntervalMonthDayNano()],
  ['binary', new arrow.Binary()],
  ['large_binary', new arrow.LargeBinary()],
  ['binary_view', new arrow.BinaryView()],
  ['utf8', new arrow.Utf8()],
  ['large_utf8', new arrow.LargeUtf8()],
  ['utf8_view', new arrow.Utf8View()],
  ['fixed_size_binary', new arrow.FixedSizeBinary(12)],
  ['fixed_size_list<float32>', new arrow.FixedSizeList(5, item(new arrow.Float32(), false))],
  ['fixed_size_list<bool>', new arrow.FixedSizeList(3, item(new arrow.Bool()))],
  ['list<int32>', new arrow.List(item(new arrow.Int32()))],
  ['list<list<utf8>>', new arrow.List(item(new arrow.List(item(new arrow.Utf8()))))],
  ['list<bool>', new arrow.List(item(new arrow.Bool()))],
  ['large_list<int64>', new arrow.LargeList(item(new arrow.Int64()))],
  ['struct', new arrow.Struct(members())],
  [
    'struct<list<struct>>',
    new arrow.Struct([new Field('l', new arrow.List(item(new arrow.Struct(members()))), true)]),
  ],
  ['map<utf8, int32>', new arrow.Map_(pair())],
  ['sparse_union', new arrow.SparseUnion([0, 1], members())],
  ['dense_union', new arrow.DenseUnion([5, 7], members())],
  ['dictionary<int32, utf8>', new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32())],
  ['dictionary<int8, float64>', new arrow.Dictionary(new arrow.Float64(), int8Indices, null, true)],
  [
    'list<dictionary>',
    new arrow.List(item(new arrow.Dictionary(new arrow.Utf8(), new arrow.Int16()))),
  ],
]

/** Types that have no validity of their own. */
export const WITHOUT_NULLS: readonly Type[] = [Type.Null, Type.Union]

interface Slots {
  length: number
  nullCount: number
  nullBitmap?: Uint8Array
}

function slotsOf(length: number, nulls: Nulls, random: Random): Slots {
  if (nulls === 'no nulls' || length === 0) return { length, nullCount: 0 }
  const nullBitmap = new Uint8Array(Math.ceil(length / 8))
  let valid = 0
  for (let i = 0; i < length && nulls === 'some nulls'; i++) {
    if (random.next() < 0.3) continue
    nullBitmap[i >> 3]! |= 1 << (i & 7)
    valid++
  }
  return { length, nullCount: length - valid, nullBitmap }
}

/** `rows` random values of a type, buffer by buffer; deterministic. */
export function matrixColumn(type: DataType, rows: number, nulls: Nulls, seed = 1): Data {
  return column(type, rows, nulls, new Random(seed))
}

const build = makeData as unknown as (props: object) => Data

function column(type: DataType, rows: number, nulls: Nulls, random: Random): Data {
  if (type.typeId === Type.Null) return build({ type, length: rows })
  if (type.typeId === Type.Union) return union(type as arrow.Union, rows, random)
  return build({ type, ...slotsOf(rows, nulls, random), ...contents(type, rows, nulls, random) })
}

function contents(type: DataType, n: number, nulls: Nulls, random: Random): object {
  const children = (count: number) =>
    (type.children ?? []).map((field) =>
      column(field.type, count, field.nullable ? nulls : 'no nulls', random),
    )
  switch (type.typeId) {
    case Type.Struct:
      return { children: children(n) }
    case Type.FixedSizeList:
      return { child: children(n * (type as arrow.FixedSizeList).listSize)[0] }
    case Type.List:
    case Type.LargeList:
    case Type.Map: {
      const offsets = values.listOffsets(n, random)
      const wide = type.typeId === Type.LargeList
      return {
        valueOffsets: wide ? values.wide(offsets) : offsets,
        child: children(offsets.at(-1)!)[0],
      }
    }
    case Type.Dictionary: {
      const { dictionary, indices } = type as arrow.Dictionary
      const data = new (indices.ArrayType as Int8ArrayConstructor)(n).map(() => random.below(9))
      return { data, dictionary: new Vector([column(dictionary, 9, 'no nulls', random)]) }
    }
    default:
      return flatContents(type, n, random)
  }
}

function flatContents(type: DataType, n: number, random: Random): object {
  const texts = () => values.texts(n, random)
  switch (type.typeId) {
    case Type.BinaryView:
    case Type.Utf8View:
      return values.views(texts())
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Binary:
    case Type.LargeBinary: {
      const items = texts()
      const offsets = values.offsetsOf(items.map(({ length }) => length))
      const wide = type.typeId === Type.LargeUtf8 || type.typeId === Type.LargeBinary
      return {
        valueOffsets: wide ? values.wide(offsets) : offsets,
        data: values.concatenate(items),
      }
    }
    default:
      return { data: fixedContents(type, n, random) }
  }
}

function fixedContents(type: DataType, n: number, random: Random): unknown {
  switch (type.typeId) {
    case Type.Bool:
      return random.bytes(Math.ceil(n / 8))
    case Type.Int:
      return values.integers(type as arrow.Int, n, random)
    case Type.Float:
      return values.floats(type as arrow.Float, n, random)
    case Type.Decimal:
      return values.decimals(type as arrow.Decimal, n, random)
    case Type.Date:
      return values.dates(type as arrow.Date_, n, random)
    case Type.Time:
      return values.times(type as arrow.Time, n, random)
    case Type.Timestamp:
    case Type.Duration:
      return values.timestamps(n, random)
    case Type.Interval:
      return Int32Array.from({ length: n * [1, 2, 4][(type as arrow.Interval).unit]! }, () =>
        random.below(1000),
      )
    case Type.FixedSizeBinary:
      return random.bytes(n * (type as arrow.FixedSizeBinary).byteWidth)
    default:
      throw new Error(`Expected a type of the matrix but received ${type}`)
  }
}

function union(type: arrow.Union, n: number, random: Random): Data {
  const codes = [...type.typeIds]
  const typeIds = Int8Array.from({ length: n }, () => random.pick(codes))
  const dense = type.mode === arrow.UnionMode.Dense
  const counts = codes.map(() => 0)
  const valueOffsets = Int32Array.from(typeIds, (code) => counts[codes.indexOf(code)]!++)
  const children = type.children.map((field, i) =>
    column(field.type, dense ? counts[i]! : n, 'some nulls', random),
  )
  return build({
    type,
    length: n,
    nullCount: -1,
    typeIds,
    children,
    ...(dense && { valueOffsets }),
  })
}
