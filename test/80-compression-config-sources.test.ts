/** Configurations of compression from YAML, JSON and the environment. */
import fc from 'fast-check'
import { stringify } from 'yaml'
import {
  type CompressionConfig,
  compressionConfigFromEnv,
  compressionConfigFromYaml,
  hardwareLimits,
  parseCompressionConfig,
} from '../lib/config/index.js'
import { anyConfig, DEFAULTS, expectedOf, expectRefusal } from './support/compression-configs.js'

const KIB = 2 ** 10
const MIB = 2 ** 20
/** Names of the settings in YAML, by block. */
const FILE_NAMES = {
  compression: ['level', 'concurrency', 'blockSize', 'dictSize'],
  encoding: ['enableDeltaEncoding', 'dictionaryThreshold', 'vectorQuantizationBits'],
} as const

/** A configuration of TypeScript in the names of YAML. */
function inFileNames({ compression, encoding }: CompressionConfig): Record<string, unknown> {
  const { blockBytes, dictBytes, ...rest } = compression ?? {}
  return { compression: { ...rest, blockSize: blockBytes, dictSize: dictBytes }, encoding }
}

describe('YAML', () => {
  test('as the blocks are written, beside what else a milvus.yaml says', () => {
    const text = `
minio: { address: store }
storage:
  scheme: s3 # somebody else's
  compression:
    level: 9
    concurrency: 2
    blockSize: 4194304
    dictSize: 0
  encoding:
    enableDeltaEncoding: false
    dictionaryThreshold: 0.25
    vectorQuantizationBits: 8
common:
  storage: { enablev2: true, zstd: { concurrency: 2 } }
`
    expect(compressionConfigFromYaml(text)).toEqual({
      compression: { level: 9, concurrency: 2, blockBytes: 4 * MIB, dictBytes: 0 },
      encoding: {
        enableDeltaEncoding: false,
        dictionaryThreshold: 0.25,
        vectorQuantizationBits: 8,
      },
    })
  })

  test.each(['', '# nothing', 'storage:', 'storage: { compression: , encoding: {} }', 'other: 1'])(
    'nothing said is the defaults: %j',
    (text) => {
      expect(compressionConfigFromYaml(text)).toEqual(DEFAULTS)
    },
  )

  test('names in any case, dotted, and those of TypeScript', () => {
    const text = 'storage.compression:\n  block_bytes: 2048\nStorage:\n  COMPRESSION: {Level: 5}\n'
    const { compression } = compressionConfigFromYaml(text)
    expect(compression).toEqual({ ...DEFAULTS.compression, level: 5, blockBytes: 2048 })
  })

  test.each([
    ['1048576', MIB],
    ['1M', MIB],
    ['1MB', MIB],
    ['"1 MiB"', MIB],
    ['64KiB', 64 * KIB],
    ['64kb', 64 * KIB],
    ['4096B', 4096],
    ['1G', 2 ** 30],
  ])('a size of %s', (text, bytes) => {
    const yaml = `storage: { compression: { blockSize: ${text} } }`
    expect(compressionConfigFromYaml(yaml).compression.blockBytes).toBe(bytes)
  })

  test('what is given beside it goes before it', () => {
    const text = 'storage: { compression: { level: 9, dictSize: 0 } }'
    const config = compressionConfigFromYaml(text, { compression: { level: 1 } })
    expect(config.compression).toEqual({ ...DEFAULTS.compression, level: 1, dictBytes: 0 })
  })

  test.each([
    ['compression: { levl: 3 }', 'storage.compression but received "levl". Did you mean "level"?'],
    ['compression: { blocksiz: 3 }', 'Did you mean "blockSize"?'],
    ['compression: { level: { a: 3 } }', 'received "level.a". Did you mean "level"?'],
    ['compression: { level: {} }', 'for storage.compression.level but received an object'],
    ['compression: { level: [3] }', 'for storage.compression.level but received an array'],
    [
      'compression: { level: fast }',
      'an integer for storage.compression.level but received "fast"',
    ],
    ['compression: { level: 3.0 }', 'an integer for storage.compression.level but received "3.0"'],
    ['compression: { level: 23 }', 'for storage.compression.level but received 23'],
    ['compression: { blockSize: 1TB }', 'bytes such as 1048576, 64KiB or 1MB for storage.compr'],
    [
      'compression: { blockSize: 2GB }',
      'for storage.compression.blockSize but received 2147483648',
    ],
    ['compression: { dictSize: 0.5K }', 'for storage.compression.dictSize but received "0.5K"'],
    ['encoding: { enableDeltaEncoding: yes }', 'true or false for storage.encoding.enableDelta'],
    ['encoding: { enableDeltaEncoding: 1 }', 'true or false for storage.encoding.enableDelta'],
    ['encoding: { dictionaryThreshold: 70% }', 'a number for storage.encoding.dictionaryThreshold'],
    ['encoding: { dictionaryThreshold: 70 }', 'a number >= 0 and <= 1 for storage.encoding.dict'],
    ['encoding: { dictionaryThreshold: .nan }', 'a number for storage.encoding.dictionaryThresh'],
    ['compression: 3', 'a map for storage.compression but received "3"'],
    ['compression: [level, 3]', 'a map for storage.compression but received an array of length 2'],
    ['compression: { level: 3', 'YAML for milvus.yaml but received'],
    ['compression: *anchor', 'YAML for milvus.yaml but received an alias that cannot be resolved'],
    ['compression: &a { level: *a }', 'received an alias inside of its own anchor'],
  ])('refused: %s', (text, message) => {
    expectRefusal(() => compressionConfigFromYaml(`storage:\n  ${text}\n`), message)
  })

  test('other bits of quantization are not supported here either', () => {
    const text = 'storage: { encoding: { vectorQuantizationBits: 4 } }'
    expectRefusal(
      () => compressionConfigFromYaml(text),
      'Expected 8 for storage.encoding.vectorQuantizationBits but received 4',
      'NotSupported',
    )
  })

  test('text that is none', () => {
    const parse = () => compressionConfigFromYaml(Buffer.from('a: b') as unknown as string)
    expectRefusal(parse, 'text for milvus.yaml but received an object')
  })
})

