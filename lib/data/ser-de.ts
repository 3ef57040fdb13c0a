import { type Data, Type, Vector } from 'apache-arrow'
import { expectObject, expectOptions } from '../config/index.js'
import type { PackedError } from '../errors/index.js'
import { DataType, type FieldSchema, isDenseVector, isVector } from '../schema/index.js'
import { appendValue } from './base-field-data.js'
import { bitAt } from './bits.js'
import { byteCodecOf, decodeText } from './byte-codec.js'
import { badColumn } from './data-error.js'
import type { Serialize } from './field-data.js'
import { FIXED_WIDTH_KINDS, type FixedWidthKind } from './fixed-width-kinds.js'
import { type Lenience, lenientSerialize } from './lenience.js'
import { VectorCodec } from './vector-codec.js'

/** Values of one field into columns and out of Arrow data. */
export interface SerDe {
  /**
   * Put a value at the end of a column; null and undefined are a null.
   *
   * @throws PackedError TypeMismatch or InvalidData naming field and row.
   */
  readonly serialize: Serialize
  /**
   * The value in a row of Arrow data, null for a null.
   *
   * @param shouldCopy give bytes and vectors memory of their own; without, they view the data.
   * @throws PackedError TypeMismatch for data of another type.
   */
  deserialize(data: Data, row: number, shouldCopy?: boolean): unknown
  /** Whether deserialized values view the data's memory, so that keeping them needs a copy. */
  readonly shouldCopy: boolean
}

/** Options of {@link serDeOf}. */
export interface SerDeOptions {
  /** Take what a value can be made of, and null for what it cannot; see {@link Lenience}. */
  lenient?: Lenience | undefined
  /** Give JSON as its text rather than parsed. */
  jsonText?: boolean | undefined
}

type Deserialize = (data: Data, row: number, shouldCopy: boolean) => unknown

/**
 * The SerDe of a field.
 *
 * Values come as: boolean; number (integers to 32 bits, floats); bigint (Int64, Timestamptz);
 * string; parsed JSON with bigint for integers beyond 2^53; WKB bytes; an array of elements;
 * Float32Array, Int8Array, Uint8Array (BinaryVector), Uint16Array (the bits of 16-bit floats);
 * Map of index to value in ascending order (sparse); an array of vectors.
 *
 * @throws PackedError InvalidArgument.
 */
export function serDeOf(field: FieldSchema, options: SerDeOptions = {}): SerDe {
  const { lenient, jsonText = false } = expectOptions(options, ['lenient', 'jsonText'], 'serDeOf')
  expectObject(field, 'field')
  const read = deserializer(field, jsonText)
  return {
    serialize: lenient === undefined ? appendValue : lenientSerialize(lenient),
    deserialize: (data, row, shouldCopy = false) =>
      data.getValid(row) ? read(data, row, shouldCopy) : null,
    shouldCopy:
      field.dataType === DataType.Geometry ||
      (isVector(field.dataType) && field.dataType !== DataType.SparseFloatVector),
  }
}

function deserializer(field: FieldSchema, jsonText: boolean): Deserialize {
  const { dataType } = field
  if (dataType === DataType.Bool) return (data, row) => readBool(field, data, row)
  const kind = FIXED_WIDTH_KINDS.get(dataType)
  if (kind !== undefined) return (data, row) => readNumber(field, kind, data, row)
  if (dataType === DataType.ArrayOfVector) return vectorsReader(field)
  const codec = isDenseVector(dataType) ? new VectorCodec(field, dataType) : byteCodecOf(field)!
  const isText = dataType === DataType.JSON && jsonText
  return (data, row, shouldCopy) => {
    const bytes = bytesAt(field, data, row)
    if (isText) return decodeText(bytes)
    return codec.decode(shouldCopy ? bytes.slice() : bytes)
  }
}

function readBool(field: FieldSchema, data: Data, row: number): boolean {
  if (data.type.typeId === Type.Bool) return bitAt(data.values as Uint8Array, data.offset + row)
  throw wrongType(field, data)
}

/** Narrower Arrow numbers widen; what does not fit is an error rather than another number. */
function readNumber(field: FieldSchema, kind: FixedWidthKind, data: Data, row: number): unknown {
  const { typeId } = data.type
  const isNumber = typeId === Type.Int || typeId === Type.Float
  const value = isNumber ? kind.convert((data.values as Int32Array)[row]) : undefined
  if (value === undefined) throw wrongType(field, data)
  return value
}

function vectorsReader(field: FieldSchema): Deserialize {
  const codec = new VectorCodec(field, field.elementType)
  return (data, row, shouldCopy) => {
    const child = data.children[0]
    if (data.type.typeId !== Type.List || child === undefined) throw wrongType(field, data)
    const [start, end] = [data.valueOffsets[row]!, data.valueOffsets[row + 1]!]
    return Array.from({ length: end - start }, (_, index) => {
      if (!child.getValid(start + index)) return null
      const bytes = bytesAt(field, child, start + index)
      return codec.decode(shouldCopy ? bytes.slice() : bytes)
    })
  }
}

/** The bytes of one value, over the data's memory. */
function bytesAt(field: FieldSchema, data: Data, row: number): Uint8Array {
  const values = data.values as Uint8Array
  switch (data.type.typeId) {
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Binary:
    case Type.LargeBinary:
      return values.subarray(Number(data.valueOffsets[row]), Number(data.valueOffsets[row + 1]))
    case Type.FixedSizeBinary: {
      const { byteWidth } = data.type as unknown as { byteWidth: number }
      return values.subarray(row * byteWidth, (row + 1) * byteWidth)
    }
    case Type.FixedSizeList: {
      const { listSize } = data.type as unknown as { listSize: number }
      const { buffer, byteOffset, BYTES_PER_ELEMENT } = data.children[0]!.values as Float32Array
      const width = listSize * BYTES_PER_ELEMENT
      return new Uint8Array(buffer, byteOffset + row * width, width)
    }
    case Type.Dictionary:
      return new TextEncoder().encode(String(new Vector([data]).get(row)))
    default:
      throw wrongType(field, data)
  }
}

function wrongType(field: FieldSchema, data: Data): PackedError {
  return badColumn(field.name, 'values of its data type', String(data.type), 'TypeMismatch')
}
