import { type Data, makeData, RecordBatch, type Schema, Struct, type Table } from 'apache-arrow'
import { type ArrowCData, flattenSchema, importRecordBatch } from '../cdata/index.js'
import { unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { NativeField } from '../native/index.js'

/** What `write` takes. */
export type BatchInput = RecordBatch | Table | ArrowCData

/**
 * Brings what callers write into batches with exactly the writer's columns, in its order.
 *
 * The writer's schema is the authority: columns are matched by name, types must be equal.
 * Columns that are not in the schema are refused rather than dropped.
 */
export class BatchIntake {
  readonly #schema: Schema
  readonly #where: string
  readonly #fields: readonly NativeField[]
  /** Where the writer's columns are in batches of a schema that was seen; null = same order. */
  readonly #plans = new WeakMap<Schema, readonly number[] | null>()

  /** @param where what the caller calls, for errors. */
  constructor(schema: Schema, where = 'write') {
    this.#schema = schema
    this.#where = where
    this.#fields = flattenSchema(schema).fields
  }

  /** @throws PackedError InvalidArgument, InvalidData or TypeMismatch. */
  *batches(input: unknown): Generator<RecordBatch> {
    if (isTable(input)) {
      for (const batch of input.batches) yield this.#conform(batch)
    } else if (isRecordBatch(input)) {
      yield this.#conform(input)
    } else if (isArrowCData(input)) {
      yield this.#conform(importRecordBatch(input))
    } else {
      throw unexpected('a RecordBatch, a Table or ArrowCData', this.#where, input)
    }
  }

  /**
   * Where batches of `schema` have each of the writer's columns.
   *
   * @throws PackedError InvalidArgument or TypeMismatch.
   */
  order(schema: Schema): readonly number[] {
    return this.#plan(schema) ?? this.#fields.map((_, column) => column)
  }

  #conform(batch: RecordBatch): RecordBatch {
    let plan = this.#plans.get(batch.schema)
    if (plan === undefined) {
      plan = this.#plan(batch.schema)
      this.#plans.set(batch.schema, plan)
    }
    const { children, length } = batch.data
    this.#checkColumns(batch, children)
    if (plan === null) return batch
    const ordered = plan.map((position) => children[position]!)
    const type = new Struct(this.#schema.fields)
    return new RecordBatch(
      this.#schema,
      makeData({ type, length, nullCount: 0, children: ordered }),
    )
  }

  #plan(schema: Schema): readonly number[] | null {
    const fields = flattenSchema(schema).fields
    const positions = this.#fields.map((wanted) => {
      const position = fields.findIndex((field) => field.name === wanted.name)
      if (position < 0) {
        const message = `Expected a column "${wanted.name}" in the batch but received none`
        throw new PackedError('InvalidArgument', message, { field: wanted.name })
      }
      this.#checkType(wanted, fields[position]!, schema, position)
      return position
    })
    const stranger = fields.find(({ name }) => !this.#fields.some((field) => field.name === name))
    if (stranger !== undefined || fields.length !== positions.length) {
      const name = stranger?.name ?? fields.find((_, index) => !positions.includes(index))!.name
      const message = `Expected only columns of the schema for ${this.#where} but received "${name}"`
      throw new PackedError('InvalidArgument', message, { field: name })
    }
    return positions.every((position, column) => position === column) ? null : positions
  }

  #checkType(wanted: NativeField, given: NativeField, schema: Schema, position: number): void {
    if (sameLayout(given, wanted)) return
    const column = this.#schema.fields.find((field) => field.name === wanted.name)
    throw new PackedError(
      'TypeMismatch',
      `Expected ${column?.type} for column "${wanted.name}" but received ` +
        `${schema.fields[position]?.type}`,
      { field: wanted.name },
    )
  }

  /** What a RecordBatch assembled by hand can get wrong, and the core could not see. */
  #checkColumns(batch: RecordBatch, children: readonly Data[]): void {
    batch.schema.fields.forEach((field, position) => {
      const child = children[position]
      if (child === undefined || child.length !== batch.numRows) {
        throw new PackedError(
          'InvalidData',
          `Expected ${batch.numRows} values for column "${field.name}" but received ` +
            `${child?.length ?? 'none'}`,
          { field: field.name },
        )
      }
      if (child.type !== field.type && String(child.type) !== String(field.type)) {
        throw new PackedError(
          'TypeMismatch',
          `Expected ${field.type} (the batch's own schema) for column "${field.name}" but ` +
            `received ${child.type}`,
          { field: field.name },
        )
      }
    })
  }
}

/** Same physical layout and meaning; names of list items and metadata do not count. */
function sameLayout(left: NativeField, right: NativeField): boolean {
  if (left.format !== right.format || left.children.length !== right.children.length) return false
  if (left.dictionary === null || right.dictionary === null) {
    if (left.dictionary !== right.dictionary) return false
  } else if (!sameLayout(left.dictionary, right.dictionary)) {
    return false
  }
  const named = left.format === '+s' || left.format.startsWith('+u')
  return left.children.every((child, index) => {
    const other = right.children[index]!
    return (!named || child.name === other.name) && sameLayout(child, other)
  })
}

/** A batch, a table or an address, all of which `write` takes; tables and batches are iterables, too. */
export function isBatchInput(value: unknown): value is BatchInput {
  return isTable(value) || isRecordBatch(value) || isArrowCData(value)
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && 'batches' in value && 'schema' in value
}

function isRecordBatch(value: unknown): value is RecordBatch {
  const batch = value as Partial<RecordBatch> | null
  return typeof batch === 'object' && batch?.schema !== undefined && batch.data !== undefined
}

function isArrowCData(value: unknown): value is ArrowCData {
  const pair = value as Partial<ArrowCData> | null
  return (
    typeof pair === 'object' && typeof pair?.array === 'bigint' && typeof pair.schema === 'bigint'
  )
}
