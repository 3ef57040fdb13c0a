import {
  expectBoolean,
  expectFunction,
  expectId,
  expectKnownKeys,
  expectObject,
} from '../config/index.js'
import { allFields, type CollectionSchema, type FieldSchema } from '../schema/index.js'
import { appendValue } from './base-field-data.js'
import { type BatchLike, batchesOf, columnsOf } from './batch-columns.js'
import { createFieldData } from './create-field-data.js'
import { badColumn, badRow } from './data-error.js'
import type { ColumnInput, FieldData, Serialize } from './field-data.js'
import { type LenientReport, lenientSerialize } from './lenience.js'
import { type Row, RowShape } from './row-shape.js'

/** Options of {@link InsertData}. */
export interface InsertDataOptions {
  /**
   * Give null to nullable fields for values that they cannot hold, and take an object's own
   * `toString()` for text. False by default: such values are errors.
   */
  lenient?: boolean | undefined
  /** Called for every value that became null, after the append that it was in. */
  onLenient?: ((report: LenientReport) => void) | undefined
}

const OPTIONS = ['lenient', 'onLenient'] as const

/**
 * The rows of one insert, column by column.
 *
 * An append that fails leaves everything as it was. A field that is not given takes its default
 * value, else null where it may, else the append is an error; a primary key has to be there even
 * if it is made by Milvus (autoId), as RowID and Timestamp have to where the schema has them.
 */
export class InsertData {
  readonly schema: CollectionSchema
  readonly #columns: ReadonlyMap<bigint, FieldData>
  readonly #shape: RowShape
  readonly #serialize: Serialize
  readonly #onLenient: ((report: LenientReport) => void) | undefined
  /** What became null in the append that runs. */
  #reports: LenientReport[] = []

