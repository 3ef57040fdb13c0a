import { describeValue } from '../config/index.js'
import type { PackedError } from '../errors/index.js'
import { corrupted } from './corrupted.js'

/**
 * An object of a JSON manifest, its fields checked as they are taken. A field without a `fallback`
 * must be there; null is as good as absent.
 */
export class JsonRecord {
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #name: string
  readonly #path: string | undefined

  /** @throws PackedError MetadataCorrupted: `value` is no object. */
  constructor(value: unknown, name: string, path: string | undefined) {
    this.#name = name
    this.#path = path
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.#error('an object', name, value)
    }
    this.#fields = value as Record<string, unknown>
  }

  /** An object that stands somewhere below this one. */
  child(value: unknown, name: string): JsonRecord {
    return new JsonRecord(value, name, this.#path)
  }

  record(field: string): JsonRecord {
    return this.child(this.#take(field), this.#nameOf(field))
  }

  records(field: string, fallback?: readonly unknown[]): JsonRecord[] {
    const name = this.#nameOf(field)
    const list = this.#list(field, fallback)
    return list.map((value, index) => this.child(value, `${name}[${index}]`))
  }

  text(field: string, fallback?: string): string {
    return this.#textOf(this.#take(field, fallback), this.#nameOf(field))
  }

  texts(field: string, fallback?: readonly string[]): string[] {
    const name = this.#nameOf(field)
    const list = this.#list(field, fallback)
    return list.map((value, index) => this.#textOf(value, `${name}[${index}]`))
  }

  textMap(field: string): Record<string, string> {
    return this.map(field, (value, name) => this.#textOf(value, name))
  }

  /** An object whose keys are free text; absent it is empty. */
  map<T>(field: string, convert: (value: unknown, name: string) => T): Record<string, T> {
    const map = this.#take(field, {})
    const name = this.#nameOf(field)
    if (typeof map !== 'object' || map === null || Array.isArray(map)) {
      throw this.#error('an object', name, map)
    }
    const entries = Object.entries(map)
    if (Object.hasOwn(map, '__proto__')) {
      throw this.#error('a key other than "__proto__"', name, '__proto__')
    }
    return Object.fromEntries(
      entries.map(([key, value]) => [key, convert(value, `${name}.${key}`)]),
    )
  }

  int(field: string, fallback?: number): number {
    const value = this.#take(field, fallback)
    if (typeof value === 'number' && (value | 0) === value) return value
    throw this.#error('an integer of 32 bits', this.#nameOf(field), value)
  }

  long(field: string, fallback?: bigint): bigint {
    const value = this.#take(field, fallback)
    const whole = typeof value === 'bigint' || Number.isSafeInteger(value)
    const integer = whole ? BigInt(value as bigint | number) : undefined
    if (integer !== undefined && BigInt.asIntN(64, integer) === integer) return integer
    throw this.#error('an integer of 64 bits', this.#nameOf(field), value)
  }

  #list(field: string, fallback: readonly unknown[] | undefined): readonly unknown[] {
    const value = this.#take(field, fallback)
    if (Array.isArray(value)) return value
    throw this.#error('an array', this.#nameOf(field), value)
  }

  #textOf(value: unknown, name: string): string {
    // Half a character could never be written again: the Avro form has UTF-8.
    if (typeof value === 'string' && !/\p{Surrogate}/u.test(value)) return value
    throw this.#error('well-formed text', name, value)
  }

  #take(field: string, fallback?: unknown): unknown {
    const value = Object.hasOwn(this.#fields, field) ? this.#fields[field] : undefined
    return value ?? fallback
  }

  #nameOf(field: string): string {
    return `${this.#name}.${field}`
  }

  #error(expected: string, name: string, value: unknown): PackedError {
    return corrupted(`${expected} for ${name}`, describeValue(value), this.#path)
  }
}
