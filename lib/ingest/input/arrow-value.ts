import { type Data, Vector } from 'apache-arrow'

/** The values of a column as JSON has them, exact integers as bigint, bytes as base64. */
export function plainValues(data: Data): unknown[] {
  const vector = new Vector([data])
  return Array.from({ length: data.length }, (_, row) => plainValue(vector.get(row)))
}

function plainValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(plainValue)
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value
    return (value as Uint8Array)[Symbol.toStringTag] === 'Uint8Array'
      ? Buffer.from(buffer, byteOffset, byteLength).toString('base64')
      : Array.from(value as unknown as ArrayLike<unknown>)
  }
  const { toJSON } = value as { toJSON?: () => unknown }
  // Vectors, struct and map rows, dates: by the method, as two copies of Arrow may be loaded.
  if (typeof toJSON === 'function') return plainValue(toJSON.call(value))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainValue(item)]))
}
