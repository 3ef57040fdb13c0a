/** What the pipeline counts reaches OpenTelemetry and Prometheus; pino is a logger. */
import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  type HistogramMetricData,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import pino from 'pino'
import {
  combineMeters,
  type Logger,
  otelMeter,
  PIPELINE_METRICS,
  type PipelineMeter,
  prometheusMeter,
} from '../lib/telemetry/index.js'

const NAMES = Object.keys(PIPELINE_METRICS) as (keyof typeof PIPELINE_METRICS)[]

/** Every kind of metric once, two of them twice. */
function fill(meter: PipelineMeter): void {
  meter.add('ingest.rows', 3)
  meter.add('ingest.rows', 4)
  meter.record('log.sync', 0.003)
  meter.record('log.sync', 20)
}

describe('OpenTelemetry', () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const provider = new MeterProvider({ readers: [reader] })
  afterAll(() => provider.shutdown())

  async function collected() {
    exporter.reset()
    await provider.forceFlush()
    const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics)
    return new Map(
      scopes.flatMap((scope) => scope.metrics).map((metric) => [metric.descriptor.name, metric]),
    )
  }

  test('takes counters, histograms and gauges, with units and attributes', async () => {
    const meter = await otelMeter({ worker: 'a' }, provider.getMeter('arrow-packed'))
    fill(meter)
    meter.add('compression.calls', 2, { codec: 'zstd', way: 'compress' })
    meter.add('compression.calls', 1, { codec: 'zstd', way: 'decompress' })
    const stop = meter.observe('buffer.bytes', () => 10)
    meter.observe('buffer.bytes', () => 5)
    meter.observe('sync.tasks', () => {
      throw new Error('gone')
    })
    const found = await collected()
    expect(found.get('arrow_packed.ingest.rows')).toMatchObject({
      descriptor: { unit: '{row}', description: 'Rows accepted' },
      dataPoints: [{ value: 7, attributes: { worker: 'a' } }],
    })
    expect(found.get('arrow_packed.compression.calls')?.dataPoints).toMatchObject([
      { value: 2, attributes: { worker: 'a', codec: 'zstd', way: 'compress' } },
      { value: 1, attributes: { worker: 'a', codec: 'zstd', way: 'decompress' } },
    ])
    expect(found.get('arrow_packed.buffer.bytes')?.dataPoints).toMatchObject([{ value: 15 }])
    expect(found.get('arrow_packed.sync.tasks')?.dataPoints ?? []).toEqual([])
    const [sync] = (found.get('arrow_packed.log.sync') as HistogramMetricData).dataPoints
    expect(sync?.value).toMatchObject({ count: 2, sum: 20.003 })
    const { boundaries, counts } = sync!.value.buckets
    expect(counts[boundaries.indexOf(0.005)]).toBe(1)
    expect(counts[boundaries.indexOf(30)]).toBe(1)
    stop()
    expect((await collected()).get('arrow_packed.buffer.bytes')?.dataPoints).toMatchObject([
      { value: 5 },
    ])
  })

  test('is found through the global provider, and nothing happens without one', async () => {
    const silent = await otelMeter()
    fill(silent)
    silent.observe('buffer.bytes', () => 1)()
    const own = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const readers = [
      new PeriodicExportingMetricReader({ exporter: own, exportIntervalMillis: 3_600_000 }),
    ]
    const global = new MeterProvider({ readers })
    metrics.setGlobalMeterProvider(global)
    try {
      fill(await otelMeter())
      await global.forceFlush()
      const [scope] = own.getMetrics()[0]!.scopeMetrics
      expect(scope?.scope.name).toBe('arrow-packed')
      expect(scope?.metrics.map(({ descriptor }) => descriptor.name)).toEqual(
        expect.arrayContaining(['arrow_packed.ingest.rows', 'arrow_packed.log.sync']),
      )
    } finally {
      metrics.disable()
      await global.shutdown()
    }
  })
})

describe('Prometheus', () => {
  test('has every metric from the start, under its names', async () => {
    const page = await (await prometheusMeter()).page()
    const named = [...page.matchAll(/^# TYPE arrow_packed_(\w+) (\w+)$/gm)]
    const kinds = new Map(named.map(([, name, kind]) => [name!, kind!]))
    for (const name of NAMES) {
      const { kind } = PIPELINE_METRICS[name]
      const suffix = { counter: '_total', histogram: '_seconds', gauge: '' }[kind]
      expect([name, kinds.get(name.replace('.', '_') + suffix)]).toEqual([name, kind])
    }
    expect(kinds.size).toBe(NAMES.length)
    expect(page).toMatch(/^arrow_packed_ingest_rows_total 0$/m)
  })

  test('takes what two workers tell, each registry its own', async () => {
    const meter = await prometheusMeter({ worker: 'a"b' })
    const other = await prometheusMeter()
    fill(meter)
    const stop = meter.observe('buffer.bytes', () => 10)
    meter.observe('buffer.bytes', () => 5)
    const page = await meter.page()
    expect(page).toContain('arrow_packed_ingest_rows_total{worker="a\\"b"} 7\n')
    expect(page).toContain('arrow_packed_log_sync_seconds_bucket{le="0.0025",worker="a\\"b"} 0\n')
    expect(page).toContain('arrow_packed_log_sync_seconds_bucket{le="0.005",worker="a\\"b"} 1\n')
    expect(page).toContain('arrow_packed_log_sync_seconds_count{worker="a\\"b"} 2\n')
    expect(page).toContain('arrow_packed_buffer_bytes{worker="a\\"b"} 15\n')
    stop()
    stop()
    expect(await meter.page()).toContain('arrow_packed_buffer_bytes{worker="a\\"b"} 5\n')
    expect(await other.page()).toMatch(/^arrow_packed_ingest_rows_total 0$/m)
  })

  test('never throws at a value', async () => {
    const meter = await prometheusMeter()
    meter.add('ingest.rows', -1, { unknown: 'label' })
    meter.add('compression.calls', 2, { codec: 'zstd', unknown: 'label' })
    meter.add('ingest.rows', -1)
    meter.add('ingest.rows', Number.NaN)
    meter.record('log.sync', Number.NaN)
    meter.record('log.sync', -1)
    const page = await meter.page()
    expect(page).toMatch(/^arrow_packed_ingest_rows_total 0$/m)
    expect(page).toMatch(/^arrow_packed_log_sync_seconds_count 0$/m)
    expect(page).toContain('arrow_packed_compression_calls_total{codec="zstd"} 2\n')
  })
})

test('several meters are one', async () => {
  const [first, second] = [await prometheusMeter(), await prometheusMeter()]
  const meter = combineMeters(first, second)
  fill(meter)
  const stop = meter.observe('sync.tasks', () => 2)
  for (const each of [first, second]) {
    expect(await each.page()).toMatch(/^arrow_packed_ingest_rows_total 7$/m)
    expect(await each.page()).toMatch(/^arrow_packed_log_sync_seconds_count 2$/m)
    expect(await each.page()).toMatch(/^arrow_packed_sync_tasks 2$/m)
  }
  stop()
  expect(await second.page()).toMatch(/^arrow_packed_sync_tasks 0$/m)
})

test('pino is a logger', () => {
  const lines: string[] = []
  const logger: Logger = pino({ level: 'debug' }, { write: (line) => void lines.push(line) })
  logger.debug({ segmentId: '7' }, 'sealed')
  logger.error({ err: new Error('full') }, 'sync failed')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 20, segmentId: '7', msg: 'sealed' },
    { level: 50, err: { message: 'full' }, msg: 'sync failed' },
  ])
})
