import { describeValue, parseExact } from '../config/index.js'
import {
  DataType,
  decodeScalarField,
  encodeScalarField,
  type FieldSchema,
  isDenseVector,
  type ScalarValue,
} from '../schema/index.js'
import { typedArrayTag } from './column-input.js'
import type { Refuse } from './data-error.js'
import {
  decodeSparse,
  encodeSparse,
  SPARSE_EXPECTED,
  sparseDim,
  sparseProblem,
} from './sparse-codec.js'
import { VectorCodec } from './vector-codec.js'

/** What Milvus's size formulas look at. */
export interface SizedColumn {
  readonly length: number
  readonly valueBytes: number
  /** Validity bytes and the nullable flag. */
  readonly flagBytes: number
  /** Bytes of the rows that are not null. */
  valuesInBytes(): Iterable<Uint8Array>
}

/** Values of one field to bytes of variable length and back. */
export interface ByteCodec {
  /** What a value has to be, as errors say it. */
  readonly expected: string
  /** Stored as Arrow text; otherwise as binary. */
  readonly isText: boolean
  /** Text is stored as UTF-8. Undefined for another kind of value; throws `refuse(…)`. */
  encode(value: unknown, refuse: Refuse): Uint8Array | string | undefined
  decode(bytes: Uint8Array): unknown
  /** Bytes of flat values of equal width, where the type has such; see VectorCodec. */
  readonly vector?: VectorCodec
  /** What is wrong with stored bytes that somebody else made, undefined when nothing is. */
  problem?(bytes: Uint8Array): string | undefined
  memorySize(column: SizedColumn): number
}

/** A Go string or slice beside its bytes. */
const HEADER_BYTES = 16

/** Bytes of Milvus's in-memory vectors beside their numbers: the dimension. */
export const DIM_BYTES = 4

const sizeOfTexts = ({ length, valueBytes, flagBytes }: SizedColumn): number =>
  valueBytes + length * HEADER_BYTES + flagBytes

