/** What a configuration says of compression, as a codec has it. */
import { Readable } from 'node:stream'
import { Codec, trainDictionary } from '../lib/codec/index.js'
import { compressionConfigFromEnv, hardwareLimits } from '../lib/config/index.js'
import { type CompressionConfig, compressionConfigFromYaml, memoryUsage } from '../lib/index.js'
import { joinBytes, sameBytes, wordsOf } from './support/codec-bytes.js'
import { rejection } from './support/rejection.js'

const YAML = `
storage:
  compression:
    level: 9
    concurrency: 2
    blockSize: 64KiB
    dictSize: 1024
`
const config = compressionConfigFromYaml(YAML)
const BLOCK = 64 * 1024
const bytes = wordsOf(5 * BLOCK + 7)
const records = Array.from({ length: 2000 }, (_, id) =>
  Buffer.from(JSON.stringify({ id, title: `title ${id % 37}`, lang: id % 2 ? 'de' : 'fr' })),
)

/** Blocks that are at work as soon as so many bytes were written. */
async function atWork(codec: Codec, src: Uint8Array): Promise<number> {
  const writer = codec.newWriter()
  writer.write(src)
  const { pending } = memoryUsage()
  writer.destroy()
  await new Promise((resolve) => writer.once('close', resolve))
  return pending
}

async function streamOf(codec: Codec): Promise<Uint8Array> {
  return joinBytes(await Readable.from([bytes]).pipe(codec.newWriter()).toArray())
}

/** What blocks of so many bytes become at a level. */
function blocksAt(level: number, blockBytes: number): Uint8Array {
  const codec = new Codec('zstd', { level })
  const count = Math.ceil(bytes.length / blockBytes)
  return joinBytes(
    Array.from({ length: count }, (_, i) =>
      codec.encodeSync(bytes.subarray(i * blockBytes, (i + 1) * blockBytes)),
    ),
  )
}

describe('a codec with a configuration', () => {
  test('has its level, and its blocks', async () => {
    const codec = new Codec('zstd', { config })
    expect(codec.level).toBe(9)
    expect(sameBytes(await streamOf(codec), blocksAt(9, BLOCK))).toBe(true)
    expect(sameBytes(await streamOf(codec), blocksAt(3, BLOCK))).toBe(false)
  })

  test.each([1, 2, 3])(
    'works on %i blocks at the same time, if that is what it says',
    async (concurrency) => {
      const compression = { ...config.compression, concurrency }
      expect(await atWork(new Codec('zstd', { config: { compression } }), bytes)).toBe(concurrency)
    },
  )

  test('works on as many as there are cores where it says 0', async () => {
    const compression = { blockBytes: 1024, concurrency: 0 }
    const codec = new Codec('zstd', { config: { compression } })
    expect(await atWork(codec, wordsOf(1024 * 300))).toBe(Math.min(256, hardwareLimits().cores))
  })

  test('has what the environment says, by its own name and by that of Milvus', async () => {
    const env = { COMMON_STORAGE_ZSTD_CONCURRENCY: '3', STORAGE_COMPRESSION_LEVEL: '1' }
    const codec = new Codec('zstd', { config: compressionConfigFromEnv(env, config) })
    expect(await atWork(codec, bytes)).toBe(3)
    expect(sameBytes(await streamOf(codec), blocksAt(1, BLOCK))).toBe(true)
  })

  test('its other options go before it', async () => {
    const given = { level: 1, concurrency: 1, blockBytes: 2 * BLOCK }
    const codec = new Codec('zstd', { ...given, config })
    expect(await atWork(codec, bytes)).toBe(1)
    expect(sameBytes(await streamOf(codec), blocksAt(1, 2 * BLOCK))).toBe(true)
  })

  test('of another kind takes no level of zstd', async () => {
    const highest: CompressionConfig = { compression: { level: 22, blockBytes: 4096 } }
    for (const [name, level] of [
      ['gzip', 6],
      ['lz4', 1],
      ['brotli', 8],
      ['snappy', undefined],
    ] as const) {
      expect(new Codec(name, { config: highest }).level).toBe(level)
    }
    const small = await streamOf(new Codec('lz4', { config: highest }))
    expect(sameBytes(small, await streamOf(new Codec('lz4', { blockBytes: 4096 })))).toBe(true)
    expect(small.length).toBeGreaterThan((await streamOf(new Codec('lz4'))).length)
  })

  test.each([
    [{ compression: { level: 23 } }, 'for compression.level but received 23'],
    [{ compression: { blockBytes: 1 } }, 'for compression.blockBytes'],
    [{ compresion: {} }, 'Did you mean "compression"?'],
    ['level: 9', 'an object for CompressionConfig'],
  ])('%o is refused', (wrong, message) => {
    expect(() => new Codec('zstd', { config: wrong as never })).toThrow(message)
  })
})

describe('a codec that is trained', () => {
  const record = records[5]!

  test('has a dictionary of the size that the configuration says', async () => {
    const codec = await Codec.trained(records, { config })
    const same = { level: 9, dictionary: await trainDictionary(records, { dictBytes: 1024 }) }
    const other = { level: 9, dictionary: await trainDictionary(records, { dictBytes: 2048 }) }
    const frame = codec.encodeSync(record)
    expect(sameBytes(frame, new Codec('zstd', same).encodeSync(record))).toBe(true)
    expect(sameBytes(frame, new Codec('zstd', other).encodeSync(record))).toBe(false)
    expect(sameBytes(new Codec('zstd', same).decodeSync(frame), record)).toBe(true)
    expect(
      sameBytes(await streamOf(codec), await streamOf(new Codec('zstd', { ...same, config }))),
    ).toBe(true)
  })

  test('has none where it says 0', async () => {
    const none = { compression: { dictBytes: 0, level: 9 } }
    const codec = await Codec.trained([], { config: none })
    expect(
      sameBytes(codec.encodeSync(record), new Codec('zstd', { level: 9 }).encodeSync(record)),
    ).toBe(true)
  })

  test('keeps its other options, and refuses wrong ones and too few samples', async () => {
    const codec = await Codec.trained(records, { config, level: 1, maxBytes: record.length - 1 })
    expect(codec.level).toBe(1)
    const error = await rejection(() => codec.decode(codec.encodeSync(record)))
    expect(error.code).toBe('InvalidData')
    await expect(Codec.trained(records, { dictionary: 1 } as never)).rejects.toThrow(
      'for Codec.trained',
    )
    await expect(Codec.trained(records, { config, level: 23 })).rejects.toThrow('1 to 22')
    expect((await rejection(() => Codec.trained([record], { config }))).message).toContain(
      'but received 1 of',
    )
  })
})
