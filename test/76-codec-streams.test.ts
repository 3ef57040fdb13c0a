/** Codecs as streams of Node: pieces of any size, back-pressure, several blocks at once, ends. */
import { Readable, type Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { CODEC_NAMES, Codec, type CodecName } from '../lib/codec/index.js'
import { hardwareLimits } from '../lib/config/index.js'
import { memoryUsage } from '../lib/index.js'
import { joinBytes, noiseOf, sameBytes, wordsOf } from './support/codec-bytes.js'
import { rejection } from './support/rejection.js'

function* piecesOf(bytes: Uint8Array, length: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}

async function through(stream: Transform, bytes: Uint8Array, length: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  const sink = new Writable({
    write(chunk, _, done) {
      chunks.push(chunk)
      done()
    },
  })
  await pipeline(Readable.from(piecesOf(bytes, length)), stream, sink)
  return joinBytes(chunks)
}

describe.each(CODEC_NAMES)('%s', (name) => {
  const codec = new Codec(name)

  test.each([0, 1, 65536, 65537, 1_000_000, 3_000_001])('%i bytes come back', async (size) => {
    for (const bytes of [wordsOf(size), noiseOf(Math.min(size, 150_000))]) {
      const stream = await through(codec.newWriter(), bytes, 70_000)
      expect(sameBytes(await through(codec.newReader(), stream, 50_000), bytes)).toBe(true)
      expect(sameBytes(await codec.decode(stream), bytes)).toBe(true)
    }
  })

  test('byte by byte', async () => {
    const bytes = wordsOf(500)
    const stream = await through(codec.newWriter({ blockBytes: 1024 }), bytes, 1)
    expect(await through(codec.newReader(), stream, 1)).toEqual(bytes)
  })

  test('at another level', async () => {
    if (codec.level === undefined) return
    const bytes = wordsOf(300_000)
    const [fast, small] = await Promise.all([
      through(codec.newWriterLevel(1), bytes, 65_536),
      through(codec.newWriterLevel(9), bytes, 65_536),
    ])
    expect(small.length).toBeLessThan(fast.length)
    expect(sameBytes(await codec.decode(small), bytes)).toBe(true)
  })

  test('a stream that is cut short, foreign or followed by anything fails', async () => {
    const stream = await through(codec.newWriter(), wordsOf(100_000), 65_536)
    const wrong = [
      new Uint8Array(0),
      stream.subarray(0, -1),
      joinBytes([stream, Uint8Array.of(1)]),
      joinBytes([Uint8Array.of(1), stream]),
    ]
    for (const bytes of wrong) {
      const error = await rejection(() => through(codec.newReader(), bytes, 30_000))
      expect([error.code, error.message]).toEqual([
        'FileCorrupted',
        expect.stringContaining(`Expected a whole stream of ${name}`),
      ])
    }
    expect(memoryUsage().pending).toBe(0)
  })

  test('no more than maxBytes comes out', async () => {
    const stream = await through(codec.newWriter(), new Uint8Array(2_000_000), 65_536)
    const bounded = codec.newReader({ maxBytes: 1_999_999 })
    expect((await rejection(() => through(bounded, stream, 65_536))).code).toBe('InvalidData')
    const exact = await through(codec.newReader({ maxBytes: 2_000_000 }), stream, 65_536)
    expect(exact.length).toBe(2_000_000)
    const ofCodec = new Codec(name, { maxBytes: 10 }).newReader()
    expect((await rejection(() => through(ofCodec, stream, 65_536))).code).toBe('InvalidData')
  })

  test('however much a chunk becomes, only what is taken is made', async () => {
    const stream = await through(codec.newWriter(), new Uint8Array(40_000_000), 2 ** 20)
    const reader = codec.newReader()
    reader.end(stream)
    await sleep(200)
    expect(reader.readableLength).toBeLessThan(1_000_000)
    let bytes = 0
    for await (const chunk of reader) bytes += (chunk as Uint8Array).length
    expect(bytes).toBe(40_000_000)
  })

  test('destroyed in the middle, it gives back what was lent', async () => {
    const bytes = wordsOf(3_000_000)
    const inputs: [Transform, Uint8Array][] = [
      [codec.newWriter(), bytes],
      [codec.newReader(), await through(codec.newWriter(), bytes, 65_536)],
    ]
    for (const [stream, input] of inputs) {
      const errors: Error[] = []
      stream.on('error', (error) => errors.push(error))
      stream.write(input)
      stream.destroy()
      await new Promise((resolve) => stream.once('close', resolve))
      stream.destroy()
      expect(errors).toEqual([])
    }
    expect(memoryUsage()).toMatchObject({ pending: 0, borrowedBytes: 0 })
  })

  test('an aborted pipeline ends', async () => {
    const controller = new AbortController()
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (const bytes = wordsOf(300_000); ; ) yield bytes
    }
    const none = new Writable({ write: (_chunk, _, done) => done() })
    const writer = codec.newWriter()
    const running = pipeline(endless(), writer, none, { signal: controller.signal })
    setTimeout(() => controller.abort(), 30)
    await expect(running).rejects.toMatchObject({ name: 'AbortError' })
    if (!writer.closed) await new Promise((resolve) => writer.once('close', resolve))
    expect(memoryUsage()).toMatchObject({ pending: 0, borrowedBytes: 0 })
  })

  test('what is written after the end is an error', async () => {
    const writer = codec.newWriter()
    writer.end()
    writer.resume()
    const failed = new Promise<Error>((resolve) => writer.once('error', resolve))
    writer.write('late')
    expect(await failed).toMatchObject({ code: 'ERR_STREAM_WRITE_AFTER_END' })
  })
})