  /**
   * @throws PackedError InvalidArgument for a bad option, UnsupportedType and InvalidSchema for
   *   fields that cannot be stored.
   */
  constructor(schema: CollectionSchema, options: InsertDataOptions = {}) {
    const known = expectObject(options, 'the options of InsertData')
    expectKnownKeys(known, OPTIONS, 'InsertData')
    this.schema = schema
    this.#columns = new Map(
      allFields(schema).map((field) => [field.fieldId, createFieldData(field)] as const),
    )
    this.#shape = new RowShape(schema)
    const report = (lenient: LenientReport): void => void this.#reports.push(lenient)
    const lenient = expectBoolean(known.lenient, 'lenient', false)
    this.#serialize = lenient ? lenientSerialize({ report }) : appendValue
    this.#onLenient = expectFunction(known.onLenient, 'onLenient')
  }

  /** @throws PackedError as {@link InsertData.appendRows}. */
  static fromRows(
    schema: CollectionSchema,
    rows: Iterable<Row>,
    options?: InsertDataOptions,
  ): InsertData {
    const data = new InsertData(schema, options)
    data.appendRows(rows)
    return data
  }

  /** @throws PackedError as {@link InsertData.appendColumns}. */
  static fromColumns(
    schema: CollectionSchema,
    columns: Readonly<Record<string, ColumnInput>>,
    options?: InsertDataOptions,
  ): InsertData {
    const data = new InsertData(schema, options)
    data.appendColumns(columns)
    return data
  }

  /** @throws PackedError as {@link InsertData.appendBatch}. */
  static fromBatch(
    schema: CollectionSchema,
    batch: BatchLike,
    options?: InsertDataOptions,
  ): InsertData {
    const data = new InsertData(schema, options)
    data.appendBatch(batch)
    return data
  }

  /** Rows; every field has as many. */
  get rowCount(): number {
    const [first] = this.#columns.values()
    return first?.length ?? 0
  }

  /** Bytes of all columns by Milvus's formulas. */
  memorySize(): number {
    let bytes = 0
    for (const column of this.#columns.values()) bytes += column.memorySize()
    return bytes
  }

  /** The column of a field, undefined for an id that the schema does not have. */
  field(fieldId: number | bigint): FieldData | undefined {
    return this.#columns.get(expectId(fieldId, 'fieldId'))
  }

  /** Every column in schema order, sub-fields of struct arrays last. */
  fields(): FieldData[] {
    return [...this.#columns.values()]
  }

  /** @throws PackedError as {@link InsertData.appendRows}. */
  appendRow(row: Row): void {
    this.appendRows([row])
  }

  /**
   * Append rows given as objects from field name to value.
   *
   * Keys that are no fields go into the dynamic field (`$meta`) where the collection has one.
   *
   * @throws PackedError InvalidData (missing, unknown, out of range) or TypeMismatch, naming the
   *   field and the row in this InsertData.
   */
  appendRows(rows: Iterable<Row>): void {
    this.#atomically(() => {
      for (const row of rows) this.#appendRow(row)
    })
  }

  /**
   * Append columns by the names of their fields. An empty InsertData takes typed arrays of
   * exactly the right type over without a copy; they must not be changed afterwards.
   *
   * @throws PackedError as `appendRows`; InvalidData for columns of unequal length.
   */
  appendColumns(columns: Readonly<Record<string, ColumnInput>>): void {
    const given = expectObject(columns, 'columns') as Record<string, ColumnInput>
    const fields = allFields(this.schema)
    const stranger = Object.keys(given).find((key) => !fields.some(({ name }) => name === key))
    if (stranger !== undefined) throw this.#shape.unknown(stranger)
    this.#atomically(() => {
      this.#appendFields(({ name }) => (Object.hasOwn(given, name) ? given[name] : undefined))
    })
  }

  /**
   * Append Arrow rows. Columns are matched by field id in their metadata, else by name; types
   * must be those of `convertToArrowSchema`, or hold the same values (narrower integers, large
   * text and binary, FixedSizeList vectors).
   *
   * @throws PackedError as `appendColumns`.
   */
  appendBatch(input: BatchLike): void {
    const fields = allFields(this.schema)
    this.#atomically(() => {
      for (const batch of batchesOf(input)) {
        const columns = columnsOf(batch, fields, (name) => this.#shape.unknown(name))
        this.#appendFields((field) => columns.get(field), batch.numRows)
      }
    })
  }

  #appendRow(value: Row): void {
    const number = this.rowCount
    const row = this.#shape.normalize(value, number)
    for (const column of this.#columns.values()) {
      const { name } = column.field
      this.#put(column, Object.hasOwn(row, name) ? row[name] : undefined)
    }
  }

  /** A value, or what stands for none: the default value, else null where it may be. */
  #put(column: FieldData, value: unknown): void {
    const { nullable, defaultValue } = column.field
    const isMissing = value === undefined || (value === null && !nullable)
    if (isMissing && defaultValue !== undefined) column.append(defaultValue)
    else if (value === undefined) this.#appendMissing(column)
    else this.#serialize(column, value)
  }

  #appendMissing(column: FieldData): void {
    const { field } = column
    if (field.nullable) column.appendNull()
    else if (field === this.#shape.dynamic) column.append({})
    else throw badRow(field.name, column.length, 'a value', 'none')
  }

  #appendFields(inputOf: (field: FieldSchema) => ColumnInput | undefined, rows?: number): void {
    const put: Serialize = (column, value) => this.#put(column, value)
    const missing: FieldData[] = []
    let first = ''
    let end = rows === undefined ? undefined : this.rowCount + rows
    for (const column of this.#columns.values()) {
      const input = inputOf(column.field)
      if (input === undefined) {
        missing.push(column)
        continue
      }
      const before = column.length
      column.appendColumn(input, put)
      first ||= column.field.name
      end ??= column.length
      if (column.length === end) continue
      const expected = `${end - before} rows (as field "${first}" has)`
      throw badColumn(column.field.name, expected, `${column.length - before}`)
    }
    for (const column of missing) {
      while (column.length < (end ?? 0)) this.#put(column, undefined)
    }
  }

  #atomically(append: () => void): void {
    const columns = this.fields()
    const before = columns.map(({ length }) => length)
    const reported = this.#reports.length
    try {
      append()
    } catch (error) {
      for (const [index, column] of columns.entries()) column.truncate(before[index]!)
      this.#reports.length = reported
      throw error
    }
    this.#deliver()
  }

  #deliver(): void {
    const reports = this.#reports
    this.#reports = []
    if (this.#onLenient === undefined) return
    for (const report of reports) this.#onLenient(report)
  }
}
