import { type DataType as ArrowType, type Data, makeData } from 'apache-arrow'
import type { FieldSchema } from '../schema/index.js'
import { byteParts, flatVectors } from './arrow-parts.js'
import { BaseFieldData } from './base-field-data.js'
import { DIM_BYTES } from './byte-codec.js'
import { typedArrayTag } from './column-input.js'
import { badColumn, badRow, badValue, type Refuse } from './data-error.js'
import type { TypedValues } from './field-data.js'
import { type AllocateBytes, allocateBytes, GrowingArray } from './growing-array.js'
import type { VectorCodec } from './vector-codec.js'

/** Dense vectors that are never null, one after the other in one array of bytes. */
export class DenseVectorData extends BaseFieldData {
  readonly #codec: VectorCodec
  readonly #bytes: GrowingArray<Uint8Array>
  readonly #refuse: Refuse = (expected, received) =>
    badRow(this.field.name, this.length, expected, received)

  constructor(
    field: FieldSchema,
    type: ArrowType,
    codec: VectorCodec,
    allocate: AllocateBytes = allocateBytes,
  ) {
    super(field, type)
    this.#codec = codec
    this.#bytes = new GrowingArray(allocate)
  }

  override get valueBytes(): number {
    return this.#bytes.length
  }

  memorySize(): number {
    return this.valueBytes + DIM_BYTES
  }

  toArrow(): Data {
    const { length } = this
    const data = this.#bytes.view()
    return makeData({ type: this.type as never, length, data, ...this.nulls() })
  }

  protected makeRoom(rows: number): void {
    this.#bytes.reserveExactly(rows * this.#codec.widthBytes)
  }

  protected store(value: unknown): void {
    const bytes = this.#codec.encode(value, this.#refuse)
    if (bytes === undefined) {
      throw badValue(this.field.name, this.length, this.#codec.expected, value)
    }
    this.#bytes.reserve(bytes.length).set(bytes, this.#bytes.length)
    this.#bytes.advance(bytes.length)
  }

  protected storeNull(): void {
    throw this.nullError(this.length)
  }

  protected load(row: number): unknown {
    const { widthBytes } = this.#codec
    const start = row * widthBytes
    return this.#codec.decode(this.#bytes.values.subarray(start, start + widthBytes))
  }

  protected storeTyped(values: TypedValues): number {
    const flat = this.#codec.flatBytes(values, this.#refuse)
    if (flat === undefined) {
      const received = typedArrayTag(values)
      throw badColumn(this.field.name, this.#codec.expected, received, 'TypeMismatch')
    }
    this.#bytes.append(flat)
    const rows = flat.length / this.#codec.widthBytes
    if (Number.isInteger(rows)) return rows
    const expected = `a multiple of ${this.#codec.widthBytes} bytes (${this.#codec.expected})`
    throw badColumn(this.field.name, expected, `${flat.length} bytes`)
  }

  /** FixedSizeBinary and FixedSizeList as they are, Binary where every value has the width. */
  protected storeArrow(data: Data): void {
    const flat = flatVectors(data, this.#codec.widthBytes) ?? this.#evenBytes(data)
    if (flat === undefined) {
      throw badColumn(this.field.name, String(this.type), String(data.type), 'TypeMismatch')
    }
    this.#bytes.append(flat)
  }

  protected cut(rows: number): void {
    this.#bytes.truncate(rows * this.#codec.widthBytes)
  }

  #evenBytes(data: Data): Uint8Array | undefined {
    const parts = byteParts(this.field.name, data, false)
    if (parts === undefined) return undefined
    const { offsets, bytes } = parts
    const { widthBytes, expected } = this.#codec
    for (let row = 0; row < data.length; row++) {
      const received = offsets[row + 1]! - offsets[row]!
      if (received === widthBytes) continue
      if (!data.getValid(row)) throw this.nullError(this.length + row)
      throw badRow(this.field.name, this.length + row, expected, `${received} bytes`)
    }
    return bytes.subarray(offsets[0], offsets[data.length])
  }
}
