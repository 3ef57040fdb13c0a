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
