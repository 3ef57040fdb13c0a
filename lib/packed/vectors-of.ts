import type { Data, RecordBatch } from 'apache-arrow'
import { expectKnownKeys, expectObject, expectOneOf, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import {
  ELEMENT_BYTES,
  elementOf,
  isFixedSizeBinary,
  isFixedSizeList,
  type VectorElement,
} from '../schema/index.js'
import { decodeBfloat16, decodeFloat16 } from './half-floats.js'

/** A vector column as one row-major matrix. */
export interface Matrix<Element extends VectorElement, Values> {
  /** What one number of `data` is. */
  element: Element
  /** `rows * dim` numbers, row by row; the numbers of a null row are unspecified. */
  data: Values
  /** Numbers in one vector. */
  dim: number
  rows: number
  /** Arrow validity bitmap (bit `i % 8` of byte `i / 8` is 1 for a value), null without nulls. */
  validity: Uint8Array | null
}

/** Vectors of 32-bit floats: rows times dim numbers, row after row. */
export type Float32Matrix = Matrix<'float32', Float32Array>
/** Vectors of 16-bit floats as the bits they are stored as: rows times dim numbers. */
export type BitsMatrix = Matrix<'float16' | 'bfloat16', Uint16Array>

/** Result of `vectorsOf`; `element` tells the members apart. */
export type VectorMatrix =
  | Float32Matrix
  | Matrix<'int8', Int8Array>
  | Matrix<'uint8', Uint8Array>
  | BitsMatrix

/** What `vectorsOf` gives for an element that the caller names. */
export interface VectorMatrixOf {
  float32: Float32Matrix
  float16: Float32Matrix
  bfloat16: Float32Matrix
  int8: Matrix<'int8', Int8Array>
  uint8: Matrix<'uint8', Uint8Array>
}

/** Options of `vectorsOf`. */
export interface VectorsOfOptions<Element extends VectorElement = VectorElement> {
  /**
   * What the bytes of a FixedSizeBinary column are (`'float32'` by default). For a
   * FixedSizeList the type knows; a different element is TypeMismatch.
   */
  element?: Element
  /**
   * `'bits'` leaves float16 and bfloat16 as Uint16Array over the same memory; by default
   * (`'float32'`) they are decoded into a new Float32Array.
   */
  as?: 'float32' | 'bits'
}

/** A column's bytes and how they are cut. */
interface VectorBytes {
  bytes: Uint8Array
  element: VectorElement
  dim: number
}

/**
 * View a vector column as a matrix, without a copy where its memory is aligned to the element.
 *
 * The view is over the batch's memory: it ends with `reader.release(batch)`.
 *
 * @param batch whose column `name` is FixedSizeBinary or FixedSizeList of float32, float16,
 *   int8 or uint8.
 * @throws PackedError InvalidArgument (no such column), TypeMismatch (no vector column, width
 *   that the element does not divide), InvalidData (null elements inside a vector).
 */
export function vectorsOf(batch: RecordBatch, name: string): VectorMatrix
export function vectorsOf<Element extends 'float16' | 'bfloat16'>(
  batch: RecordBatch,
  name: string,
  options: VectorsOfOptions<Element> & { as: 'bits' },
): BitsMatrix
export function vectorsOf<Element extends VectorElement>(
  batch: RecordBatch,
  name: string,
  options: VectorsOfOptions<Element> & { element: Element },
): VectorMatrixOf[Element]
export function vectorsOf(batch: RecordBatch, name: string, options: VectorsOfOptions): VectorMatrix
export function vectorsOf(
  batch: RecordBatch,
  name: string,
  options: VectorsOfOptions = {},
): VectorMatrix {
  const { element, as } = resolveOptions(options)
  expectObject(batch, 'batch')
  const index = batch.schema.fields.findIndex((field) => field.name === name)
  const data = batch.data.children[index]
  if (data === undefined) throw unexpected('the name of a column', 'vectorsOf', name)
  const found = bytesOf(data, name, element)
  const { dim } = found
  return {
    ...view(found, as),
    dim,
    rows: data.length,
    validity: validityOf(data),
  } as VectorMatrix
}

function resolveOptions(value: VectorsOfOptions) {
  const options = expectObject(value, 'the options of vectorsOf')
  expectKnownKeys(options, ['element', 'as'], 'vectorsOf')
  const elements = Object.keys(ELEMENT_BYTES) as VectorElement[]
  return {
    element:
      options.element === undefined
        ? undefined
        : expectOneOf(options.element, 'vectorsOf element', elements),
    as: expectOneOf(options.as, 'vectorsOf as', ['float32', 'bits'], 'float32'),
  }
}

function bytesOf(data: Data, name: string, wanted: VectorElement | undefined): VectorBytes {
  const { type } = data
  if (isFixedSizeBinary(type)) {
    const element = wanted ?? 'float32'
    const dim = type.byteWidth / ELEMENT_BYTES[element]
    if (!Number.isInteger(dim)) throw mismatch(name, `a width of whole ${element} values`, type)
    return { bytes: firstBytes(data.values, data.length * type.byteWidth), element, dim }
  }
  if (!isFixedSizeList(type)) throw mismatch(name, 'FixedSizeBinary or FixedSizeList', type)
  const element = elementOf(type.children[0]!.type)
  if (element === undefined || (wanted !== undefined && wanted !== element)) {
    throw mismatch(name, `a FixedSizeList of ${wanted ?? 'float32, float16, int8 or uint8'}`, type)
  }
  const dim = type.listSize
  const child = data.children[0]
  refuseNullElements(data, child, dim, name)
  const length = data.length * dim * ELEMENT_BYTES[element]
  return { bytes: firstBytes(child?.values, length), element, dim }
}

/** The first `length` bytes; zeros where an all-null column never had memory. */
function firstBytes(values: ArrayBufferView | undefined, length: number): Uint8Array {
  if (values === undefined || values.byteLength < length) {
    const bytes = new Uint8Array(length)
    if (values) bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    return bytes
  }
  return new Uint8Array(values.buffer, values.byteOffset, length)
}

function view({ bytes, element }: VectorBytes, as: 'float32' | 'bits') {
  const width = ELEMENT_BYTES[element]
  const { buffer, byteOffset } = bytes.byteOffset % width === 0 ? bytes : bytes.slice()
  const count = bytes.byteLength / width
  switch (element) {
    case 'float32':
      return { element, data: new Float32Array(buffer, byteOffset, count) }
    case 'int8':
      return { element, data: new Int8Array(buffer, byteOffset, count) }
    case 'uint8':
      return { element, data: bytes }
    default: {
      const bits = new Uint16Array(buffer, byteOffset, count)
      if (as === 'bits') return { element, data: bits }
      const decode = element === 'float16' ? decodeFloat16 : decodeBfloat16
      return { element: 'float32', data: decode(bits) }
    }
  }
}

/** A null list may have null elements below it; a vector that is there may not. */
function refuseNullElements(data: Data, child: Data | undefined, dim: number, name: string): void {
  if (child === undefined || child.nullCount <= 0) return
  for (let element = 0; element < data.length * dim; element++) {
    const row = Math.floor(element / dim)
    if (child.getValid(element) || !data.getValid(row)) continue
    throw new PackedError(
      'InvalidData',
      `Expected whole vectors in column "${name}" but received a null element in row ${row}`,
      { field: name },
    )
  }
}

/** The bitmap of the rows, from bit 0 on. */
function validityOf(data: Data): Uint8Array | null {
  if (data.nullCount <= 0) return null
  const { nullBitmap, offset, length } = data
  const size = Math.ceil(length / 8)
  if (nullBitmap === undefined || nullBitmap.length === 0) return new Uint8Array(size)
  if (offset % 8 === 0) return nullBitmap.subarray(offset / 8, offset / 8 + size)
  const bitmap = new Uint8Array(size)
  for (let row = 0; row < length; row++) {
    if (data.getValid(row)) bitmap[row >> 3]! |= 1 << (row & 7)
  }
  return bitmap
}

function mismatch(name: string, expected: string, received: unknown): PackedError {
  return new PackedError(
    'TypeMismatch',
    `Expected ${expected} for column "${name}" but received ${received}`,
    { field: name },
  )
}
