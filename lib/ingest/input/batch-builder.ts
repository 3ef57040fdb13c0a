import { type Data, makeData, RecordBatch, Schema, Struct, vectorFromArray } from 'apache-arrow'
import { PackedError } from '../../errors/index.js'
import { toVectorColumn } from '../../packed/index.js'
import { arrowTypeOf, type ColumnType, columnTypeName, fieldOf } from './column-type.js'
import type { Convert } from './fit-value.js'
import type { Row, RowSource } from './row-source.js'

interface OpenColumn {
  name: string
  type: ColumnType
  convert: Convert
  /** One per row of the open batch, as `convert` made them; null for a null. */
  values: unknown[]
}

/** Collects rows of a text file into record batches of one schema. */
export class BatchBuilder {
  readonly schema: Schema
  readonly #source: RowSource
  readonly #columns: readonly OpenColumn[]
  readonly #names: ReadonlySet<string>
  #rows = 0

  constructor(source: RowSource, types: ReadonlyMap<string, ColumnType>) {
    this.#source = source
    this.#names = new Set(types.keys())
    this.#columns = [...types].map(([name, type]) => ({
      name,
      type,
      convert: source.converter(type),
      values: [],
    }))
    this.schema = new Schema(this.#columns.map(({ name, type }) => fieldOf(name, type)))
  }

  /** Rows of the open batch. */
  get rows(): number {
    return this.#rows
  }

  /** @throws PackedError InvalidData, naming file, line and column. */
  add(row: Row): void {
    const { record } = row
    for (const name of Object.keys(record)) {
      if (this.#names.has(name)) continue
      throw this.#misfit(row, name, 'a column of the first rows', record[name])
    }
    for (const { name, type, convert, values } of this.#columns) {
      const value = Object.hasOwn(record, name) ? (record[name] ?? null) : null
      const fitted = value === null ? (type.nullable ? null : undefined) : convert(value)
      if (fitted === undefined) throw this.#misfit(row, name, columnTypeName(type), value)
      values.push(fitted)
    }
    this.#rows++
  }

  /** The open batch, which starts anew. */
  take(): RecordBatch {
    const length = this.#rows
    const children = this.#columns.map((column) => finishColumn(column))
    for (const column of this.#columns) column.values = []
    this.#rows = 0
    const type = new Struct(this.schema.fields)
    return new RecordBatch(this.schema, makeData({ type, length, nullCount: 0, children }))
  }

  #misfit(row: Row, column: string, expected: string, value: unknown): PackedError {
    const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? 'null')
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
    return new PackedError(
      'InvalidData',
      `Expected ${expected} for column "${column}" in ${this.#source.where(row)} but ` +
        `received ${shown}; the column's type can be given`,
      { path: this.#source.path, field: column },
    )
  }
}

function finishColumn({ type, values }: OpenColumn): Data {
  if (type.kind === 'scalar') return vectorFromArray(values, arrowTypeOf(type)).data[0]!
  const length = values.length * type.dim
  const numbers =
    type.name === 'float32'
      ? new Float32Array(length)
      : type.name === 'int8'
        ? new Int8Array(length)
        : new Uint8Array(length)
  let validity: Uint8Array | null = null
  values.forEach((value, row) => {
    if (value === null) {
      validity ??= new Uint8Array(Math.ceil(values.length / 8)).fill(0xff)
      validity[row >> 3]! &= ~(1 << (row & 7))
    } else {
      numbers.set(value as ArrayLike<number>, row * type.dim)
    }
  })
  return toVectorColumn(numbers, type.dim, { validity }).data[0]!
}
