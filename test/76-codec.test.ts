/** Bytes compressed and back: every codec, level and size, into given memory, on any thread. */
import { CODEC_LEVELS, CODEC_NAMES, Codec, type CodecName } from '../lib/codec/index.js'
import { DEFAULT_COMPRESSION_LEVEL, memoryUsage } from '../lib/index.js'
import { noiseOf, sameBytes, wordsOf } from './support/codec-bytes.js'
import { rejection } from './support/rejection.js'

const EMPTY = new Uint8Array(0)
const SIZES = [0, 1, 16384, 16385, 131071, 131072, 131073, 2 ** 20, 2 ** 20 + 1, 5_000_000]

describe.each(CODEC_NAMES)('%s', (name) => {
  const codec = new Codec(name)

  test('gives back what was encoded, of any size, at once or off the thread', async () => {
    for (const size of SIZES) {
      for (const bytes of [wordsOf(size), noiseOf(Math.min(size, 200_000))]) {
        const frame = await codec.encode(bytes)
        expect(frame.length).toBeLessThanOrEqual(codec.compressBound(bytes.length))
        expect(sameBytes(codec.encodeSync(bytes), frame)).toBe(true)
        expect(sameBytes(await codec.decode(frame), bytes)).toBe(true)
        expect(sameBytes(codec.decodeSync(frame), bytes)).toBe(true)
      }
    }
  })

  test('compresses', async () => {
    const bytes = wordsOf(300_000)
    expect((await codec.encode(bytes)).length).toBeLessThan(bytes.length / 1.5)
  })

  test('encodes no bytes to a frame', async () => {
    const frame = await codec.encode(EMPTY)
    expect(frame.length).toBeGreaterThan(0)
    expect(await codec.decode(frame)).toEqual(EMPTY)
  })

  test('writes to memory that is given, of whatever size is enough', async () => {
    for (const size of [100, 100_000]) {
      const bytes = wordsOf(size)
      const frame = codec.encodeSync(bytes)
      for (const dst of [new Uint8Array(frame.length), new Uint8Array(size * 2)]) {
        const written = await codec.encode(bytes, { dst })
        expect(written.buffer).toBe(dst.buffer)
        expect(sameBytes(written, frame)).toBe(true)
        expect(sameBytes(codec.encodeSync(bytes, { dst }), frame)).toBe(true)
      }
      const memory = new Uint8Array(size + 20).fill(0xee)
      const dst = memory.subarray(10, size + 10)
      expect(sameBytes(await codec.decode(frame, { dst }), bytes)).toBe(true)
      expect(sameBytes(codec.decodeSync(frame, { dst }), bytes)).toBe(true)
      expect([...memory.subarray(0, 10), ...memory.subarray(size + 10)]).toEqual(
        new Array(20).fill(0xee),
      )
    }
  })

  test('says both sizes where the memory is too small, and writes nothing behind it', async () => {
    for (const size of [100, 100_000]) {
      const bytes = wordsOf(size)
      const frame = codec.encodeSync(bytes)
      const cases = [
        [frame.length, (dst: Uint8Array) => codec.encode(bytes, { dst })],
        [size, (dst: Uint8Array) => codec.decode(frame, { dst })],
      ] as const
      for (const [needed, run] of cases) {
        const memory = new Uint8Array(needed).fill(0xee)
        const error = await rejection(() => run(memory.subarray(0, needed - 1)))
        expect([error.code, error.message]).toEqual([
          'InvalidArgument',
          `Expected at least ${needed} bytes for dst but received ${needed - 1}`,
        ])
        expect(memory.at(-1)).toBe(0xee)
      }
    }
  })

  test('calls overlap', async () => {
    const all = Array.from({ length: 12 }, (_, seed) => wordsOf(50_000 * seed, seed + 1))
    const frames = await Promise.all(all.map((bytes) => codec.encode(bytes)))
    const back = await Promise.all(frames.map((frame) => codec.decode(frame)))
    expect(back.map((bytes, i) => sameBytes(bytes, all[i]!))).toEqual(all.map(() => true))
  })

  test('states the range of levels', async () => {
    const range = CODEC_LEVELS[name]
    const bytes = wordsOf(2000)
    if (range === null) {
      expect(codec.level).toBeUndefined()
      const error = await rejection(() => codec.encodeLevel(bytes, 1))
      expect(error.message).toBe(
        `Expected no level (${name} has none) for level but received 1 (number)`,
      )
      return
    }
    const [min, max] = range
    for (const level of [min - 1, max + 1, 1.5, Number.NaN, '3']) {
      for (const run of [
        () => codec.encodeLevel(bytes, level as number),
        () => codec.encodeLevelSync(bytes, level as number),
        () => codec.newWriterLevel(level as number),
        () => new Codec(name, { level: level as number }),
      ]) {
        const error = await rejection(run)
        expect(error.code).toBe('InvalidArgument')
        expect(error.message).toContain(`a level of ${name} from ${min} to ${max} for level`)
      }
    }
    await expect(codec.encodeLevel(bytes, undefined as never)).rejects.toThrow('a level of')
  })
})

