import { types } from 'node:util'
import {
  Binary,
  Bool,
  type DataType,
  Dictionary,
  Float64,
  Int32,
  Int64,
  makeData,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow'
import { expectInteger, expectKnownKeys, expectObject, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'

/** What a dictionary may hold; all of one encoder are of one kind. */
export type DictionaryValue = string | number | bigint | boolean | Uint8Array

/** Options of a {@link DictionaryEncoder}. */
export interface DictionaryEncoderOptions {
  /** Distinct values at most; ids are int32, which is the bound where nothing is said. */
  maxValues?: number
}

/** Stands for null. */
const NULL_ID = -1
const MOST_VALUES = 2 ** 31 - 1

/** What Arrow stores the values of a kind as. */
const ARROW_TYPES: Readonly<Record<string, () => DataType>> = {
  string: () => new Utf8(),
  number: () => new Float64(),
  bigint: () => new Int64(),
  boolean: () => new Bool(),
  bytes: () => new Binary(),
}

/**
 * Numbers values in the order of their first appearance, over any number of calls, as the
 * dictionary encodings of Arrow and Parquet do.
 *
 * Numbers are told apart by their bits: -0 is not 0, and all NaN are one. In memory only: for files,
 * see `columns: { name: { encoding } }` of a writer.
 *
 * @example
 * const encoder = new DictionaryEncoder<string>()
 * encoder.encode(['a', null, 'b', 'a']) // Int32Array 0, -1, 1, 0
 * encoder.values // ['a', 'b']
 */
export class DictionaryEncoder<T extends DictionaryValue> {
  readonly #maxValues: number
  readonly #ids = new Map<unknown, number>()
  readonly #values: T[] = []
  #kind: string | undefined

  /** @throws PackedError InvalidArgument. */
  constructor(options: DictionaryEncoderOptions = {}) {
    const given = expectObject(options, 'DictionaryEncoder')
    expectKnownKeys(given, ['maxValues'], 'DictionaryEncoder')
    const range = { min: 1, max: MOST_VALUES, fallback: MOST_VALUES }
    this.#maxValues = expectInteger(given.maxValues, 'maxValues', range)
  }

  /** Distinct values so far, by id. A view that grows; bytes are copies. */
  get values(): readonly T[] {
    return this.#values
  }

  /**
   * One id for each value; -1 for null and undefined. After a failure the dictionary is as it was.
   *
   * @throws PackedError TypeMismatch (a value of another kind, or that Arrow cannot hold), OutOfMemory (more than `maxValues`
   *   distinct ones), naming the position as `field`.
   */
  encode(values: ArrayLike<T | null | undefined>): Int32Array {
    const ids = new Int32Array(values.length)
    const [known, kind] = [this.#values.length, this.#kind]
    try {
      for (let i = 0; i < ids.length; i++) ids[i] = this.#idOf(values[i], i)
    } catch (error) {
      this.#forgetFrom(known)
      this.#kind = kind
      throw error
    }
    return ids
  }

  /** @throws PackedError InvalidArgument for an id that there is no value for. */
  decode(ids: Int32Array): (T | null)[] {
    return Array.from(ids, (id, index) => {
      if (id === NULL_ID) return null
      if (id >= 0 && id < this.#values.length) return this.#values[id]!
      throw unexpected(`-1 or an id below ${this.#values.length}`, `ids[${index}]`, id)
    })
  }

  /**
   * The column that ids stand for, as Arrow's dictionary type with int32 indices: Utf8, Float64,
   * Int64, Bool or Binary values; Utf8 where there is none. Ids are lent where none is null.
   *
   * @throws PackedError InvalidArgument for an id that there is no value for.
   */
  toVector(ids: Int32Array): Vector<Dictionary<DataType, Int32>> {
    const type = ARROW_TYPES[this.#kind ?? 'string']!()
    const dictionary = vectorFromArray(this.#values as never[], type) as Vector<DataType>
    const { data, nullBitmap, nullCount } = this.#indicesOf(ids)
    return new Vector([
      makeData({
        type: new Dictionary(type, new Int32()),
        length: ids.length,
        nullCount,
        ...(nullCount > 0 ? { nullBitmap } : {}),
        data,
        dictionary,
      }),
    ])
  }

  /** Forget everything. */
  clear(): void {
    this.#forgetFrom(0)
    this.#kind = undefined
  }

  #idOf(value: T | null | undefined, position: number): number {
    if (value === null || value === undefined) return NULL_ID
    this.#expectKind(value, position)
    const key = keyOf(value)
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    expectStorable(value, position)
    const id = this.#values.length
    if (id === this.#maxValues) {
      const message = `Expected at most ${this.#maxValues} distinct values but received another one at position ${position}`
      throw new PackedError('OutOfMemory', message, { field: String(position) })
    }
    this.#ids.set(key, id)
    this.#values.push((types.isUint8Array(value) ? Uint8Array.from(value) : value) as T)
    return id
  }

  #expectKind(value: T, position: number): void {
    const kind = types.isUint8Array(value) ? 'bytes' : typeof value
    this.#kind ??= ARROW_TYPES[kind] === undefined ? undefined : kind
    if (kind !== this.#kind) {
      throw mismatch(
        this.#kind ?? 'a string, number, bigint, boolean or Uint8Array',
        kind,
        position,
      )
    }
  }

  #forgetFrom(count: number): void {
    for (const value of this.#values.splice(count)) this.#ids.delete(keyOf(value))
  }

  /** As Arrow wants them: nulls are bits, and their ids any that is there. */
  #indicesOf(ids: Int32Array): { data: Int32Array; nullBitmap: Uint8Array; nullCount: number } {
    const nullBitmap = new Uint8Array((ids.length + 7) >> 3)
    let nullCount = 0
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!
      if (id < NULL_ID || id >= this.#values.length) {
        throw unexpected(`-1 or an id below ${this.#values.length}`, `ids[${i}]`, id)
      }
      if (id === NULL_ID) nullCount++
      else nullBitmap[i >> 3]! |= 1 << (i & 7)
    }
    const data = nullCount === 0 ? ids : ids.map((id) => Math.max(id, 0))
    return { data, nullBitmap, nullCount }
  }
}

/** Refuses what Arrow's types would change. */
function expectStorable(value: DictionaryValue, position: number): void {
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) !== value) {
    throw mismatch('an int64', `${value}`, position)
  }
  if (typeof value === 'string' && /\p{Surrogate}/u.test(value)) {
    throw mismatch('text that UTF-8 can hold', 'half a character', position)
  }
}

function mismatch(expected: string, received: string, position: number): PackedError {
  const message = `Expected ${expected} for the value at position ${position} but received ${received}`
  return new PackedError('TypeMismatch', message, { field: String(position) })
}

/** By what a Map tells values apart: it takes -0 for 0, and bytes by their identity. */
function keyOf(value: DictionaryValue): unknown {
  if (Object.is(value, -0)) return '-0'
  return types.isUint8Array(value) ? Buffer.from(value).toString('latin1') : value
}