/** Bytes as text; the one way that keeps a byte order mark. */
export function decodeText({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('utf8')
}

function asBytes(value: unknown): Uint8Array | undefined {
  return typedArrayTag(value) === 'Uint8Array' ? (value as Uint8Array) : undefined
}

const TEXT: ByteCodec = {
  expected: 'a string',
  isText: true,
  encode: (value) => (typeof value === 'string' ? value : undefined),
  decode: decodeText,
  memorySize: sizeOfTexts,
}

/** Strings and bytes are JSON text as it is; anything else is written as JSON. */
const JSON_TEXT: ByteCodec = {
  expected: 'JSON (an object, an array, a number, a boolean, JSON text, or its bytes)',
  isText: false,
  encode: (value, refuse) => {
    if (typeof value === 'string') return checkedJson(value, refuse)
    if (typeof value === 'function' || typeof value === 'symbol') return undefined
    return asBytes(value) ?? jsonOf(value, refuse)
  },
  decode: (bytes) => parseExact(decodeText(bytes)),
  memorySize: sizeOfTexts,
}

const WKB: ByteCodec = {
  expected: 'WKB bytes',
  isText: false,
  encode: asBytes,
  decode: (bytes) => bytes,
  memorySize: sizeOfTexts,
}

/** Size as of Milvus's protobuf message: the rows, then the dimension. */
const SPARSE: ByteCodec = {
  expected: SPARSE_EXPECTED,
  isText: false,
  encode: encodeSparse,
  decode: decodeSparse,
  problem: sparseProblem,
  memorySize: (column) => {
    let bytes = 0
    let dim = 0
    for (const row of column.valuesInBytes()) {
      bytes += 1 + varintBytes(row.length) + row.length
      dim = Math.max(dim, sparseDim(row))
    }
    return dim === 0 ? bytes : bytes + 1 + varintBytes(dim)
  },
}

/** The codec of a field whose values are bytes of variable length; undefined for the others. */
export function byteCodecOf(field: FieldSchema): ByteCodec | undefined {
  const { dataType, nullable } = field
  if (isDenseVector(dataType)) return nullable ? nullableVector(field) : undefined
  switch (dataType) {
    case DataType.String:
    case DataType.VarChar:
    case DataType.Text:
      return TEXT
    case DataType.JSON:
      return JSON_TEXT
    case DataType.Geometry:
      return WKB
    case DataType.SparseFloatVector:
      return SPARSE
    case DataType.Array:
      return arrayCodec(field)
    default:
      return undefined
  }
}

function nullableVector(field: FieldSchema): ByteCodec {
  const vector = new VectorCodec(field, field.dataType)
  return { ...vectorElementCodec(vector), memorySize: ({ valueBytes }) => valueBytes + DIM_BYTES }
}

function vectorElementCodec(vector: VectorCodec): ByteCodec {
  return {
    expected: vector.expected,
    isText: false,
    vector,
    encode: (value, refuse) => vector.encode(value, refuse),
    decode: (bytes) => vector.decode(bytes),
    problem: ({ length }) => (length === vector.widthBytes ? undefined : `${length} bytes`),
    memorySize: ({ valueBytes }) => valueBytes,
  }
}

/** Bytes that Milvus counts per element of an Array; texts have their own. */
const ELEMENT_BYTES: ReadonlyMap<DataType, number> = new Map([
  [DataType.Bool, 1],
  [DataType.Int8, 1],
  [DataType.Int16, 2],
  [DataType.Int32, 4],
  [DataType.Int64, 8],
  [DataType.Timestamptz, 8],
  [DataType.Float, 4],
  [DataType.Double, 8],
])

function arrayCodec(field: FieldSchema): ByteCodec {
  const { elementType } = field
  const elementBytes = ELEMENT_BYTES.get(elementType)
  const sizeOf = (element: unknown): number =>
    elementBytes ?? Buffer.byteLength(String(element)) + HEADER_BYTES
  return {
    expected: 'an array',
    isText: false,
    encode: (value) => encodeArray(field, value),
    decode: (bytes) => decodeScalarField(bytes, elementType),
    memorySize: (column) => {
      let bytes = column.flagBytes
      for (const row of column.valuesInBytes()) {
        for (const element of decodeScalarField(row, elementType)) bytes += sizeOf(element)
      }
      return bytes
    },
  }
}

/** Bytes are a ScalarField already; any other array, typed ones included, holds the elements. */
function encodeArray(field: FieldSchema, value: unknown): Uint8Array | undefined {
  const { elementType, elementNullable } = field
  const bytes = asBytes(value)
  if (bytes !== undefined) {
    decodeScalarField(bytes, elementType) // for its errors
    return bytes
  }
  if (!Array.isArray(value) && typedArrayTag(value) === '') return undefined
  return encodeScalarField(elementType, value as ArrayLike<ScalarValue | null>, { elementNullable })
}

/** What a bigint is while JSON.stringify, which takes none, is at work. */
const INTEGER_MARK = '\0integer:'
const MARKED_INTEGER = /"\\u0000integer:(-?\d+)"/g

/** `JSON.stringify` that writes a bigint as its digits. */
function jsonOf(value: unknown, refuse: Refuse): string {
  try {
    return JSON.stringify(value)
  } catch {
    // A bigint somewhere; or a cycle, which throws again.
  }
  try {
    const marked = JSON.stringify(value, (_, item: unknown) =>
      typeof item === 'bigint' ? `${INTEGER_MARK}${item}` : item,
    )
    return marked.replace(MARKED_INTEGER, '$1')
  } catch (error) {
    throw refuse('what JSON can hold', `${describeValue(value)}: ${(error as Error).message}`)
  }
}

function checkedJson(text: string, refuse: Refuse): string {
  try {
    JSON.parse(text)
    return text
  } catch {
    throw refuse('JSON text', describeValue(text))
  }
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 128; rest /= 128) bytes++
  return bytes
}