describe("Milvus's own name for the concurrency", () => {
  const yaml = (own: string, alias: string) =>
    `storage: { compression: { concurrency: ${own} } }\n` +
    `common: { storage: { zstd: { concurrency: ${alias} } } }\n`

  test.each([
    ['', '6', 6],
    ['6', '', 6],
    ['6', '6', 6],
    ['', '', 4],
  ])('%j and %j', (own, alias, concurrency) => {
    expect(compressionConfigFromYaml(yaml(own, alias)).compression.concurrency).toBe(concurrency)
  })

  test('0 and less all say "the cores"', () => {
    const { cores } = hardwareLimits()
    expect(compressionConfigFromYaml(yaml('0', '-1')).compression.concurrency).toBe(cores)
  })

  test.each([
    ['4', '2'],
    ['2', '4'],
    ['0', String(hardwareLimits().cores)],
  ])('both set and different: %s and %s', (own, alias) => {
    const both = 'storage.compression.concurrency and common.storage.zstd.concurrency'
    const swapped = 'common.storage.zstd.concurrency and storage.compression.concurrency'
    const values = (first: string, second: string) => `received ${first} and ${second}`
    const text = yaml(own, alias)
    expectRefusal(() => compressionConfigFromYaml(text), both)
    expectRefusal(() => compressionConfigFromYaml(text), values(own, alias))
    const turned = text.split('\n').reverse().join('\n')
    expectRefusal(() => compressionConfigFromYaml(turned), swapped)
    expectRefusal(() => compressionConfigFromYaml(turned), values(alias, own))
  })

  test('a value of it that is wrong is named by it', () => {
    const message = 'an integer for common.storage.zstd.concurrency but received "many"'
    expectRefusal(() => compressionConfigFromYaml(yaml('', 'many')), message)
  })
})

