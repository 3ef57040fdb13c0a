import { isUtf8 } from 'node:buffer'
import { type DataType as ArrowType, type Data, makeData, Type } from 'apache-arrow'
import { describeValue } from '../config/index.js'
import type { FieldSchema } from '../schema/index.js'
import { byteParts, flatVectors, LARGEST_BYTES, valuesOf } from './arrow-parts.js'
import { BaseFieldData } from './base-field-data.js'
import { bitAt } from './bits.js'
import type { ByteCodec } from './byte-codec.js'
import { checkOffsets, typedArrayTag } from './column-input.js'
import { badColumn, badRow, badValue, located, type Refuse } from './data-error.js'
import type { TypedValues } from './field-data.js'
import { type AllocateBytes, allocateBytes, GrowingArray } from './growing-array.js'

/** Bytes that one UTF-16 unit can become. */
const UTF8_GROWTH = 3

const LONE_SURROGATE = /\p{Surrogate}/u

/** Values of variable length as bytes and offsets: text, binary, and vectors that may be null. */
export class VariableData extends BaseFieldData {
  readonly #codec: ByteCodec
  readonly #bytes: GrowingArray<Uint8Array>
  /** Empty, or one more than rows. */
  readonly #offsets = new GrowingArray<Int32Array>((length) => new Int32Array(length))
  /** `#bytes` as a Buffer, which writes text fastest. */
  #buffer: Buffer = Buffer.alloc(0)
  #buffered: Uint8Array
  readonly #refuse: Refuse = (expected, received) =>
    badRow(this.field.name, this.length, expected, received)

  constructor(
    field: FieldSchema,
    type: ArrowType,
    codec: ByteCodec,
    allocate: AllocateBytes = allocateBytes,
  ) {
    super(field, type)
    this.#codec = codec
    this.#bytes = new GrowingArray(allocate)
    this.#buffered = this.#bytes.values
  }

  override get valueBytes(): number {
    return this.#bytes.length
  }

