import {
  type Data,
  type DataType,
  makeData,
  RecordBatch,
  type Schema,
  Struct,
  Type,
  UnionMode,
  Vector,
} from 'apache-arrow'
import type { NativeBatch } from '../native/index.js'
import { FlatCursor } from './flat-cursor.js'
import { factsOf } from './flatten-schema.js'
import './held-shapes.js'

/** Everything that `makeData` takes, for whatever type. */
interface DataProps {
  type: DataType
  length: number
  nullCount: number
  nullBitmap?: Uint8Array | null
  data?: Uint8Array | null
  views?: Uint8Array | null
  variadicBuffers?: Uint8Array[]
  valueOffsets?: Uint8Array | null
  typeIds?: Uint8Array | null
  child?: Data
  children?: Data[]
  dictionary?: Vector
}

const build = makeData as unknown as (props: DataProps) => Data

const rowTypes = new WeakMap<Schema, Struct>()

function rowTypeOf(schema: Schema): Struct {
  let type = rowTypes.get(schema)
  if (type === undefined) {
    type = new Struct(schema.fields)
    rowTypes.set(schema, type)
  }
  return type
}

/** A RecordBatch over the memory of a native batch; nothing is copied here. */
export function unflattenBatch(schema: Schema, batch: NativeBatch): RecordBatch {
  const cursor = new FlatCursor(batch.nodes, batch.buffers)
  const children = schema.fields.map((field) => unflattenData(cursor, field.type))
  const rows = build({ type: rowTypeOf(schema), length: batch.rows, nullCount: 0, children })
  return new RecordBatch(schema, rows as Data<Struct>)
}

function unflattenData(cursor: FlatCursor, type: DataType): Data {
  const { length, nullCount, buffers } = cursor.next()
  if (type.typeId === Type.Union) return unflattenUnion(cursor, type, length, buffers)
  const [nullBitmap = null, first = null, second = null] = buffers
  const props: DataProps = { type, length, nullCount, nullBitmap }
  switch (type.typeId as Type) {
    case Type.Null:
      break
    case Type.Struct:
      props.children = unflattenChildren(cursor, type)
      break
    case Type.FixedSizeList:
      props.child = unflattenChildren(cursor, type)[0] as Data
      break
    case Type.List:
    case Type.LargeList:
    case Type.Map:
      props.valueOffsets = first
      props.child = unflattenChildren(cursor, type)[0] as Data
      break
    case Type.Binary:
    case Type.LargeBinary:
    case Type.Utf8:
    case Type.LargeUtf8:
      props.valueOffsets = first
      props.data = second
      break
    case Type.BinaryView:
    case Type.Utf8View:
      props.views = first
      props.variadicBuffers = buffers.slice(2).map((buffer) => buffer ?? new Uint8Array(0))
      break
    case Type.Dictionary:
      props.data = first
      props.dictionary = new Vector([unflattenData(cursor, factsOf(type).dictionary)])
      break
    default:
      props.data = first
  }
  return build(props)
}

function unflattenUnion(
  cursor: FlatCursor,
  type: DataType,
  length: number,
  buffers: (Uint8Array | null)[],
): Data {
  const [typeIds = null, valueOffsets = null] = buffers
  const children = unflattenChildren(cursor, type)
  const dense = factsOf(type).mode === UnionMode.Dense
  return build({ type, length, nullCount: -1, typeIds, children, ...(dense && { valueOffsets }) })
}

function unflattenChildren(cursor: FlatCursor, type: DataType): Data[] {
  return (type.children ?? []).map((child) => unflattenData(cursor, child.type))
}
