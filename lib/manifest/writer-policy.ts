import {
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectText,
  unexpected,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'

/** How the columns of a segment are spread over column groups (`writer.policy` in Milvus). */
export type ManifestWriterPolicy =
  /** All columns in one group, in the order of the schema. */
  { kind: 'single' } | SchemaBasedPolicy | SizeBasedPolicy | ColumnsPolicy

/** Groups by the names of the columns, as they are stored. */
export interface SchemaBasedPolicy {
  kind: 'schemaBased'
  /**
   * Regular expressions that a name has to match as a whole. A column belongs to the first one
   * that it matches; columns that match none are the last group. Groups without columns fall away.
   */
  patterns: readonly string[]
  /** One per pattern, or none at all; `'parquet'` is the only one that is built. */
  formats?: readonly string[]
}

/**
 * Groups by the decoded size of the columns, taken from the first batch that has rows.
 *
 * In the order of the schema, a column joins the group before it when it is narrow and the group
 * is not full; otherwise it begins a group.
 */
export interface SizeBasedPolicy {
  kind: 'sizeBased'
  /** Bytes per row from which a column is not narrow. */
  maxAvgColumnBytes: number
  maxColumnsInGroup: number
}

/**
 * Groups that are settled, by the names of their columns: what is to be appended to a manifest
 * takes them from there (`manifest.columnGroups.map(({ columns }) => columns)`).
 */
export interface ColumnsPolicy {
  kind: 'columns'
  /** Every column of the schema in exactly one group. */
  columns: readonly (readonly string[])[]
}

/** Names of columns by group, or the policy that the first rows decide. */
export type Grouping = readonly (readonly string[])[] | SizeBasedPolicy

const KINDS = ['single', 'schemaBased', 'sizeBased', 'columns'] as const

/**
 * Check a policy and apply it, unless it needs rows.
 *
 * @param names columns as they are stored, in the order of the schema.
 * @throws PackedError InvalidArgument (also: a broken pattern, as many formats as patterns), and
 *   NotSupported for a format that is not built.
 */
export function resolveGrouping(value: unknown, names: readonly string[]): Grouping {
  if (value === undefined) return [names]
  const policy = expectObject(value, 'policy')
  switch (expectOneOf(policy.kind, 'policy.kind', KINDS)) {
    case 'single':
      expectKnownKeys(policy, ['kind'], 'policy')
      return [names]
    case 'schemaBased':
      expectKnownKeys(policy, ['kind', 'patterns', 'formats'], 'policy')
      return groupsByPattern(policy, names)
    case 'sizeBased':
      expectKnownKeys(policy, ['kind', 'maxAvgColumnBytes', 'maxColumnsInGroup'], 'policy')
      return {
        kind: 'sizeBased',
        maxAvgColumnBytes: expectInteger(policy.maxAvgColumnBytes, 'policy.maxAvgColumnBytes', {
          min: 1,
        }),
        maxColumnsInGroup: expectInteger(policy.maxColumnsInGroup, 'policy.maxColumnsInGroup', {
          min: 1,
        }),
      }
    case 'columns':
      expectKnownKeys(policy, ['kind', 'columns'], 'policy')
      return givenGroups(policy.columns, names)
  }
}

/** True for what has to wait for rows. */
export function isSampled(grouping: Grouping): grouping is SizeBasedPolicy {
  return 'kind' in grouping
}

/**
 * Groups by size; none is empty (Milvus's own form begins with an empty one when the first column
 * is wide).
 *
 * @param averageBytes decoded bytes per row of every column.
 */
export function groupsBySize(
  { maxAvgColumnBytes, maxColumnsInGroup }: SizeBasedPolicy,
  names: readonly string[],
  averageBytes: readonly number[],
): string[][] {
  const groups: string[][] = []
  names.forEach((name, column) => {
    const last = groups.at(-1)
    const isNarrow = averageBytes[column]! < maxAvgColumnBytes
    if (last !== undefined && isNarrow && last.length < maxColumnsInGroup) last.push(name)
    else groups.push([name])
  })
  return groups
}

/** A file format by name. @throws PackedError NotSupported for one that is not built. */
export function expectFormat(value: unknown, name: string): 'parquet' {
  if (value === undefined || value === 'parquet') return 'parquet'
  const message = `Expected 'parquet' for ${name} but received "${expectText(value, name)}"`
  throw new PackedError('NotSupported', message)
}

function groupsByPattern(policy: Record<string, unknown>, names: readonly string[]): string[][] {
  const { patterns, formats = [] } = policy
  if (!Array.isArray(patterns) || patterns.length === 0) {
    throw unexpected('a non-empty array of patterns', 'policy.patterns', patterns)
  }
  const tests = patterns.map((pattern, index) => expectPattern(pattern, index))
  if (!Array.isArray(formats) || (formats.length > 0 && formats.length !== patterns.length)) {
    throw unexpected(`${patterns.length} formats, one per pattern,`, 'policy.formats', formats)
  }
  for (const [index, format] of formats.entries()) expectFormat(format, `policy.formats[${index}]`)
  const groups: string[][] = [...tests, undefined].map(() => [])
  for (const name of names) {
    const found = tests.findIndex((test) => test.test(name))
    groups.at(found)!.push(name)
  }
  return groups.filter((group) => group.length > 0)
}

/** A pattern that has to match from the beginning of a name to its end. */
function expectPattern(pattern: unknown, index: number): RegExp {
  const name = `policy.patterns[${index}]`
  const text = expectText(pattern, name)
  try {
    // By itself first: `a)|(b` is no expression, though in brackets it is one.
    new RegExp(text)
    return new RegExp(`^(?:${text})$`, 's')
  } catch {
    throw unexpected('a regular expression', name, text)
  }
}

function givenGroups(value: unknown, names: readonly string[]): string[][] {
  if (!Array.isArray(value) || value.length === 0) {
    throw unexpected('a non-empty array of groups', 'policy.columns', value)
  }
  const free = new Set(names)
  const groups = value.map((group, index) => {
    const where = `policy.columns[${index}]`
    if (!Array.isArray(group) || group.length === 0) {
      throw unexpected('a non-empty array of names', where, group)
    }
    return group.map((column) => {
      if (free.delete(column as string)) return column as string
      throw unexpected('columns of the schema, each of them once,', where, column)
    })
  })
  const [left] = free
  if (left === undefined) return groups
  const message = `Expected every column in a group but received "${left}" in none`
  throw new PackedError('InvalidArgument', message, { field: left })
}
