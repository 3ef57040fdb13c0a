/**
 * Milvus's data types with Milvus's numbers (`schema.DataType`).
 *
 * Not Arrow's class of the same name: dispatch on the number.
 */
export const DataType = {
  None: 0,
  Bool: 1,
  Int8: 2,
  Int16: 3,
  Int32: 4,
  Int64: 5,
  Float: 10,
  Double: 11,
  String: 20,
  VarChar: 21,
  Array: 22,
  JSON: 23,
  Geometry: 24,
  Text: 25,
  Timestamptz: 26,
  Mol: 27,
  Date: 28,
  Time: 29,
  Decimal: 30,
  UUID: 31,
  BinaryVector: 100,
  FloatVector: 101,
  Float16Vector: 102,
  BFloat16Vector: 103,
  SparseFloatVector: 104,
  Int8Vector: 105,
  ArrayOfVector: 106,
  ArrayOfStruct: 200,
  Struct: 201,
} as const

/** One of Milvus's data types, as its number. */
export type DataType = (typeof DataType)[keyof typeof DataType]

/** The name of a data type: `'FloatVector'`. */
export type DataTypeName = keyof typeof DataType

const NAMES = new Map<number, DataTypeName>(
  Object.entries(DataType).map(([name, value]) => [value, name as DataTypeName]),
)

/** The name of a data type, undefined for a number that Milvus does not have. */
export function dataTypeName(type: number): DataTypeName | undefined {
  return NAMES.get(type)
}

/** The data type of a number or a name, undefined for what Milvus does not have. */
export function dataTypeOf(value: unknown): DataType | undefined {
  if (typeof value === 'number') return NAMES.has(value) ? (value as DataType) : undefined
  if (typeof value !== 'string' || !Object.hasOwn(DataType, value)) return undefined
  return DataType[value as DataTypeName]
}

const DENSE_VECTORS: ReadonlySet<DataType> = new Set([
  DataType.BinaryVector,
  DataType.FloatVector,
  DataType.Float16Vector,
  DataType.BFloat16Vector,
  DataType.Int8Vector,
])

const ARRAY_ELEMENTS: ReadonlySet<DataType> = new Set([
  DataType.Bool,
  DataType.Int8,
  DataType.Int16,
  DataType.Int32,
  DataType.Int64,
  DataType.Float,
  DataType.Double,
  DataType.String,
  DataType.VarChar,
  DataType.Timestamptz,
])

/** A vector whose rows all have the same width in bytes. */
export function isDenseVector(type: DataType): boolean {
  return DENSE_VECTORS.has(type)
}

/** A dense vector, a sparse vector or an array of vectors. */
export function isVector(type: DataType): boolean {
  return (
    isDenseVector(type) || type === DataType.SparseFloatVector || type === DataType.ArrayOfVector
  )
}

/** A type that the elements of an Array can have. */
export function isArrayElement(type: DataType): boolean {
  return ARRAY_ELEMENTS.has(type)
}
