import { InvalidArgumentError } from 'commander'
import type { TuneLevel } from '../packed/index.js'

/** `a,b` as a list of names. */
export function splitList(text: string): string[] {
  const names = text.split(',')
  if (names.every((name) => name !== '')) return names
  throw new InvalidArgumentError(`Expected names with commas between them but received "${text}"`)
}

/** A level of a codec, or `auto`. */
export function parseLevel(text: string): TuneLevel {
  return text === 'auto' ? text : parseCount(text)
}

/** A whole number from 0 on. */
export function parseCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count
  throw new InvalidArgumentError(`Expected a whole number but received "${text}"`)
}

/** More rows than anybody prints one by one. */
const MOST_ROWS = 10_000_000

/** `5,10-20,5` as the positions 5, 10 to 20 and 5. */
export function parseRows(text: string): number[] {
  const rows: number[] = []
  for (const part of text.split(',')) {
    const [, first, last = first] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(part) ?? []
    const [from, to] = [Number(first), Number(last)]
    if (!(from <= to)) {
      throw new InvalidArgumentError(`Expected positions like 5,10-20 but received "${text}"`)
    }
    if (to - from >= MOST_ROWS - rows.length) {
      throw new InvalidArgumentError(`Expected at most ${MOST_ROWS} rows but received "${text}"`)
    }
    for (let row = from; row <= to; row++) rows.push(row)
  }
  return rows
}

/** `name:value,…`, split at the last colon: a name may hold one. */
export function splitPairs(text: string): [name: string, value: string][] {
  return splitList(text).map((pair) => {
    const colon = pair.lastIndexOf(':')
    if (colon > 0 && colon < pair.length - 1) return [pair.slice(0, colon), pair.slice(colon + 1)]
    throw new InvalidArgumentError(`Expected name:value but received "${pair}"`)
  })
}

/** A number of 64 bits from 0 on, exact. */
export function parseBigId(text: string): bigint {
  if (/^\d{1,19}$/.test(text) && BigInt(text) < 2n ** 63n) return BigInt(text)
  throw new InvalidArgumentError(`Expected a whole number but received "${text}"`)
}

/** Bits of a hybrid timestamp below its milliseconds. */
const LOGICAL_BITS = 18n

/** A hybrid timestamp, or a time (`2026-01-31T12:00:00Z`) as the last one of its millisecond. */
export function parseTimestamp(text: string): bigint {
  if (/^\d{1,19}$/.test(text)) return parseBigId(text)
  const ms = /^\d{4}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isSafeInteger(ms) && ms >= 0) return ((BigInt(ms) + 1n) << LOGICAL_BITS) - 1n
  throw new InvalidArgumentError(
    `Expected a hybrid timestamp or a time like 2026-01-31T12:00:00Z but received "${text}"`,
  )
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 }

/** `90s`, `30m`, `12h` or `7d` in milliseconds. */
export function parseAge(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (unit !== undefined) return Number(count) * UNIT_MS[unit]!
  throw new InvalidArgumentError(`Expected an age like 90s, 30m, 12h or 7d but received "${text}"`)
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
}

/** `1048576`, `512K`, `64M`, `2G`, also as `64MiB`, in bytes. */
export function parseBytes(text: string): number {
  const [, count, unit] = /^(\d{1,15})([KMG]?)(?:iB)?$/.exec(text) ?? []
  const bytes = unit === undefined ? Number.NaN : Number(count) * UNIT_BYTES[unit]!
  if (Number.isSafeInteger(bytes)) return bytes
  throw new InvalidArgumentError(`Expected bytes like 1048576, 64M or 2G but received "${text}"`)
}
