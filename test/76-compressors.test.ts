/** Compression that is verified, that falls back, and that is counted. */
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import {
  Codec,
  CompressionStats,
  FallbackCompressor,
  measuredCodec,
  SafeCompress,
} from '../lib/codec/index.js'
import { detachedBytes, noise, ownCodec, words } from './support/byte-codecs.js'
import { rejection } from './support/rejection.js'

const CODECS = ['zstd', 'lz4', 'gzip', 'snappy', 'brotli'] as const
const SIZES = [1, 2, 100, 65_535, 65_536, 300_000]
const failing = (message: string) =>
  ownCodec({ name: message, encode: () => Promise.reject(new Error(message)) })

describe('SafeCompress', () => {
  test.each(CODECS)('%s gives what its codec gives, verified', async (name) => {
    const safe = new SafeCompress(name)
    expect(safe.name).toBe(name)
    for (const size of SIZES) {
      const src = words(size)
      const encoded = await safe.encode(src)
      expect(encoded).toEqual(await new Codec(name).encode(src))
      expect(await safe.decode(encoded)).toEqual(src)
    }
  })

  test('no bytes are an error, and so is anything that is not bytes', async () => {
    const safe = new SafeCompress()
    const empty = await rejection(() => safe.encode(new Uint8Array()))
    expect([empty.code, empty.message]).toEqual([
      'InvalidArgument',
      'Expected at least one byte for src but received 0 (number)',
    ])
    expect((await rejection(() => safe.encode('text' as never))).code).toBe('InvalidArgument')
    expect((await rejection(() => safe.encode(detachedBytes()))).code).toBe('Detached')
    expect((await rejection(() => new SafeCompress('zip' as never))).message).toMatch(
      /'zstd' \| .* or a codec with a name for codec but received "zip"/,
    )
    expect((await rejection(() => new SafeCompress({} as never))).code).toBe('InvalidArgument')
  })

  test.each([
    ['other bytes', async (src: Uint8Array) => src.map((byte) => byte ^ 1), 'other ones'],
    ['too few', async () => new Uint8Array(3), '3 bytes'],
    ['a failure', async () => Promise.reject(new Error('broken')), 'an error'],
  ])('a codec that decodes to %s is found out', async (_, decode, received) => {
    const safe = new SafeCompress(ownCodec({ encode: async (src) => src.slice(), decode }))
    const error = await rejection(() => safe.encode(words(10)))
    expect([error.code, error.message]).toEqual([
      'FileCorrupted',
      `Expected deflate to give the 10 bytes back but received ${received}`,
    ])
    if (received === 'an error') expect(error.cause).toEqual(new Error('broken'))
  })

  test('input that is changed or taken away meanwhile is found out', async () => {
    const src = words(1000)
    const meddling = (change: () => void) =>
      new SafeCompress(
        ownCodec({
          encode: async (bytes) => {
            const encoded = await ownCodec().encode(bytes)
            change()
            return encoded
          },
        }),
      )
    const changed = await rejection(() => meddling(() => src.fill(0)).encode(src))
    expect(changed.code).toBe('FileCorrupted')
    const gone = () => structuredClone(src.buffer, { transfer: [src.buffer as ArrayBuffer] })
    expect((await rejection(() => meddling(gone).encode(src))).code).toBe('Detached')
  })

  test('a signal that is aborted ends it with its reason', async () => {
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    const safe = new SafeCompress('zstd')
    await expect(safe.encode(words(1 << 20), { signal })).rejects.toBe(reason)
    const controller = new AbortController()
    const late = new SafeCompress(
      ownCodec({
        decode: async () => {
          controller.abort(reason)
          throw new Error('the codec speaks of something else')
        },
      }),
    )
    await expect(late.encode(words(9), { signal: controller.signal })).rejects.toBe(reason)
  })
})