describe('blocks of zstd', () => {
  const bytes = wordsOf(1_000_001)
  const stream = (options: object): Promise<Uint8Array> =>
    through(new Codec('zstd').newWriter(options), bytes, 77_777)

  test('are the same bytes at any concurrency', async () => {
    const blockBytes = 64 * 1024
    const one = await stream({ blockBytes, concurrency: 1 })
    const most = Math.max(4, hardwareLimits().cores)
    for (const concurrency of [...Array.from({ length: most }, (_, i) => i + 1), 0, -1]) {
      expect(sameBytes(await stream({ blockBytes, concurrency }), one)).toBe(true)
    }
    expect(sameBytes(await new Codec('zstd').decode(one), bytes)).toBe(true)
  })

  test.each([1024, 999_999, 1_000_001, 1_000_002])('of %i bytes', async (blockBytes) => {
    const frames = await stream({ blockBytes })
    expect(sameBytes(await new Codec('zstd').decode(frames), bytes)).toBe(true)
  })

  test('whole blocks are followed by no empty one', async () => {
    const codec = new Codec('zstd')
    const [one, two] = [bytes.subarray(0, 4096), bytes.subarray(4096, 8192)]
    const frames = await through(codec.newWriter({ blockBytes: 4096 }), bytes.subarray(0, 8192), 77)
    expect(frames).toEqual(joinBytes([codec.encodeSync(one), codec.encodeSync(two)]))
  })

  test('as many at once as are allowed', async () => {
    const writer = new Codec('zstd', { level: 19 }).newWriter({
      blockBytes: 2 ** 18,
      concurrency: 3,
    })
    writer.resume()
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, memoryUsage().pending)
    }, 1)
    await pipeline(Readable.from(piecesOf(wordsOf(4_000_000), 100_000)), writer)
    clearInterval(watch)
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(3)
  })

  test('the options of the codec hold where the call says nothing', async () => {
    const codec = new Codec('zstd', { blockBytes: 10_000 })
    const small = await through(codec.newWriter(), bytes, 65_536)
    const large = await through(codec.newWriter({ blockBytes: 2 ** 20 }), bytes, 65_536)
    expect(small.length).toBeGreaterThan(large.length)
    expect(() => codec.newWriter({ blokBytes: 1 } as never)).toThrow('"blockBytes"')
    expect(() => codec.newReader({ max: 1 } as never)).toThrow('for newReader')
  })
})

test('lz4 and snappy have blocks of their own sizes', async () => {
  const bytes = wordsOf(300_000)
  for (const name of ['lz4', 'snappy'] as CodecName[]) {
    const codec = new Codec(name)
    const small = await through(codec.newWriter({ blockBytes: 4096 }), bytes, 65_536)
    const large = await through(codec.newWriter(), bytes, 65_536)
    expect(small.length).toBeGreaterThan(large.length)
    expect(sameBytes(await codec.decode(small), bytes)).toBe(true)
  }
})
