/** Items in batches with an index: each decodes alone. */
import fc from 'fast-check'
import { BatchCompressor, Codec, CompressedBatch, SafeCompress } from '../lib/codec/index.js'
import { detachedBytes, noise, ownCodec, words } from './support/byte-codecs.js'
import { rejection } from './support/rejection.js'

async function itemsOf(batch: CompressedBatch): Promise<Uint8Array[]> {
  const items: Uint8Array[] = []
  for await (const item of batch) items.push(item)
  return items
}

/** The batch of these items alone. */
async function batchOf(
  items: readonly Uint8Array[],
  codec: ConstructorParameters<typeof BatchCompressor>[0] = {},
): Promise<CompressedBatch> {
  const compressor = new BatchCompressor(codec)
  for (const item of items) expect(await compressor.add(item)).toBeNull()
  const batch = await compressor.flush()
  await compressor.close()
  return batch!
}

test('every item decodes alone, from the bytes of the batch and nothing else', async () => {
  const items = [words(3000), new Uint8Array(), noise(10), words(500, 3)]
  const { bytes } = await batchOf(items)
  const batch = CompressedBatch.open(Uint8Array.from(bytes))
  expect([batch.codec, batch.length, batch.originalBytes]).toEqual(['zstd', 4, 3510])
  expect(batch.ratio).toBe(bytes.length / 3510)
  expect(await batch.item(3)).toEqual(items[3])
  expect(await itemsOf(batch)).toEqual(items)
  expect(items.map((_, i) => batch.itemBytes(i))).toEqual([3000, 0, 10, 500])
  // The others may be damaged: nobody looks at them.
  const [first] = items
  const encoded = await new Codec('zstd').encode(first!)
  const begin = bytes.length - (bytes.length - 6 - 4 - 4 - 4 * 8)
  expect(bytes.subarray(begin, begin + encoded.length)).toEqual(encoded)
  const damaged = Uint8Array.from(bytes).fill(0xff, begin + encoded.length)
  expect(await CompressedBatch.open(damaged).item(0)).toEqual(first)
})

test('of any items, with any codec, at any bounds: all come back in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 40 }),
      fc.constantFrom('zstd', 'lz4', 'gzip', 'snappy', 'brotli', ownCodec()),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 60, max: 200 }),
      async (items, codec, maxItems, maxBytes) => {
        const compressor = new BatchCompressor({ codec: codec as 'zstd', maxItems, maxBytes })
        const batches: (CompressedBatch | null)[] = []
        for (const item of items) {
          batches.push(await compressor.add(item))
          expect(compressor.pendingItems).toBeLessThan(maxItems)
          expect(compressor.pendingBytes).toBeLessThanOrEqual(maxBytes)
        }
        batches.push(await compressor.flush())
        const flushed = batches.filter((batch) => batch !== null)
        const found: Uint8Array[] = []
        for (const { bytes } of flushed) {
          const opened = CompressedBatch.open(bytes, typeof codec === 'string' ? {} : { codec })
          expect(opened.length).toBeLessThanOrEqual(maxItems)
          expect(opened.originalBytes).toBeLessThanOrEqual(maxBytes)
          found.push(...(await itemsOf(opened)))
        }
        expect(found).toEqual(items)
        await compressor.close()
      },
    ),
    { numRuns: 100 },
  )
})

test('a batch is given where a bound is reached', async () => {
  const counted = new BatchCompressor({ maxItems: 2 })
  expect(await counted.add(words(1))).toBeNull()
  expect(await itemsOf((await counted.add(words(2)))!)).toEqual([words(1), words(2)])
  expect(counted.pendingItems).toBe(0)
  const sized = new BatchCompressor({ maxBytes: 100 })
  expect(await sized.add(words(60))).toBeNull()
  expect(await sized.add(words(40))).toBeNull()
  expect(await itemsOf((await sized.add(words(1)))!)).toEqual([words(60), words(40)])
  expect([sized.pendingItems, sized.pendingBytes]).toEqual([1, 1])
  const tooLarge = await rejection(() => sized.add(words(101)))
  expect(tooLarge.message).toBe(
    'Expected at most 100 bytes (maxBytes) for item but received 101 (number)',
  )
  expect(await itemsOf((await sized.flush())!)).toEqual([words(1)])
  expect(await sized.flush()).toBeNull()
})

test('calls that nobody waits for are done in their order, each item as it was in its turn', async () => {
  const compressor = new BatchCompressor({ maxItems: 3 })
  const added = [1, 2, 3, 4, 5].map((size) => compressor.add(words(size)))
  const flushed = compressor.flush()
  const closed = compressor.close()
  const batches = await Promise.all(added)
  expect(batches.map((batch) => batch?.length ?? 0)).toEqual([0, 0, 3, 0, 0])
  expect(await itemsOf((await flushed)!)).toEqual([words(4), words(5)])
  await closed
  const own = new BatchCompressor()
  const lent = words(100)
  await own.add(lent)
  lent.fill(0)
  expect(await itemsOf((await own.flush())!)).toEqual([words(100)])
})

