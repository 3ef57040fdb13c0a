import {
  type DataType as ArrowType,
  Bool,
  type Data,
  Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  makeData,
  Uint8,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { PackedError } from '../errors/index.js'
import { DataType, dataTypeName, decodeScalarField, type FieldSchema } from '../schema/index.js'
import { wktOf } from './export-geometry.js'

/** Arrow types of scalars in the bulk form, and of the elements of arrays. */
const SCALARS: ReadonlyMap<DataType, ArrowType> = new Map<DataType, ArrowType>([
  [DataType.Bool, new Bool()],
  [DataType.Int8, new Int8()],
  [DataType.Int16, new Int16()],
  [DataType.Int32, new Int32()],
  [DataType.Int64, new Int64()],
  [DataType.Float, new Float32()],
  [DataType.Double, new Float64()],
  [DataType.String, new Utf8()],
  [DataType.VarChar, new Utf8()],
  [DataType.Text, new Utf8()],
])

/** How the elements of a dense vector stand in a list. */
const VECTOR_ELEMENTS: ReadonlyMap<DataType, { type: ArrowType; bytes: number }> = new Map<
  DataType,
  { type: ArrowType; bytes: number }
>([
  [DataType.FloatVector, { type: new Float32(), bytes: 4 }],
  [DataType.BinaryVector, { type: new Uint8(), bytes: 1 }],
  [DataType.Float16Vector, { type: new Uint8(), bytes: 1 }],
  [DataType.BFloat16Vector, { type: new Uint8(), bytes: 1 }],
  [DataType.Int8Vector, { type: new Int8(), bytes: 1 }],
])

/**
 * A column of a segment in the form that pymilvus's bulk writer gives it.
 *
 * Dense vectors are lists of float32, int8 or bytes over the same memory; sparse vectors and JSON
 * are JSON text, arrays lists, geometries WKT, times with a zone ISO 8601.
 *
 * @throws PackedError UnsupportedType naming the field, InvalidData naming field and row.
 */
export function bulkColumn(field: FieldSchema, data: Data): Data {
  const { dataType } = field
  if (SCALARS.has(dataType)) return data
  if (VECTOR_ELEMENTS.has(dataType)) return vectorLists(dataType, data)
  switch (dataType) {
    case DataType.JSON:
      return data.clone(new Utf8())
    case DataType.Array:
      return arrayLists(field, data)
    case DataType.ArrayOfVector:
      return listsOfVectors(field, data)
    case DataType.SparseFloatVector:
      return textColumn(field, data, sparseText)
    case DataType.Geometry:
      return textColumn(field, data, wktOf)
    case DataType.Timestamptz:
      return timeColumn(field, data)
    default:
      throw new PackedError(
        'UnsupportedType',
        `Expected a type that the bulk form has for field "${field.name}" but received ` +
          `${dataTypeName(dataType)}`,
        { field: field.name },
      )
  }
}

/** Bytes of row `row` of a binary column; null where it is null. */
function bytesAt(data: Data, row: number): Uint8Array | null {
  if (!data.getValid(row)) return null
  return (data.values as Uint8Array).subarray(data.valueOffsets[row], data.valueOffsets[row + 1])
}

function textColumn(field: FieldSchema, data: Data, print: (bytes: Uint8Array) => string): Data {
  return utf8(field, data.length, (row) => {
    const bytes = bytesAt(data, row)
    return bytes === null ? null : print(bytes)
  })
}

function timeColumn(field: FieldSchema, data: Data): Data {
  const values = data.values as BigInt64Array
  return utf8(field, data.length, (row) => (data.getValid(row) ? isoMicros(values[row]!) : null))
}

function utf8(field: FieldSchema, rows: number, textAt: (row: number) => string | null): Data {
  const texts = Array.from({ length: rows }, (_, row) => atRow(field, row, () => textAt(row)))
  return vectorFromArray(texts, new Utf8()).data[0] ?? makeData({ type: new Utf8(), length: 0 })
}

/** Name field and row in what goes wrong with one value. */
function atRow<T>(field: FieldSchema, row: number, convert: () => T): T {
  try {
    return convert()
  } catch (error) {
    throw new PackedError(
      'InvalidData',
      `Expected a ${dataTypeName(field.dataType)} for field "${field.name}" in row ${row} but ` +
        `received ${error instanceof Error ? error.message : String(error)}`,
      { field: field.name, cause: error },
    )
  }
}

/** Microseconds since 1970 as `2024-12-31T22:00:00.000000Z`. */
function isoMicros(value: bigint): string {
  const micros = ((value % 1000n) + 1000n) % 1000n
  const text = new Date(Number((value - micros) / 1000n)).toISOString()
  return text.replace('Z', `${String(micros).padStart(3, '0')}Z`)
}

/** Pairs of index and value as a JSON object. */
function sparseText(bytes: Uint8Array): string {
  if (bytes.length % 8 !== 0) throw new RangeError(`${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pairs: string[] = []
  for (let at = 0; at < bytes.length; at += 8) {
    pairs.push(`"${view.getUint32(at, true)}":${view.getFloat32(at + 4, true)}`)
  }
  return `{${pairs.join(',')}}`
}

/** Lists over the memory of a dense vector column, fixed-size binary or (nullable) binary. */
function vectorLists(dataType: DataType, data: Data): Data {
  const { type, bytes } = VECTOR_ELEMENTS.get(dataType)!
  const width = (data.type as { byteWidth?: number }).byteWidth
  const { length } = data
  const values = data.values as Uint8Array
  const start = width === undefined ? data.valueOffsets[0]! : 0
  const offsets = Int32Array.from({ length: length + 1 }, (_, row) => {
    return (width === undefined ? data.valueOffsets[row]! - start : row * width) / bytes
  })
  const elements = elementsOf(type, values.subarray(start, start + offsets[length]! * bytes))
  return listsOver(data, offsets, elements)
}

/** Elements over bytes, copied only where they do not lie on a multiple of their width. */
function elementsOf(type: ArrowType, bytes: Uint8Array): Data {
  const { ArrayType } = type as ArrowType & { ArrayType: Float32ArrayConstructor }
  const width = ArrayType.BYTES_PER_ELEMENT
  const aligned = bytes.byteOffset % width === 0 ? bytes : bytes.slice()
  const values = new ArrayType(
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    bytes.length / width,
  )
  return makeData({ type: type as Float32, length: values.length, nullCount: 0, data: values })
}

/** Lists with the nulls of `source`. */
function listsOver(source: Data, valueOffsets: Int32Array, child: Data): Data {
  return makeData({
    type: new List(new Field('item', child.type, true)),
    offset: source.offset,
    length: source.length,
    nullCount: source.nullCount,
    nullBitmap: source.nullCount > 0 ? source.nullBitmap : null,
    valueOffsets,
    child,
  })
}

function arrayLists(field: FieldSchema, data: Data): Data {
  const element = SCALARS.get(field.elementType)
  if (element === undefined) {
    throw new PackedError(
      'UnsupportedType',
      `Expected a scalar element type for the array "${field.name}" but received ` +
        `${dataTypeName(field.elementType)}`,
      { field: field.name },
    )
  }
  const offsets = new Int32Array(data.length + 1)
  const values: unknown[] = []
  for (let row = 0; row < data.length; row++) {
    const bytes = bytesAt(data, row)
    if (bytes !== null) {
      const decoded = atRow(field, row, () => decodeScalarField(bytes, field.elementType))
      for (const value of decoded) values.push(value)
    }
    offsets[row + 1] = values.length
  }
  const child = vectorFromArray(values, element).data[0] ?? makeData({ type: element, length: 0 })
  return listsOver(data, offsets, child)
}

/** The vectors of one array of vectors, each a list. */
function listsOfVectors(field: FieldSchema, data: Data): Data {
  const offsets = data.valueOffsets
  const [start, end] = [offsets[0]!, offsets[data.length]!]
  const vectors = vectorLists(field.elementType, data.children[0]!.slice(start, end - start))
  return listsOver(
    data,
    Int32Array.from({ length: data.length + 1 }, (_, row) => offsets[row]! - start),
    vectors,
  )
}
