/** What a configuration of compression may say in TypeScript, and what it becomes. */
import { availableParallelism } from 'node:os'
import fc from 'fast-check'
import {
  type CompressionConfig,
  DEFAULT_COMPRESSION_CONFIG,
  DEFAULT_COMPRESSION_LEVEL,
  hardwareLimits,
  type ResolvedCompressionConfig,
  resolveCompressionConfig,
} from '../lib/config/index.js'
import { anyConfig, DEFAULTS, expectedOf, expectRefusal } from './support/compression-configs.js'

const KIB = 2 ** 10
const MIB = 2 ** 20

describe('TypeScript', () => {
  test('nothing said: the defaults, which nobody can change', () => {
    expect(resolveCompressionConfig()).toEqual(DEFAULTS)
    expect(resolveCompressionConfig({ compression: {}, encoding: {} })).toEqual(DEFAULTS)
    expect(DEFAULT_COMPRESSION_CONFIG).toEqual(DEFAULTS)
    expect(DEFAULT_COMPRESSION_LEVEL).toBe(3)
    const { compression } = DEFAULT_COMPRESSION_CONFIG as ResolvedCompressionConfig
    expect(() => Object.assign(compression, { level: 9 })).toThrow(TypeError)
    resolveCompressionConfig().compression.level = 9
    expect(resolveCompressionConfig()).toEqual(DEFAULTS)
  })

  test('one thing said: the rest are defaults', () => {
    expect(resolveCompressionConfig({ compression: { level: 19 } })).toEqual({
      ...DEFAULTS,
      compression: { ...DEFAULTS.compression, level: 19 },
    })
    const encoding = { enableDeltaEncoding: false }
    expect(resolveCompressionConfig({ encoding }).encoding).toEqual({
      ...DEFAULTS.encoding,
      enableDeltaEncoding: false,
    })
  })

  test.each([0, -1, -4096])('a concurrency of %d is that of the cores', (concurrency) => {
    const { compression } = resolveCompressionConfig({ compression: { concurrency } })
    expect(compression.concurrency).toBeGreaterThanOrEqual(1)
    expect(compression.concurrency).toBeLessThanOrEqual(availableParallelism())
    expect(compression.concurrency).toBe(hardwareLimits().cores)
  })

  test('any configuration is checked, and what it gave can be given again', () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        const once = resolveCompressionConfig(config)
        expect(once).toEqual(expectedOf(config))
        expect(resolveCompressionConfig(once)).toEqual(once)
      }),
    )
  })

  test.each<[unknown, string]>([
    [null, 'an object for CompressionConfig but received null'],
    ['zstd', 'an object for CompressionConfig but received "zstd" (string)'],
    [{ compresion: {} }, 'received "compresion". Did you mean "compression"?'],
    [{ compression: null }, 'an object for compression but received null'],
    [{ compression: [3] }, 'an object for compression but received an array of length 1'],
    [{ compression: { levl: 3 } }, 'for compression but received "levl". Did you mean "level"?'],
    [{ compression: { blockSize: 1 } }, 'received "blockSize"'],
    [{ encoding: { level: 3 } }, 'a known option for encoding but received "level"'],
    [{ compression: { level: 0 } }, 'an integer >= 1 and <= 22 for compression.level'],
    [{ compression: { level: 23 } }, 'for compression.level but received 23 (number)'],
    [{ compression: { level: 3.5 } }, 'for compression.level but received 3.5 (number)'],
    [{ compression: { level: '3' } }, 'for compression.level but received "3" (string)'],
    [{ compression: { level: null } }, 'for compression.level but received null'],
    [{ compression: { concurrency: 257 } }, 'an integer <= 256 (0 or less: as many as cores)'],
    [{ compression: { concurrency: 1.5 } }, 'for compression.concurrency but received 1.5'],
    [{ compression: { concurrency: Number.NaN } }, 'for compression.concurrency but received NaN'],
    [{ compression: { blockBytes: KIB - 1 } }, '>= 1024 and <= 1073741824'],
    [{ compression: { blockBytes: 2 ** 30 + 1 } }, 'for compression.blockBytes'],
    [{ compression: { blockBytes: '1MB' } }, 'compression.blockBytes but received "1MB" (string)'],
    [{ compression: { dictBytes: 255 } }, '0 or an integer >= 256 and <= 1048576'],
    [{ compression: { dictBytes: MIB + 1 } }, 'for compression.dictBytes'],
    [{ compression: { dictBytes: -1 } }, 'for compression.dictBytes but received -1'],
    [{ encoding: { enableDeltaEncoding: 'true' } }, 'a boolean for encoding.enableDeltaEncoding'],
    [{ encoding: { enableDeltaEncoding: 1 } }, 'enableDeltaEncoding but received 1 (number)'],
    [{ encoding: { dictionaryThreshold: 1.01 } }, 'a number >= 0 and <= 1'],
    [{ encoding: { dictionaryThreshold: -0.1 } }, 'for encoding.dictionaryThreshold'],
    [{ encoding: { dictionaryThreshold: Number.NaN } }, 'dictionaryThreshold but received NaN'],
    [{ encoding: { vectorQuantizationBits: 0 } }, 'for encoding.vectorQuantizationBits'],
    [{ encoding: { vectorQuantizationBits: 7.5 } }, 'vectorQuantizationBits but received 7.5'],
  ])('refused: %j', (config, message) => {
    expectRefusal(() => resolveCompressionConfig(config as CompressionConfig), message)
  })

  test.each([1, 4, 7, 16, 32])('%d bits of quantization are not supported', (bits) => {
    const config = { encoding: { vectorQuantizationBits: bits } }
    const message = `Expected 8 for encoding.vectorQuantizationBits but received ${bits}`
    expectRefusal(() => resolveCompressionConfig(config), message, 'NotSupported')
  })

  test.each<[CompressionConfig]>([
    [{ compression: { level: 1, blockBytes: KIB, dictBytes: 0 } }],
    [{ compression: { level: 22, blockBytes: 2 ** 30, dictBytes: MIB, concurrency: 256 } }],
    [{ compression: { dictBytes: 256 }, encoding: { dictionaryThreshold: 0 } }],
    [{ encoding: { dictionaryThreshold: 1 } }],
  ])('the ends of ranges are in them: %j', (config) => {
    expect(resolveCompressionConfig(config)).toMatchObject(config)
  })
})