test('a failure takes nothing and loses nothing', async () => {
  let fails = true
  const codec = ownCodec({
    encode: async (src) => {
      if (fails && src.length === 2) throw new Error('full')
      return ownCodec().encode(src)
    },
  })
  const compressor = new BatchCompressor({ codec, maxItems: 3, maxBytes: 10 })
  await compressor.add(words(1))
  await compressor.add(words(2))
  await expect(compressor.add(words(3))).rejects.toThrow('full')
  await expect(compressor.add(words(9))).rejects.toThrow('full')
  await expect(compressor.flush()).rejects.toThrow('full')
  expect([compressor.pendingItems, compressor.pendingBytes]).toEqual([2, 3])
  fails = false
  expect(await itemsOf((await compressor.flush())!)).toEqual([words(1), words(2)])
  const safe = new BatchCompressor({ codec: new SafeCompress('zstd') })
  await safe.add(new Uint8Array())
  expect((await rejection(() => safe.flush())).code).toBe('InvalidArgument')
})

test('an aborted signal rejects with its reason, and what waits goes on waiting', async () => {
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  const compressor = new BatchCompressor()
  await compressor.add(words(10))
  await expect(compressor.add(words(10), { signal })).rejects.toBe(reason)
  await expect(compressor.flush({ signal })).rejects.toBe(reason)
  const batch = (await compressor.flush())!
  expect(batch.length).toBe(1)
  await expect(batch.item(0, { signal })).rejects.toBe(reason)
})

test('closed is closed, twice too, and drops what was not flushed', async () => {
  const compressor = new BatchCompressor()
  await compressor.add(words(10))
  await compressor.close()
  await compressor.close()
  await compressor[Symbol.asyncDispose]()
  expect([compressor.pendingItems, compressor.pendingBytes]).toEqual([0, 0])
  for (const call of [() => compressor.add(words(1)), () => compressor.flush()]) {
    const error = await rejection(call)
    expect([error.code, error.message]).toEqual([
      'Closed',
      'Expected an open compressor but received a closed one',
    ])
  }
})

test('arguments are checked', async () => {
  const messages: [() => unknown, RegExp][] = [
    [() => new BatchCompressor({ maxItem: 1 } as never), /Did you mean "maxItems"/],
    [() => new BatchCompressor({ maxItems: 0 }), /an integer >= 1 and <= 1048576 for maxItems/],
    [() => new BatchCompressor({ maxBytes: 2 ** 30 + 1 }), /for maxBytes/],
    [() => new BatchCompressor({ codec: 'zip' as never }), /for codec but received "zip"/],
    [() => new BatchCompressor().add([1] as never), /a Uint8Array for item/],
  ]
  for (const [call, message] of messages) {
    const error = await rejection(call)
    expect([error.code, error.message]).toEqual(['InvalidArgument', expect.stringMatching(message)])
  }
  expect((await rejection(() => new BatchCompressor().add(detachedBytes()))).code).toBe('Detached')
  const batch = await batchOf([words(5)])
  expect((await rejection(() => batch.item(1))).message).toBe(
    'Expected an item below 1 for index but received 1 (number)',
  )
  expect((await rejection(() => batch.item(-1))).code).toBe('InvalidArgument')
})

describe('opening', () => {
  test('a batch of an own codec wants that codec', async () => {
    const { bytes } = await batchOf([words(50)], { codec: ownCodec() })
    const unknown = await rejection(() => CompressedBatch.open(bytes))
    expect([unknown.code, unknown.message]).toEqual([
      'NotSupported',
      'Expected a codec of this library for a batch but received "deflate"; give it to open',
    ])
    const other = await rejection(() => CompressedBatch.open(bytes, { codec: 'zstd' }))
    expect(other.message).toBe(
      'Expected the codec deflate, which made the batch, for codec but received "zstd" (string)',
    )
    const opened = CompressedBatch.open(bytes, { codec: ownCodec() })
    expect(await opened.item(0)).toEqual(words(50))
  })

  test('damage is an error that says where, or shows in the item alone', async () => {
    const items = [words(400), noise(30), words(7)]
    const { bytes } = await batchOf(items, { codec: new SafeCompress('gzip') })
    for (let cut = 0; cut < bytes.length; cut++) {
      const error = await rejection(() => CompressedBatch.open(bytes.subarray(0, cut)))
      expect(error.code).toBe('FileCorrupted')
    }
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Uint8Array.from(bytes)
      damaged[at]! ^= 0x55
      const opened = await Promise.resolve()
        .then(() => CompressedBatch.open(damaged))
        .catch((error) => error)
      if (!(opened instanceof CompressedBatch)) {
        expect(['FileCorrupted', 'NotSupported']).toContain(opened.code)
        continue
      }
      for (const [i, item] of items.entries()) {
        // GZIP has a checksum: what is damaged never comes back as something else.
        const back = await opened.item(i).catch((error) => error.code)
        expect([item, 'FileCorrupted', 'InvalidData']).toContainEqual(back)
      }
    }
  })

  test('a detached batch, and other bytes, are refused', async () => {
    expect((await rejection(() => CompressedBatch.open(detachedBytes()))).code).toBe('Detached')
    expect((await rejection(() => CompressedBatch.open(words(100)))).message).toBe(
      'Expected its magic for a batch but received other bytes',
    )
    const { bytes } = await batchOf([words(5)])
    const opened = CompressedBatch.open(bytes)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] })
    expect((await rejection(() => opened.item(0))).code).toBe('Detached')
  })
})
