import { unexpected } from '../../config/index.js'
import type { Filter, FilterComparison, FilterCondition, FilterOperand } from './filter.js'
import { type FilterToken, filterSyntaxError, filterTokens } from './filter-tokens.js'
import { MOST_DEPTH } from './filter-tree.js'

/** Words that a column is not called without quotes. */
export const FILTER_WORDS: ReadonlySet<string> = new Set([
  ...['and', 'or', 'not', 'in', 'is', 'null', 'true', 'false'],
])

/**
 * Parse the text of a filter, as `--where` takes it:
 *
 *     price >= 10 and lang in ('de', 'fr') and not (title is null)
 *
 * `not` binds closer than `and`, `and` closer than `or`. Words are taken in any case. Columns are
 * names, in double quotes where they are no identifiers (`"unit price"`, a quote doubled), or field
 * ids (`#101`). Values are numbers (integers of any size are exact; `nan`, `inf`), `'text'` (a quote
 * doubled), `true`, `false` and bytes in hexadecimal (`x'00ff'`). Operators are =, !=, <, <=, >, >=,
 * `in (…)`, `not in (…)`, `is null` and `is not null`; == and <> are taken, too.
 *
 * @throws PackedError InvalidArgument: the column that is wrong, and the text with a caret below it.
 */
export function parseFilter(text: string): Filter {
  if (typeof text !== 'string') throw unexpected('the text of a filter', 'text', text)
  return new FilterParser(text).parse()
}

class FilterParser {
  readonly #text: string
  readonly #tokens: readonly FilterToken[]
  #position = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = filterTokens(text)
  }

  parse(): Filter {
    const filter = this.#disjunction()
    if (this.#next.kind !== 'end') throw this.#wrong("'and', 'or' or the end")
    return filter
  }

  get #next(): FilterToken {
    return this.#tokens[this.#position]!
  }

  #disjunction(): Filter {
    const filters = [this.#conjunction()]
    while (this.#takeWord('or')) filters.push(this.#conjunction())
    return filters.length === 1 ? filters[0]! : { or: filters }
  }

  #conjunction(): Filter {
    const filters = [this.#negation()]
    while (this.#takeWord('and')) filters.push(this.#negation())
    return filters.length === 1 ? filters[0]! : filters
  }

  #negation(): Filter {
    if (++this.#depth > MOST_DEPTH) throw this.#wrong(`at most ${MOST_DEPTH} levels`)
    const filter = this.#takeWord('not') ? { not: this.#negation() } : this.#primary()
    this.#depth--
    return filter
  }

  #primary(): Filter {
    if (!this.#takeMark('(')) return this.#condition()
    const filter = this.#disjunction()
    if (!this.#takeMark(')')) throw this.#wrong("'and', 'or' or ')'")
    return filter
  }

  #condition(): FilterCondition {
    const column = this.#column()
    const { kind, text } = this.#next
    if (kind === 'operator') {
      this.#position++
      return [column, text as FilterComparison, this.#value()]
    }
    if (this.#takeWord('is')) {
      const op = this.#takeWord('not') ? 'is not null' : 'is null'
      if (this.#takeWord('null')) return [column, op]
      throw this.#wrong(op === 'is null' ? "'null' or 'not null'" : "'null'")
    }
    const op = this.#takeWord('not') ? 'not in' : 'in'
    if (this.#takeWord('in')) return [column, op, this.#list()]
    const or = op === 'not in' ? "'in'" : "an operator, 'in' or 'is null'"
    throw this.#wrong(or)
  }

  #column(): string | bigint {
    const { kind, text } = this.#next
    const isName = kind === 'quoted' || (kind === 'name' && !FILTER_WORDS.has(text.toLowerCase()))
    if (!isName && kind !== 'id') throw this.#wrong("a column, 'not' or '('")
    this.#position++
    return kind === 'id' ? BigInt(text) : text
  }

  #list(): FilterOperand[] {
    if (!this.#takeMark('(')) throw this.#wrong("'('")
    if (this.#takeMark(')')) return []
    const values = [this.#value()]
    while (this.#takeMark(',')) values.push(this.#value())
    if (!this.#takeMark(')')) throw this.#wrong("',' or ')'")
    return values
  }

  #value(): FilterOperand {
    const value = literalOf(this.#next)
    if (value === undefined) throw this.#wrong(expectedValue(this.#next))
    this.#position++
    return value
  }

  #takeWord(word: string): boolean {
    const { kind, text } = this.#next
    const isIt = kind === 'name' && text.toLowerCase() === word
    if (isIt) this.#position++
    return isIt
  }

  #takeMark(mark: string): boolean {
    const isIt = this.#next.kind === 'mark' && this.#next.text === mark
    if (isIt) this.#position++
    return isIt
  }

  #wrong(expected: string): Error {
    const { kind, source, at } = this.#next
    const received = kind === 'end' ? 'the end' : `"${source.slice(0, 40)}"`
    return filterSyntaxError(this.#text, at, expected, received)
  }
}

function literalOf({ kind, text }: FilterToken): FilterOperand | undefined {
  switch (kind) {
    case 'number':
      return numberOf(text)
    case 'string':
      return text
    case 'bytes':
      return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
    case 'name': {
      const word = text.toLowerCase()
      return word === 'true' ? true : word === 'false' ? false : undefined
    }
    default:
      return undefined
  }
}

/** Digits alone are an integer, exact however long; -0 is a float. */
function numberOf(text: string): number | bigint {
  if (/^[+-]?\d+$/.test(text)) {
    const number = Number(text)
    return Number.isSafeInteger(number) ? number : BigInt(text.replace('+', ''))
  }
  const [, sign, word] = /^([+-]?)(nan|inf)/i.exec(text) ?? []
  if (word === undefined) return Number(text)
  if (word.toLowerCase() === 'nan') return Number.NaN
  return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

function expectedValue({ kind, text }: FilterToken): string {
  if (kind === 'name' && text.toLowerCase() === 'null')
    return "a value (a null is found by 'is null')"
  if (kind === 'quoted') return 'a value (text is in single quotes)'
  return 'a value'
}
