import { type Data, Type, Vector } from 'apache-arrow'
import { badColumn } from './data-error.js'

/** Values of variable length in Arrow's 32-bit form. */
export interface ByteParts {
  /** One more than rows. */
  offsets: Int32Array
  bytes: Uint8Array
}

/** Arrow's offsets have 31 bits. */
export const LARGEST_BYTES = 2 ** 31 - 1

const TEXT_TYPES: ReadonlySet<number> = new Set([Type.Utf8, Type.LargeUtf8])
const BINARY_TYPES: ReadonlySet<number> = new Set([Type.Binary, Type.LargeBinary])

/**
 * Text or binary data as offsets and bytes, without a copy where offsets have 32 bits; undefined
 * for other data.
 *
 * @param field for errors.
 * @throws PackedError InvalidData for more bytes than 32-bit offsets reach.
 */
export function byteParts(field: string, data: Data, isText: boolean): ByteParts | undefined {
  const { typeId } = data.type
  // Binary columns take text, too: JSON often comes as such.
  const isKnown = TEXT_TYPES.has(typeId) || (!isText && BINARY_TYPES.has(typeId))
  if (!isKnown) return undefined
  if (data.length === 0) return { offsets: new Int32Array(1), bytes: new Uint8Array(0) }
  const given = data.valueOffsets as unknown as Int32Array | BigInt64Array
  const bytes = data.values as Uint8Array
  if (given.BYTES_PER_ELEMENT === 4) {
    return { offsets: (given as Int32Array).subarray(0, data.length + 1), bytes }
  }
  return narrowParts(field, given as BigInt64Array, bytes, data.length)
}

/** 64-bit offsets, counted from the first value on so that they fit for any slice. */
function narrowParts(
  field: string,
  given: BigInt64Array,
  bytes: Uint8Array,
  rows: number,
): ByteParts {
  const first = Number(given[0]!)
  const last = Number(given[rows]!)
  if (last - first > LARGEST_BYTES) {
    throw badColumn(field, `at most ${LARGEST_BYTES} bytes in one batch`, String(last - first))
  }
  const offsets = new Int32Array(rows + 1)
  for (let row = 0; row <= rows; row++) offsets[row] = Number(given[row]!) - first
  return { offsets, bytes: bytes.subarray(first, last) }
}

/** Dense vectors as flat bytes without a copy, undefined for data that has no such layout. */
export function flatVectors(data: Data, widthBytes: number): Uint8Array | undefined {
  const { typeId } = data.type
  if (typeId === Type.FixedSizeBinary) {
    const { byteWidth } = data.type as unknown as { byteWidth: number }
    if (byteWidth !== widthBytes) return undefined
    return (data.values as Uint8Array).subarray(0, data.length * widthBytes)
  }
  if (typeId !== Type.FixedSizeList) return undefined
  const child = data.children[0]
  const values = child?.values as Float32Array | undefined
  const { listSize } = data.type as unknown as { listSize: number }
  if (child === undefined || values === undefined || child.nullCount > 0) return undefined
  if (listSize * values.BYTES_PER_ELEMENT !== widthBytes) return undefined
  return new Uint8Array(values.buffer, values.byteOffset, data.length * widthBytes)
}

/** Values one by one, for layouts that have no fast way in (dictionaries). */
export function* valuesOf(data: Data): Generator<unknown> {
  const vector = new Vector([data])
  for (let row = 0; row < data.length; row++) yield vector.get(row)
}
