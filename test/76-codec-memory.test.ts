/** Whose memory it is that codecs read and write: see docs/ownership.md. */
import { finished } from 'node:stream/promises'
import { CODEC_NAMES, Codec, CompressionDictionary, trainDictionary } from '../lib/codec/index.js'
import { memoryUsage } from '../lib/index.js'
import { joinBytes, sameBytes, wordsOf } from './support/codec-bytes.js'
import { rejection } from './support/rejection.js'

const text = wordsOf(4_000_000)
const records = Array.from({ length: 1000 }, (_, id) =>
  Buffer.from(JSON.stringify({ id, city: ['Oslo', 'Rome', 'Bern'][id % 3], open: id % 5 > 0 })),
)

/** Who has the memory now must keep it for as long as the call goes on. */
function takeAway({ buffer }: Uint8Array): ArrayBufferLike {
  return structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })
}

const codecs = CODEC_NAMES.map((name) => new Codec(name))

describe.each(codecs.map((codec) => [codec.name, codec] as const))('%s', (_, codec) => {
  const frame = codec.encodeSync(text)

  test('memory that is taken away meanwhile fails the call', async () => {
    const calls: [Uint8Array, () => Promise<unknown>][] = []
    for (const ofTarget of [false, true]) {
      const [src, encoded] = [text.slice(), frame.slice()]
      const dst = new Uint8Array(codec.compressBound(text.length))
      const back = new Uint8Array(text.length)
      calls.push([ofTarget ? dst : src, () => codec.encode(src, { dst })])
      calls.push([ofTarget ? back : encoded, () => codec.decode(encoded, { dst: back })])
    }
    for (const [memory, call] of calls) {
      const ends = rejection(call)
      const taken = takeAway(memory)
      expect((await ends).code).toBe('Detached')
      expect(taken.byteLength).toBeGreaterThan(0)
    }
    expect(memoryUsage()).toMatchObject({ borrowedBytes: 0, pending: 0 })
    expect(sameBytes(await codec.decode(frame), text)).toBe(true)
  })

  test('a result is nobody else’s memory', async () => {
    for (const bytes of [text, text.subarray(0, 500)]) {
      const src = bytes.slice()
      const encoded = await codec.encode(src)
      const decoded = await codec.decode(encoded)
      src.fill(0)
      expect(sameBytes(decoded, bytes)).toBe(true)
      encoded.fill(0)
      expect(sameBytes(decoded, bytes)).toBe(true)
      expect(decoded.byteLength).toBe(decoded.buffer.byteLength)
    }
  })

  test('a chunk of a stream is lent until it is taken', async () => {
    const writer = codec.newWriter({ blockBytes: 2 ** 20 })
    const chunks: Uint8Array[] = []
    writer.on('data', (chunk) => chunks.push(chunk as Uint8Array))
    const chunk = new Uint8Array(300_000)
    for (let at = 0; at < text.length; at += chunk.length) {
      const part = text.subarray(at, at + chunk.length)
      chunk.set(part)
      await new Promise((taken) => writer.write(chunk.subarray(0, part.length), taken))
      chunk.fill(0)
    }
    writer.end()
    await finished(writer)
    expect(sameBytes(await codec.decode(joinBytes(chunks)), text)).toBe(true)
    expect(memoryUsage()).toMatchObject({ borrowedBytes: 0, pending: 0 })
  })
})

describe('a dictionary', () => {
  test('takes samples over at the call', async () => {
    const expected = await trainDictionary(records, { dictBytes: 1024 })
    const samples = records.map((record) => Uint8Array.from(record))
    const training = trainDictionary(samples, { dictBytes: 1024 })
    for (const sample of samples) sample.fill(0)
    expect((await training).bytes).toEqual(expected.bytes)
  })

  test('takes its bytes over when it is made, and serves codecs of any kind of work', async () => {
    const { bytes } = await trainDictionary(records, { dictBytes: 1024 })
    const given = Uint8Array.from(bytes)
    const dictionary = new CompressionDictionary(given)
    takeAway(given)
    expect(dictionary.bytes).toEqual(bytes)
    const all = [1, 3, 9].map((level) => new Codec('zstd', { level, dictionary }))
    const large = joinBytes(records)
    const frames = await Promise.all(all.map((codec) => codec.encode(large)))
    const back = await Promise.all(frames.map((frame, i) => all[2 - i]!.decode(frame)))
    expect(back.map((one) => sameBytes(one, large))).toEqual([true, true, true])
  })
})
