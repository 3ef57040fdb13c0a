/** Dictionaries of ZSTD that are trained on small records. */
import { Readable } from 'node:stream'
import { Codec, CompressionDictionary, trainDictionary } from '../lib/codec/index.js'
import { wordsOf } from './support/codec-bytes.js'
import { rejection } from './support/rejection.js'

const records = Array.from({ length: 2000 }, (_, id) =>
  Buffer.from(JSON.stringify({ id, title: `title ${id % 37}`, lang: id % 2 ? 'de' : 'fr' })),
)

describe('a trained dictionary', () => {
  let dictionary: CompressionDictionary
  beforeAll(async () => {
    dictionary = await trainDictionary(records, { dictBytes: 2048 })
  })

  test('makes small records much smaller, which decode with it alone', async () => {
    const [plain, codec] = [new Codec('zstd'), new Codec('zstd', { dictionary })]
    let [without, withIt] = [0, 0]
    for (const record of records.slice(0, 200)) {
      const frame = await codec.encode(record)
      expect(Buffer.compare(await codec.decode(frame), record)).toBe(0)
      without += plain.encodeSync(record).length
      withIt += frame.length
    }
    expect(withIt).toBeLessThan(without * 0.6)
    const error = await rejection(() => plain.decode(codec.encodeSync(records[0]!)))
    expect([error.code, error.message]).toEqual([
      'InvalidArgument',
      `Expected dictionary ${dictionary.id} for the stream but received none`,
    ])
    expect(await codec.decode(plain.encodeSync(records[0]!))).toEqual(Uint8Array.from(records[0]!))
  })

  test('is its bytes, and the same for the same samples', async () => {
    expect(dictionary.id).toBeGreaterThan(0)
    expect(dictionary.bytes.length).toBeLessThanOrEqual(2048)
    const again = await trainDictionary(records, { dictBytes: 2048 })
    expect(again.bytes).toEqual(dictionary.bytes)
    const opened = new CompressionDictionary(dictionary.bytes)
    expect(opened.id).toBe(dictionary.id)
    const frame = new Codec('zstd', { dictionary }).encodeSync(records[7]!)
    expect(new Codec('zstd', { dictionary: opened }).decodeSync(frame)).toEqual(
      Uint8Array.from(records[7]!),
    )
  })

  test('its bytes are copies', () => {
    const [bytes, before] = [dictionary.bytes, dictionary.bytes]
    bytes.fill(0)
    expect(dictionary.bytes).toEqual(before)
  })

  test('one of another copy of the library is taken by its bytes', () => {
    const foreign = { id: dictionary.id, bytes: dictionary.bytes } as CompressionDictionary
    const frame = new Codec('zstd', { dictionary: foreign }).encodeSync(records[7]!)
    expect(new Codec('zstd', { dictionary }).decodeSync(frame)).toEqual(
      Uint8Array.from(records[7]!),
    )
  })

  test('serves streams and every level, several at once', async () => {
    const codec = new Codec('zstd', { dictionary })
    const writer = codec.newWriter({ blockBytes: 1024 })
    Readable.from(records).pipe(writer)
    const chunks = await Readable.from(writer.pipe(codec.newReader())).toArray()
    expect(Buffer.compare(Buffer.concat(chunks), Buffer.concat(records))).toBe(0)
    const levels = [1, 3, 9, 19, 22]
    const large = wordsOf(50_000)
    const frames = await Promise.all(levels.map((level) => codec.encodeLevel(large, level)))
    for (const frame of frames) expect(await codec.decode(frame)).toEqual(large)
  })

  test('another one does not decode its frames', async () => {
    const other = await trainDictionary(records.slice(0, 1500).reverse(), { dictBytes: 1024 })
    const frame = new Codec('zstd', { dictionary }).encodeSync(records[0]!)
    const error = await rejection(() => new Codec('zstd', { dictionary: other }).decode(frame))
    expect(error.message).toBe(
      `Expected dictionary ${dictionary.id} for the stream but received dictionary ${other.id}`,
    )
  })

  test('is of zstd alone', () => {
    expect(() => new Codec('gzip', { dictionary })).toThrow('no dictionary (gzip has none)')
  })
})

test('bytes that are none are FileCorrupted', async () => {
  for (const bytes of [new Uint8Array(0), wordsOf(5000)]) {
    const error = await rejection(() => new CompressionDictionary(bytes))
    expect([error.code, error.message]).toEqual([
      'FileCorrupted',
      `Expected a trained dictionary of ZSTD but received ${bytes.length} bytes that are none`,
    ])
  }
})

test('too few samples, and wrong arguments', async () => {
  for (const samples of [[], [wordsOf(10)], records.slice(0, 3)]) {
    const error = await rejection(() => trainDictionary(samples))
    expect([error.code, error.message]).toEqual([
      'InvalidArgument',
      expect.stringContaining(`but received ${samples.length} of`),
    ])
  }
  for (const [samples, options, message] of [
    ['text', {}, 'for samples'],
    [['text'], {}, 'for samples[0]'],
    [records, { dictBytes: 255 }, 'for dictBytes'],
    [records, { dictBytes: 2 ** 20 + 1 }, 'for dictBytes'],
    [records, { bytes: 1 }, 'for trainDictionary'],
  ] as const) {
    await expect(trainDictionary(samples as never, options as never)).rejects.toThrow(message)
  }
})
