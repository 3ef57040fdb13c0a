/** What writers and readers tell of themselves: events, lines and metrics. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { PackedReader } from '../lib/index.js'
import {
  meterPacked,
  PACKED_EVENTS,
  type PackedEventName,
  prometheusMeter,
  storageMeter,
} from '../lib/telemetry/index.js'
import { rejection } from './support/rejection.js'
import { sampleBatch } from './support/sample.js'
import { writersIn } from './support/stream-writing.js'

const open = writersIn('telemetry-packed')
type Seen = { event: PackedEventName } & Record<string, unknown>

/** The events published while `work` runs. */
async function eventsOf(work: () => Promise<unknown>): Promise<Seen[]> {
  const seen: Seen[] = []
  const listener = (message: unknown): void => void seen.push(message as Seen)
  for (const name of PACKED_EVENTS) subscribe(`arrow-packed:${name}`, listener)
  try {
    await work()
  } finally {
    for (const name of PACKED_EVENTS) unsubscribe(`arrow-packed:${name}`, listener)
  }
  return seen
}

test('a writer and a reader tell what they did, in order', async () => {
  let paths: string[] = []
  const events = await eventsOf(async () => {
    const { writer } = await open()
    await writer.write(sampleBatch(0, 100))
    const { groups } = await writer.finish()
    await writer.close()
    paths = groups.map(({ path }) => path)
    const reader = await PackedReader.open({ paths })
    await reader.toTable()
    await reader.close()
  })
  const durationMs = expect.any(Number)
  expect(events).toEqual([
    { event: 'writer.open', paths, durationMs },
    {
      event: 'writer.write',
      paths,
      rows: 100,
      bytes: expect.any(Number),
      rowGroups: 0,
      durationMs,
    },
    {
      event: 'writer.finish',
      paths,
      rows: 100,
      fileBytes: expect.any(Number),
      rowGroups: 2,
      durationMs,
    },
    { event: 'reader.open', paths, rows: 100, durationMs },
    {
      event: 'reader.read',
      call: 'readNext',
      paths,
      rows: 100,
      bytes: expect.any(Number),
      durationMs,
    },
    { event: 'reader.close', paths },
  ])
  for (const event of events) expect(event.durationMs ?? 1).toBeGreaterThan(0)
  expect(events[1]!.bytes).toBeGreaterThan(100 * (8 + 8 + 16))
})

test('what goes wrong is told, once', async () => {
  const events = await eventsOf(async () => {
    const failing = await open()
    await rejection(() => failing.writer.write({} as never))
    await rejection(() => failing.writer.write(sampleBatch(0, 1)))
    await failing.writer.close()
    const left = await open()
    await left.writer.close()
    await left.writer.close()
    const { writer } = await open()
    const { groups } = await writer.finish()
    const reader = await PackedReader.open({ paths: groups.map(({ path }) => path) })
    await reader.close()
    await rejection(() => reader.readNext())
  })
  const told = events.filter(({ error }) => error !== undefined)
  expect(told.map(({ event, error }) => [event, (error as { code: string }).code])).toEqual([
    ['writer.abort', 'InvalidArgument'],
    ['reader.fail', 'Closed'],
  ])
  const count = (name: string) => events.filter(({ event }) => event === name).length
  expect([count('writer.abort'), count('writer.write'), count('reader.close')]).toEqual([2, 0, 1])
})

test('metrics count until they are stopped', async () => {
  const meter = await prometheusMeter()
  const stop = meterPacked(meter)
  const write = async () => {
    const { writer } = await open()
    await writer.write(sampleBatch(0, 10))
    return writer.finish()
  }
  const { groups } = await write()
  const reader = await PackedReader.open({ paths: groups.map(({ path }) => path) })
  await reader.toTable()
  await reader.close()
  storageMeter('telemetry-packed').request(5, { failed: true })
  storageMeter('telemetry-packed').request(7)
  stop()
  stop()
  await write()
  const page = await meter.page()
  const value = (name: string) =>
    Number(page.match(new RegExp(`^arrow_packed_${name} (.*)$`, 'm'))?.[1])
  expect(value('packed_rows_written_total')).toBe(10)
  expect(value('packed_files_total')).toBe(2)
  expect(value('packed_file_bytes_total')).toBe(
    groups.reduce((sum, { fileBytes }) => sum + fileBytes, 0),
  )
  expect(value('packed_rows_read_total')).toBe(10)
  expect(value('packed_finish_seconds_count')).toBe(1)
  expect(value('storage_requests_total')).toBe(2)
  expect(value('storage_failures_total')).toBe(1)
  expect(value('storage_request_seconds_sum')).toBeCloseTo(0.012)
})
