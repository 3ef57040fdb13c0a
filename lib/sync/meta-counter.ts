import type { ChunkOptions } from '../storage/index.js'
import type { IdRange } from './allocator.js'
import { encodeReference, KEYS, MetaRecords } from './meta-records.js'
import type { MetaStore } from './meta-store.js'

/** A hybrid timestamp has so many bits of counter below its milliseconds. */
export const COUNTER_BITS = 18n

/** What a counter becomes, given what it is: undefined where nobody has used it. */
export type CounterChange = (current: bigint | undefined) => bigint

/** Change a counter of a metadata store. @returns what it was, and what it is now. */
export async function changeCounter(
  store: MetaStore,
  name: string,
  change: CounterChange,
  options?: ChunkOptions,
): Promise<{ before: bigint | undefined; after: bigint }> {
  const key = KEYS.counter(name)
  return new MetaRecords(store).change(async () => {
    const entry = await store.get(key, options)
    const before = entry && BigInt(new TextDecoder().decode(entry.value))
    const after = change(before)
    const version = entry?.version ?? 0
    const put = [{ key, value: encodeReference(after) }]
    return { transaction: { expect: [{ key, version }], put }, result: { before, after } }
  }, options)
}

/**
 * Take ids from a store for good.
 *
 * The first ones of a store come from the clock, as Milvus's do: a store that was lost and made
 * anew does not give the ids that files on the disk have.
 */
export async function reserveIds(
  store: MetaStore,
  count: number,
  options?: ChunkOptions & { clock?: () => number },
): Promise<IdRange> {
  const clock = options?.clock ?? Date.now
  const first = BigInt(Math.max(1, Math.floor(clock()))) << COUNTER_BITS
  const change: CounterChange = (current) => (current ?? first) + BigInt(count)
  const { after } = await changeCounter(store, 'id', change, { signal: options?.signal })
  return { begin: after - BigInt(count), end: after }
}
