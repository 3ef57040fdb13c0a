import { type Field, Schema } from 'apache-arrow'
import {
  expectId,
  expectKnownKeys,
  expectObject,
  expectSignal,
  expectText,
  unexpected,
} from '../config/index.js'
import { arrowDefaults, type CollectionSchema, fieldIdOf } from '../schema/index.js'
import { type CheckedFilter, checkedFilter, type Filter } from './filter/index.js'
import { arrowSchemaOf } from './packed-record-writer-options.js'
import { expectFile, type PackedFile } from './reader-files.js'
import type { PackedReaderOptions } from './reader-options.js'
import { STREAM_OPTIONS } from './stream-settings.js'

const WHERE = 'PackedRecordReader.open'
const OWN = ['schema', 'paths', 'columns', 'defaults', 'bucketName', 'filter'] as const

/** Options that mean the same here and in `PackedReader.open`. */
const PASSED_ON = [
  'storage',
  ...STREAM_OPTIONS,
  'mmap',
  'lenient',
  'keyRetriever',
  'visibility',
] as const

type PassedOn = Extract<(typeof PASSED_ON)[number], keyof PackedReaderOptions>

/** Options of `PackedRecordReader.open`. A name that is not listed here is InvalidArgument. */
export interface PackedRecordReaderOptions extends Pick<PackedReaderOptions, PassedOn> {
  /** The columns to read, matched by field id; those that a chunk does not have are filled. */
  schema: Schema | CollectionSchema
  /**
   * The files of every chunk, chunks in order, in each the same number of files. What is known of
   * a file is a hint: where it turns out wrong, the chunk is opened without it.
   */
  paths: readonly (readonly (string | PackedFile)[])[]
  /** Which columns of the schema come out, in this order, by name or field id; all if absent. */
  columns?: readonly (string | number | bigint)[]
  /**
   * Values of columns that a chunk does not have, by name; those of the collection if absent.
   * A column without one comes out as nulls.
   */
  defaults?: Readonly<Record<string, unknown>>
  /** The rows that come out, by columns of `schema`, among `columns` or not; all if absent. */
  filter?: Filter
  /** Taken as Milvus's callers give it; files are in the bucket of `storage`. */
  bucketName?: string
}

/** Checked options of a record reader. */
export interface RecordReaderPlan {
  schema: Schema
  chunks: readonly (readonly PackedFile[])[]
  /** Options of the reader of every chunk. */
  reader: Omit<PackedReaderOptions, 'paths'>
  signal: AbortSignal | undefined
}

/** Check the options of `PackedRecordReader.open`. @throws PackedError InvalidArgument. */
export function planRecordReader(value: unknown): RecordReaderPlan {
  const options = expectObject(value, `the options of ${WHERE}`)
  expectKnownKeys(options, [...OWN, ...PASSED_ON], WHERE)
  const whole = arrowSchemaOf(options.schema)
  const schema = selectColumns(whole, options.columns)
  const filter = checkedFilter(options.filter, options.schema as Schema | CollectionSchema)
  const read = withFilterColumns(schema, filter)
  const chunks = expectChunks(options.paths)
  if (options.bucketName !== undefined) expectText(options.bucketName, 'bucketName')
  const given = PASSED_ON.filter((key) => options[key] !== undefined)
  const passedOn = Object.fromEntries(given.map((key) => [key, options[key]]))
  return {
    schema,
    chunks,
    reader: {
      ...passedOn,
      schema: read,
      ...(read === schema ? {} : { columns: schema.fields.map(({ name }) => name) }),
      ...(filter === undefined ? {} : { filter: filter.filter }),
      ...defaultsFor(read, whole, options),
    },
    signal: expectSignal(options.signal, 'signal'),
  }
}

/** Columns that only the filter looks at come behind the others, and not out. */
function withFilterColumns(schema: Schema, filter: CheckedFilter | undefined): Schema {
  const more = (filter?.fields ?? []).filter(({ name }) => !hasField(schema, name))
  return more.length === 0 ? schema : new Schema([...schema.fields, ...more], schema.metadata)
}

function defaultsFor(
  schema: Schema,
  whole: Schema,
  options: Record<string, unknown>,
): { defaults?: Record<string, unknown> } {
  const given = givenDefaults(options)
  const stranger = Object.keys(given).find((name) => !hasField(whole, name))
  if (stranger !== undefined)
    throw unexpected('names of fields of the schema', 'defaults', stranger)
  const kept = Object.entries(given).filter(([name]) => hasField(schema, name))
  return kept.length === 0 ? {} : { defaults: Object.fromEntries(kept) }
}

function givenDefaults({ schema, defaults }: Record<string, unknown>): Record<string, unknown> {
  if (defaults !== undefined) return expectObject(defaults, 'defaults')
  const source = expectObject(schema, 'schema')
  return 'structArrayFields' in source ? arrowDefaults(schema as CollectionSchema) : {}
}

function hasField(schema: Schema, name: string): boolean {
  return schema.fields.some((field) => field.name === name)
}

function selectColumns(schema: Schema, value: unknown): Schema {
  if (value === undefined) return schema
  if (!Array.isArray(value) || value.length === 0) {
    throw unexpected('a non-empty array of names or field ids', 'columns', value)
  }
  const fields = value.map((column: unknown, index): Field => {
    const name = `columns[${index}]`
    const id = typeof column === 'string' ? undefined : expectId(column, name)
    const found = schema.fields.find((field) =>
      id === undefined ? field.name === column : fieldIdOf(field) === id,
    )
    if (found !== undefined) return found
    throw unexpected('a name or field id of the schema', name, column)
  })
  return new Schema(fields, schema.metadata)
}

function expectChunks(value: unknown): PackedFile[][] {
  if (!Array.isArray(value)) throw unexpected('an array of chunks', 'paths', value)
  return value.map((chunk: unknown, index) => {
    const name = `paths[${index}]`
    if (!Array.isArray(chunk) || chunk.length === 0) {
      throw unexpected('a non-empty array of paths', name, chunk)
    }
    const groups = (value[0] as unknown[]).length
    if (chunk.length !== groups) {
      throw unexpected(`${groups} paths as in the first chunk`, name, chunk)
    }
    return chunk.map((file, group) => expectFile(file, `${name}[${group}]`))
  })
}
