import { PackedError } from '../errors/index.js'
import type { CompressionSettings, EncodingSettings } from './compression-config.js'
import { expectInteger, unexpected } from './expect.js'

/** All settings of both blocks: no name is in both. */
export type FlatSettings = CompressionSettings & EncodingSettings
export type SettingKey = keyof FlatSettings

const KIB = 2 ** 10
const MIB = 2 ** 20
const GIB = 2 ** 30

/** Most threads that ZSTD itself takes for one frame. */
export const MOST_CONCURRENCY = 256
/** ZSTD's trainer makes none smaller. */
const LEAST_DICT_BYTES = 256
/** Samples to train on should be a hundred times as much. */
const MOST_DICT_BYTES = MIB
const QUANTIZED_BITS = 8

/** Of every setting: the value, or an error that says what was expected of `name`. */
export const SETTING_CHECKS: {
  readonly [Key in SettingKey]: (value: unknown, name: string) => FlatSettings[Key]
} = {
  level: (value, name) => expectInteger(value, name, { min: 1, max: 22 }),
  concurrency: checkConcurrency,
  blockBytes: (value, name) => expectInteger(value, name, { min: KIB, max: GIB }),
  dictBytes: checkDictBytes,
  enableDeltaEncoding: checkFlag,
  dictionaryThreshold: checkShare,
  vectorQuantizationBits: checkBits,
}

/** 0 for "the cores": which number that is, the machine that compresses decides. */
function checkConcurrency(value: unknown, name: string): number {
  const number = typeof value === 'bigint' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number > MOST_CONCURRENCY) {
    throw unexpected(`an integer <= ${MOST_CONCURRENCY} (0 or less: as many as cores)`, name, value)
  }
  return Math.max(0, number)
}

function checkDictBytes(value: unknown, name: string): number {
  const number = typeof value === 'bigint' ? Number(value) : value
  const fits =
    typeof number === 'number' &&
    Number.isSafeInteger(number) &&
    (number === 0 || (number >= LEAST_DICT_BYTES && number <= MOST_DICT_BYTES))
  if (fits) return Math.max(0, number)
  throw unexpected(`0 or an integer >= ${LEAST_DICT_BYTES} and <= ${MOST_DICT_BYTES}`, name, value)
}

function checkFlag(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  throw unexpected('a boolean', name, value)
}

function checkShare(value: unknown, name: string): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return Math.abs(value) // -0
  throw unexpected('a number >= 0 and <= 1', name, value)
}

function checkBits(value: unknown, name: string): number {
  const bits = expectInteger(value, name, { min: 1 })
  if (bits === QUANTIZED_BITS) return bits
  const message = `Expected ${QUANTIZED_BITS} for ${name} but received ${bits}: no other is built`
  throw new PackedError('NotSupported', message)
}
