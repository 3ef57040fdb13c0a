import type { FilterOperand } from './filter.js'
import type { Clock, FilterKind, IntegerKind } from './filter-kinds.js'
import { nanosOfDate, nanosOfInstant, nanosOfTimeOfDay } from './filter-times.js'

/**
 * Where a value lies among those that a column can hold: on `at`, above it and below the next one,
 * or below it and above the one before.
 */
export interface Place<Value extends bigint | number> {
  at: Value
  side: 'on' | 'above' | 'below'
}

/** What a column of each kind is compared with, for "Expected X for filter on …". */
export function expectedFor(kind: FilterKind): string {
  switch (kind.kind) {
    case 'integer':
      return { none: 'an integer', ...CLOCK_WORDS }[kind.clock?.counts ?? 'none']
    case 'float':
      return 'a number'
    case 'text':
      return 'well-formed text'
    case 'boolean':
      return 'a boolean'
    case 'bytes':
      return kind.isText ? 'well-formed text or a Uint8Array' : 'a Uint8Array'
    case 'null':
      return "'is null'"
  }
}

const CLOCK_WORDS = {
  date: 'a day (ISO 8601 text, a Date or an integer)',
  timestamp: 'a time (ISO 8601 text, a Date or an integer)',
  time: "a time of day ('HH:MM:SS' or an integer)",
}

/**
 * The place of a value in an integer column; `'unordered'` for NaN.
 *
 * @returns undefined for a value of another kind, and for a number that may have lost digits: one
 *   beyond 2^53 that the column has room for.
 */
export function placeInIntegers(
  value: FilterOperand,
  kind: IntegerKind,
): Place<bigint> | 'unordered' | undefined {
  switch (typeof value) {
    case 'bigint':
      return { at: value, side: 'on' }
    case 'number':
      return placeOfNumber(value, kind)
    default:
      return kind.clock === undefined ? undefined : placeOfTime(value, kind.clock)
  }
}

/** Beyond every integer of 64 bits, signed or not. */
const FAR = 2n ** 65n

function placeOfNumber(
  value: number,
  { min, max }: IntegerKind,
): Place<bigint> | 'unordered' | undefined {
  if (Number.isNaN(value)) return 'unordered'
  if (!Number.isFinite(value)) return { at: value > 0 ? FAR : -FAR, side: 'on' }
  if (!Number.isInteger(value)) return { at: BigInt(Math.floor(value)), side: 'above' }
  const at = BigInt(value)
  const isExact = Number.isSafeInteger(value) || at < min || at > max
  return isExact ? { at, side: 'on' } : undefined
}

function placeOfTime(value: FilterOperand, { counts, nanosPerUnit }: Clock) {
  const nanos = nanosOf(value, counts)
  if (nanos === undefined) return undefined
  const rest = ((nanos % nanosPerUnit) + nanosPerUnit) % nanosPerUnit
  const side = rest === 0n ? 'on' : 'above'
  return { at: (nanos - rest) / nanosPerUnit, side } as const
}

function nanosOf(value: FilterOperand, counts: Clock['counts']): bigint | undefined {
  if (typeof value === 'string') {
    return counts === 'time' ? nanosOfTimeOfDay(value) : nanosOfInstant(value)
  }
  const isDate = typeof value === 'object' && 'getTime' in value
  return isDate && counts !== 'time' ? nanosOfDate(value) : undefined
}

/**
 * The place of a number in a float column. In columns of 16 and 32 bits a number is what storing
 * it there makes of it, so that `= 0.1` finds 0.1; what they have no room for is beyond them.
 *
 * @returns undefined for a value of another kind.
 */
export function placeInFloats(value: FilterOperand, bits: 16 | 32 | 64): Place<number> | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined
  const number = Number(value)
  const at = bits === 64 ? number : bits === 32 ? Math.fround(number) : roundToHalf(number)
  const tooLarge = !Number.isFinite(at) && (typeof value === 'bigint' || Number.isFinite(value))
  if (tooLarge) return { at, side: at > 0 ? 'below' : 'above' }
  // A bigint and a number compare exactly.
  if (bits === 64 && value < at) return { at, side: 'below' }
  return { at, side: bits === 64 && value > at ? 'above' : 'on' }
}

/** The nearest number of 16 bits (IEEE 754 binary16), of two equally near ones the even one. */
function roundToHalf(value: number): number {
  const size = Math.abs(value)
  if (size >= 65_520) return Math.sign(value) * Number.POSITIVE_INFINITY
  if (!(size > 0)) return value
  const exponent = Math.max(exponentOf(size), -14)
  const step = 2 ** (exponent - 10)
  const steps = value / step
  const floor = Math.floor(steps)
  const rest = steps - floor
  const isUp = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0)
  return (floor + Number(isUp)) * step
}

/** The power of two that a positive number begins with. */
function exponentOf(value: number): number {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, value)
  return ((bits.getUint16(0) >> 4) & 0x7ff) - 1023
}

/** A value of a column without an order of numbers; undefined for one of another kind. */
export function plainValue(
  value: FilterOperand,
  kind: Exclude<FilterKind, { kind: 'integer' | 'float' }>,
): boolean | string | Uint8Array | undefined {
  switch (kind.kind) {
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'text':
      return isText(value) ? value : undefined
    case 'bytes':
      if (kind.isText && isText(value)) return new TextEncoder().encode(value)
      return isBytes(value) ? value : undefined
    case 'null':
      return undefined
  }
}

/** Half a surrogate pair has no bytes. */
function isText(value: FilterOperand): value is string {
  return typeof value === 'string' && !/\p{Surrogate}/u.test(value)
}

function isBytes(value: FilterOperand): value is Uint8Array {
  return typeof value === 'object' && ArrayBuffer.isView(value)
}
