import {
  expectFunction,
  expectInteger,
  expectKnownKeys,
  expectObject,
  unexpected,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { PipelineMeter } from '../telemetry/index.js'
import {
  type CompressionCall,
  type CompressionCounts,
  type CompressionEntry,
  CompressionStats,
  compressionRatio,
} from './compression-stats.js'
import { fileCompressionStats } from './file-compression-stats.js'

/**
 * Is told what compression has come to since the last time, per data type; what Arrow's writer and
 * reader did comes as another type, `arrow:INT64`.
 */
export interface CompressionReporter {
  /** Compressed over original bytes of what was compressed. */
  reportCompressionRatio(type: string, ratio: number): void
  /** Original bytes that were compressed per second of the time it took, summed over threads. */
  reportCompressionThroughput(type: string, bytesPerSecond: number): void
  /** The same of what was decompressed, for those who want it. */
  reportDecompressionThroughput?(type: string, bytesPerSecond: number): void
}

/** Options of {@link CompressionMonitor}. */
export interface CompressionMonitorOptions {
  /** Gets the figures of every interval. */
  reporter?: CompressionReporter
  /** Its counters `compression.…` grow, labelled with source, codec, type and way. */
  meter?: PipelineMeter
  /** How often growth is reported: 10,000 by default; 0 = only by `poll` and `close`. */
  intervalMs?: number
}

type Recorded = Omit<CompressionCall, 'way' | 'source'>

const KNOWN = ['reporter', 'meter', 'intervalMs'] as const
const REPORTS = ['reportCompressionRatio', 'reportCompressionThroughput'] as const
const INTERVAL_MS = 10_000
const MOST_INTERVAL_MS = 2 ** 31 - 1
const MS_PER_SECOND = 1000

/**
 * Watches what compression costs and saves: what files do in this process from now on (see
 * `fileCompressionStats`), and the calls that it is told of. It keeps no process alive.
 *
 * Files are counted for the whole process: one monitor with a meter is enough for it.
 *
 * @example
 * using monitor = new CompressionMonitor({ meter: await prometheusMeter() })
 */
export class CompressionMonitor {
  readonly #reporter: CompressionReporter | undefined
  readonly #meter: PipelineMeter | undefined
  readonly #timer: NodeJS.Timeout | undefined
  readonly #total = new CompressionStats()
  /** Calls that were recorded and not reported yet. */
  #recorded = new CompressionStats()
  #files: CompressionStats
  #closed = false

  /** @throws PackedError InvalidArgument. */
  constructor(options: CompressionMonitorOptions = {}) {
    const given = expectObject(options, 'CompressionMonitor')
    expectKnownKeys(given, KNOWN, 'CompressionMonitor')
    const limits = { max: MOST_INTERVAL_MS, fallback: INTERVAL_MS }
    const intervalMs = expectInteger(given.intervalMs, 'intervalMs', limits)
    this.#reporter = expectReporter(given.reporter)
    this.#meter = given.meter === undefined ? undefined : expectMeter(given.meter)
    this.#files = fileCompressionStats()
    if (intervalMs === 0) return
    this.#timer = setInterval(() => this.#pollInTimer(), intervalMs)
    this.#timer.unref()
  }

  /**
   * Count a call of `CompressionStats.record`. A monitor that is closed forgets it.
   *
   * @throws PackedError InvalidArgument.
   */
  record(call: CompressionCall): void {
    if (!this.#closed) this.#recorded.record(call)
  }

  /** `record` of bytes that were compressed. */
  recordCompression(call: Recorded): void {
    this.record({ ...call, way: 'compress' })
  }

  /** `record` of bytes that were decompressed. */
  recordDecompression(call: Recorded): void {
    this.record({ ...call, way: 'decompress' })
  }

  /** Everything since the monitor was made, up to the last poll. */
  get stats(): CompressionStats {
    const copy = new CompressionStats()
    copy.add(this.#total)
    return copy
  }

  /**
   * Report what has come since the last time.
   *
   * @returns that growth.
   * @throws PackedError Closed; what a reporter throws (the growth is counted, and the meter has it).
   */
  poll(): CompressionStats {
    if (this.#closed) {
      throw new PackedError('Closed', 'Expected an open monitor but received a closed one')
    }
    const files = fileCompressionStats()
    const growth = files.since(this.#files)
    growth.add(this.#recorded)
    this.#files = files
    this.#recorded = new CompressionStats()
    this.#total.add(growth)
    const entries = growth.entries()
    if (this.#meter !== undefined) addToMeter(this.#meter, entries)
    if (this.#reporter !== undefined) report(this.#reporter, entries)
    return growth
  }

  /** Report the rest, and end. Idempotent. */
  close(): void {
    if (this.#closed) return
    clearInterval(this.#timer)
    try {
      this.poll()
    } finally {
      this.#closed = true
    }
  }

  /** Stops reporting. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** Nobody waits for it who could be told. */
  #pollInTimer(): void {
    try {
      this.poll()
    } catch (error) {
      process.emitWarning(`A reporter of compression failed: ${String(error)}`, {
        code: 'ARROW_PACKED_REPORTER',
      })
    }
  }
}

function expectReporter(value: unknown): CompressionReporter | undefined {
  if (value === undefined) return undefined
  const reporter = expectObject(value, 'reporter')
  for (const name of REPORTS) {
    if (typeof reporter[name] !== 'function') {
      throw unexpected('a function', `reporter.${name}`, reporter[name])
    }
  }
  const optional = reporter.reportDecompressionThroughput
  expectFunction(optional, 'reporter.reportDecompressionThroughput')
  return value as CompressionReporter
}

function expectMeter(value: unknown): PipelineMeter {
  const meter = expectObject(value, 'meter')
  if (typeof meter.add !== 'function') throw unexpected('a meter', 'meter', value)
  return value as PipelineMeter
}

function addToMeter(meter: PipelineMeter, entries: readonly CompressionEntry[]): void {
  for (const { source, codec, type, ...ways } of entries) {
    for (const way of ['compress', 'decompress'] as const) {
      const { calls, originalBytes, compressedBytes, durationMs } = ways[way]
      if (calls === 0) continue
      const labels = { source, codec, type, way }
      meter.add('compression.calls', calls, labels)
      meter.add('compression.original_bytes', originalBytes, labels)
      meter.add('compression.compressed_bytes', compressedBytes, labels)
      meter.add('compression.seconds', durationMs / MS_PER_SECOND, labels)
    }
  }
}

type Sums = Pick<CompressionCounts, 'originalBytes' | 'compressedBytes' | 'durationMs'>

/** Sums of one way by the name that a reporter gets, of types of which there is anything. */
function sumsOf(
  entries: readonly CompressionEntry[],
  way: 'compress' | 'decompress',
): Map<string, Sums> {
  const sums = new Map<string, Sums>()
  for (const { source, type, [way]: counts } of entries) {
    if (counts.calls === 0) continue
    const name = source === 'arrow' ? `arrow:${type}` : type
    const { originalBytes, compressedBytes, durationMs } = counts
    const before = sums.get(name)
    sums.set(name, {
      originalBytes: originalBytes + (before?.originalBytes ?? 0),
      compressedBytes: compressedBytes + (before?.compressedBytes ?? 0),
      durationMs: durationMs + (before?.durationMs ?? 0),
    })
  }
  return sums
}

function report(reporter: CompressionReporter, entries: readonly CompressionEntry[]): void {
  const rate = ({ originalBytes, durationMs }: Sums): number =>
    durationMs === 0 ? 0 : (originalBytes / durationMs) * MS_PER_SECOND
  for (const [type, sums] of sumsOf(entries, 'compress')) {
    const { originalBytes, compressedBytes } = sums
    reporter.reportCompressionRatio(type, compressionRatio(originalBytes, compressedBytes))
    reporter.reportCompressionThroughput(type, rate(sums))
  }
  for (const [type, sums] of sumsOf(entries, 'decompress')) {
    reporter.reportDecompressionThroughput?.(type, rate(sums))
  }
}