const levels = CODEC_NAMES.flatMap((name) => {
  const [min, max] = CODEC_LEVELS[name] ?? [0, -1]
  return Array.from({ length: max - min + 1 }, (_, i): [CodecName, number] => [name, min + i])
})

test.each(levels)('%s at level %i', async (name, level) => {
  const bytes = wordsOf(40_000)
  const codec = new Codec(name, { level })
  expect(codec.level).toBe(level)
  const frame = await codec.encode(bytes)
  expect(sameBytes(frame, await new Codec(name).encodeLevel(bytes, level))).toBe(true)
  expect(sameBytes(frame, new Codec(name).encodeLevelSync(bytes, level))).toBe(true)
  expect(sameBytes(await codec.decode(frame), bytes)).toBe(true)
  // None, one, and around a block of zstd.
  for (const size of [0, 1, 131_071, 131_072, 131_073]) {
    const edge = wordsOf(size, level + 1)
    expect(sameBytes(await codec.decode(await codec.encode(edge)), edge)).toBe(true)
  }
})

test('the default level of zstd is the constant, and the higher one is smaller', async () => {
  const codec = new Codec('zstd')
  const bytes = wordsOf(200_000)
  expect(codec.level).toBe(DEFAULT_COMPRESSION_LEVEL)
  const [three, nineteen] = [3, 19].map((level) => codec.encodeLevelSync(bytes, level).length)
  expect((await codec.encode(bytes)).length).toBe(three)
  expect(nineteen).toBeLessThan(three!)
})

test('the bound of zstd grows by 2,048ths below 128 KiB', () => {
  const codec = new Codec('zstd')
  const bounds = [0, 1, 1000, 131071, 131072, 10 ** 9, 2 ** 40].map((n) => codec.compressBound(n))
  expect(bounds).toEqual(
    [0, 1, 1000, 131071, 131072, 10 ** 9, 2 ** 40].map(
      (n) => n + Math.floor(n / 256) + (n < 131072 ? Math.floor((131072 - n) / 2048) : 0),
    ),
  )
  expect(() => codec.compressBound(-1)).toThrow('for bytes but received -1')
})

test.each([
  [{ level: 23 }, 'a level of zstd from 1 to 22 for level but received 23'],
  [{ concurency: 1 }, 'Did you mean "concurrency"?'],
  [{ concurrency: 257 }, 'for concurrency'],
  [{ blockBytes: 1023 }, 'for blockBytes'],
  [{ maxBytes: -1 }, 'for maxBytes'],
  [{ maxBytes: 2 ** 32 + 1 }, 'for maxBytes'],
  [{ dictionary: EMPTY }, 'a CompressionDictionary for dictionary'],
])('%o is refused', (options, message) => {
  expect(() => new Codec('zstd', options as never)).toThrow(message)
})

