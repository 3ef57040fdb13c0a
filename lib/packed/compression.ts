import { CODEC_LEVELS, type LevelStrategy } from '../codec/index.js'
import {
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  unexpected,
} from '../config/index.js'
import type { NativeCodec } from '../native/index.js'

/** Parquet codecs that can be written. */
export const CODECS = ['zstd', 'snappy', 'gzip', 'lz4', 'brotli', 'uncompressed'] as const

/** One of {@link CODECS}; `'lz4'` is Parquet's LZ4_RAW. */
export type CodecName = (typeof CODECS)[number]

/** How the pages of a column are compressed. */
export interface Compression {
  codec: CodecName
  /** zstd 1–22 (default 3), gzip 1–9, brotli 0–11, lz4 1–12; the others have none. */
  level?: number
}

/** A level for each kind of column, chosen by what is known before the first row. */
export interface AutoCompression {
  codec: 'zstd'
  level: 'auto'
  /** Time of one request of the storage, in milliseconds; 0 by default. */
  ioLatencyMs?: number
  /** Share of the CPU that others take, 0 to 1; 0 by default. */
  cpuUsage?: number
  /** The rule; `CompressionStrategy` by default. It is asked when the writer is opened. */
  strategy?: LevelStrategy
}

const LEVELS: Readonly<Record<CodecName, readonly [number, number] | null>> = {
  ...CODEC_LEVELS,
  uncompressed: null,
}

/** Least and greatest level of a codec; null of one that has none. */
export function levelRange(codec: CodecName): readonly [least: number, greatest: number] | null {
  return LEVELS[codec]
}

/** Check `codec` and `level` of an options object; other keys are the caller's business. */
export function resolveCodec(options: Record<string, unknown>, name: string): NativeCodec {
  const codec = expectOneOf(options.codec, `${name}.codec`, CODECS)
  const range = LEVELS[codec]
  if (options.level === undefined) return { codec }
  if (range === null)
    throw unexpected(`no level (${codec} has none)`, `${name}.level`, options.level)
  const [min, max] = range
  return { codec, level: expectInteger(options.level, `${name}.level`, { min, max }) }
}

/** A {@link Compression} or the bare name of a codec. */
export function resolveCompression(value: unknown, name: string): NativeCodec {
  if (typeof value === 'string') return resolveCodec({ codec: value }, name)
  const options = expectObject(value, name)
  expectKnownKeys(options, ['codec', 'level'], name)
  return resolveCodec(options, name)
}
