/** Sums of what compression costs and saves, and whoever is told of them. */
import { CompressionMonitor, CompressionStats, fileCompressionStats } from '../lib/codec/index.js'
import { combineMeters, otelMeter, prometheusMeter } from '../lib/telemetry/index.js'
import { rejection } from './support/rejection.js'

const CALL = {
  way: 'compress',
  codec: 'zstd',
  type: 'VarChar',
  originalBytes: 1000,
  compressedBytes: 250,
  durationMs: 2,
} as const

describe('stats', () => {
  test('add up per source, codec and type, both ways', () => {
    const stats = new CompressionStats()
    stats.record(CALL)
    stats.record({ ...CALL, compressedBytes: 350, calls: 3 })
    stats.record({ ...CALL, way: 'decompress', durationMs: 0 })
    stats.record({ ...CALL, codec: 'lz4' })
    stats.record({ ...CALL, type: 'INT64', source: 'page' })
    stats.record({ ...CALL, type: undefined as never })
    expect(stats.entries().map(({ source, codec, type }) => [source, codec, type])).toEqual([
      ['codec', 'lz4', 'VarChar'],
      ['codec', 'zstd', 'VarChar'],
      ['codec', 'zstd', 'bytes'],
      ['page', 'zstd', 'INT64'],
    ])
    expect(stats.entries()[1]).toEqual({
      source: 'codec',
      codec: 'zstd',
      type: 'VarChar',
      compress: {
        calls: 4,
        originalBytes: 2000,
        compressedBytes: 600,
        durationMs: 4,
        ratio: 0.3,
        saving: 0.7,
        bytesPerSecond: 500_000,
      },
      decompress: {
        calls: 1,
        originalBytes: 1000,
        compressedBytes: 250,
        durationMs: 0,
        ratio: 0.25,
        saving: 0.75,
        bytesPerSecond: 0,
      },
    })
    expect(stats.totals().compress).toMatchObject({ calls: 7, originalBytes: 5000, ratio: 0.27 })
    expect(stats.totals({ codec: 'zstd', source: 'codec' }).compress.calls).toBe(5)
    expect(stats.totals({ type: 'nothing' }).compress).toMatchObject({ calls: 0, ratio: 0 })
  })

  test('the ratio of no input is 0, and so is what it saves', () => {
    const stats = new CompressionStats()
    stats.record({ ...CALL, originalBytes: 0, compressedBytes: 9 })
    expect(stats.totals().compress).toMatchObject({ ratio: 0, saving: 0, compressedBytes: 9 })
    stats.record({ ...CALL, originalBytes: 100, compressedBytes: 141 })
    expect(stats.totals().compress).toMatchObject({ ratio: 1.5, saving: -0.5 })
  })

  test('are snapshots: growth is a difference, and sums are of their own', () => {
    const stats = new CompressionStats()
    stats.record(CALL)
    const before = new CompressionStats()
    before.add(stats)
    const entries = stats.entries()
    expect(stats.since(before).entries()).toEqual([])
    stats.record({ ...CALL, way: 'decompress' })
    const growth = stats.since(before)
    expect(growth.totals()).toMatchObject({ compress: { calls: 0 }, decompress: { calls: 1 } })
    growth.record(CALL)
    expect(stats.totals().compress.calls).toBe(1)
    expect(before.totals().decompress.calls).toBe(0)
    expect(entries[0]?.decompress.calls).toBe(0)
    // Counters of something else: nothing is below 0.
    expect(new CompressionStats().since(stats).entries()).toEqual([])
    stats.clear()
    stats.clear()
    expect(stats.entries()).toEqual([])
  })

  test.each([
    [{ ...CALL, way: 'encode' }, /'compress' \| 'decompress' for way but received "encode"/],
    [{ ...CALL, source: 'pages' }, /for source but received "pages"/],
    [{ ...CALL, codec: '' }, /for codec but received ""/],
    [{ ...CALL, type: 7 }, /for type but received 7/],
    [{ ...CALL, originalBytes: -1 }, /a number >= 0 for originalBytes but received -1/],
    [{ ...CALL, durationMs: Number.NaN }, /for durationMs but received NaN/],
    [{ ...CALL, calls: '1' }, /for calls but received "1"/],
    [{ ...CALL, bytes: 1 }, /known option for call but received "bytes"/],
    [null, /an object for call but received null/],
  ])('refuse %j', async (call, message) => {
    const stats = new CompressionStats()
    const error = await rejection(() => stats.record(call as never))
    expect([error.code, error.message]).toEqual(['InvalidArgument', expect.stringMatching(message)])
    expect(stats.entries()).toEqual([])
  })
})

/** Everything that a reporter was told, in order. */
function listening() {
  const told: [string, string, number][] = []
  const reporter = {
    reportCompressionRatio: (type: string, ratio: number) => told.push(['ratio', type, ratio]),
    reportCompressionThroughput: (type: string, rate: number) => told.push(['rate', type, rate]),
    reportDecompressionThroughput: (type: string, rate: number) => told.push(['back', type, rate]),
  }
  return { told, reporter }
}

const manual = { intervalMs: 0 }
const { way: _, ...BYTES } = CALL

