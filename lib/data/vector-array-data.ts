import { type DataType as ArrowType, type Data, makeData, Type } from 'apache-arrow'
import type { FieldSchema } from '../schema/index.js'
import { BaseFieldData } from './base-field-data.js'
import { checkOffsets, typedArrayTag } from './column-input.js'
import { badColumn, badRow, badValue } from './data-error.js'
import type { FieldData, TypedValues } from './field-data.js'
import { GrowingArray } from './growing-array.js'
import type { VectorCodec } from './vector-codec.js'

/** Lists of dense vectors: the vectors of all rows in one column, and where each row's begin. */
export class VectorArrayData extends BaseFieldData {
  readonly #codec: VectorCodec
  readonly #vectors: FieldData
  /** Empty, or one more than rows. */
  readonly #offsets = new GrowingArray<Int32Array>((length) => new Int32Array(length))

  /** @param vectors an empty column of the elements. */
  constructor(field: FieldSchema, type: ArrowType, codec: VectorCodec, vectors: FieldData) {
    super(field, type)
    this.#codec = codec
    this.#vectors = vectors
  }

  override get valueBytes(): number {
    return this.#vectors.valueBytes
  }

  /** The bytes of the vectors: Milvus counts nothing beside them. */
  memorySize(): number {
    return this.valueBytes
  }

  toArrow(): Data {
    const { length } = this
    const valueOffsets = length === 0 ? new Int32Array(1) : this.#offsets.view()
    const child = this.#vectors.toArrow()
    return makeData({ type: this.type as never, length, valueOffsets, child, ...this.nulls() })
  }

  protected makeRoom(rows: number, bytes: number): void {
    this.#vectors.reserve(bytes / this.#codec.widthBytes, bytes)
    this.#offsets.reserveExactly(rows + 1)
  }

  protected store(value: unknown): void {
    if (!Array.isArray(value)) {
      throw badValue(this.field.name, this.length, 'an array of vectors', value)
    }
    // All of the row first: a bad vector must not leave those before it behind.
    const vectors = value.map((vector, index) => this.#encode(vector, index))
    this.#vectors.appendColumn(vectors)
    this.#endRow()
  }

  protected storeNull(): void {
    this.#endRow()
  }

  protected load(row: number): unknown[] {
    const [start, end] = [this.#offsets.values[row]!, this.#offsets.values[row + 1]!]
    return Array.from({ length: end - start }, (_, i) => this.#vectors.get(start + i))
  }

  protected storeTyped(values: TypedValues): number {
    const received = typedArrayTag(values)
    throw badColumn(this.field.name, 'arrays of vectors', received, 'TypeMismatch')
  }

  protected storeArrow(data: Data): void {
    const child = data.children[0]
    if (data.type.typeId !== Type.List || child === undefined) {
      throw badColumn(this.field.name, String(this.type), String(data.type), 'TypeMismatch')
    }
    if (data.length === 0) return
    const offsets = data.valueOffsets.subarray(0, data.length + 1)
    checkOffsets(this.field.name, offsets, child.length)
    const first = offsets[0]!
    const shift = this.#vectors.length - first
    this.#vectors.appendColumn(child.slice(first, offsets[data.length]! - first))
    const target = this.#offsets.reserve(data.length + 1)
    if (this.#offsets.length === 0) this.#offsets.advance(1)
    const start = this.#offsets.length - 1
    for (let row = 1; row <= data.length; row++) target[start + row] = offsets[row]! + shift
    this.#offsets.advance(data.length)
  }

  protected cut(rows: number): void {
    this.#vectors.truncate(rows === 0 ? 0 : this.#offsets.values[rows]!)
    this.#offsets.truncate(rows === 0 ? 0 : rows + 1)
  }

  #encode(vector: unknown, index: number): Uint8Array | null {
    const isNull = vector === null || vector === undefined
    if (isNull && this.field.elementNullable) return null
    const expected = `${this.#codec.expected} as element ${index}`
    const bytes = this.#codec.encode(vector, (_, received) =>
      badRow(this.field.name, this.length, expected, received),
    )
    if (bytes !== undefined) return bytes
    const code = isNull ? 'InvalidData' : 'TypeMismatch'
    throw badValue(this.field.name, this.length, expected, vector, code)
  }

  #endRow(): void {
    const offsets = this.#offsets.reserve(2)
    if (this.#offsets.length === 0) this.#offsets.advance(1)
    offsets[this.#offsets.length] = this.#vectors.length
    this.#offsets.advance(1)
  }
}
