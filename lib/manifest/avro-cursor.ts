import { isUtf8 } from 'node:buffer'
import type { Type, types } from 'avsc'
import { corrupted } from './corrupted.js'

/** Records within records; a manifest has four levels. */
const MOST_LEVELS = 32
/** A value may be empty (null, a record without fields); a file of nothing else is no manifest. */
const VALUES_PER_BYTE = 4
const SPARE_VALUES = 1024
const VARINT_BYTES = 10

/**
 * Walks over Avro's binary form and checks every count and length against the bytes that are left,
 * before anything is decoded: avsc believes what it reads, and a wrong count would have it make
 * arrays without end.
 */
export class AvroCursor {
  readonly bytes: Buffer
  position: number
  readonly #path: string | undefined
  #values: number

  constructor(bytes: Buffer, path: string | undefined, position = 0) {
    this.bytes = bytes
    this.position = position
    this.#path = path
    this.#values = VALUES_PER_BYTE * bytes.length + SPARE_VALUES
  }

  get left(): number {
    return this.bytes.length - this.position
  }

  /** One value of `type`; `name` is where it stands, for errors. */
  walk(type: Type, name: string, level = 0): void {
    this.#values -= 1
    if (level > MOST_LEVELS) throw this.#error('less nested values', name, `level ${level}`)
    if (this.#values < 0) throw this.#error('values that take bytes', name, 'empty ones')
    switch (type.typeName) {
      case 'null':
        return
      case 'boolean':
        if (this.skip(1, name)[0]! > 1) throw this.#error('0 or 1', name, 'another byte')
        return
      case 'int':
        this.#integer(name, -(2n ** 31n), 2n ** 31n - 1n)
        return
      case 'long':
        this.long(name)
        return
      case 'float':
        this.skip(4, name)
        return
      case 'double':
        this.skip(8, name)
        return
      case 'bytes':
        this.skip(this.length(name), name)
        return
      case 'string':
        this.#text(name)
        return
      case 'fixed':
        this.skip((type as types.FixedType).size, name)
        return
      case 'enum':
        this.#integer(name, 0n, BigInt((type as types.EnumType).symbols.length - 1))
        return
      default:
        this.#walkNested(type, name, level + 1)
    }
  }

  #walkNested(type: Type, name: string, level: number): void {
    switch (type.typeName) {
      case 'array':
        this.#blocks(name, () => this.walk((type as types.ArrayType).itemsType, name, level))
        return
      case 'map':
        this.#blocks(name, () => {
          // avsc would take it for the prototype of the object that the map becomes.
          if (this.#text(`a key of ${name}`) === '__proto__') {
            throw this.#error('a key other than "__proto__"', name, '"__proto__"')
          }
          this.walk((type as types.MapType).valuesType, name, level)
        })
        return
      case 'record':
      case 'error':
        for (const field of (type as types.RecordType).fields) {
          this.walk(field.type, `${name}.${field.name}`, level)
        }
        return
      case 'union:wrapped':
      case 'union:unwrapped': {
        const branches = (type as types.WrappedUnionType).types
        const branch = this.#integer(name, 0n, BigInt(branches.length - 1))
        this.walk(branches[Number(branch)]!, name, level)
        return
      }
      default:
        throw this.#error('a type of Avro', name, type.typeName)
    }
  }

  /** Items of an array or a map: blocks with their count, and their bytes where it is negative. */
  #blocks(name: string, item: () => void): void {
    for (;;) {
      const signed = this.long(`the count of ${name}`)
      if (signed === 0n) return
      const sized = signed < 0n
      const bytes = sized ? this.length(`the bytes of ${name}`) : 0
      const count = sized ? -signed : signed
      if (count > BigInt(this.left)) {
        throw this.#error(`at most ${this.left} items`, name, String(count))
      }
      const end = this.position + bytes
      for (let index = Number(count); index > 0; index -= 1) item()
      if (sized && this.position !== end) {
        const received = bytes + this.position - end
        throw this.#error(`items of ${bytes} bytes`, name, `${received} bytes`)
      }
    }
  }

  /** A zigzag varint of 64 bits. */
  long(name: string): bigint {
    let raw = 0n
    for (let index = 0; index < VARINT_BYTES; index += 1) {
      const byte = this.bytes[this.position + index]
      if (byte === undefined) throw this.#error('an integer', name, 'the end of the file')
      raw |= BigInt(byte & 0x7f) << BigInt(7 * index)
      if (byte < 0x80) {
        if (raw >= 2n ** 64n) break
        this.position += index + 1
        return (raw >> 1n) ^ -(raw & 1n)
      }
    }
    throw this.#error('an integer of 64 bits', name, 'a longer one')
  }

  /** A number of bytes that are there. */
  length(name: string): number {
    const length = this.long(`the length of ${name}`)
    if (length >= 0n && length <= BigInt(this.left)) return Number(length)
    throw this.#error(`a length of at most ${this.left} bytes`, name, String(length))
  }

  /** So many bytes. */
  skip(bytes: number, name: string): Buffer {
    if (bytes > this.left) throw this.#error(`${bytes} bytes`, name, `${this.left} bytes`)
    this.position += bytes
    return this.bytes.subarray(this.position - bytes, this.position)
  }

  #text(name: string): string {
    const bytes = this.skip(this.length(name), name)
    if (isUtf8(bytes)) return bytes.toString()
    throw this.#error('UTF-8', name, `${bytes.length} other bytes`)
  }

  #integer(name: string, min: bigint, max: bigint): bigint {
    const value = this.long(name)
    if (value >= min && value <= max) return value
    throw this.#error(`an integer in [${min}, ${max}]`, name, String(value))
  }

  #error(expected: string, name: string, received: string) {
    return corrupted(`${expected} for ${name}`, received, this.#path)
  }
}
