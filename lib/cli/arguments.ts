import { InvalidArgumentError } from 'commander'

/** `a,b` as a list of names. */
export function splitList(text: string): string[] {
  const names = text.split(',')
  if (names.every((name) => name !== '')) return names
  throw new InvalidArgumentError(`Expected names with commas between them but received "${text}"`)
}

/** A whole number from 0 on. */
export function parseCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count
  throw new InvalidArgumentError(`Expected a whole number but received "${text}"`)
}

/** `name:value,…`, split at the last colon: a name may hold one. */
export function splitPairs(text: string): [name: string, value: string][] {
  return splitList(text).map((pair) => {
    const colon = pair.lastIndexOf(':')
    if (colon > 0 && colon < pair.length - 1) return [pair.slice(0, colon), pair.slice(colon + 1)]
    throw new InvalidArgumentError(`Expected name:value but received "${pair}"`)
  })
}
