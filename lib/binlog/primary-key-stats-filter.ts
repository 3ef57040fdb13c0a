import { type Data, Field, makeData, RecordBatch, Schema, Struct } from 'apache-arrow'
import { flattenBatch, flattenSchema } from '../cdata/index.js'
import { expectObject } from '../config/index.js'
import {
  type BloomHandle,
  callAsync,
  callSync,
  type NativeBloom,
  type NativeKeyRange,
} from '../native/index.js'

/** Kinds of filters in Milvus's statistics files: `bfType` 3, 4 and 2. */
export type PrimaryKeyFilterKind = 'basic' | 'blocked' | 'alwaysTrue'

/**
 * A bloom filter in parts. `bits` are m of a basic filter and 512 per block of a blocked one;
 * `bytes` is what the JSON form holds in base64url.
 */
export type BloomParts = NativeBloom

/**
 * A bloom filter over primary keys: Milvus's basic filter (murmur3), its blocked one (xxh3), or
 * the filter that holds every key, which stands for one that could not be read.
 */
export class PrimaryKeyFilter {
  readonly kind: PrimaryKeyFilterKind
  readonly #native: BloomHandle | undefined

  private constructor(kind: PrimaryKeyFilterKind, native?: BloomHandle) {
    this.kind = kind
    this.#native = native
  }

  /** @throws PackedError InvalidArgument: no capacity, a rate outside of (0, 1), over 2 GiB. */
  static empty(kind: 'basic' | 'blocked', capacity: number, falsePositive: number) {
    const native = callSync((addon) => addon.bloomNew(kind, capacity, falsePositive))
    return new PrimaryKeyFilter(kind, native)
  }

  /** @throws PackedError InvalidData where the parts contradict each other. */
  static fromParts(parts: BloomParts): PrimaryKeyFilter {
    expectObject(parts, 'parts')
    return new PrimaryKeyFilter(
      parts.kind,
      callSync((addon) => addon.bloomOpen(parts)),
    )
  }

  /**
   * A filter that excludes no key: `AlwaysTrueBloomFilter` of Milvus, for statistics without one.
   */
  static alwaysTrue(): PrimaryKeyFilter {
    return new PrimaryKeyFilter('alwaysTrue')
  }

  /** Undefined for the filter that holds every key. Copies the bytes. */
  parts(): BloomParts | undefined {
    const native = this.#native
    return native === undefined ? undefined : callSync((addon) => addon.bloomParts(native))
  }

  /**
   * Add Int64 or Utf8 keys without nulls, lent until the promise settles.
   *
   * @returns the least and the greatest of them, null without rows.
   * @throws PackedError InvalidData (invalid UTF-8, wrong offsets), Detached.
   */
  add(keys: Data): Promise<NativeKeyRange | null> {
    const native = this.#native
    if (native === undefined) return Promise.resolve(null)
    const { schema, batch } = flatten(keys)
    return callAsync((addon, done) =>
      addon.bloomAdd(native, addon.importSchema(schema), batch, done),
    )
  }

  /** One byte per key: 1 where it may have been added. Lends and throws as `add` does. */
  test(keys: Data): Promise<Uint8Array> {
    const native = this.#native
    if (native === undefined) return Promise.resolve(new Uint8Array(keys.length).fill(1))
    const { schema, batch } = flatten(keys)
    return callAsync((addon, done) =>
      addon.bloomTest(native, addon.importSchema(schema), batch, done),
    )
  }
}

function flatten(keys: Data) {
  const schema = new Schema([new Field('key', keys.type, false)])
  const type = new Struct(schema.fields)
  const rows = makeData({ type, length: keys.length, nullCount: 0, children: [keys] })
  return { schema: flattenSchema(schema), batch: flattenBatch(new RecordBatch(schema, rows)) }
}
