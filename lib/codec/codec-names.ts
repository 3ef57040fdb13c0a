import { DEFAULT_COMPRESSION_LEVEL, unexpected } from '../config/index.js'

/** Codecs of bytes: frames of ZSTD and LZ4, gzip, snappy, brotli. */
export const CODEC_NAMES = ['zstd', 'lz4', 'gzip', 'snappy', 'brotli'] as const

/** One of {@link CODEC_NAMES}. */
export type CodecName = (typeof CODEC_NAMES)[number]

/** Least and greatest level; null: none. */
export const CODEC_LEVELS: Readonly<Record<CodecName, readonly [number, number] | null>> = {
  zstd: [1, 22],
  gzip: [1, 9],
  brotli: [0, 11],
  lz4: [1, 12],
  snappy: null,
}

/** The level where nobody says one. */
const DEFAULT_LEVELS: Readonly<Record<CodecName, number | undefined>> = {
  zstd: DEFAULT_COMPRESSION_LEVEL,
  gzip: 6,
  brotli: 8,
  lz4: 1,
  snappy: undefined,
}

/**
 * A level that the codec has; its default when undefined.
 *
 * @throws PackedError InvalidArgument that states the range.
 */
export function expectLevel(codec: CodecName, level: unknown, name = 'level'): number | undefined {
  if (level === undefined) return DEFAULT_LEVELS[codec]
  const range = CODEC_LEVELS[codec]
  if (range === null) throw unexpected(`no level (${codec} has none)`, name, level)
  const [min, max] = range
  const given = typeof level === 'bigint' ? Number(level) : level
  if (typeof given !== 'number' || !Number.isInteger(given) || given < min || given > max) {
    throw unexpected(`a level of ${codec} from ${min} to ${max}`, name, level)
  }
  return given
}
