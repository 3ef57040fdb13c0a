import { describeValue } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { GrowingArray } from './growing-array.js'

/** Primary keys: int64 or text, all of one kind. */
export type Keys = BigInt64Array | readonly string[]

/** Milvus's size of an int64 key; text counts its bytes and a header. */
const INT64_KEY_BYTES = 16
const TEXT_HEADER_BYTES = 8
const TIMESTAMP_BYTES = 8

/**
 * Deletes: pairs of primary key and timestamp in the order they came. Keys may repeat.
 *
 * The first key decides whether all are int64 or text.
 */
export class DeleteData {
  readonly #int64 = new GrowingArray<BigInt64Array>((length) => new BigInt64Array(length))
  readonly #texts: string[] = []
  readonly #timestamps = new GrowingArray<BigInt64Array>((length) => new BigInt64Array(length))
  #kind: 'int64' | 'varchar' | undefined
  #bytes = 0

  /** Deletes: pairs of a key and a hybrid timestamp. */
  get rowCount(): number {
    return this.#timestamps.length
  }

  /** What keys are, undefined while there are none. */
  get keyKind(): 'int64' | 'varchar' | undefined {
    return this.#kind
  }

  /** The keys over the same memory; valid until the next append. */
  get keys(): Keys {
    return this.#kind === 'varchar' ? this.#texts : this.#int64.view()
  }

  /** One per key, over the same memory. */
  get timestamps(): BigInt64Array {
    return this.#timestamps.view()
  }

  /** Bytes by Milvus's formula: the key, and 8 for its timestamp. */
  size(): number {
    return this.#bytes
  }

  /**
   * @param key int64 (bigint or safe integer) or text.
   * @param timestamp Milvus timestamp, 0 to 2^63 - 1; as a number only up to 2^53 - 1.
   * @throws PackedError TypeMismatch or InvalidData naming the row; nothing is appended then.
   */
  append(key: bigint | number | string, timestamp: bigint | number): void {
    const row = this.rowCount
    const checkedKey = typeof key === 'string' ? key : integerOf(key, 'the key', row)
    const checkedTime = integerOf(timestamp, 'the timestamp', row)
    if (checkedTime < 0n) throw bad('a timestamp >= 0', 'the timestamp', row, timestamp)
    this.#checkKind(checkedKey, row)
    if (typeof checkedKey === 'string') this.#texts.push(checkedKey)
    else push(this.#int64, checkedKey)
    push(this.#timestamps, checkedTime)
    this.#bytes += keyBytes(checkedKey) + TIMESTAMP_BYTES
  }

  /**
   * Append many at once, all or none.
   *
   * @throws PackedError InvalidData for unequal lengths, and as `append`.
   */
  appendColumns(
    keys: ArrayLike<bigint | number | string>,
    timestamps: ArrayLike<bigint | number>,
  ): void {
    if (keys.length !== timestamps.length) {
      const message = `Expected ${keys.length} timestamps (one per key) but received ${timestamps.length}`
      throw new PackedError('InvalidData', message)
    }
    const count = keys.length // of itself, too: texts grow while they are read
    const before = { rows: this.rowCount, bytes: this.#bytes, kind: this.#kind }
    try {
      for (let i = 0; i < count; i++) this.append(keys[i]!, timestamps[i]!)
    } catch (error) {
      this.#int64.truncate(before.kind === 'int64' ? before.rows : 0)
      this.#texts.length = before.kind === 'varchar' ? before.rows : 0
      this.#timestamps.truncate(before.rows)
      this.#bytes = before.bytes
      this.#kind = before.kind
      throw error
    }
  }

  /** Append the deletes of another. */
  merge(other: DeleteData): void {
    this.appendColumns(other.keys, other.timestamps)
  }

  #checkKind(key: bigint | string, row: number): void {
    const kind = typeof key === 'string' ? 'varchar' : 'int64'
    this.#kind ??= kind
    if (this.#kind === kind) return
    const expected = this.#kind === 'varchar' ? 'text' : 'an integer of 64 bits'
    throw bad(`${expected} (as the keys before)`, 'the key', row, key, 'TypeMismatch')
  }
}

function push(target: GrowingArray<BigInt64Array>, value: bigint): void {
  target.reserve(1)[target.length] = value
  target.advance(1)
}

function keyBytes(key: bigint | string): number {
  return typeof key === 'string' ? Buffer.byteLength(key) + TEXT_HEADER_BYTES : INT64_KEY_BYTES
}

function integerOf(value: unknown, name: string, row: number): bigint {
  const expected = 'an integer of 64 bits (bigint or safe integer)'
  if (typeof value !== 'bigint' && typeof value !== 'number') {
    throw bad(expected, name, row, value, 'TypeMismatch')
  }
  const integer = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof integer === 'bigint' && BigInt.asIntN(64, integer) === integer) return integer
  throw bad(expected, name, row, value)
}

function bad(
  expected: string,
  name: string,
  row: number,
  value: unknown,
  code: 'InvalidData' | 'TypeMismatch' = 'InvalidData',
): PackedError {
  const received = describeValue(value)
  return new PackedError(
    code,
    `Expected ${expected} for ${name} in row ${row} but received ${received}`,
  )
}
