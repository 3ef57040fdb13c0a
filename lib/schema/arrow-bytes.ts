import { type Data, type DataType, Type } from 'apache-arrow'
import { expectObject } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { ArrowRecord } from './arrow-record.js'

/**
 * Decoded bytes of a column by Milvus's formula for `memory_size`: what its rows take in Arrow,
 * padding and rows outside of a slice left out.
 *
 * For `n` rows: validity `ceil(n / 8)` when the buffer exists, fixed widths `n * width`, Bool
 * `ceil(n / 8)`, strings and bytes `(n + 1) * 4` plus their bytes, lists `(n + 1) * 4` plus their
 * elements.
 *
 * @throws PackedError UnsupportedType for views, unions and run-end encoding, which no Milvus
 *   column has.
 */
export function arrowDataBytes(data: Data): number {
  expectObject(data, 'data')
  const validity = (data.nullBitmap?.byteLength ?? 0) > 0 ? Math.ceil(data.length / 8) : 0
  return validity + valueBytes(data)
}

function valueBytes(data: Data): number {
  const { type, length, children } = data
  switch (type.typeId as Type) {
    case Type.Null:
      return 0
    case Type.Bool:
      return Math.ceil(length / 8)
    case Type.Int:
    case Type.Float:
    case Type.Decimal:
    case Type.Date:
    case Type.Time:
    case Type.Timestamp:
    case Type.Interval:
    case Type.Duration:
    case Type.FixedSizeBinary:
      return length * data.stride * (data.values as Uint8Array).BYTES_PER_ELEMENT
    case Type.Utf8:
    case Type.Binary:
    case Type.LargeUtf8:
    case Type.LargeBinary: {
      const { offsets, from, to } = offsetsOf(data)
      return offsets + to - from
    }
    case Type.List:
    case Type.LargeList:
    case Type.Map: {
      const { offsets, from, to } = offsetsOf(data)
      return offsets + arrowDataBytes(children[0]!.slice(from, to - from))
    }
    case Type.FixedSizeList:
    case Type.Struct:
      return children.reduce((bytes, child) => bytes + arrowDataBytes(child), 0)
    case Type.Dictionary:
      return (
        length * (data.values as Uint8Array).BYTES_PER_ELEMENT +
        (data.dictionary?.data ?? []).reduce((bytes, chunk) => bytes + arrowDataBytes(chunk), 0)
      )
    default:
      throw unsupported(type)
  }
}

/** Bytes of the offsets of a slice, and the range that they span. */
function offsetsOf({ length, valueOffsets }: Data): { offsets: number; from: number; to: number } {
  const offsets = valueOffsets as Int32Array | BigInt64Array
  return {
    offsets: (length + 1) * offsets.BYTES_PER_ELEMENT,
    from: Number(offsets[0] ?? 0),
    to: Number(offsets[length] ?? 0),
  }
}

function unsupported(type: DataType): PackedError {
  return new PackedError(
    'UnsupportedType',
    `Expected a type with a known size but received ${type}`,
  )
}

/**
 * Decoded bytes of every column of a record that has a field id; see {@link arrowDataBytes}.
 *
 * @throws PackedError InvalidArgument.
 */
export function recordBytes(record: ArrowRecord): Map<bigint, number> {
  expectObject(record, 'record')
  const bytes = new Map<bigint, number>()
  for (const id of record.fieldIdToColumn.keys()) bytes.set(id, arrowDataBytes(record.column(id)!))
  return bytes
}