test('names, sources and options are checked', async () => {
  expect(() => new Codec('zip' as never)).toThrow("Expected 'zstd' | 'lz4' | 'gzip'")
  const codec = new Codec('zstd')
  for (const wrong of ['text', [1], new ArrayBuffer(2), new Uint16Array(2), undefined]) {
    const error = await rejection(() => codec.encode(wrong as never))
    expect([error.code, error.message]).toEqual([
      'InvalidArgument',
      expect.stringContaining('Expected a Uint8Array for src'),
    ])
    await expect(codec.decode(wrong as never)).rejects.toThrow('a Uint8Array for src')
  }
  const bytes = wordsOf(100)
  await expect(codec.encode(bytes, { dts: bytes } as never)).rejects.toThrow('"dst"')
  await expect(codec.decode(bytes, { maxBytes: 1.5 })).rejects.toThrow('for maxBytes')
  expect(() => codec.encodeSync(bytes, { signal: undefined } as never)).toThrow('"signal"')
  await expect(codec.encode(bytes, { signal: 1 as never })).rejects.toThrow('an AbortSignal')
})

test('detached memory is refused; shared and resizable memory is copied, and no target', async () => {
  const codec = new Codec('zstd')
  const gone = wordsOf(100)
  structuredClone(gone.buffer, { transfer: [gone.buffer as ArrayBuffer] })
  expect((await rejection(() => codec.encode(gone))).code).toBe('Detached')
  expect((await rejection(() => codec.encode(wordsOf(9), { dst: gone }))).code).toBe('Detached')

  const bytes = wordsOf(100_000)
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  expect(sameBytes(await codec.decode(await codec.encode(shared)), bytes)).toBe(true)
  const error = await rejection(() => codec.encode(bytes, { dst: shared }))
  expect([error.code, error.message]).toEqual([
    'InvalidArgument',
    expect.stringContaining('memory of a fixed size that no thread shares for dst'),
  ])
})

test('memory that overlaps that of the source is no target', async () => {
  const codec = new Codec('snappy')
  const memory = new Uint8Array(1000)
  const src = memory.subarray(0, 100)
  await expect(codec.encode(src, { dst: memory.subarray(99) })).rejects.toThrow('other memory')
  expect(codec.decodeSync(codec.encodeSync(src, { dst: memory.subarray(100) }))).toEqual(src)
})

test('memory is lent until the promise settles', async () => {
  const codec = new Codec('zstd', { level: 12 })
  const bytes = wordsOf(2_000_000)
  const dst = new Uint8Array(codec.compressBound(bytes.length))
  const encoding = codec.encode(bytes, { dst })
  expect(memoryUsage().borrowedBytes).toBe(bytes.length + dst.length)
  await encoding
  expect(memoryUsage()).toMatchObject({ borrowedBytes: 0, pending: 0 })
})

describe('a signal', () => {
  const reason = new Error('changed my mind')
  const bytes = wordsOf(16 * 2 ** 20)

  test('that is aborted rejects with its reason, small and large', async () => {
    const codec = new Codec('zstd')
    const signal = AbortSignal.abort(reason)
    for (const src of [bytes, bytes.subarray(0, 10)]) {
      await expect(codec.encode(src, { signal })).rejects.toBe(reason)
      await expect(codec.decode(src, { signal })).rejects.toBe(reason)
    }
  })

  test.each(['zstd', 'lz4', 'gzip', 'brotli'] as const)('ends %s between blocks', async (name) => {
    const [, level] = CODEC_LEVELS[name]!
    const codec = new Codec(name, { level })
    const controller = new AbortController()
    const encoding = codec.encode(bytes, { signal: controller.signal })
    setTimeout(() => controller.abort(reason), 20)
    await expect(encoding).rejects.toBe(reason)
    expect(memoryUsage()).toMatchObject({ pending: 0, borrowedBytes: 0 })
    const few = bytes.subarray(0, 1000)
    expect(await codec.decode(await codec.encode(few))).toEqual(few)
  })

  test('that comes too late changes nothing', async () => {
    const codec = new Codec('zstd')
    const controller = new AbortController()
    const frame = await codec.encode(bytes, { signal: controller.signal })
    controller.abort(reason)
    expect(sameBytes(await codec.decode(frame), bytes)).toBe(true)
  })
})
