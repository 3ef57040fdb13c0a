import {
  expectKnownKeys,
  expectNumber,
  expectObject,
  expectOneOf,
  expectText,
  unexpected,
} from '../config/index.js'

/**
 * Who compressed: `codec`, a call of this library's codecs on bytes; `page`, a page of a file by own
 * code (of which the codec alone is timed); `arrow`, a column chunk by Arrow's writer or reader,
 * whose time is that of encoding and of reading the file as well.
 */
export type CompressionSource = 'codec' | 'page' | 'arrow'
/** Which way bytes went through a codec. */
export type CompressionWay = 'compress' | 'decompress'

/** What one way has come to. */
export interface CompressionCounts {
  calls: number
  /** Bytes before compression: what goes in on the way there, what comes out on the way back. */
  originalBytes: number
  compressedBytes: number
  /** Milliseconds, summed up over everything that ran at the same time. */
  durationMs: number
}

/** {@link CompressionCounts} and what follows of them. */
export interface CompressionFigures extends CompressionCounts {
  /** Compressed over original bytes, less is better; 0 for no input. */
  ratio: number
  /** Share of the original bytes that went away: 1 - ratio; 0 for no input. */
  saving: number
  /** Original bytes per second, summed time; 0 where no time was measured. */
  bytesPerSecond: number
}

/** What is counted together. */
export interface CompressionKind {
  source: CompressionSource
  /** `zstd`, `lz4`, …; of pages also `stored`: inside a frame of ZSTD as they are. */
  codec: string
  /** Parquet's physical type of pages and chunks (`INT64`), else what the caller says. */
  type: string
}

/** One kind, both ways. */
export interface CompressionEntry extends CompressionKind {
  compress: CompressionFigures
  decompress: CompressionFigures
}

/** One call, or several, that succeeded. */
export interface CompressionCall extends Partial<CompressionKind> {
  way: CompressionWay
  codec: string
  originalBytes: number
  compressedBytes: number
  durationMs: number
  /** 1 by default. */
  calls?: number
}

/**
 * Compressed over original bytes, as everywhere in this library; 0 for no input.
 *
 * @throws PackedError InvalidArgument.
 */
export function compressionRatio(originalBytes: number, compressedBytes: number): number {
  expectNumber(compressedBytes, 'compressedBytes')
  return expectNumber(originalBytes, 'originalBytes') === 0 ? 0 : compressedBytes / originalBytes
}

/**
 * The share of the original bytes that went away, below 0 where they grew; 0 for no input.
 *
 * @throws PackedError InvalidArgument.
 */
export function compressionSaving(originalBytes: number, compressedBytes: number): number {
  expectNumber(compressedBytes, 'compressedBytes')
  return expectNumber(originalBytes, 'originalBytes') === 0
    ? 0
    : 1 - compressedBytes / originalBytes
}

const NOTHING: CompressionCounts = {
  calls: 0,
  originalBytes: 0,
  compressedBytes: 0,
  durationMs: 0,
}
const COUNTS = Object.keys(NOTHING) as (keyof CompressionCounts)[]
const SOURCES: readonly CompressionSource[] = ['codec', 'page', 'arrow']
const WAYS: readonly CompressionWay[] = ['compress', 'decompress']
const CALL_KEYS = ['way', 'source', 'codec', 'type', ...COUNTS]
/** Of calls on bytes of which nobody says what they are. */
const UNNAMED_TYPE = 'bytes'

interface Cell extends CompressionKind {
  compress: CompressionCounts
  decompress: CompressionCounts
}

/**
 * Adds up what compressing cost and saved, per source, codec and data type, both ways.
 *
 * @example
 * const stats = new CompressionStats()
 * const codec = measuredCodec(new Codec('zstd'), stats, 'VarChar')
 * await codec.encode(bytes)
 * console.log(stats.totals().compress.ratio)
 */
export class CompressionStats {
  readonly #cells = new Map<string, Cell>()

