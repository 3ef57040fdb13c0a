/** The Arrow C Stream Interface, from JavaScript to JavaScript. */
import { Int64, type RecordBatch } from 'apache-arrow'
import {
  exportRecordBatch,
  exportStream,
  importRecordBatch,
  importStream,
} from '../lib/cdata/public.js'
import { memoryUsage } from '../lib/index.js'
import { columnOf, oneColumn } from './support/bridge.js'
import { firstDifference } from './support/canonical.js'
import { rejection } from './support/rejection.js'
import { matrixColumn } from './support/type-matrix.js'

const ROWS = 5000

function batches(count: number): RecordBatch[] {
  return Array.from({ length: count }, (_, i) =>
    oneColumn(matrixColumn(new Int64(), ROWS, 'some nulls', i + 1)),
  )
}

function sourceOf(list: RecordBatch[]) {
  return { schema: list[0]!.schema, batches: list }
}

test('batches arrive in order, then the end, again and again', async () => {
  const sent = batches(3)
  const exported = exportStream(sourceOf(sent))
  const stream = importStream(exported.address)
  exported.release()
  expect(String(stream.schema)).toBe(String(sent[0]!.schema))
  let index = 0
  for await (const batch of stream) {
    expect(firstDifference(columnOf(sent[index++]!), 0, columnOf(batch))).toBeNull()
  }
  expect(index).toBe(3)
  expect(await stream.next()).toEqual({ done: true, value: undefined })
})

test('a stream without batches', async () => {
  const [only] = batches(1)
  const exported = exportStream({ schema: only!.schema, batches: [] })
  const received: RecordBatch[] = []
  for await (const batch of importStream(exported.address, { copy: true })) received.push(batch)
  expect(received).toEqual([])
  exported.release()
})

test('leaving early closes it; closing twice is fine', async () => {
  const exported = exportStream(sourceOf(batches(3)))
  const stream = importStream(exported.address)
  for await (const batch of stream) {
    expect(batch.numRows).toBe(ROWS)
    break
  }
  stream.close()
  expect(await stream.next()).toEqual({ done: true, value: undefined })
  exported.release()
})

test('reads that overlap are answered in order', async () => {
  const sent = batches(3)
  const exported = exportStream(sourceOf(sent))
  const stream = importStream(exported.address)
  const results = await Promise.all([stream.next(), stream.next(), stream.next(), stream.next()])
  expect(results.map(({ done }) => done)).toEqual([false, false, false, true])
  results.slice(0, 3).forEach(({ value }, i) => {
    expect(firstDifference(columnOf(sent[i]!), 0, columnOf(value))).toBeNull()
  })
  exported.release()
})

test('contents can be taken over once', async () => {
  const exported = exportStream(sourceOf(batches(1)))
  const stream = importStream(exported.address)
  expect((await rejection(() => importStream(exported.address))).code).toBe('InvalidArgument')
  stream.close()
  exported.release()

  const pair = exportRecordBatch(batches(1)[0]!)
  importRecordBatch(pair, { copy: true })
  expect((await rejection(() => importRecordBatch(pair))).code).toBe('InvalidArgument')
  pair.release()
})

test('a stream that nobody reads gives its memory back on release', () => {
  const before = memoryUsage().borrowedBytes
  const exported = exportStream(sourceOf(batches(2)))
  expect(memoryUsage().borrowedBytes).toBeGreaterThanOrEqual(before + 2 * ROWS * 8)
  exported.release()
  exported.release()
  expect(memoryUsage().borrowedBytes).toBe(before)
})
