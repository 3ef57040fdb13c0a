import {
  type DataType,
  type Dictionary,
  type FixedSizeBinary,
  type FixedSizeList,
  type Float,
  type Int,
  Type,
} from 'apache-arrow'
import type { ColumnKind } from '../codec/index.js'
import { isVectorType } from '../schema/index.js'

/** What is assumed of values whose length is not in their type. */
const TEXT_BYTES = 32
const LIST_LENGTH = 8

/** What a column is to a codec. `dim`: a list of so many numbers each, stored as a vector. */
export function columnKind(type: DataType, dim?: number): ColumnKind {
  if (dim !== undefined || isVectorType(type)) return 'vector'
  switch (type.typeId) {
    case Type.Dictionary:
      return columnKind((type as Dictionary).dictionary)
    case Type.Bool:
      return 'boolean'
    case Type.Int:
    case Type.Date:
    case Type.Time:
    case Type.Timestamp:
    case Type.Duration:
      return 'integer'
    case Type.Float:
      return 'float'
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return 'text'
    case Type.List:
    case Type.LargeList:
    case Type.FixedSizeList:
    case Type.Struct:
    case Type.Map:
      return 'nested'
    default:
      return 'bytes'
  }
}

/** About the bytes of one value in memory, by its type: enough to share out a row group. */
export function bytesPerValue(type: DataType, dim?: number): number {
  const child = () => type.children.reduce((sum, field) => sum + bytesPerValue(field.type), 0)
  switch (type.typeId) {
    case Type.Dictionary:
      return bytesPerValue((type as Dictionary).dictionary)
    case Type.FixedSizeBinary:
      return (type as FixedSizeBinary).byteWidth
    case Type.FixedSizeList:
      return (type as FixedSizeList).listSize * child()
    case Type.List:
    case Type.LargeList:
    case Type.Map:
      return (dim ?? LIST_LENGTH) * child()
    case Type.Struct:
      return child()
    case Type.Bool:
      return 1 / 8
    case Type.Int:
      return (type as Int).bitWidth / 8
    case Type.Float:
      return 2 << (type as Float).precision
    case Type.Date:
    case Type.Time:
    case Type.Timestamp:
    case Type.Duration:
      return 8
    default:
      return TEXT_BYTES
  }
}
