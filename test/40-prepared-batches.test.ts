/** Batches that are laid out before they are asked for. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeVector, type RecordBatch, Table } from 'apache-arrow'
import { exportStream, importStream } from '../lib/cdata/public.js'
import { memoryUsage, PackedReader, PackedWriter } from '../lib/index.js'
import { temporaryDirectory } from './support/temporary.js'

const ROWS = 20_000
const BATCH_ROWS = 100
const path = join(temporaryDirectory('prepared-batches'), 'ids')
/** Long enough for the pool to prepare what it may. */
const PAUSE_MS = 20
const BUSY_MS = 1

beforeAll(async () => {
  const ids = makeVector(Int32Array.from({ length: ROWS }, (_, row) => row))
  const table = new Table({ id: ids })
  const groups = [{ id: 0, path, fields: ['id'] }]
  await using writer = await PackedWriter.open({ schema: table.schema, groups, fieldIds: 'auto' })
  await writer.write(table)
  await writer.finish()
})

const open = (signal?: AbortSignal) =>
  PackedReader.open({ paths: [path], batchRows: BATCH_ROWS, ...(signal && { signal }) })

const idsOf = (batch: RecordBatch) => Array.from(batch.getChildAt(0)?.toArray() as Int32Array)

test('a stream that is exported begins with them, and leaves the reader what comes next', async () => {
  await using reader = await open()
  const exported = exportStream(reader)
  const stream = importStream(exported.address)
  const iterator = stream[Symbol.asyncIterator]()
  const read: number[] = []
  for (let turn = 0; read.length < ROWS; turn++) {
    if (turn % 10 === 0) await sleep(PAUSE_MS)
    const native = turn % 3 === 2
    const batch = native ? (await iterator.next()).value : await reader.readNext()
    read.push(...idsOf(batch as RecordBatch))
  }
  expect(read).toEqual(Array.from({ length: ROWS }, (_, row) => row))
  expect(await reader.readNext()).toBeNull()
  stream.close()
  exported.release()
})

test('what a reader prepared goes when it is closed', async () => {
  const before = memoryUsage().poolBytes
  const reader = await open()
  const first = await reader.readNext()
  await sleep(PAUSE_MS)
  await reader.close()
  await expect(reader.readNext()).rejects.toMatchObject({ code: 'Closed' })
  reader.release(first as RecordBatch)
  while (memoryUsage().poolBytes > before) await sleep(1)
})

test('none of them is handed out when the signal is aborted', async () => {
  const controller = new AbortController()
  await using reader = await open(controller.signal)
  await reader.readNext()
  await sleep(PAUSE_MS)
  const reason = new Error('enough')
  const reading = reader.readNext()
  controller.abort(reason)
  await expect(reading).rejects.toBe(reason)
  await expect(reader.readNext()).rejects.toBe(reason)
})

test('a stream that is exported gets none of them either', async () => {
  const controller = new AbortController()
  await using reader = await open(controller.signal)
  const exported = exportStream(reader)
  const stream = importStream(exported.address)
  await reader.readNext()
  await sleep(PAUSE_MS)
  controller.abort()
  // A C stream has an errno and a message, no code of ours.
  const aborted = { code: 'StorageIO', message: expect.stringContaining('aborted') }
  await expect(stream.next()).rejects.toMatchObject(aborted)
  stream.close()
  exported.release()
})

test('every batch leaves the event loop a turn', async () => {
  let turns = 0
  let reading = true
  const count = () => {
    turns++
    if (reading) setImmediate(count)
  }
  setImmediate(count)
  let batches = 0
  for await (const _ of await open()) {
    batches++
    // Busy for so long that the batches after this one are prepared.
    for (const end = performance.now() + BUSY_MS; performance.now() < end; );
  }
  reading = false
  expect(batches).toBe(ROWS / BATCH_ROWS)
  expect(turns).toBeGreaterThanOrEqual(batches - 1) // between the first and the last
})
