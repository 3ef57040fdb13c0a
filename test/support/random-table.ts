/** Random columns, built buffer by buffer: nothing goes through apache-arrow's own builders. */
import {
  type Data,
  type DataType,
  type Decimal,
  type Dictionary,
  type Field,
  type FixedSizeBinary,
  type FixedSizeList,
  type Float,
  type Int,
  type LargeList,
  type List,
  type Map_,
  makeData,
  RecordBatch,
  type Schema,
  Struct,
  type Time,
  type Timestamp,
  Type,
  Vector,
} from 'apache-arrow'
import type { Random } from './random.cjs'
import * as values from './random-values.js'

/** Slots that a column of a field may have. */
interface Slots {
  length: number
  nullCount: number
  nullBitmap?: Uint8Array
}

/** None, some or all of the slots null. */
function randomSlots(length: number, nullable: boolean, random: Random): Slots {
  const share = nullable ? random.pick([0, 0.2, 0.9, 1]) : 0
  if (share === 0) return { length, nullCount: 0 }
  const nullBitmap = new Uint8Array(Math.ceil(length / 8))
  let nullCount = 0
  for (let i = 0; i < length; i++) {
    if (random.next() < share) nullCount++
    else nullBitmap[i >> 3]! |= 1 << (i & 7)
  }
  return { length, nullCount, nullBitmap }
}

function child(type: { children: readonly Field[] }, index: number, n: number, random: Random) {
  const field = type.children[index]!
  return randomData(field.type, n, field.nullable, random)
}

/** A dense vector may be null, its elements may not. */
function fixedSizeList(type: FixedSizeList, slots: Slots, random: Random): Data {
  const length = slots.length * type.listSize
  return makeData({ type, ...slots, child: child(type, 0, length, random) })
}

function dictionary(type: Dictionary, slots: Slots, random: Random): Data {
  const size = 1 + random.below(20)
  const data = new (type.indices.ArrayType as Int32ArrayConstructor)(slots.length)
  for (let i = 0; i < slots.length; i++) data[i] = random.below(size)
  const entries = randomData(type.dictionary, size, false, random)
  return makeData({ type, ...slots, data, dictionary: new Vector([entries]) })
}

function map(type: Map_, slots: Slots, random: Random): Data {
  const valueOffsets = values.listOffsets(slots.length, random)
  return makeData({
    type,
    ...slots,
    valueOffsets,
    child: child(type, 0, valueOffsets.at(-1)!, random),
  })
}

function list(type: List | LargeList, slots: Slots, random: Random): Data {
  const offsets = values.listOffsets(slots.length, random)
  const elements = child(type, 0, offsets.at(-1)!, random)
  if (type.typeId === Type.LargeList) {
    return makeData({
      type: type as LargeList,
      ...slots,
      valueOffsets: values.wide(offsets),
      child: elements,
    })
  }
  return makeData({ type: type as List, ...slots, valueOffsets: offsets, child: elements })
}

function variableWidth(type: DataType, slots: Slots, random: Random): Data {
  const items = values.texts(slots.length, random)
  if (type.typeId === Type.Utf8View || type.typeId === Type.BinaryView) {
    return makeData({ type: type as never, ...slots, ...values.views(items) } as never)
  }
  const offsets = values.offsetsOf(items.map(({ length }) => length))
  const large = type.typeId === Type.LargeUtf8 || type.typeId === Type.LargeBinary
  const valueOffsets = large ? values.wide(offsets) : offsets
  return makeData({
    type: type as never,
    ...slots,
    valueOffsets,
    data: values.concatenate(items),
  } as never)
}

function fixedWidth(type: DataType, n: number, random: Random): unknown {
  switch (type.typeId) {
    case Type.Bool:
      return random.bytes(Math.ceil(n / 8))
    case Type.Int:
      return values.integers(type as Int, n, random)
    case Type.Float:
      return values.floats(type as Float, n, random)
    case Type.Decimal:
      return values.decimals(type as Decimal, n, random)
    case Type.Date:
      return values.dates(type as DataType & { unit: number }, n, random)
    case Type.Time:
      return values.times(type as Time, n, random)
    case Type.Timestamp:
      return values.timestamps(n, random)
    case Type.FixedSizeBinary:
      return random.bytes(n * (type as FixedSizeBinary).byteWidth)
    default:
      throw new Error(`Expected a type with random values but received ${type}`)
  }
}

/** A random column; nulls only where `nullable`, values also in slots that are null. */
export function randomData(type: DataType, n: number, nullable: boolean, random: Random): Data {
  if (type.typeId === Type.Null) return makeData({ type, length: n } as never)
  const slots = randomSlots(n, nullable, random)
  switch (type.typeId) {
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
      return variableWidth(type, slots, random)
    case Type.List:
    case Type.LargeList:
      return list(type as List, slots, random)
    case Type.FixedSizeList:
      return fixedSizeList(type as FixedSizeList, slots, random)
    case Type.Map:
      return map(type as Map_, slots, random)
    case Type.Dictionary:
      return dictionary(type as Dictionary, slots, random)
    case Type.Struct: {
      const children = type.children.map((_, index) => child(type as Struct, index, n, random))
      return makeData({ type: type as Struct, ...slots, children })
    }
    default:
      return makeData({
        type: type as Timestamp,
        ...slots,
        data: fixedWidth(type, n, random) as never,
      })
  }
}

export function randomBatch(schema: Schema, rows: number, random: Random): RecordBatch {
  const children = schema.fields.map((field) =>
    randomData(field.type, rows, field.nullable, random),
  )
  const data = makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children })
  return new RecordBatch(schema, data)
}