describe('FallbackCompressor', () => {
  test('keeps the first codec where it gains enough', async () => {
    const src = words(100_000)
    const result = await new FallbackCompressor().encode(src)
    expect(result).toEqual({
      bytes: await new Codec('zstd').encode(src),
      codec: 'zstd',
      ratio: result.bytes.length / src.length,
      fellBack: null,
    })
    expect(result.ratio).toBeLessThan(0.1)
  })

  test('takes the second where the first fails, and says so', async () => {
    const src = words(10_000)
    const compressor = new FallbackCompressor({ codec: failing('broken'), fallback: 'gzip' })
    const result = await compressor.encode(src)
    expect(result).toMatchObject({
      codec: 'gzip',
      fellBack: 'failed',
      failure: new Error('broken'),
    })
    expect(await new FallbackCompressor().decode(result.bytes)).toEqual(src)
  })

  test('takes the smaller where the first gains too little', async () => {
    const src = words(50_000)
    const weak = { codec: 'lz4', fallback: 'brotli', ratioThreshold: 0.01 } as const
    const result = await new FallbackCompressor(weak).encode(src)
    expect(result).toMatchObject({ codec: 'brotli', fellBack: 'threshold' })
    expect(result).not.toHaveProperty('failure')
    const strong = { codec: 'brotli', fallback: 'lz4', ratioThreshold: 0 } as const
    const first = await new FallbackCompressor(strong).encode(src)
    expect(first).toMatchObject({ codec: 'brotli', fellBack: 'threshold', bytes: result.bytes })
    expect((await new FallbackCompressor({ ...weak, ratioThreshold: 1 }).encode(src)).codec).toBe(
      'lz4',
    )
  })

  test('stores what nothing makes smaller: it grows by 11 bytes at most', async () => {
    const src = noise(5000)
    const result = await new FallbackCompressor({ codec: 'gzip' }).encode(src)
    expect(result).toMatchObject({ codec: 'stored', fellBack: 'threshold', ratio: 5011 / 5000 })
    const back = await new FallbackCompressor().decode(result.bytes)
    expect(back).toEqual(src)
    back.fill(0)
    expect(await new FallbackCompressor().decode(result.bytes)).toEqual(src)
    const limited = await rejection(() =>
      new FallbackCompressor().decode(result.bytes, { maxBytes: 4999 }),
    )
    expect([limited.code, limited.message]).toEqual([
      'InvalidData',
      'Expected at most 4999 bytes of stored content but received 5000',
    ])
  })

  test('no bytes come back as no bytes; their ratio is 0', async () => {
    const result = await new FallbackCompressor().encode(new Uint8Array())
    expect(result).toMatchObject({ codec: 'zstd', ratio: 0, fellBack: null })
    expect(await new FallbackCompressor().decode(result.bytes)).toEqual(new Uint8Array())
  })

  test('decodes without a hint whatever codec it was, own ones by their name', async () => {
    const sizes = fc.integer({ min: 0, max: 3000 })
    const inputs = fc.oneof(
      sizes.map((size) => words(size)),
      sizes.map(noise),
      fc.uint8Array({ maxLength: 20 }),
      // What begins as a frame or as a result does.
      fc
        .constantFrom('28b52ffd00', '04224d1800', '1f8b080000', '41504b4606', '41504b46')
        .map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))),
    )
    const anyOne = new FallbackCompressor()
    await fc.assert(
      fc.asyncProperty(
        inputs,
        fc.constantFrom(...CODECS),
        fc.constantFrom(...CODECS),
        fc.constantFrom(0, 0.5, 1),
        async (src, codec, fallback, ratioThreshold) => {
          const compressor = new FallbackCompressor({ codec, fallback, ratioThreshold })
          const result = await compressor.encode(src)
          expect(await anyOne.decode(result.bytes)).toEqual(src)
        },
      ),
      { numRuns: 200 },
    )
    const own = new FallbackCompressor({ codec: ownCodec() })
    const { bytes, codec } = await own.encode(words(100))
    expect([codec, await own.decode(bytes)]).toEqual(['deflate', words(100)])
    const stranger = await rejection(() => anyOne.decode(bytes))
    expect([stranger.code, stranger.message]).toEqual([
      'NotSupported',
      'Expected one of this compressor\'s codecs for src but received "deflate"',
    ])
  })

  test('frames are those of other programs, both ways', async () => {
    const src = words(5000)
    const { bytes } = await new FallbackCompressor({ codec: 'gzip' }).encode(src)
    expect(Uint8Array.from(execFileSync('gzip', ['-dc'], { input: bytes }))).toEqual(src)
    const theirs = execFileSync('gzip', ['-c'], { input: src })
    expect(await new FallbackCompressor().decode(theirs)).toEqual(src)
  })

  test('both failing is an error of both; the caller is not blamed on the codecs', async () => {
    const compressor = new FallbackCompressor({ codec: failing('one'), fallback: failing('two') })
    const error = await rejection(() => compressor.encode(words(10)))
    expect([error.code, error.message]).toEqual([
      'Internal',
      'Expected one or two to compress but received 2 errors: one; two',
    ])
    expect((error.cause as AggregateError).errors).toEqual([new Error('one'), new Error('two')])
    expect((await rejection(() => compressor.encode(7 as never))).code).toBe('InvalidArgument')
    expect((await rejection(() => compressor.encode(detachedBytes()))).code).toBe('Detached')
  })

  test('is ended by a signal, without falling back', async () => {
    const reason = new Error('enough')
    const controller = new AbortController()
    const encode = async () => {
      controller.abort(reason)
      throw new Error('gone')
    }
    const fallback = ownCodec({ encode: jest.fn() })
    const compressor = new FallbackCompressor({ codec: ownCodec({ encode }), fallback })
    const { signal } = controller
    await expect(compressor.encode(words(10), { signal })).rejects.toBe(reason)
    expect(fallback.encode).not.toHaveBeenCalled()
    const { bytes } = await new FallbackCompressor().encode(noise(10))
    await expect(new FallbackCompressor().decode(bytes, { signal })).rejects.toBe(reason)
  })

  test('damaged results are errors, or the right bytes', async () => {
    const compressor = new FallbackCompressor()
    for (const wrong of ['', '00', '41504b46', '41504b4600', '41504b46067374', 'ffffffffffffff']) {
      const error = await rejection(() => compressor.decode(Buffer.from(wrong, 'hex')))
      expect([error.code, error.message]).toEqual([
        'FileCorrupted',
        expect.stringMatching(/^Expected a frame of zstd, lz4 or gzip, or of FallbackCompressor/),
      ])
    }
    const { bytes } = await compressor.encode(words(3000))
    for (let cut = 0; cut < bytes.length; cut += 7) {
      expect((await rejection(() => compressor.decode(bytes.subarray(0, cut)))).code).toBe(
        'FileCorrupted',
      )
    }
  })

  test.each([
    [{ codecs: 'zstd' }, /Did you mean "codec"/],
    [{ codec: 'zip' }, /for codec but received "zip"/],
    [{ fallback: ownCodec({ name: 'ä' }) }, /for fallback/],
    [{ codec: ownCodec({ name: 'stored' }) }, /another name than 'stored'/],
    [{ ratioThreshold: 1.5 }, /a ratio of 0 to 1 for ratioThreshold but received 1.5/],
    [{ ratioThreshold: Number.NaN }, /ratioThreshold/],
  ])('refuses the options %#', async (options, message) => {
    const error = await rejection(() => new FallbackCompressor(options as never))
    expect([error.code, error.message]).toEqual(['InvalidArgument', expect.stringMatching(message)])
  })
})

