import { expectInteger, expectKnownKeys, expectObject, unexpected } from '../config/index.js'
import { expectFormat, type ManifestWriterPolicy } from './writer-policy.js'

const POLICY = 'writer.policy'
const FORMAT = 'writer.format'
const PATTERNS = 'writer.split.schema_based.patterns'
const FORMATS = 'writer.split.schema_based.formats'
const AVERAGE = 'writer.split.size_based.max_avg_column_size'
const COLUMNS = 'writer.split.size_based.max_columns_in_group'
const KNOWN = [POLICY, FORMAT, PATTERNS, FORMATS, AVERAGE, COLUMNS]

/**
 * The policy that properties of Milvus's storage library stand for: `writer.policy` (`single`,
 * `schema_based` or `size_based`) and what goes with it, as text.
 *
 * Lists are separated by commas, so that no pattern has one. Properties of another policy than the
 * chosen one are checked for their names only, as there.
 *
 * @example
 * writerPolicyOf({
 *   'writer.policy': 'schema_based',
 *   'writer.split.schema_based.patterns': 'id|ts,embedding.*',
 * })
 * @throws PackedError InvalidArgument (with the nearest name for one that is not known),
 *   NotSupported for another format than Parquet.
 */
export function writerPolicyOf(properties: Readonly<Record<string, string>>): ManifestWriterPolicy {
  const given = expectObject(properties, 'the properties of a writer policy')
  expectKnownKeys(given, KNOWN, 'the properties of a writer policy')
  expectFormat(given[FORMAT] === '' ? undefined : given[FORMAT], FORMAT)
  switch (given[POLICY] ?? 'single') {
    case 'single':
      return { kind: 'single' }
    case 'schema_based': {
      const formats = listOf(given[FORMATS], FORMATS)
      return {
        kind: 'schemaBased',
        patterns: listOf(given[PATTERNS], PATTERNS),
        ...(formats.length === 0 ? {} : { formats }),
      }
    }
    case 'size_based':
      return {
        kind: 'sizeBased',
        maxAvgColumnBytes: numberOf(given[AVERAGE], AVERAGE),
        maxColumnsInGroup: numberOf(given[COLUMNS], COLUMNS),
      }
    default:
      throw unexpected("'single' | 'schema_based' | 'size_based'", POLICY, given[POLICY])
  }
}

function listOf(value: unknown, name: string): string[] {
  if (value === undefined || value === '') return []
  if (typeof value !== 'string') throw unexpected('a list separated by commas', name, value)
  return value.split(',').map((item) => item.trim())
}

function numberOf(value: unknown, name: string): number {
  const isDecimal = typeof value === 'string' && /^\d+$/.test(value)
  if (!isDecimal) throw unexpected('a decimal number', name, value)
  return expectInteger(Number(value), name, { min: 1 })
}
