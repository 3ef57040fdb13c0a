import type { Schema } from 'apache-arrow'
import {
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  unexpected,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { NativeColumnOptions } from '../native/index.js'
import { resolveCodec } from './compression.js'
import type { Layout } from './layouts.js'

/** Parquet encodings that can be asked for, see `ColumnWriteOptions.encoding`. */
export const COLUMN_ENCODINGS = [
  'plain',
  'dictionary',
  'deltaBinaryPacked',
  'deltaLengthByteArray',
  'deltaByteArray',
  'byteStreamSplit',
] as const

/** One of {@link COLUMN_ENCODINGS}. */
export type ColumnEncoding = (typeof COLUMN_ENCODINGS)[number]

/** What layout `'milvus'` has: everything else is no more what Milvus writes. */
const ENCODINGS_OF_MILVUS: readonly ColumnEncoding[] = ['plain', 'dictionary']
/** The last two are what `optimizeColumnLayout` adds. */
const COLUMN_KEYS = ['codec', 'level', 'encoding', 'dim', 'reason', 'estimatedBytes'] as const

/**
 * Check the option `columns` of a writer.
 *
 * @throws PackedError InvalidArgument, NotSupported for an encoding that the layout has not.
 */
export function resolveColumns(
  schema: Schema,
  value: unknown,
  layout: Layout,
): NativeColumnOptions[] {
  if (value === undefined) return []
  return Object.entries(expectObject(value, 'columns')).map(([column, choice]) => {
    const name = `columns.${column}`
    if (!schema.fields.some((field) => field.name === column)) {
      throw unexpected('names of top-level fields of the schema', 'columns', column)
    }
    const options = expectObject(choice, name)
    expectKnownKeys(options, COLUMN_KEYS, name)
    const { level, codec, encoding, dim } = options
    const resolved: NativeColumnOptions = { name: column }
    if (codec !== undefined || level !== undefined) {
      resolved.compression = resolveCodec(options, name)
    }
    if (encoding !== undefined) resolved.encoding = resolveEncoding(encoding, name, layout)
    if (dim !== undefined) {
      resolved.dim = expectInteger(dim, `${name}.dim`, { min: 1, max: 2 ** 31 - 1 })
    }
    return resolved
  })
}

function resolveEncoding(value: unknown, name: string, layout: Layout): ColumnEncoding {
  const encoding = expectOneOf(value, `${name}.encoding`, COLUMN_ENCODINGS)
  if (layout !== 'milvus' || ENCODINGS_OF_MILVUS.includes(encoding)) return encoding
  const message = `Expected layout 'fast' or 'small' for ${name}.encoding '${encoding}' but received 'milvus'`
  throw new PackedError('NotSupported', message)
}
