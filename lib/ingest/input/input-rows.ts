import type { RecordBatch, Schema } from 'apache-arrow'
import { PackedError } from '../../errors/index.js'
import { BatchBuilder } from './batch-builder.js'
import type { ColumnType } from './column-type.js'
import type { Convert } from './fit-value.js'
import { type Shape, typeOfShapes } from './infer-type.js'

/** One record of a text file. */
export interface Row {
  /** Where it ends in its file, from 1. */
  line: number
  /** Characters it takes there. */
  size: number
  record: Readonly<Record<string, unknown>>
}

/** A text format: how its records are read and what its values mean. */
export interface RowSource {
  path: string
  /** The columns, where the file names them first (CSV). */
  names: readonly string[]
  rows: AsyncIterable<Row>
  shapeOf(value: unknown): Shape | undefined
  converter(type: ColumnType): Convert
  /** What a column of mixed values becomes; without it they are refused. */
  mixed?: ColumnType
}

/** Typed batches of a text file. */
export interface TypedRows {
  types: ReadonlyMap<string, ColumnType>
  schema: Schema
  batches: AsyncGenerator<RecordBatch>
}

const SAMPLE_ROWS = 1000
const SAMPLE_CHARACTERS = 16 << 20
const BATCH_ROWS = 8192
const BATCH_CHARACTERS = 8 << 20

/**
 * Give every column a type, by `given` or else by the first rows, and read on with these.
 *
 * @throws PackedError InvalidData, InvalidArgument when there is nothing to infer from.
 */
export async function openRows(
  source: RowSource,
  given: ReadonlyMap<string, ColumnType>,
): Promise<TypedRows> {
  const iterator = source.rows[Symbol.asyncIterator]()
  const sample: Row[] = []
  let characters = 0
  while (sample.length < SAMPLE_ROWS && characters < SAMPLE_CHARACTERS) {
    const next = await iterator.next()
    if (next.done) break
    characters += next.value.size
    sample.push(next.value)
  }
  const types = inferTypes(source, sample, given)
  if (types.size === 0) {
    const message = `Expected rows or column types for ${source.path} but received neither`
    throw new PackedError('InvalidArgument', message, { path: source.path })
  }
  const builder = new BatchBuilder(source, types)
  return { types, schema: builder.schema, batches: batchesOf(builder, sample, iterator) }
}

function inferTypes(
  source: RowSource,
  sample: readonly Row[],
  given: ReadonlyMap<string, ColumnType>,
): Map<string, ColumnType> {
  const shapes = new Map<string, Set<Shape>>(source.names.map((name) => [name, new Set()]))
  for (const { record } of sample) {
    for (const name of Object.keys(record)) {
      let seen = shapes.get(name)
      if (seen === undefined) {
        seen = new Set()
        shapes.set(name, seen)
      }
      const shape = given.has(name) ? undefined : source.shapeOf(record[name])
      if (shape !== undefined) seen.add(shape)
    }
  }
  const types = new Map<string, ColumnType>()
  for (const [name, seen] of shapes) {
    types.set(name, given.get(name) ?? typeOfShapes(seen) ?? mixedType(source, name, seen))
  }
  for (const [name, type] of given) types.set(name, type)
  return withNullsSeen(types, sample, given)
}

function mixedType(source: RowSource, name: string, seen: ReadonlySet<Shape>): ColumnType {
  if (source.mixed !== undefined) return source.mixed
  throw new PackedError(
    'InvalidData',
    `Expected values of one scalar or vector type for column "${name}" of ${source.path} but ` +
      `received ${[...seen].join(' and ')}; the type json keeps them as text`,
    { path: source.path, field: name },
  )
}

/** Inferred vectors may be null where a null was seen. */
function withNullsSeen(
  types: Map<string, ColumnType>,
  sample: readonly Row[],
  given: ReadonlyMap<string, ColumnType>,
): Map<string, ColumnType> {
  for (const [name, type] of types) {
    if (type.nullable || given.has(name)) continue
    const nullable = sample.some(({ record }) => (record[name] ?? null) === null)
    types.set(name, { ...type, nullable })
  }
  return types
}

async function* batchesOf(
  builder: BatchBuilder,
  sample: readonly Row[],
  rest: AsyncIterator<Row>,
): AsyncGenerator<RecordBatch> {
  let characters = 0
  const add = (row: Row): RecordBatch | undefined => {
    builder.add(row)
    characters += row.size
    if (builder.rows < BATCH_ROWS && characters < BATCH_CHARACTERS) return undefined
    characters = 0
    return builder.take()
  }
  try {
    for (const row of sample) {
      const full = add(row)
      if (full !== undefined) yield full
    }
    for (let next = await rest.next(); !next.done; next = await rest.next()) {
      const full = add(next.value)
      if (full !== undefined) yield full
    }
    if (builder.rows > 0) yield builder.take()
  } finally {
    await rest.return?.()
  }
}
