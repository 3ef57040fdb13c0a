import { type FlatSettings, MOST_CONCURRENCY, SETTING_CHECKS } from './compression-checks.js'
import {
  type CompressionConfig,
  DEFAULT_COMPRESSION_CONFIG,
  type ResolvedCompressionConfig,
} from './compression-config.js'
import { COMPRESSION_BLOCKS, keysOfBlock } from './compression-names.js'
import { expectKnownKeys, expectObject } from './expect.js'
import { hardwareLimits } from './hardware-limits.js'

/**
 * Check a configuration of compression and complete it with the defaults.
 *
 * What it gives can be given again. `concurrency` 0 or less becomes the cores that this process
 * may use now.
 *
 * @throws PackedError InvalidArgument for unknown names and wrong values, NotSupported for bits
 * of quantization other than 8.
 */
export function resolveCompressionConfig(config?: CompressionConfig): ResolvedCompressionConfig {
  return completeSettings(flatSettings(config))
}

/** The settings that an object of TypeScript has, checked. @throws PackedError. */
export function flatSettings(config: unknown): Partial<FlatSettings> {
  if (config === undefined) return {}
  const given = expectObject(config, 'CompressionConfig')
  expectKnownKeys(given, COMPRESSION_BLOCKS, 'CompressionConfig')
  const entries = COMPRESSION_BLOCKS.flatMap((block) => {
    if (given[block] === undefined) return []
    const keys = keysOfBlock(block)
    const values = expectObject(given[block], block)
    expectKnownKeys(values, keys, block)
    return keys
      .filter((key) => values[key] !== undefined)
      .map((key) => [key, SETTING_CHECKS[key](values[key], `${block}.${key}`)] as const)
  })
  return Object.fromEntries(entries)
}

/** Checked settings in their blocks, and the defaults of those that are missing. */
export function completeSettings(settings: Partial<FlatSettings>): ResolvedCompressionConfig {
  const { compression, encoding } = DEFAULT_COMPRESSION_CONFIG
  const all = { ...compression, ...encoding, ...settings }
  return {
    compression: {
      level: all.level,
      concurrency: all.concurrency || Math.min(hardwareLimits().cores, MOST_CONCURRENCY),
      blockBytes: all.blockBytes,
      dictBytes: all.dictBytes,
    },
    encoding: {
      enableDeltaEncoding: all.enableDeltaEncoding,
      dictionaryThreshold: all.dictionaryThreshold,
      vectorQuantizationBits: all.vectorQuantizationBits,
    },
  }
}
