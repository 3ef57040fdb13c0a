import { describeValue } from '../config/index.js'
import { DataType, dimOf, type FieldSchema, vectorWidthBytes } from '../schema/index.js'
import { typedArrayTag } from './column-input.js'
import type { Refuse } from './data-error.js'
import { BFLOAT16, encodeHalf, FLOAT16, type HalfFormat } from './encode-half.js'
import type { TypedValues } from './field-data.js'

/** Typed arrays that vectors are given back as; 16-bit floats as their bits. */
export type VectorView = Float32Array | Uint16Array | Int8Array | Uint8Array

/** What one number of a dense vector is. */
interface Element {
  readonly name: string
  readonly bytes: number
  /** Tags of typed arrays that hold exactly these elements. */
  readonly tags: readonly string[]
  /** Tags of typed arrays whose numbers are converted. */
  readonly convertible: readonly string[]
  /** The element for a number, undefined where it does not fit. */
  convert(value: number): number | undefined
  make(buffer: ArrayBufferLike, offset: number, length: number): VectorView
}

const FLOATS = ['Float32Array', 'Float64Array']

function half(format: HalfFormat, tags: readonly string[]): Element {
  return {
    name: format.name,
    bytes: 2,
    tags,
    convertible: FLOATS,
    convert: (value) => encodeHalf(value, format),
    make: (buffer, offset, length) => new Uint16Array(buffer, offset, length),
  }
}

function integer(name: string, min: number, max: number, tag: string): Omit<Element, 'make'> {
  return {
    name,
    bytes: 1,
    tags: [tag],
    convertible: [],
    convert: (value) =>
      Number.isInteger(value) && value >= min && value <= max ? value : undefined,
  }
}

const ELEMENTS: ReadonlyMap<DataType, Element> = new Map([
  [
    DataType.FloatVector,
    {
      name: 'float32',
      bytes: 4,
      tags: ['Float32Array'],
      convertible: ['Float64Array'],
      convert: (value: number) => {
        const kept = Math.fround(value)
        return Number.isFinite(kept) || !Number.isFinite(value) ? kept : undefined
      },
      make: (buffer: ArrayBufferLike, offset: number, length: number) =>
        new Float32Array(buffer, offset, length),
    },
  ],
  [DataType.Float16Vector, half(FLOAT16, ['Uint16Array', 'Float16Array'])],
  [DataType.BFloat16Vector, half(BFLOAT16, ['Uint16Array'])],
  [
    DataType.Int8Vector,
    {
      ...integer('int8', -128, 127, 'Int8Array'),
      make: (buffer, offset, length) => new Int8Array(buffer, offset, length),
    },
  ],
  [
    DataType.BinaryVector,
    {
      ...integer('byte', 0, 255, 'Uint8Array'),
      make: (buffer, offset, length) => new Uint8Array(buffer, offset, length),
    },
  ],
])

/** Dense vectors of one field to bytes and back. */
export class VectorCodec {
  readonly widthBytes: number
  /** What a vector has to be, as errors say it. */
  readonly expected: string
  readonly #element: Element
  /** Elements of one vector; bytes for a BinaryVector. */
  readonly #elements: number

  /** @param vectorType the field's own type, or the element type of an ArrayOfVector. */
  constructor(field: FieldSchema, vectorType: DataType) {
    this.#element = ELEMENTS.get(vectorType)!
    this.widthBytes = vectorWidthBytes(field)
    this.#elements = this.widthBytes / this.#element.bytes
    const { name } = this.#element
    this.expected =
      vectorType === DataType.BinaryVector
        ? `a vector of ${dimOf(field)} bits (${this.#elements} bytes)`
        : `a vector of ${this.#elements} ${name}`
  }

  /**
   * The bytes of one vector, undefined for what is none. Typed arrays are viewed, not copied.
   */
  encode(value: unknown, refuse: Refuse): Uint8Array | undefined {
    const bytes = Array.isArray(value)
      ? this.#fromNumbers(value, refuse)
      : this.flatBytes(value, refuse)
    if (bytes === undefined || bytes.length === this.widthBytes) return bytes
    const elements = bytes.length / this.#element.bytes
    throw refuse(this.expected, `${elements} of them (${bytes.length} bytes)`)
  }

  /** The bytes of vectors one after the other, undefined for an array of some other element. */
  flatBytes(value: unknown, refuse: Refuse): Uint8Array | undefined {
    const tag = typedArrayTag(value)
    const { tags, convertible } = this.#element
    if (tag === 'Uint8Array' || tags.includes(tag)) {
      const { buffer, byteOffset, byteLength } = value as TypedValues
      return new Uint8Array(buffer, byteOffset, byteLength)
    }
    if (!convertible.includes(tag)) return undefined
    return this.#fromNumbers(value as Float64Array, refuse)
  }

  /** One vector over the same memory, or over a copy where the memory is not aligned for it. */
  decode(bytes: Uint8Array): VectorView {
    const { bytes: width, make } = this.#element
    const aligned = bytes.byteOffset % width === 0 ? bytes : bytes.slice()
    return make(aligned.buffer, aligned.byteOffset, this.#elements)
  }

  #fromNumbers(values: ArrayLike<unknown>, refuse: Refuse): Uint8Array {
    const { name, bytes, convert, make } = this.#element
    const elements = make(new ArrayBuffer(values.length * bytes), 0, values.length)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      const element = typeof value === 'number' ? convert(value) : undefined
      if (element === undefined) {
        throw refuse(`${this.expected}, so a ${name} as element ${i},`, describeValue(value))
      }
      elements[i] = element
    }
    return new Uint8Array(elements.buffer)
  }
}
