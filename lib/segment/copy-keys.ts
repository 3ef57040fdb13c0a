import { type Data, Int64, makeData, Utf8 } from 'apache-arrow'

/**
 * A copy of a column of primary keys (int64 or utf8, no nulls) in JavaScript's own memory: a
 * column that is kept would keep the native memory of its whole batch.
 */
export function copyKeys(column: Data): Data {
  const { length, values, valueOffsets } = column
  if (valueOffsets === undefined) {
    const data = (values as BigInt64Array).slice(0, length)
    return makeData({ type: new Int64(), length, nullCount: 0, data })
  }
  const start = Number(valueOffsets[0] ?? 0)
  const end = Number(valueOffsets[length] ?? 0)
  const offsets = Int32Array.from({ length: length + 1 }, (_, row) => valueOffsets[row]! - start)
  const data = (values as Uint8Array).slice(start, end)
  return makeData({ type: new Utf8(), length, nullCount: 0, valueOffsets: offsets, data })
}
