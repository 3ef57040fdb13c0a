/** fast-check arbitraries for schemas of every type that a packed file can hold. */
import {
  Binary,
  BinaryView,
  Bool,
  type DataType,
  DateDay,
  DateMillisecond,
  Decimal,
  Dictionary,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  LargeBinary,
  LargeList,
  LargeUtf8,
  List,
  Map_,
  Null,
  Schema,
  Struct,
  TimeMicrosecond,
  TimeMillisecond,
  TimeNanosecond,
  TimeSecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
  Utf8View,
} from 'apache-arrow'
import fc from 'fast-check'

const FIXED: readonly (() => DataType)[] = [
  () => new Bool(),
  () => new Int8(),
  () => new Int16(),
  () => new Int32(),
  () => new Int64(),
  () => new Uint8(),
  () => new Uint16(),
  () => new Uint32(),
  () => new Uint64(),
  () => new Float16(),
  () => new Float32(),
  () => new Float64(),
  () => new Decimal(2, 30, 128),
  () => new Decimal(3, 60, 256),
  () => new DateDay(),
  () => new DateMillisecond(),
  () => new TimeSecond(),
  () => new TimeMillisecond(),
  () => new TimeMicrosecond(),
  () => new TimeNanosecond(),
  () => new TimestampSecond(),
  () => new TimestampMillisecond(),
  () => new TimestampMicrosecond('UTC'),
  () => new TimestampNanosecond('Europe/Berlin'),
  () => new FixedSizeBinary(3),
]

const VARIABLE: readonly (() => DataType)[] = [
  () => new Utf8(),
  () => new LargeUtf8(),
  () => new Utf8View(),
  () => new Binary(),
  () => new LargeBinary(),
  () => new BinaryView(),
]

const ENCODED: readonly (() => DataType)[] = [
  () => new Null(),
  () => new Dictionary(new Utf8(), new Int32()),
  () => new Dictionary(new Int64(), new Int8()),
]

const VECTORS: readonly ((dim: number) => DataType)[] = [
  (dim) => new FixedSizeBinary(dim * 4),
  (dim) => new FixedSizeList(dim, new Field('item', new Float32(), false)),
  (dim) => new FixedSizeList(dim, new Field('item', new Float16(), false)),
  (dim) => new FixedSizeList(dim, new Field('item', new Int8(), false)),
]

const oneOf = (makers: readonly (() => DataType)[]) =>
  fc.constantFrom(...makers).map((make) => make())

const leaf: fc.Arbitrary<DataType> = fc.oneof(oneOf(FIXED), oneOf(VARIABLE))

const vector: fc.Arbitrary<DataType> = fc
  .tuple(fc.constantFrom(...VECTORS), fc.integer({ min: 1, max: 40 }))
  .map(([make, dim]) => make(dim))

/** Children are named as Parquet names them, so that types are equal after the trip. */
function nested(inner: fc.Arbitrary<DataType>): fc.Arbitrary<DataType> {
  const field = (name: string) =>
    fc.tuple(inner, fc.boolean()).map(([type, nullable]) => new Field(name, type, nullable))
  return fc.oneof(
    field('element').map((element) => new List(element)),
    field('element').map((element) => new LargeList(element)),
    fc.tuple(field('x'), field('y')).map((fields) => new Struct(fields)),
    field('value').map((value) => {
      const entries = new Struct([new Field('key', new Utf8(), false), value])
      return new Map_(new Field('key_value', entries as never, false)) as DataType
    }),
  )
}

const type: fc.Arbitrary<DataType> = fc.oneof(
  { weight: 4, arbitrary: leaf },
  { weight: 1, arbitrary: oneOf(ENCODED) },
  { weight: 2, arbitrary: vector },
  { weight: 1, arbitrary: nested(leaf) },
  { weight: 1, arbitrary: nested(nested(leaf)) },
)

/** One to six fields with field ids; only types with a null value may be the Null type. */
export const arbitrarySchema: fc.Arbitrary<Schema> = fc
  .array(fc.tuple(type, fc.boolean()), { minLength: 1, maxLength: 6 })
  .map((columns) => {
    const fields = columns.map(([columnType, nullable], index) => {
      const id = new Map([['PARQUET:field_id', String(100 + index)]])
      const isNull = columnType.typeId === new Null().typeId
      return new Field(`c${index}`, columnType, nullable || isNull, id)
    })
    return new Schema(fields)
  })

/** A random partition of `count` columns: the group of each. */
export function arbitraryGroups(count: number): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({ min: 0, max: 3 }), { minLength: count, maxLength: count })
}