describe('JSON', () => {
  test('in our names and those of YAML, as text and as object, values also as texts', () => {
    const given = { compression: { level: 5, block_size: '64KiB', dictBytes: 512 } }
    const config = {
      ...DEFAULTS,
      compression: { ...DEFAULTS.compression, level: 5, blockBytes: 64 * KIB, dictBytes: 512 },
    }
    expect(parseCompressionConfig(given)).toEqual(config)
    expect(parseCompressionConfig(JSON.stringify(given))).toEqual(config)
    const texts = { compression: null, encoding: { enableDeltaEncoding: 'False', level: null } }
    expectRefusal(() => parseCompressionConfig(texts), 'option for encoding but received "level"')
    const flag = { compression: null, encoding: { enable_delta_encoding: 'False' } }
    expect(parseCompressionConfig(flag).encoding.enableDeltaEncoding).toBe(false)
  })

  test('what is given beside it goes before it', () => {
    const config = parseCompressionConfig('{"compression":{"level":9}}', {
      compression: { level: 1 },
    })
    expect(config.compression.level).toBe(1)
  })

  test.each([
    ['{"compression":', 'a JSON object for CompressionConfig but received other text'],
    ['[]', 'a JSON object for CompressionConfig'],
    ['{"storage":{}}', 'a known option for CompressionConfig but received "storage"'],
    ['{"compression":3}', 'an object for compression but received 3'],
    ['{"compression":{"level":true}}', 'for compression.level but received true (boolean)'],
    ['{"compression":{"blockSize":1,"blockBytes":2048}}', 'for compression.blockSize'],
    [
      '{"compression":{"blockSize":1024,"blockBytes":2048}}',
      'one value for compression.blockSize and compression.blockBytes, which are the same',
    ],
    ['{"encoding":{"enableDeltaEncoding":1}}', 'a boolean for encoding.enableDeltaEncoding'],
  ])('refused: %s', (text, message) => {
    expectRefusal(() => parseCompressionConfig(text), message)
  })
})

