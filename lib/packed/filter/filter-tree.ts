import { describeValue, expectId, expectOneOf, unexpected } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import {
  FILTER_COMPARISONS,
  type Filter,
  type FilterColumn,
  type FilterComparison,
  type FilterOperand,
} from './filter.js'

/** A filter that is checked by itself, not yet against columns; a copy of what was given. */
export type FilterTree =
  | { op: 'and' | 'or'; args: FilterTree[] }
  | { op: 'not'; arg: FilterTree }
  | FilterLeaf

/** A condition on one column. */
export type FilterLeaf =
  | { op: FilterComparison; column: string | bigint; value: FilterOperand }
  | { op: 'in'; column: string | bigint; values: FilterOperand[] }
  | { op: 'is null'; column: string | bigint }

const OPERATORS = [...FILTER_COMPARISONS, 'in', 'not in', 'is null', 'is not null'] as const

/** Levels of filters in filters; deeper ones would be a circle, or an attack. */
export const MOST_DEPTH = 128

/**
 * Check a filter by itself.
 *
 * @returns undefined for the empty list, which leaves every row.
 * @throws PackedError InvalidArgument, naming the place: `filter[1].or[0]`.
 */
export function filterTree(value: unknown, name = 'filter'): FilterTree | undefined {
  if (Array.isArray(value) && value.length === 0) return undefined
  return treeOf(value, name, 0)
}

/** The public form of a tree. */
export function filterOfTree(tree: FilterTree): Filter {
  switch (tree.op) {
    case 'and':
      return { and: tree.args.map(filterOfTree) }
    case 'or':
      return { or: tree.args.map(filterOfTree) }
    case 'not':
      return { not: filterOfTree(tree.arg) }
    case 'in':
      return [tree.column, 'in', tree.values]
    case 'is null':
      return [tree.column, 'is null']
    default:
      return [tree.column, tree.op, tree.value]
  }
}

/** The columns that a filter names, each once. */
export function columnsOfTree(tree: FilterTree): (string | bigint)[] {
  switch (tree.op) {
    case 'and':
    case 'or':
      return [...new Set(tree.args.flatMap(columnsOfTree))]
    case 'not':
      return columnsOfTree(tree.arg)
    default:
      return [tree.column]
  }
}

function treeOf(value: unknown, name: string, depth: number): FilterTree {
  if (depth > MOST_DEPTH) {
    const message = `Expected filters of at most ${MOST_DEPTH} levels but received deeper ones`
    throw new PackedError('InvalidArgument', message)
  }
  if (typeof value !== 'object' || value === null) {
    throw unexpected("a condition like ['price', '>=', 10], or a list of filters,", name, value)
  }
  if (!Array.isArray(value)) return combinationOf(value, name, depth)
  return isCondition(value) ? conditionOf(value, name) : listOf('and', value, name, depth)
}

/** A list of filters has no name, number or bigint in front. */
function isCondition(value: readonly unknown[]): boolean {
  return ['string', 'number', 'bigint'].includes(typeof value[0])
}

function combinationOf(value: object, name: string, depth: number): FilterTree {
  const keys = Object.keys(value)
  if (keys.length !== 1)
    throw unexpected("an object with one key, 'and' | 'or' | 'not',", name, value)
  const key = expectOneOf(keys[0], `the key of ${name}`, ['and', 'or', 'not'])
  const of = (value as Record<string, unknown>)[key]
  if (key === 'not') return { op: 'not', arg: treeOf(of, `${name}.not`, depth + 1) }
  if (!Array.isArray(of)) throw unexpected('a list of filters', `${name}.${key}`, of)
  return listOf(key, of, `${name}.${key}`, depth)
}

function listOf(
  op: 'and' | 'or',
  values: readonly unknown[],
  name: string,
  depth: number,
): FilterTree {
  if (values.length === 0) throw unexpected('at least one filter', name, values)
  return { op, args: values.map((value, i) => treeOf(value, `${name}[${i}]`, depth + 1)) }
}

function conditionOf(condition: readonly unknown[], name: string): FilterTree {
  const [given, operator, value] = condition
  const column = columnOf(given, `${name}[0]`)
  const op = expectOneOf(operator, `${name}[1]`, OPERATORS)
  const isUnary = op === 'is null' || op === 'is not null'
  const count = isUnary ? 2 : 3
  if (condition.length !== count) {
    throw unexpected(`['column', '${op}'${isUnary ? '' : ', value'}]`, name, condition)
  }
  switch (op) {
    case 'is null':
      return { op, column }
    case 'is not null':
      return { op: 'not', arg: { op: 'is null', column } }
    case 'in':
      return { op, column, values: operandsOf(value, `${name}[2]`) }
    case 'not in':
      return { op: 'not', arg: { op: 'in', column, values: operandsOf(value, `${name}[2]`) } }
    default:
      return { op, column, value: operandOf(value, `${name}[2]`) }
  }
}

function columnOf(value: unknown, name: string): string | bigint {
  return typeof value === 'string' ? value : expectId(value as FilterColumn, name)
}

function operandsOf(value: unknown, name: string): FilterOperand[] {
  if (!Array.isArray(value)) throw unexpected('an array of values', name, value)
  return value.map((one, index) => operandOf(one, `${name}[${index}]`))
}

/** Bytes and dates are copied: the caller may change his. */
function operandOf(value: unknown, name: string): FilterOperand {
  switch (typeof value) {
    case 'boolean':
    case 'number':
    case 'bigint':
    case 'string':
      return value
    case 'object':
      if (value === null) break
      if (ArrayBuffer.isView(value)) return bytesOf(value)
      if (isDate(value)) return new Date(value.getTime())
  }
  if (value === null || value === undefined) {
    const message = `Expected a value for ${name} but received ${describeValue(value)}: a null is found by 'is null'`
    throw new PackedError('InvalidArgument', message)
  }
  throw unexpected('a boolean, number, bigint, string, Date or Uint8Array', name, value)
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength).slice()
}

/** By its tag: a Date of another realm is one, too. */
function isDate(value: object): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]'
}
