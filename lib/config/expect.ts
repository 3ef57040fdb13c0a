import { PackedError } from '../errors/index.js'
import { nearestName } from './nearest.js'

/** A value as an error message shows it: short, with its type. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'string') return `${JSON.stringify(value.slice(0, 80))} (string)`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'symbol') return 'a symbol'
  if (typeof value !== 'object') return `${String(value)} (${typeof value})`
  if (Array.isArray(value)) return `an array of length ${value.length}`
  return `an object (${value.constructor?.name ?? 'no prototype'})`
}

/** The error for a bad argument: "Expected X for Y but received Z". */
export function unexpected(expected: string, name: string, value: unknown): PackedError {
  const message = `Expected ${expected} for ${name} but received ${describeValue(value)}`
  return new PackedError('InvalidArgument', message)
}

/** `{ [key]: unknown }` view of an options object; InvalidArgument for anything else. */
export function expectObject(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unexpected('an object', name, value)
  }
  return value as Record<string, unknown>
}

/** Refuse keys that are not in `known`, with the nearest known name in the message. */
export function expectKnownKeys(
  options: Record<string, unknown>,
  known: readonly string[],
  name: string,
): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw unknownOption(key, known, name)
  }
}

/**
 * Options that may be left out, all of whose names are in `known`.
 *
 * @throws PackedError InvalidArgument, with the nearest name.
 */
export function expectOptions<Options extends object>(
  options: Options,
  known: readonly (keyof Options & string)[],
  name: string,
): Options {
  expectKnownKeys(expectObject(options, `the options of ${name}`), known, name)
  return options
}

/** The signal of a call that takes nothing else. */
export function expectOnlySignal(
  options: { signal?: AbortSignal | undefined },
  name: string,
): AbortSignal | undefined {
  return expectSignal(expectOptions(options, ['signal'], name).signal, 'signal')
}

/** The error for a key that `name` does not have, with the nearest of those that it has. */
export function unknownOption(key: string, known: readonly string[], name: string): PackedError {
  const nearest = nearestName(key, known)
  const hint =
    nearest === undefined ? `Known are: ${known.join(', ')}.` : `Did you mean "${nearest}"?`
  return new PackedError(
    'InvalidArgument',
    `Expected a known option for ${name} but received "${key}". ${hint}`,
  )
}

/** A safe integer in `[min, max]`, given as number or bigint; `fallback` when undefined. */
export function expectInteger(
  value: unknown,
  name: string,
  range: { min?: number; max?: number; fallback?: number } = {},
): number {
  const { min = 0, max = Number.MAX_SAFE_INTEGER, fallback } = range
  if (value === undefined && fallback !== undefined) return fallback
  const number = typeof value === 'bigint' ? Number(value) : value
  if (
    typeof number === 'number' &&
    Number.isSafeInteger(number) &&
    number >= min &&
    number <= max
  ) {
    return number
  }
  const upper = max === Number.MAX_SAFE_INTEGER ? '' : ` and <= ${max}`
  throw unexpected(`an integer >= ${min}${upper}`, name, value)
}

/** A 64-bit id as bigint; numbers must be safe integers. */
export function expectId(value: unknown, name: string): bigint {
  const id = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof id === 'bigint' && id >= 0n && id < 2n ** 63n) return id
  throw unexpected('a non-negative 64-bit integer (bigint or safe integer)', name, value)
}

export function expectBoolean(value: unknown, name: string, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value === 'boolean') return value
  throw unexpected('a boolean', name, value)
}

/** A non-empty string without NUL bytes (paths, names of columns). */
export function expectText(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value
  throw unexpected('a non-empty string without NUL', name, value)
}

/** A string, which may be empty. */
export function expectString(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw unexpected('a string', name, value)
}

export function expectNumber(value: unknown, name: string): number {
  if (typeof value === 'number') return value
  throw unexpected('a number', name, value)
}

/** What is given for a list, once it is one. */
export function expectList<T>(value: readonly T[], name: string): readonly T[] {
  if (Array.isArray(value)) return value
  throw unexpected('an array', name, value)
}

/** One of `allowed`; `fallback` when undefined. */
export function expectOneOf<T extends string>(
  value: unknown,
  name: string,
  allowed: readonly T[],
  fallback?: T,
): T {
  if (value === undefined && fallback !== undefined) return fallback
  const found = allowed.find((candidate) => candidate === value)
  if (found !== undefined) return found
  const list = allowed.map((candidate) => `'${candidate}'`).join(' | ')
  throw unexpected(list, name, value)
}

export function expectFunction<T>(value: unknown, name: string): T | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'function') return value as T
  throw unexpected('a function', name, value)
}

/** An AbortSignal by its shape: signals of another realm are signals too. */
export function expectSignal(value: unknown, name: string): AbortSignal | undefined {
  if (value === undefined) return undefined
  const signal = value as AbortSignal | null
  if (
    typeof signal === 'object' &&
    signal !== null &&
    typeof signal.aborted === 'boolean' &&
    typeof signal.addEventListener === 'function'
  ) {
    return signal
  }
  throw unexpected('an AbortSignal', name, value)
}
