import {
  type Data,
  type DataType,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float16,
  Float32,
  Int8,
  makeData,
  Vector,
} from 'apache-arrow'
import {
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  unexpected,
} from '../config/index.js'
import type { VectorForm } from './reader-options.js'

/** Numbers of vectors, row by row; Uint16Array holds float16 bits, Uint8Array raw bytes. */
export type VectorValues = Float32Array | Int8Array | Uint16Array | Uint8Array

/** Options of `toVectorColumn`. */
export interface VectorColumnOptions {
  /** Arrow validity bitmap: bit `i % 8` of byte `i / 8` is 0 for a null row. */
  validity?: Uint8Array | null
  /**
   * `'fixed_size_list'` (default: the element type stays known) or `'fixed_size_binary'`, which
   * is how Milvus stores dense vectors. Raw bytes are always FixedSizeBinary.
   */
  as?: VectorForm
}

/** Element types by the tag of the typed array, which is the same in every realm. */
const ELEMENT_TYPES: Readonly<Record<string, (() => DataType) | null>> = {
  Float32Array: () => new Float32(),
  Int8Array: () => new Int8(),
  Uint16Array: () => new Float16(),
  Uint8Array: null,
}

/**
 * A vector column over the caller's memory, without a copy.
 *
 * @param data `rows * dim` numbers, row by row. bfloat16 goes in as raw bytes.
 * @param dim numbers in one vector (bytes for raw bytes).
 * @returns an apache-arrow Vector of one chunk.
 * @throws PackedError InvalidArgument.
 *
 * @example
 * const column = toVectorColumn(new Float32Array(1000 * 768), 768)
 */
export function toVectorColumn(
  data: VectorValues,
  dim: number,
  options: VectorColumnOptions = {},
): Vector {
  const tag = ArrayBuffer.isView(data) ? data[Symbol.toStringTag] : ''
  const elementType = ELEMENT_TYPES[tag]
  if (elementType === undefined) {
    throw unexpected('a Float32Array, Int8Array, Uint16Array or Uint8Array', 'data', data)
  }
  const known = expectObject(options, 'the options of toVectorColumn')
  expectKnownKeys(known, ['validity', 'as'], 'toVectorColumn')
  const forms = ['fixed_size_list', 'fixed_size_binary'] as const
  const form = expectOneOf(known.as, 'as', forms, 'fixed_size_list')
  const size = expectInteger(dim, 'dim', { min: 1, max: 2 ** 31 - 1 })
  if (data.length % size !== 0) {
    throw unexpected(`a multiple of dim (${size})`, 'data.length', data.length)
  }
  const rows = data.length / size
  const validity = resolveValidity(options.validity, rows)
  const column =
    elementType === null || form === 'fixed_size_binary'
      ? binaryColumn(data, size, rows, validity)
      : listColumn(data, elementType(), size, rows, validity)
  return new Vector([column])
}

/** `nullCount: -1` has apache-arrow count the bits when it needs to. */
function nullsOf(validity: Uint8Array | null): {
  nullCount: number
  nullBitmap: Uint8Array | null
} {
  return { nullCount: validity === null ? 0 : -1, nullBitmap: validity }
}

function binaryColumn(
  data: VectorValues,
  dim: number,
  rows: number,
  validity: Uint8Array | null,
): Data {
  return makeData({
    type: new FixedSizeBinary(dim * data.BYTES_PER_ELEMENT),
    length: rows,
    data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    ...nullsOf(validity),
  })
}

function listColumn(
  data: VectorValues,
  element: DataType,
  dim: number,
  rows: number,
  validity: Uint8Array | null,
): Data {
  return makeData({
    type: new FixedSizeList(dim, new Field('item', element, false)),
    length: rows,
    child: makeData({ type: element as Float32, length: rows * dim, nullCount: 0, data }),
    ...nullsOf(validity),
  })
}

function resolveValidity(validity: Uint8Array | null | undefined, rows: number): Uint8Array | null {
  if (validity === undefined || validity === null) return null
  const bytes = Math.ceil(rows / 8)
  const given = ArrayBuffer.isView(validity) ? validity.byteLength : -1
  if (given >= bytes) return validity
  throw unexpected(`a bitmap of at least ${bytes} bytes`, 'validity', validity)
}