  /**
   * Count a call. Failed ones are not to be counted.
   *
   * @throws PackedError InvalidArgument.
   */
  record(call: CompressionCall): void {
    expectKnownKeys(expectObject(call, 'call'), CALL_KEYS, 'call')
    const way = expectOneOf(call.way, 'way', WAYS)
    const kind = {
      source: expectOneOf(call.source, 'source', SOURCES, 'codec'),
      codec: expectText(call.codec, 'codec'),
      type: expectText(call.type ?? UNNAMED_TYPE, 'type'),
    }
    const counts = { ...NOTHING }
    for (const name of COUNTS) {
      const amount = name === 'calls' ? (call.calls ?? 1) : call[name]
      if (!Number.isFinite(amount) || amount < 0) throw unexpected('a number >= 0', name, amount)
      counts[name] = amount
    }
    addTo(this.#cell(kind)[way], counts)
  }

  /** Every kind that was counted, by source, codec and type. A snapshot. */
  entries(): CompressionEntry[] {
    const keys = [...this.#cells.keys()].sort()
    return keys.map((key) => {
      const { compress, decompress, ...kind } = this.#cells.get(key)!
      return { ...kind, compress: figuresOf(compress), decompress: figuresOf(decompress) }
    })
  }

  /** The sum over all kinds, or over those that are as `which` says. */
  totals(which: Partial<CompressionKind> = {}): Record<CompressionWay, CompressionFigures> {
    const sums = { compress: { ...NOTHING }, decompress: { ...NOTHING } }
    const wanted = Object.entries(which) as [keyof CompressionKind, string | undefined][]
    for (const cell of this.#cells.values()) {
      if (wanted.some(([name, value]) => value !== undefined && cell[name] !== value)) continue
      for (const way of WAYS) addTo(sums[way], cell[way])
    }
    return { compress: figuresOf(sums.compress), decompress: figuresOf(sums.decompress) }
  }

  /** Count all that another one has, too. */
  add(other: CompressionStats): void {
    for (const { compress, decompress, ...kind } of other.#cells.values()) {
      const cell = this.#cell(kind)
      addTo(cell.compress, compress)
      addTo(cell.decompress, decompress)
    }
  }

  /** What has come since `earlier`, an earlier state of the same counters. */
  since(earlier: CompressionStats): CompressionStats {
    const growth = new CompressionStats()
    for (const [key, { compress, decompress, ...kind }] of this.#cells) {
      const before = earlier.#cells.get(key)
      const grown = {
        compress: difference(compress, before?.compress),
        decompress: difference(decompress, before?.decompress),
      }
      if (WAYS.some((way) => grown[way].calls > 0)) growth.#cells.set(key, { ...kind, ...grown })
    }
    return growth
  }

  /** Forget everything. */
  clear(): void {
    this.#cells.clear()
  }

  #cell(kind: CompressionKind): Cell {
    const { source, codec, type } = kind
    const key = JSON.stringify([SOURCES.indexOf(source), codec, type])
    let cell = this.#cells.get(key)
    if (cell === undefined) {
      cell = { source, codec, type, compress: { ...NOTHING }, decompress: { ...NOTHING } }
      this.#cells.set(key, cell)
    }
    return cell
  }
}

function addTo(sum: CompressionCounts, counts: CompressionCounts): void {
  for (const name of COUNTS) sum[name] += counts[name]
}

/** Never below 0: who gives counters of something else gets nonsense, but no negative counts. */
function difference(after: CompressionCounts, before = NOTHING): CompressionCounts {
  const grown = { ...NOTHING }
  for (const name of COUNTS) grown[name] = Math.max(0, after[name] - before[name])
  return grown
}

function figuresOf(counts: CompressionCounts): CompressionFigures {
  const { originalBytes, compressedBytes, durationMs } = counts
  return {
    ...counts,
    ratio: compressionRatio(originalBytes, compressedBytes),
    saving: compressionSaving(originalBytes, compressedBytes),
    bytesPerSecond: durationMs === 0 ? 0 : (originalBytes / durationMs) * 1000,
  }
}
