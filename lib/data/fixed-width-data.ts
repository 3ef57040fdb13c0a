import { type DataType as ArrowType, type Data, makeData } from 'apache-arrow'
import type { FieldSchema } from '../schema/index.js'
import { BaseFieldData } from './base-field-data.js'
import { bitAt } from './bits.js'
import { typedArrayTag } from './column-input.js'
import { badColumn, badValue } from './data-error.js'
import type { TypedValues } from './field-data.js'
import { type FixedWidthKind, isNumeric, type Slots } from './fixed-width-kinds.js'
import { GrowingArray } from './growing-array.js'

/** Integers and floats, one number per row in a typed array. */
export class FixedWidthData extends BaseFieldData {
  readonly #kind: FixedWidthKind
  readonly #values: GrowingArray<Slots>

  constructor(field: FieldSchema, type: ArrowType, kind: FixedWidthKind) {
    super(field, type)
    this.#kind = kind
    this.#values = new GrowingArray((length) => kind.allocate(length))
  }

  memorySize(): number {
    return this.length * this.#kind.widthBytes + this.flagBytes
  }

  toArrow(): Data {
    const data = this.#values.view() as unknown as Int32Array
    return makeData({
      type: this.type as never,
      length: this.length,
      data,
      ...this.nulls(),
    }) as Data
  }

  protected makeRoom(rows: number): void {
    this.#values.reserveExactly(rows)
  }

  protected store(value: unknown): void {
    this.#put(this.#convert(value))
  }

  protected storeNull(): void {
    this.#put(this.#kind.convert(0)!)
  }

  protected load(row: number): number | bigint {
    return this.#values.values[row]!
  }

  protected storeTyped(values: TypedValues, validity: Uint8Array | null): number {
    this.#append(values, (row) => validity === null || bitAt(validity, row))
    return values.length
  }

  protected storeArrow(data: Data): void {
    if (!isNumeric(data)) {
      throw badColumn(this.field.name, String(this.type), String(data.type), 'TypeMismatch')
    }
    const values = (data.values as TypedValues).subarray(0, data.length) as TypedValues
    this.#append(values, (row) => data.getValid(row))
  }

  protected cut(rows: number): void {
    this.#values.truncate(rows)
  }

  /** Elements of the column's own type at once, others one by one where they fit. */
  #append(values: TypedValues, isValid: (row: number) => boolean): void {
    if (typedArrayTag(values) === this.#kind.tag) {
      this.#values.append(values as unknown as Slots)
      return
    }
    const zero = this.#kind.convert(0)!
    for (let row = 0; row < values.length; row++) {
      this.#put(isValid(row) ? this.#convert(values[row]) : zero)
    }
  }

  #convert(value: unknown): number | bigint {
    const element = this.#kind.convert(value)
    if (element !== undefined) return element
    const isNumber = typeof value === 'number' || typeof value === 'bigint'
    const code = isNumber ? 'InvalidData' : 'TypeMismatch'
    throw badValue(this.field.name, this.#values.length, this.#kind.expected, value, code)
  }

  #put(element: number | bigint): void {
    this.#values.reserve(1)[this.#values.length] = element
    this.#values.advance(1)
  }
}
