import { PackedError } from '../../errors/index.js'

/** A word of the text of a filter, and where it begins. */
export interface FilterToken {
  kind: 'name' | 'quoted' | 'id' | 'number' | 'string' | 'bytes' | 'operator' | 'mark' | 'end'
  /** What it stands for: a name without its quotes, `!=` for `<>`. */
  text: string
  /** As it is written. */
  source: string
  at: number
}

const OPERATOR_NAMES: Readonly<Record<string, string>> = { '==': '=', '<>': '!=' }

/** Alternatives in the order in which they are tried; strings and names may be unclosed. */
const TOKEN = new RegExp(
  [
    /(?<space>\s+)/u,
    /(?<bytes>x'(?:[0-9a-f]{2})*')/u,
    /(?<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?(?![\p{L}\p{N}_$.])|[+-]?(?:nan|inf|infinity)(?![\p{L}\p{N}_$]))/u,
    /(?<name>[\p{L}_$][\p{L}\p{N}_$]*)/u,
    /(?<quoted>"(?:[^"]|"")*")/u,
    /(?<string>'(?:[^']|'')*')/u,
    /(?<id>#\d{1,19})/u,
    /(?<operator><=|>=|<>|!=|==|=|<|>)/u,
    /(?<mark>[(),])/u,
  ]
    .map(({ source }) => source)
    .join('|'),
  'iuy',
)

/** @throws PackedError InvalidArgument, see {@link filterSyntaxError}. */
export function filterTokens(text: string): FilterToken[] {
  const tokens: FilterToken[] = []
  for (let at = 0; at < text.length; ) {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)
    if (match === null) throw strangerAt(text, at)
    const [source] = match
    const [kind] = Object.entries(match.groups!).find(([, found]) => found !== undefined)!
    if (kind !== 'space') {
      const token = kind as FilterToken['kind']
      tokens.push({ kind: token, text: meaningOf(token, source), source, at })
    }
    at += source.length
  }
  tokens.push({ kind: 'end', text: '', source: '', at: text.trimEnd().length })
  return tokens
}

function meaningOf(kind: FilterToken['kind'], source: string): string {
  switch (kind) {
    case 'quoted':
      return source.slice(1, -1).replaceAll('""', '"')
    case 'string':
      return source.slice(1, -1).replaceAll("''", "'")
    case 'bytes':
      return source.slice(2, -1)
    case 'id':
      return source.slice(1)
    case 'operator':
      return OPERATOR_NAMES[source] ?? source
    default:
      return source
  }
}

function strangerAt(text: string, at: number): PackedError {
  const rest = text.slice(at)
  if (rest.startsWith("'")) return filterSyntaxError(text, at, "a ' that ends the text", 'none')
  if (rest.startsWith('"')) return filterSyntaxError(text, at, 'a " that ends the name', 'none')
  if (/^[+-]?\.?\d/.test(rest)) {
    const [word] = /^[+-]?[^\s(),'"<>=!]*/.exec(rest)!
    return filterSyntaxError(text, at, 'a number', `"${word}"`)
  }
  const [stranger] = rest.slice(0, 2).match(/./su)!
  const isPath = stranger === '[' || stranger === '.'
  const expected = isPath
    ? 'a column (keys inside of JSON and fields inside of structs are none)'
    : 'a column, an operator or a value'
  return filterSyntaxError(text, at, expected, `"${stranger}"`)
}

/** Text around a position that an error shows. */
const SHOWN = 60

/**
 * The error for a filter that is not written as the grammar has it: what is wrong at which column
 * (from 1), and below it the text with a caret.
 */
export function filterSyntaxError(
  text: string,
  at: number,
  expected: string,
  received: string,
): PackedError {
  const start = Math.max(0, at - SHOWN)
  const shown = text.slice(start, at + SHOWN).replace(/\s/g, ' ')
  const message = `Expected ${expected} at column ${at + 1} of the filter but received ${received}`
  const caret = `${' '.repeat(at - start)}^`
  return new PackedError('InvalidArgument', `${message}\n  ${shown}\n  ${caret}`)
}
