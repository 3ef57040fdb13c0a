/** Streams that are none, or not whole, or say too much of themselves: typed errors, in bounds. */
import { Readable } from 'node:stream'
import { CODEC_NAMES, Codec } from '../lib/codec/index.js'
import { memoryUsage } from '../lib/index.js'
import { joinBytes, sameBytes, wordsOf } from './support/codec-bytes.js'
import { rejection } from './support/rejection.js'

const codecs = Object.fromEntries(CODEC_NAMES.map((name) => [name, new Codec(name)]))
const text = wordsOf(3000)

describe.each(CODEC_NAMES)('%s', (name) => {
  const codec = codecs[name]!
  const small = codec.encodeSync(text)
  const large = codec.encodeSync(wordsOf(400_000))

  test.each([
    ['no bytes', () => new Uint8Array(0)],
    ['one byte', () => small.subarray(0, 1)],
    ['the half', () => small.subarray(0, small.length / 2)],
    ['all but a byte', () => small.subarray(0, -1)],
    ['all but a byte of many', () => large.subarray(0, -1)],
    ['a byte more', () => joinBytes([small, Uint8Array.of(7)])],
    ['a byte more of many', () => joinBytes([large, Uint8Array.of(0)])],
  ])('%s is no stream', async (_, make) => {
    const bytes = make()
    const error = await rejection(() => codec.decode(bytes))
    expect([error.code, error.message]).toEqual([
      'FileCorrupted',
      expect.stringContaining(`Expected a whole stream of ${name} but received`),
    ])
    expect((await rejection(() => codec.decodeSync(bytes))).message).toBe(error.message)
  })

  test('streams of the others are none', async () => {
    for (const other of CODEC_NAMES) {
      if (other === name) continue
      const error = await rejection(() => codec.decode(codecs[other]!.encodeSync(text)))
      // Formats without a magic number take the first bytes for a size.
      expect(error.code).toMatch(/^(FileCorrupted|InvalidData)$/)
    }
  })

  test('decodes no more than maxBytes, of the codec or of the call', async () => {
    const zeros = new Uint8Array(3_000_000)
    const frame = codec.encodeSync(zeros)
    const bounded = new Codec(name, { maxBytes: zeros.length - 1 })
    for (const run of [
      () => bounded.decode(frame),
      () => bounded.decodeSync(frame),
      () => codec.decode(frame, { maxBytes: 10 }),
      () => codec.decode(frame, { maxBytes: 0 }),
      () => codec.decode(frame, { maxBytes: 10, dst: new Uint8Array(zeros.length) }),
    ]) {
      const error = await rejection(run)
      expect([error.code, error.message]).toEqual([
        'InvalidData',
        expect.stringMatching(
          /^Expected at most \d+ bytes \(maxBytes\) but received a stream that/,
        ),
      ])
    }
    const exact = await bounded.decode(frame, { maxBytes: zeros.length })
    expect(sameBytes(exact, zeros)).toBe(true)
  })
})

test('a frame that declares terabytes takes no memory', async () => {
  const frame = Buffer.from('28b52ffde000000000000100000100000000', 'hex')
  const before = memoryUsage().poolPeakBytes
  const error = await rejection(() => codecs.zstd!.decode(frame))
  expect(error.code).toMatch(/^(FileCorrupted|InvalidData)$/)
  expect(memoryUsage().poolPeakBytes).toBe(before)
})

test('a frame that wants a window of 256 MiB is refused', async () => {
  const frame = Buffer.from('28b52ffd0090010000', 'hex')
  const reader = codecs.zstd!.newReader()
  const ends = [
    () => codecs.zstd!.decode(frame),
    () => Readable.from([frame]).pipe(reader).toArray(),
  ]
  for (const run of ends) {
    const error = await rejection(run)
    expect([error.code, error.message]).toEqual([
      'InvalidData',
      'Expected a stream of zstd that is decoded with a window of at most 128 MiB but received one that needs more',
    ])
  }
})

test('damage inside of a frame with a checksum is found', async () => {
  for (const name of ['zstd', 'lz4', 'gzip'] as const) {
    const frame = Uint8Array.from(codecs[name]!.encodeSync(text))
    let found = 0
    for (let at = 12; at < frame.length; at += 97) {
      frame[at]! ^= 0x10
      found += (await rejection(() => codecs[name]!.decode(frame))).code === 'FileCorrupted' ? 1 : 0
      frame[at]! ^= 0x10
    }
    expect(found).toBeGreaterThan(5)
    expect(await codecs[name]!.decode(frame)).toEqual(text)
  }
})

test('few bytes that become many are decoded off the thread', async () => {
  const zeros = new Uint8Array(20_000_000)
  const frame = codecs.zstd!.encodeSync(zeros)
  expect(frame.length).toBeLessThan(16_384)
  const decoding = codecs.zstd!.decode(frame)
  expect(memoryUsage().pending).toBe(1)
  expect(sameBytes(await decoding, zeros)).toBe(true)
})

test('frames one after the other are one stream', async () => {
  for (const name of ['zstd', 'lz4', 'gzip'] as const) {
    const frames = [text, new Uint8Array(0), text].map((bytes) => codecs[name]!.encodeSync(bytes))
    expect(await codecs[name]!.decode(joinBytes(frames))).toEqual(joinBytes([text, text]))
  }
})