  memorySize(): number {
    return this.#codec.memorySize({
      length: this.length,
      valueBytes: this.valueBytes,
      flagBytes: this.flagBytes,
      valuesInBytes: () => this.#valuesInBytes(),
    })
  }

  toArrow(): Data {
    const valueOffsets = this.length === 0 ? new Int32Array(1) : this.#offsets.view()
    const data = this.#bytes.view()
    const { length } = this
    return makeData({ type: this.type as never, length, valueOffsets, data, ...this.nulls() })
  }

  protected makeRoom(rows: number, bytes: number): void {
    this.#offsets.reserveExactly(rows + 1)
    this.#bytes.reserveExactly(bytes)
  }

  protected store(value: unknown): void {
    const encoded = this.#encode(value)
    if (typeof encoded === 'string') {
      this.#writeText(encoded)
    } else {
      this.#checkRoom(encoded.length)
      this.#bytes.reserve(encoded.length).set(encoded, this.#bytes.length)
      this.#bytes.advance(encoded.length)
    }
    this.#endValue()
  }

  protected storeNull(): void {
    this.#endValue()
  }

  protected load(row: number): unknown {
    return this.#codec.decode(this.#bytesAt(row))
  }

  /** Flat vectors, nulls among them; only what is there is kept. */
  protected storeTyped(values: TypedValues, validity: Uint8Array | null): number {
    const { vector } = this.#codec
    const flat = vector?.flatBytes(values, this.#refuse)
    if (vector === undefined || flat === undefined) {
      const received = typedArrayTag(values)
      throw badColumn(this.field.name, this.#codec.expected, received, 'TypeMismatch')
    }
    const rows = flat.length / vector.widthBytes
    if (!Number.isInteger(rows)) {
      const expected = `a multiple of ${vector.widthBytes} bytes (${vector.expected})`
      throw badColumn(this.field.name, expected, `${flat.length} bytes`)
    }
    this.#storeVectors(flat, rows, (row) => validity === null || bitAt(validity, row))
    return rows
  }

  protected override storeBytes(
    offsets: Int32Array,
    bytes: Uint8Array,
    validity: Uint8Array | null,
  ): number {
    this.#append(offsets, bytes, (row) => validity === null || bitAt(validity, row))
    return offsets.length - 1
  }

  protected storeArrow(data: Data): void {
    const isValid = (row: number): boolean => data.getValid(row)
    const parts = byteParts(this.field.name, data, this.#codec.isText)
    if (parts !== undefined) {
      this.#append(parts.offsets, parts.bytes, isValid)
      return
    }
    const { vector } = this.#codec
    const flat = vector && flatVectors(data, vector.widthBytes)
    if (flat !== undefined) {
      this.#storeVectors(flat, data.length, isValid)
    } else if (data.type.typeId === Type.Dictionary && this.#codec.isText) {
      for (const value of valuesOf(data)) this.#storeOrSkip(value)
    } else {
      throw badColumn(this.field.name, String(this.type), String(data.type), 'TypeMismatch')
    }
  }

  protected cut(rows: number): void {
    this.#bytes.truncate(rows === 0 ? 0 : this.#offsets.values[rows]!)
    this.#offsets.truncate(rows === 0 ? 0 : rows + 1)
  }

  #encode(value: unknown): Uint8Array | string {
    let encoded: Uint8Array | string | undefined
    try {
      encoded = this.#codec.encode(value, this.#refuse)
    } catch (error) {
      throw located(error, this.field.name, this.length)
    }
    if (encoded !== undefined) return encoded
    throw badValue(this.field.name, this.length, this.#codec.expected, value)
  }

  #storeOrSkip(value: unknown): void {
    if (value === null) this.storeNull()
    else this.store(value)
  }

  *#valuesInBytes(): Generator<Uint8Array> {
    for (let row = 0; row < this.length; row++) if (!this.isNull(row)) yield this.#bytesAt(row)
  }

  #bytesAt(row: number): Uint8Array {
    const offsets = this.#offsets.values
    return this.#bytes.values.subarray(offsets[row]!, offsets[row + 1]!)
  }

  #writeText(text: string): void {
    this.#checkRoom(text.length) // at least so many, and nothing is allocated yet
    const at = this.#bytes.length
    const values = this.#bytes.reserve(text.length * UTF8_GROWTH)
    if (values !== this.#buffered) {
      this.#buffered = values
      this.#buffer = Buffer.from(values.buffer, values.byteOffset, values.byteLength)
    }
    const written = this.#buffer.write(text, at)
    // Text that took one byte per unit is ASCII; only other text can be broken.
    if (written !== text.length && LONE_SURROGATE.test(text)) {
      throw this.#refuse('well-formed text', `${describeValue(text)} with half a surrogate pair`)
    }
    this.#checkRoom(written)
    this.#bytes.advance(written)
  }

  /** Vectors that are there, one after the other: nulls take no bytes. */
  #storeVectors(flat: Uint8Array, rows: number, isValid: (row: number) => boolean): void {
    const width = this.#codec.vector!.widthBytes
    let present = 0
    for (let row = 0; row < rows; row++) if (isValid(row)) present++
    this.#checkRoom(present * width)
    if (present === rows) {
      this.#bytes.append(flat)
    } else {
      const target = this.#bytes.reserve(present * width)
      let at = this.#bytes.length
      for (let row = 0; row < rows; row++) {
        if (!isValid(row)) continue
        target.set(flat.subarray(row * width, (row + 1) * width), at)
        at += width
      }
      this.#bytes.advance(present * width)
    }
    let end = this.#lastOffset()
    const offsets = this.#offsets.reserve(rows + 1)
    if (this.#offsets.length === 0) this.#offsets.advance(1)
    for (let row = 0; row < rows; row++) {
      if (isValid(row)) end += width
      offsets[this.#offsets.length + row] = end
    }
    this.#offsets.advance(rows)
  }

  #append(offsets: Int32Array, bytes: Uint8Array, isValid: (row: number) => boolean): void {
    checkOffsets(this.field.name, offsets, bytes.length)
    this.#checkValues(offsets, bytes, isValid)
    const rows = offsets.length - 1
    const first = offsets[0]!
    const values = bytes.subarray(first, offsets[rows]!)
    this.#checkRoom(values.length)
    const shift = this.#lastOffset() - first
    this.#bytes.append(values)
    if (shift === 0 && this.#offsets.length === 0) {
      this.#offsets.append(offsets)
      return
    }
    const target = this.#offsets.reserve(rows + 1)
    if (this.#offsets.length === 0) this.#offsets.advance(1)
    const start = this.#offsets.length - 1
    for (let row = 1; row <= rows; row++) target[start + row] = offsets[row]! + shift
    this.#offsets.advance(rows)
  }

  /** Refuse bytes that the type does not allow, where somebody else has made them. */
  #checkValues(offsets: Int32Array, bytes: Uint8Array, isValid: (row: number) => boolean): void {
    const rows = offsets.length - 1
    const { isText, problem, expected } = this.#codec
    if (isText && isText === wellFormed(offsets, bytes)) return
    if (!isText && problem === undefined) return
    for (let row = 0; row < rows; row++) {
      const value = bytes.subarray(offsets[row]!, offsets[row + 1]!)
      if (!isValid(row)) continue
      const received = isText ? utf8Problem(value) : problem?.(value)
      if (received === undefined) continue
      throw badRow(this.field.name, this.length + row, isText ? 'UTF-8' : expected, received)
    }
  }

  #checkRoom(bytes: number): void {
    const total = this.#bytes.length + bytes
    if (total <= LARGEST_BYTES) return
    throw badRow(
      this.field.name,
      this.length,
      `at most ${LARGEST_BYTES} bytes in one InsertData`,
      `${total}`,
    )
  }

  #lastOffset(): number {
    return this.#offsets.length === 0 ? 0 : this.#offsets.values[this.#offsets.length - 1]!
  }

  #endValue(): void {
    const offsets = this.#offsets.reserve(2)
    if (this.#offsets.length === 0) this.#offsets.advance(1)
    offsets[this.#offsets.length] = this.#bytes.length
    this.#offsets.advance(1)
  }
}

/** All of the text is UTF-8, and no value begins within a character. */
function wellFormed(offsets: Int32Array, bytes: Uint8Array): boolean {
  const end = offsets[offsets.length - 1]!
  if (!isUtf8(bytes.subarray(offsets[0]!, end))) return false
  for (const offset of offsets) {
    if (offset < end && (bytes[offset]! & 0xc0) === 0x80) return false
  }
  return true
}

function utf8Problem(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) ? undefined : `${bytes.length} bytes that are none`
}