test('a measured codec counts what succeeds, and is one that the others take', async () => {
  const stats = new CompressionStats()
  const codec = measuredCodec('zstd', stats, 'VarChar')
  const compressor = new FallbackCompressor({ codec: new SafeCompress(codec) })
  const src = words(10_000)
  const { bytes, codec: name } = await compressor.encode(src)
  expect([name, await compressor.decode(bytes)]).toEqual(['zstd', src])
  const sizes = { originalBytes: src.length, compressedBytes: bytes.length }
  const [entry, ...others] = stats.entries()
  expect(others).toEqual([])
  expect(entry).toMatchObject({
    source: 'codec',
    codec: 'zstd',
    type: 'VarChar',
    compress: { calls: 1, ...sizes },
    decompress: { calls: 2, originalBytes: 2 * src.length, compressedBytes: 2 * bytes.length },
  })
  expect(entry!.compress.durationMs).toBeGreaterThan(0)
  await rejection(() => codec.decode(Uint8Array.of(1, 2, 3)))
  await rejection(() => codec.encode(detachedBytes()))
  expect(stats.totals()).toMatchObject({ compress: { calls: 1 }, decompress: { calls: 2 } })
  expect((await rejection(() => measuredCodec('zstd', {} as never))).message).toMatch(
    /a CompressionStats or CompressionMonitor for recorder/,
  )
})
