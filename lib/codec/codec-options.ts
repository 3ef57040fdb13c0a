import {
  type CompressionConfig,
  DEFAULT_COMPRESSION_CONFIG,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectSignal,
  flatSettings,
  hardwareLimits,
  unexpected,
} from '../config/index.js'
import type { CodecDictionaryHandle } from '../native/index.js'
import { expectTarget } from './codec-bytes.js'
import { type CodecName, expectLevel } from './codec-names.js'
import { type CompressionDictionary, dictionaryHandle } from './compression-dictionary.js'

const KIB = 2 ** 10
const GIB = 2 ** 30
/** The largest ArrayBuffer of every engine that is supported. */
const MOST_BYTES = 4 * GIB
const MOST_CONCURRENCY = 256
/** Most bytes that are decoded where nobody says how many. */
export const DEFAULT_MAX_BYTES = GIB

/** Options of a codec. A name that is not listed here is InvalidArgument. */
export interface CodecOptions {
  /**
   * Of `encode` and `newWriter`: zstd 1–22 (default {@link DEFAULT_COMPRESSION_LEVEL}), gzip 1–9
   * (6), brotli 0–11 (8), lz4 1–12 (1); snappy has none.
   */
  level?: number
  /**
   * Of `newWriter` of zstd: blocks that are compressed at the same time, 256 at most; 0 or less:
   * the cores. 4 by default. What is written does not depend on it.
   */
  concurrency?: number
  /** Of `newWriter`: bytes that are compressed as one, 1 KiB to 1 GiB; 1 MiB by default. */
  blockBytes?: number
  /** Most bytes that `decode` gives, 4 GiB at most; 1 GiB by default. */
  maxBytes?: number
  /** Trained dictionary; zstd only. */
  dictionary?: CompressionDictionary
  /**
   * What holds where the other options say nothing: `concurrency` and `blockBytes`, and for zstd
   * the `level`. `dictBytes` is what `Codec.trained` trains.
   */
  config?: CompressionConfig
}

/** Options of `Codec.trained`. */
export type TrainedCodecOptions = Omit<CodecOptions, 'dictionary'>

/** Options of `encode`. */
export interface EncodeOptions {
  /** Memory to write to, which must not be that of `src`; what is returned is a view of it. */
  dst?: Uint8Array
  /** Aborting rejects with the signal's reason; nothing comes out. */
  signal?: AbortSignal
}

/** Options of `decode`. */
export interface DecodeOptions extends EncodeOptions {
  /** Most bytes of the result instead of those of the codec. */
  maxBytes?: number
}

/** Options of `newWriter`, instead of those of the codec. */
export interface CodecWriterOptions {
  /** Threads that compress blocks side by side; the codec's by default. */
  concurrency?: number
  /** Bytes of input per block; the codec's by default. */
  blockBytes?: number
}

/** Options of `newReader`. */
export interface CodecReaderOptions {
  /** Most bytes that come out; those of the codec where it was given any, else no bound. */
  maxBytes?: number
}

export interface WriterSettings {
  concurrency: number
  blockBytes: number
}

export interface CodecSettings extends WriterSettings {
  level: number | undefined
  maxBytes: number
  dictionary: CodecDictionaryHandle | null
}

const KEYS = ['level', 'concurrency', 'blockBytes', 'maxBytes', 'dictionary', 'config'] as const
const TRAINED_KEYS = KEYS.filter((key) => key !== 'dictionary')
const DEFAULTS = DEFAULT_COMPRESSION_CONFIG.compression

/** {@link CodecOptions}, checked and completed. @throws PackedError. */
export function resolveCodecOptions(name: CodecName, value: unknown): CodecSettings {
  const options = expectObject(value, 'the options of Codec')
  expectKnownKeys(options, KEYS, 'Codec')
  const config = flatSettings(options.config)
  const level = name === 'zstd' ? (options.level ?? config.level) : options.level
  return {
    ...resolveWriter(options, { ...DEFAULTS, ...config }),
    level: expectLevel(name, level),
    maxBytes: expectMaxBytes(options.maxBytes, DEFAULT_MAX_BYTES),
    dictionary: expectDictionary(name, options.dictionary),
  }
}

/** Bytes of the dictionary that `Codec.trained` trains; 0: none. @throws PackedError. */
export function resolveTrainedBytes(value: unknown): number {
  const options = expectObject(value, 'the options of Codec.trained')
  expectKnownKeys(options, TRAINED_KEYS, 'Codec.trained')
  return flatSettings(options.config).dictBytes ?? DEFAULTS.dictBytes
}

/** @throws PackedError InvalidArgument. */
export function resolveWriterOptions(value: unknown, settings: WriterSettings): WriterSettings {
  const options = expectObject(value, 'the options of newWriter')
  expectKnownKeys(options, ['concurrency', 'blockBytes'], 'newWriter')
  return resolveWriter(options, settings)
}

/** @throws PackedError InvalidArgument. */
export function resolveReaderOptions(value: unknown, fallback: number): number {
  const options = expectObject(value, 'the options of newReader')
  expectKnownKeys(options, ['maxBytes'], 'newReader')
  return expectInteger(options.maxBytes, 'maxBytes', { fallback })
}

/** What a call of `encode` or `decode` is given, checked. */
export interface CallSettings {
  dst: Uint8Array | null
  maxBytes: number
  signal: AbortSignal | undefined
}

/** @throws PackedError InvalidArgument, Detached. */
export function resolveCall(
  value: unknown,
  src: Uint8Array,
  known: readonly string[],
  maxBytes: number,
): CallSettings {
  const options = expectObject(value, 'the options')
  expectKnownKeys(options, known, 'the options')
  return {
    dst: options.dst === undefined ? null : expectTarget(options.dst, src),
    maxBytes: expectMaxBytes(options.maxBytes, maxBytes),
    signal: expectSignal(options.signal, 'signal'),
  }
}

function expectMaxBytes(value: unknown, fallback: number): number {
  return expectInteger(value, 'maxBytes', { max: MOST_BYTES, fallback })
}

function resolveWriter(options: Record<string, unknown>, settings: WriterSettings): WriterSettings {
  const concurrency = expectInteger(options.concurrency, 'concurrency', {
    min: Number.MIN_SAFE_INTEGER,
    max: MOST_CONCURRENCY,
    fallback: settings.concurrency,
  })
  return {
    concurrency: concurrency > 0 ? concurrency : Math.min(hardwareLimits().cores, MOST_CONCURRENCY),
    blockBytes: expectInteger(options.blockBytes, 'blockBytes', {
      min: KIB,
      max: GIB,
      fallback: settings.blockBytes,
    }),
  }
}

function expectDictionary(name: CodecName, value: unknown): CodecDictionaryHandle | null {
  if (value === undefined) return null
  if (name !== 'zstd') throw unexpected(`no dictionary (${name} has none)`, 'dictionary', value)
  return dictionaryHandle(value)
}
