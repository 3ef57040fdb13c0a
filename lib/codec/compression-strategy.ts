import {
  BETTER_COMPRESSION_LEVEL,
  DEFAULT_COMPRESSION_LEVEL,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  unexpected,
} from '../config/index.js'

/** Level of ZSTD where time counts more than bytes. */
export const FASTEST_COMPRESSION_LEVEL = 1

/** What there is to compress: kinds of columns, as far as codecs tell them apart. */
export const COLUMN_KINDS = [
  'vector',
  'integer',
  'float',
  'boolean',
  'text',
  'bytes',
  'nested',
] as const

/** One of {@link COLUMN_KINDS}. */
export type ColumnKind = (typeof COLUMN_KINDS)[number]

/** What a level is chosen by. */
export interface LevelFacts {
  /** Bytes that are to be compressed together. */
  sizeBytes: number
  /** What they are. The rule below treats all alike; one of your own need not. */
  type: ColumnKind
  /** Time of one request of the storage, in milliseconds; 0 for the local disk. */
  ioLatencyMs?: number
  /** Share of the CPU that is taken by others, 0 to 1; 0 by default. */
  cpuUsage?: number
}

/** Chooses levels of ZSTD, 1 to 22. */
export interface LevelStrategy {
  /** The level of the codec for data of these facts. */
  selectLevel(facts: LevelFacts): number
}

const SMALL_BYTES = 1 << 20
const BUSY_SHARE = 0.5
const SLOW_MS = 100
const KEYS = ['sizeBytes', 'type', 'ioLatencyMs', 'cpuUsage'] as const

/**
 * The rule by which `level: 'auto'` chooses levels of ZSTD. Depends on its argument alone.
 *
 * Less than 1 MiB: better (7), as that costs no time worth mentioning. Else, more than half of the
 * CPU taken: default (3). Else, storage slower than 100 ms: better (7), as fewer bytes are sooner
 * there. Else fastest (1).
 */
export const CompressionStrategy: LevelStrategy = Object.freeze({
  /** @throws PackedError InvalidArgument. */
  selectLevel(facts: LevelFacts): number {
    const given = expectObject(facts, 'CompressionStrategy.selectLevel')
    expectKnownKeys(given, KEYS, 'CompressionStrategy.selectLevel')
    expectOneOf(given.type, 'type', COLUMN_KINDS)
    const sizeBytes = expectAmount(given.sizeBytes, 'sizeBytes')
    const latencyMs = expectAmount(given.ioLatencyMs ?? 0, 'ioLatencyMs')
    const cpuUsage = expectAmount(given.cpuUsage ?? 0, 'cpuUsage', 1)
    if (sizeBytes < SMALL_BYTES) return BETTER_COMPRESSION_LEVEL
    if (cpuUsage > BUSY_SHARE) return DEFAULT_COMPRESSION_LEVEL
    if (latencyMs > SLOW_MS) return BETTER_COMPRESSION_LEVEL
    return FASTEST_COMPRESSION_LEVEL
  },
})

function expectAmount(value: unknown, name: string, most = Number.MAX_VALUE): number {
  if (typeof value === 'number' && value >= 0 && value <= most) return value
  const upper = most === Number.MAX_VALUE ? '' : ` and <= ${most}`
  throw unexpected(`a number >= 0${upper}`, name, value)
}
