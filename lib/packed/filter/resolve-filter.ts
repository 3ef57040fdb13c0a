import type { Field } from 'apache-arrow'
import { describeValue, nearestName } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import { fieldIdOf } from '../../schema/index.js'
import type { FilterNode } from '../filter-form.js'
import type { FilterComparison, FilterOperand } from './filter.js'
import { type FilterKind, type IntegerKind, kindOfField } from './filter-kinds.js'
import type { FilterLeaf, FilterTree } from './filter-tree.js'
import {
  expectedFor,
  type Place,
  placeInFloats,
  placeInIntegers,
  plainValue,
} from './filter-values.js'

/** What a filter may be on. */
export interface FilterColumns {
  readonly fields: readonly Field[]
  /** The kind of a column, or what it holds where no filter can be on it; that of its Arrow type. */
  readonly kindOf?: (field: Field) => FilterKind | string
  /** Said of a name that is not there. */
  readonly hint?: string
}

/** A column that was found. */
interface Found {
  name: string
  kind: FilterKind
}

/**
 * A filter over the columns that there are, values of their kinds. What a column of integers
 * cannot hold becomes the bound that says the same, or a constant that leaves nulls null.
 *
 * @throws PackedError InvalidArgument (no such column, with the nearest name), TypeMismatch (a
 *   value of another kind, an operator that the kind does not have), UnsupportedType (vectors,
 *   arrays, structs), naming the column.
 */
export function resolveFilter(tree: FilterTree, columns: FilterColumns): FilterNode {
  switch (tree.op) {
    case 'and':
    case 'or':
      return { op: tree.op, args: tree.args.map((arg) => resolveFilter(arg, columns)) }
    case 'not':
      return { op: 'not', arg: resolveFilter(tree.arg, columns) }
    default:
      return resolveLeaf(tree, findColumn(tree.column, columns))
  }
}

function findColumn(column: string | bigint, columns: FilterColumns): Found {
  const { fields, kindOf = kindOfField } = columns
  const field = fields.find((candidate) =>
    typeof column === 'string' ? candidate.name === column : fieldIdOf(candidate) === column,
  )
  if (field === undefined) throw unknownColumn(column, columns)
  const { name } = field
  const kind = kindOf(field)
  if (typeof kind !== 'string') return { name, kind }
  const message = `Expected numbers, text, bytes, booleans or times for filter on ${name} but received ${kind}`
  throw new PackedError('UnsupportedType', message, { field: name })
}

function unknownColumn(column: string | bigint, { fields, hint = '' }: FilterColumns): PackedError {
  const names = fields.map(({ name }) => name)
  const nearest = typeof column === 'string' ? nearestName(column, names) : undefined
  const known =
    nearest === undefined ? `There are: ${names.join(', ')}.` : `Did you mean "${nearest}"?`
  const [what, received] =
    typeof column === 'string'
      ? ['the name of a column', JSON.stringify(column)]
      : ['the id of a field', String(column)]
  const message = `Expected ${what} for filter but received ${received}. ${known}${hint && ` ${hint}`}`
  return new PackedError('InvalidArgument', message)
}

function resolveLeaf(leaf: FilterLeaf, { name: column, kind }: Found): FilterNode {
  if (leaf.op === 'is null') return { op: 'is null', column }
  const values = leaf.op === 'in' ? leaf.values : [leaf.value]
  const found = { name: column, kind }
  switch (kind.kind) {
    case 'integer': {
      const places = values.map((value) => placeInIntegers(value, kind) ?? mismatch(found, value))
      if (leaf.op !== 'in') return compareIntegers(leaf.op, column, places[0]!, kind)
      const held = places.flatMap((place) =>
        place !== 'unordered' && place.side === 'on' && isWithin(place.at, kind) ? [place.at] : [],
      )
      return { op: 'in', column, values: held }
    }
    case 'float': {
      const places = values.map(
        (value) => placeInFloats(value, kind.bits) ?? mismatch(found, value),
      )
      if (leaf.op !== 'in') return compareFloats(leaf.op, column, places[0]!)
      return {
        op: 'in',
        column,
        values: places.flatMap(({ at, side }) => (side === 'on' ? [at] : [])),
      }
    }
    default: {
      const plain = values.map((value) => plainValue(value, kind) ?? mismatch(found, value))
      if (leaf.op === 'in') return { op: 'in', column, values: plain }
      const isOrder = leaf.op !== '=' && leaf.op !== '!='
      if (kind.kind === 'boolean' && isOrder) throw unordered(column, leaf.op)
      return { op: leaf.op, column, value: plain[0]! }
    }
  }
}

/** False, and null for a null. */
function never(column: string): FilterNode {
  return { op: 'in', column, values: [] }
}

/** True, and null for a null. */
function always(column: string): FilterNode {
  return { op: 'not', arg: never(column) }
}

function isWithin(at: bigint, { min, max }: IntegerKind): boolean {
  return at >= min && at <= max
}

/** Places in integers are on one, or above it. */
function compareIntegers(
  op: FilterComparison,
  column: string,
  place: Place<bigint> | 'unordered',
  kind: IntegerKind,
): FilterNode {
  if (place === 'unordered') return op === '!=' ? always(column) : never(column)
  const { at, side } = place
  if (side === 'on' && isWithin(at, kind)) return { op, column, value: at }
  if (op === '!=') return always(column)
  if (op === '=') return never(column)
  const isUpper = op === '<' || op === '<='
  if (at < kind.min) return isUpper ? never(column) : always(column)
  if (at >= kind.max) return isUpper ? always(column) : never(column)
  return isUpper ? { op: '<=', column, value: at } : { op: '>=', column, value: at + 1n }
}

function compareFloats(
  op: FilterComparison,
  column: string,
  { at, side }: Place<number>,
): FilterNode {
  if (side === 'on') return { op, column, value: at }
  if (op === '!=') return always(column)
  if (op === '=') return never(column)
  const isUpper = op === '<' || op === '<='
  if (side === 'above') return { op: isUpper ? '<=' : '>', column, value: at }
  return { op: isUpper ? '<' : '>=', column, value: at }
}

function mismatch({ name, kind }: Found, value: FilterOperand): never {
  const isLossy = kind.kind === 'integer' && typeof value === 'number'
  const expected = isLossy ? 'a bigint (numbers beyond 2^53 are not exact)' : expectedFor(kind)
  const message = `Expected ${expected} for filter on ${name} but received ${describeValue(value)}`
  throw new PackedError('TypeMismatch', message, { field: name })
}

function unordered(column: string, op: string): PackedError {
  const message = `Expected =, !=, in or 'is null' for filter on ${column} (booleans) but received ${op}`
  return new PackedError('TypeMismatch', message, { field: column })
}
