/** The ways in which the events of packed files are heard, and what they cost where nobody does. */
import { execFile } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  AggregationTemporality,
  type HistogramMetricData,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { Data } from 'apache-arrow'
import { PackedReader, SegmentReader } from '../lib/index.js'
import { callSync } from '../lib/native/index.js'
import {
  meterPacked,
  otelMeter,
  PACKED_EVENTS,
  type PackedEvents,
  publishEvent,
  storageMeter,
} from '../lib/telemetry/index.js'
import { sampleBatch } from './support/sample.js'
import { segmentPlace, threeChunks } from './support/segment-places.js'
import { writersIn } from './support/stream-writing.js'
import { temporaryDirectory } from './support/temporary.js'

const open = writersIn('telemetry-packed-ways')
const directory = temporaryDirectory('telemetry-packed-lines')
const run = promisify(execFile)

/** Files of 100 rows of the sample. */
async function written(): Promise<string[]> {
  const { writer } = await open()
  await writer.write(sampleBatch(0, 100))
  const { groups } = await writer.finish()
  return groups.map(({ path }) => path)
}

/** What is told of reads while `work` runs. */
async function readsOf(work: () => Promise<unknown>): Promise<PackedEvents['reader.read'][]> {
  const seen: PackedEvents['reader.read'][] = []
  const listener = (message: unknown): void => void seen.push(message as never)
  subscribe('arrow-packed:reader.read', listener)
  try {
    await work()
  } finally {
    unsubscribe('arrow-packed:reader.read', listener)
  }
  return seen
}

describe('NODE_DEBUG', () => {
  const script = join(__dirname, 'support', 'observed.cjs')
  const linesOf = async (name: string, NODE_DEBUG: string) => {
    const env = { ...process.env, NODE_DEBUG, NODE_OPTIONS: '' }
    const { stderr } = await run(process.execPath, [script, join(directory, name)], { env })
    return stderr.split('\n').filter((line) => line !== '')
  }

  test('=packed prints every event as a line', async () => {
    const lines = await linesOf('told', 'packed')
    const told = lines.map((line) => /^PACKED \d+: ([\w.]+) (.*)$/.exec(line)?.slice(1))
    expect(told.map((parts) => parts?.[0])).toEqual([
      'writer.open',
      'writer.write',
      'writer.finish',
      'reader.open',
      'reader.read',
      'reader.read',
      'reader.close',
      'writer.open',
      'writer.abort',
    ])
    const path = join(directory, 'told', '0')
    const text = (index: number) => told[index]![1]
    expect(text(1)).toMatch(
      new RegExp(`^paths=${path} rows=10 bytes=\\d+ rowGroups=0 durationMs=[\\d.]+$`),
    )
    expect(text(4)).toMatch(new RegExp(`^call=take paths=${path} rows=1 `))
    expect(text(5)).toMatch(new RegExp(`^call=readNext paths=${path} rows=10 `))
    expect(text(8)).toMatch(/^paths=\S+ error="Expected a RecordBatch, .*"$/)
  })

  test('of something else prints none', async () => {
    expect(await linesOf('silent', 'other')).toEqual([])
  })
})

test('OpenTelemetry has what meterPacked counts', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const provider = new MeterProvider({ readers: [reader] })
  const stop = meterPacked(await otelMeter({ job: 'a' }, provider.getMeter('arrow-packed')))
  try {
    const paths = await written()
    const packed = await PackedReader.open({ paths })
    await packed.take([1, 1, 7])
    await packed.toTable()
    await packed.close()
    await (await open()).writer.close()
    await provider.forceFlush()
    const metrics = exporter.getMetrics()[0]!.scopeMetrics.flatMap((scope) => scope.metrics)
    const of = (name: string) =>
      metrics.find(({ descriptor }) => descriptor.name === `arrow_packed.packed.${name}`)!
    const points = { rows_written: 100, files: paths.length, aborts: 1, rows_read: 103 }
    for (const [name, value] of Object.entries(points)) {
      expect(of(name).dataPoints).toMatchObject([{ value, attributes: { job: 'a' } }])
    }
    expect(of('rows_written').descriptor.unit).toBe('{row}')
    expect((of('read') as HistogramMetricData).dataPoints[0]!.value.count).toBe(2)
  } finally {
    stop()
    await provider.shutdown()
  }
})

describe('reads by position', () => {
  test('of a file tell their call, rows and files', async () => {
    const paths = await written()
    const reader = await PackedReader.open({ paths })
    const reads = await readsOf(async () => {
      await reader.take([99, 0, 99])
      await reader.readRowGroup({ group: 1, index: 0 })
    })
    await reader.close()
    const [bytes, durationMs] = [expect.any(Number), expect.any(Number)]
    expect(reads).toEqual([
      { event: 'reader.read', call: 'take', paths, rows: 3, bytes, durationMs },
      {
        event: 'reader.read',
        call: 'readRowGroup',
        paths: [reader.files[1]!.path],
        rows: 100,
        bytes,
        durationMs,
      },
    ])
    for (const read of reads) expect([read.bytes > 0, read.durationMs > 0]).toEqual([true, true])
  })

  test('of a segment tell it of every chunk that has one', async () => {
    const place = await segmentPlace(join(directory, 'segment'), 2, threeChunks())
    await using reader = await SegmentReader.open(place)
    const reads = await readsOf(() => reader.take([8, 0, 1]))
    expect(reads.map(({ call }) => call)).toEqual(['take', 'take'])
    expect(reads.map(({ rows }) => rows).sort()).toEqual([1, 2])
    for (const { paths } of reads) expect(paths.join()).toContain('insert_log')
  })
})

describe('where nobody listens', () => {
  const addon = callSync((functions) => functions)
  afterEach(() => jest.restoreAllMocks())

  test.each(PACKED_EVENTS)('no %s is made', (name) => {
    let made = 0
    const make = () => {
      made++
      return {} as never
    }
    publishEvent(name, make)
    expect(made).toBe(0)
    const listener = (): void => {}
    subscribe(`arrow-packed:${name}`, listener)
    publishEvent(name, make)
    unsubscribe(`arrow-packed:${name}`, listener)
    publishEvent(name, make)
    expect(made).toBe(1)
  })

  test('nothing is measured: no clock, no progress, no bytes of batches', async () => {
    const [clock, progress, bytes] = [
      jest.spyOn(performance, 'now'),
      jest.spyOn(addon, 'writerProgress'),
      jest.spyOn(Data.prototype, 'byteLength', 'get'),
    ]
    const work = async () => {
      for (const spy of [clock, progress, bytes]) spy.mockClear()
      const reader = await PackedReader.open({ paths: await written() })
      await reader.take([1])
      await reader.toTable()
      await reader.close()
      storageMeter('telemetry-packed-ways').request(1)
      return [clock, progress, bytes].map((spy) => spy.mock.calls.length)
    }
    expect(await work()).toEqual([0, 0, 0])
    const reads = await readsOf(async () => {
      const [ticks, , sizes] = await work()
      expect([ticks! > 0, sizes! > 0]).toEqual([true, true])
    })
    expect(reads.map(({ rows }) => rows)).toEqual([1, 100])
  })
})
