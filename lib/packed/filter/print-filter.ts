import type { Filter, FilterOperand } from './filter.js'
import { type FilterTree, filterTree } from './filter-tree.js'
import { FILTER_WORDS } from './parse-filter.js'

/**
 * The text of a filter, which {@link parseFilter} makes the same filter of: a Date as ISO 8601
 * text, `not in` and `is not null` as `not (…)`. The empty list, which leaves every row, is `''`.
 *
 * @throws PackedError InvalidArgument for something that is no filter.
 */
export function printFilter(filter: Filter): string {
  const tree = filterTree(filter)
  return tree === undefined ? '' : print(tree)
}

function print(tree: FilterTree): string {
  switch (tree.op) {
    case 'and':
    case 'or':
      if (tree.args.length === 1) return print(tree.args[0]!)
      return tree.args.map(nested).join(` ${tree.op} `)
    case 'not':
      return `not ${nested(tree.arg)}`
    case 'is null':
      return `${columnText(tree.column)} is null`
    case 'in':
      return `${columnText(tree.column)} in (${tree.values.map(valueText).join(', ')})`
    default:
      return `${columnText(tree.column)} ${tree.op} ${valueText(tree.value)}`
  }
}

/** Whatever holds several filters is in parentheses, so that levels stay as they are. */
function nested(tree: FilterTree): string {
  if (tree.op !== 'and' && tree.op !== 'or') return print(tree)
  return tree.args.length === 1 ? nested(tree.args[0]!) : `(${print(tree)})`
}

function columnText(column: string | bigint): string {
  if (typeof column === 'bigint') return `#${column}`
  const isName = /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(column)
  const isWord = FILTER_WORDS.has(column.toLowerCase()) || /^(nan|inf|infinity)$/i.test(column)
  return isName && !isWord ? column : `"${column.replaceAll('"', '""')}"`
}

function valueText(value: FilterOperand): string {
  switch (typeof value) {
    case 'string':
      return quoted(value)
    case 'number':
      return numberText(value)
    case 'object':
      if (ArrayBuffer.isView(value)) return `x'${Buffer.from(value).toString('hex')}'`
      return quoted(value.toISOString())
    default:
      return String(value)
  }
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Object.is(value, -0)) return '-0.0'
  // Digits alone would be read as a bigint.
  return Number.isInteger(value) && !Number.isSafeInteger(value)
    ? value.toExponential()
    : String(value)
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