describe('a monitor', () => {
  test('tells per type what has come since the last time', () => {
    const { told, reporter } = listening()
    const monitor = new CompressionMonitor({ reporter, ...manual })
    monitor.recordCompression(BYTES)
    monitor.recordCompression({ ...BYTES, codec: 'lz4', compressedBytes: 750, durationMs: 6 })
    monitor.recordDecompression({ ...BYTES, durationMs: 1 })
    monitor.record({ ...CALL, source: 'arrow', type: 'INT64' })
    monitor.poll()
    expect(told).toEqual([
      ['ratio', 'VarChar', 0.5],
      ['rate', 'VarChar', 250_000],
      ['ratio', 'arrow:INT64', 0.25],
      ['rate', 'arrow:INT64', 500_000],
      ['back', 'VarChar', 1_000_000],
    ])
    monitor.poll()
    expect(told).toHaveLength(5)
    monitor.recordCompression({ ...BYTES, originalBytes: 0 })
    expect(monitor.poll().totals().compress.calls).toBe(1)
    expect(told.slice(5)).toEqual([
      ['ratio', 'VarChar', 0],
      ['rate', 'VarChar', 0],
    ])
    expect(monitor.stats.totals()).toMatchObject({
      compress: { calls: 4 },
      decompress: { calls: 1 },
    })
    monitor.close()
  })

  test('grows labelled counters of OpenTelemetry and Prometheus', async () => {
    const prometheus = await prometheusMeter({ worker: 'a' })
    const meter = combineMeters(await otelMeter(), prometheus)
    const monitor = new CompressionMonitor({ meter, ...manual })
    monitor.recordCompression(BYTES)
    monitor.recordCompression(BYTES)
    monitor.recordDecompression({ ...BYTES, durationMs: 250 })
    monitor.poll()
    monitor.poll()
    const page = await prometheus.page()
    const labels = (way: string): string =>
      `{source="codec",codec="zstd",type="VarChar",way="${way}",worker="a"}`
    for (const line of [
      `compression_calls_total${labels('compress')} 2`,
      `compression_original_bytes_total${labels('compress')} 2000`,
      `compression_compressed_bytes_total${labels('compress')} 500`,
      `compression_seconds_total${labels('compress')} 0.004`,
      `compression_seconds_total${labels('decompress')} 0.25`,
    ]) {
      expect(page).toContain(`arrow_packed_${line}\n`)
    }
    monitor.close()
  })

  test('works without a decompression report, and survives a reporter that fails', async () => {
    const { reporter } = listening()
    const { reportDecompressionThroughput: _, ...two } = reporter
    const monitor = new CompressionMonitor({ reporter: two, ...manual })
    monitor.recordDecompression(BYTES)
    monitor.poll()
    const failing = {
      ...two,
      reportCompressionRatio: () => {
        throw new Error('full')
      },
    }
    const other = new CompressionMonitor({ reporter: failing, ...manual })
    other.recordCompression(BYTES)
    expect(() => other.poll()).toThrow('full')
    expect(other.stats.totals().compress.calls).toBe(1)
    other.poll() // what was counted is not reported twice
    other.close()
  })

  test('in a timer too, where nobody could catch it: as a warning', async () => {
    const warned = new Promise<unknown[]>((resolve) => {
      const take = (...warning: unknown[]): void => resolve(warning)
      jest.spyOn(process, 'emitWarning').mockImplementation(take)
    })
    const reporter = {
      ...listening().reporter,
      reportCompressionRatio: () => {
        throw new Error('full')
      },
    }
    const monitor = new CompressionMonitor({ reporter, intervalMs: 1 })
    monitor.recordCompression(BYTES)
    expect(await warned).toEqual([
      'A reporter of compression failed: Error: full',
      { code: 'ARROW_PACKED_REPORTER' },
    ])
    jest.restoreAllMocks()
    monitor.close()
  })

  test('is closed once: the rest is reported, then nothing is', async () => {
    const { told, reporter } = listening()
    const monitor = new CompressionMonitor({ reporter, ...manual })
    monitor.recordCompression(BYTES)
    monitor.close()
    expect(told).toHaveLength(2)
    monitor.recordCompression(BYTES)
    monitor.close()
    monitor[Symbol.dispose]()
    expect(told).toHaveLength(2)
    expect(monitor.stats.totals().compress.calls).toBe(1)
    const error = await rejection(() => monitor.poll())
    expect([error.code, error.message]).toEqual([
      'Closed',
      'Expected an open monitor but received a closed one',
    ])
  })

  test.each([
    [{ intervalMS: 5 }, /Did you mean "intervalMs"/],
    [{ intervalMs: -1 }, /an integer >= 0 .* for intervalMs but received -1/],
    [{ reporter: { reportCompressionRatio() {} } }, /reporter.reportCompressionThroughput/],
    [{ reporter: 7 }, /an object for reporter/],
    [{ meter: {} }, /a meter for meter/],
    [{ meter: 'otel' }, /an object for meter/],
    [7, /an object for CompressionMonitor/],
  ])('refuses %j', async (options, message) => {
    const error = await rejection(() => new CompressionMonitor(options as never))
    expect([error.code, error.message]).toEqual(['InvalidArgument', expect.stringMatching(message)])
  })
})

test('counters of files are there before any file is', () => {
  const stats = fileCompressionStats()
  expect(stats).toBeInstanceOf(CompressionStats)
  expect(stats.entries().filter(({ source }) => source === 'codec')).toEqual([])
})
