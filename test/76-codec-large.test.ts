/** 64 MiB through every codec, at once and as a stream, and an end in the middle of it. */
import { Readable } from 'node:stream'
import { CODEC_LEVELS, CODEC_NAMES, Codec } from '../lib/codec/index.js'
import { memoryUsage } from '../lib/index.js'
import { joinBytes, noiseOf, sameBytes, wordsOf } from './support/codec-bytes.js'

const MIB = 2 ** 20
const bytes = new Uint8Array(64 * MIB)

beforeAll(() => {
  const part = wordsOf(MIB)
  for (let at = 0; at < bytes.length; at += part.length) bytes.set(part, at)
  bytes.set(noiseOf(100_000), 5_000_000)
  bytes.set(noiseOf(100_000, 2), bytes.length - 100_000)
})

function* pieces(src: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < src.length; at += MIB) yield src.subarray(at, at + MIB)
}

describe.each(CODEC_NAMES)('%s', (name) => {
  const [lowest] = CODEC_LEVELS[name] ?? []
  const codec = new Codec(name, lowest === undefined ? {} : { level: lowest })
  const reason = new Error('changed my mind')
  let frame: Uint8Array

  test('at once', async () => {
    frame = await codec.encode(bytes)
    expect(frame.length).toBeLessThan(bytes.length / 1.5)
    expect(frame.length).toBeLessThanOrEqual(codec.compressBound(bytes.length))
    expect(sameBytes(await codec.decode(frame), bytes)).toBe(true)
  })

  test('as a stream', async () => {
    const stream = Readable.from(pieces(bytes)).pipe(codec.newWriter())
    const encoded = joinBytes(await stream.toArray())
    expect(encoded.length).toBeLessThan(bytes.length / 1.5)
    let at = 0
    for await (const chunk of Readable.from(pieces(encoded)).pipe(codec.newReader())) {
      const part = chunk as Uint8Array
      expect(sameBytes(part, bytes.subarray(at, at + part.length))).toBe(true)
      at += part.length
    }
    expect(at).toBe(bytes.length)
  })

  // A block of snappy is one step, which is done to its end.
  const testBetweenSteps = name === 'snappy' ? test.skip : test
  testBetweenSteps('an aborted signal ends both ways between steps', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const calls = [codec.encode(bytes, { signal }), codec.decode(frame, { signal })]
    const ends = Promise.allSettled(calls)
    controller.abort(reason)
    expect(await ends).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ])
    expect(memoryUsage()).toMatchObject({ pending: 0, borrowedBytes: 0 })
  })
})

test('a signal that is aborted while snappy is at its one step changes nothing, or ends it', async () => {
  const codec = new Codec('snappy')
  const controller = new AbortController()
  const encoding = codec.encode(bytes, { signal: controller.signal })
  controller.abort('no more')
  const [end] = await Promise.allSettled([encoding])
  if (end!.status === 'fulfilled') {
    expect(sameBytes(await codec.decode(end!.value), bytes)).toBe(true)
  } else {
    expect(end!.reason).toBe('no more')
  }
  expect(memoryUsage()).toMatchObject({ pending: 0, borrowedBytes: 0 })
})
