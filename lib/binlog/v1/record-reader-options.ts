import type { Schema } from 'apache-arrow'
import { expectId, expectKnownKeys, expectObject, unexpected } from '../../config/index.js'
import {
  checkedFilter,
  type Filter,
  type PayloadReaderOptions,
  STREAM_OPTIONS,
} from '../../packed/index.js'
import {
  arrowDefaults,
  type CollectionSchema,
  convertToArrowSchema,
  fieldIdOf,
} from '../../schema/index.js'
import type { ChunkManager } from '../../storage/index.js'
import type { SegmentLocation } from '../binlog-chunks.js'
import type { FieldBinlog } from '../field-binlog.js'
import { alignChunks, type V1Chunk } from './chunk-plan.js'
import type { BinlogDecryptor } from './read-binlog.js'

const WHERE = 'V1RecordReader.open'

/** Options that mean the same here and in `PayloadReader.open`. */
const PASSED_ON = [...STREAM_OPTIONS, 'visibility'] as const
const OWN = [
  'fieldBinlogs',
  'schema',
  'chunkManager',
  'columns',
  'defaults',
  'filter',
  'location',
  'decryptor',
] as const

/** Options of `V1RecordReader.open`. A name that is not listed here is InvalidArgument. */
export interface V1RecordReaderOptions
  extends Pick<PayloadReaderOptions, (typeof PASSED_ON)[number]> {
  /** Insert logs of a segment, one FieldBinlog per field, in any order. */
  fieldBinlogs: readonly FieldBinlog[]
  /** Fields without logs come out as their default or null; logs of other fields are not read. */
  schema: CollectionSchema
  /** Where the binlogs are. */
  chunkManager: ChunkManager
  /** Which columns come out, in this order, by name or field id; all if absent. */
  columns?: readonly (string | number | bigint)[]
  /** Values of columns that a chunk does not have, by name; those of the collection if absent. */
  defaults?: Readonly<Record<string, unknown>>
  /** The rows that come out, by fields of `schema`, among `columns` or not; all if absent. */
  filter?: Filter
  /** For logs that have an id and no path. */
  location?: SegmentLocation
  /** For logs that are encrypted. */
  decryptor?: BinlogDecryptor
}

/** Checked options of a reader. */
export interface V1ReaderPlan {
  chunkManager: ChunkManager
  decryptor: BinlogDecryptor | undefined
  chunks: readonly V1Chunk[]
  /** Every field of the collection. */
  whole: Schema
  /** What is asked for, then what only decides on which rows come out. */
  schema: Schema
  /** How many of the columns come out. */
  columns: number
  defaults: Readonly<Record<string, unknown>>
  /** Options of the reader of every chunk. */
  reader: Omit<PayloadReaderOptions, 'schema' | 'columns' | 'defaults'>
  signal: AbortSignal | undefined
}

/** Check the options of `V1RecordReader.open`. @throws PackedError InvalidArgument. */
export function planV1Reader(value: V1RecordReaderOptions): V1ReaderPlan {
  const options = expectObject(value, `the options of ${WHERE}`)
  expectKnownKeys(options, [...OWN, ...PASSED_ON], WHERE)
  const { chunkManager, fieldBinlogs, decryptor, visibility, location, signal } = value
  expectObject(chunkManager, 'chunkManager')
  if (!Array.isArray(fieldBinlogs)) {
    throw unexpected('an array of FieldBinlog', 'fieldBinlogs', fieldBinlogs)
  }
  const whole = convertToArrowSchema(value.schema)
  const wanted = selectColumns(whole, value.columns)
  const filter = checkedFilter(value.filter, value.schema)
  const deciding = [
    ...(visibility === undefined ? [] : [visibility.keyField, visibility.timestampField]),
    ...(filter?.fields ?? []).map(({ name }) => name),
  ]
  const hidden = new Set(selectColumns(whole, deciding))
  for (const column of wanted) hidden.delete(column)
  const fields = [...wanted, ...hidden].map((column) => whole.fields[column]!)
  const values = value.defaults ?? arrowDefaults(value.schema)
  const given = PASSED_ON.filter((key) => options[key] !== undefined)
  return {
    chunkManager,
    decryptor,
    chunks: alignChunks(fieldBinlogs, location),
    whole,
    schema: whole.selectAt([...wanted, ...hidden]),
    columns: wanted.length,
    defaults: Object.fromEntries(
      Object.entries(values).filter(([name]) => fields.some((field) => field.name === name)),
    ),
    reader: {
      ...Object.fromEntries(given.map((key) => [key, options[key]])),
      ...(filter === undefined ? {} : { filter: filter.filter }),
    },
    signal,
  }
}

/** Positions in `schema` of the columns asked for. */
function selectColumns(schema: Schema, columns: V1RecordReaderOptions['columns']): number[] {
  if (columns === undefined) return schema.fields.map((_, index) => index)
  if (!Array.isArray(columns)) {
    throw unexpected('an array of names or field ids', 'columns', columns)
  }
  return columns.map((column: unknown, index) => {
    const id = typeof column === 'string' ? undefined : expectId(column, `columns[${index}]`)
    const found = schema.fields.findIndex((field) =>
      id === undefined ? field.name === column : fieldIdOf(field) === id,
    )
    if (found >= 0) return found
    throw unexpected('a name or field id of the schema', `columns[${index}]`, column)
  })
}
