/** From so many digits on a number may be an integer that a double cannot hold. */
const LONG_DIGITS = /\d{16}/

/**
 * A string (with the colon that makes it a key) or a number; nothing else holds digits. Runs are
 * matched whole: one step per character would exhaust the stack on a string of megabytes.
 */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/**
 * `JSON.parse` that keeps integers beyond 2^53 as bigint.
 *
 * JSON.parse rounds them before anybody can look. Where such digits occur, long integers go
 * through it as strings, told from real strings by a first letter that every string gets.
 *
 * @throws SyntaxError
 */
export function parseExact(text: string): unknown {
  if (!LONG_DIGITS.test(text)) return JSON.parse(text)
  const marked = text.replace(TOKEN, (token, colon: string | undefined) => {
    if (token.startsWith('"')) return colon === undefined ? `"s${token.slice(1)}` : token
    return /^-?\d{16,}$/.test(token) ? `"i${token}"` : token
  })
  try {
    return JSON.parse(marked, (_, value: unknown) => {
      if (typeof value !== 'string') return value
      return value.startsWith('s') ? value.slice(1) : smallestInteger(value.slice(1))
    })
  } catch {
    return JSON.parse(text) // for an error that speaks of the text as it is
  }
}

function smallestInteger(digits: string): number | bigint {
  const number = Number(digits)
  return Number.isSafeInteger(number) ? number : BigInt(digits)
}

/** `JSON.stringify` that writes a bigint as its digits; `indent` as there. */
export function stringifyExact(value: unknown, indent = 0, margin = ''): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const inner = margin + ' '.repeat(indent)
  const items = Array.isArray(value)
    ? value.map((item) => stringifyExact(item, indent, inner))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(
          ([key, item]) =>
            `${JSON.stringify(key)}:${indent > 0 ? ' ' : ''}${stringifyExact(item, indent, inner)}`,
        )
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  if (items.length === 0) return `${open}${close}`
  if (indent === 0) return `${open}${items.join(',')}${close}`
  return `${open}\n${items.map((item) => inner + item).join(',\n')}\n${margin}${close}`
}