describe('the environment', () => {
  test('every variable', () => {
    const env = {
      HOME: '/root',
      STORAGE_COMPRESSION_LEVEL: '9',
      STORAGE_COMPRESSION_CONCURRENCY: '2',
      STORAGE_COMPRESSION_BLOCK_SIZE: '4MiB',
      STORAGE_COMPRESSION_DICT_SIZE: '0',
      STORAGE_ENCODING_ENABLE_DELTA_ENCODING: 'false',
      STORAGE_ENCODING_DICTIONARY_THRESHOLD: '0.5',
      STORAGE_ENCODING_VECTOR_QUANTIZATION_BITS: '8',
    }
    expect(compressionConfigFromEnv(env)).toEqual({
      compression: { level: 9, concurrency: 2, blockBytes: 4 * MIB, dictBytes: 0 },
      encoding: { enableDeltaEncoding: false, dictionaryThreshold: 0.5, vectorQuantizationBits: 8 },
    })
  })

  test('none, or empty ones: what is given otherwise, else the defaults', () => {
    expect(compressionConfigFromEnv({})).toEqual(DEFAULTS)
    const otherwise = { compression: { level: 7 } }
    const env = { STORAGE_COMPRESSION_LEVEL: '', STORAGE_COMPRESSION_KIND: 'not ours' }
    expect(compressionConfigFromEnv(env, otherwise).compression.level).toBe(7)
  })

  test('it goes before a file, setting by setting', () => {
    const file = compressionConfigFromYaml('storage: { compression: { level: 9, dictSize: 0 } }')
    const config = compressionConfigFromEnv({ STORAGE_COMPRESSION_LEVEL: '1' }, file)
    expect(config.compression).toEqual({ ...DEFAULTS.compression, level: 1, dictBytes: 0 })
  })

  test("Milvus's variables: its own name for the concurrency, and MILVUS_CONF_ first", () => {
    const concurrency = (env: Record<string, string>) =>
      compressionConfigFromEnv(env).compression.concurrency
    const alias = 'COMMON_STORAGE_ZSTD_CONCURRENCY'
    expect(concurrency({ [alias]: '3' })).toBe(3)
    expect(concurrency({ [`MILVUS_CONF_${alias}`]: '2', [alias]: '3' })).toBe(2)
    const level = { MILVUS_CONF_STORAGE_COMPRESSION_LEVEL: '1', STORAGE_COMPRESSION_LEVEL: 'x' }
    expect(compressionConfigFromEnv(level).compression.level).toBe(1)
  })

  test.each<[Record<string, string>, string]>([
    [{ STORAGE_COMPRESSION_LEVEL: 'high' }, 'an integer for STORAGE_COMPRESSION_LEVEL'],
    [{ STORAGE_COMPRESSION_LEVEL: '99' }, '<= 22 for STORAGE_COMPRESSION_LEVEL but received 99'],
    [{ STORAGE_ENCODING_ENABLE_DELTA_ENCODING: '1' }, 'true or false for STORAGE_ENCODING_ENABLE'],
    [{ MILVUS_CONF_STORAGE_COMPRESSION_LEVEL: '0' }, 'for MILVUS_CONF_STORAGE_COMPRESSION_LEVEL'],
    [
      { STORAGE_COMPRESSION_CONCURRENCY: '4', COMMON_STORAGE_ZSTD_CONCURRENCY: '2' },
      'one value for STORAGE_COMPRESSION_CONCURRENCY and COMMON_STORAGE_ZSTD_CONCURRENCY',
    ],
    [
      { STORAGE_COMPRESSION_BLOCK_SIZE: '1M', STORAGE_COMPRESSION_BLOCK_BYTES: '2M' },
      'received 1048576 and 2097152',
    ],
  ])('refused: %j', (env, message) => {
    expectRefusal(() => compressionConfigFromEnv(env), message)
  })
})

describe('any configuration', () => {
  const names = fc.constantFrom(inFileNames, (config: CompressionConfig) => ({ ...config }))

  test('there and back through YAML and JSON, in the names of either', () => {
    fc.assert(
      fc.property(anyConfig, names, (config, named) => {
        const given = named(config)
        const resolved = expectedOf(config)
        expect(compressionConfigFromYaml(stringify({ storage: given }))).toEqual(resolved)
        // JSON is YAML, too.
        expect(compressionConfigFromYaml(JSON.stringify({ storage: given }))).toEqual(resolved)
        expect(parseCompressionConfig(JSON.stringify(given))).toEqual(resolved)
        expect(parseCompressionConfig(given)).toEqual(resolved)
      }),
    )
  })

  test('with a misspelled key is refused with the nearest name', () => {
    const places = Object.entries(FILE_NAMES).flatMap(([block, keys]) =>
      keys.map((key) => ({ block, key })),
    )
    const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz')
    const misspelled = fc
      .tuple(fc.constantFrom(...places), fc.nat(), fc.constantFrom(0, 1), letter)
      .map(([{ block, key }, at, gone, more]) => {
        const index = at % key.length
        return { block, key, wrong: key.slice(0, index) + more + key.slice(index + gone) }
      })
      .filter(({ key, wrong }) => wrong.toLowerCase() !== key.toLowerCase())
    fc.assert(
      fc.property(misspelled, ({ block, key, wrong }) => {
        const given = { [block]: { [wrong]: 8 } }
        const hint = `received "${wrong}". Did you mean "${key}"?`
        expectRefusal(() => parseCompressionConfig(given), hint)
        expectRefusal(() => compressionConfigFromYaml(stringify({ storage: given })), hint)
      }),
    )
  })
})
