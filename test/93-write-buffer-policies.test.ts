/** When segments are synced. */
import {
  droppedSegments,
  flushTimestampReached,
  fullBuffer,
  oldestBuffers,
  sealedSegments,
  staleBuffer,
} from '../lib/ingest/index.js'
import { updateState, withIds } from '../lib/sync/index.js'
import { at, BufferBench, message, PARTITION, ROW_BYTES, until } from './support/write-buffers.js'

const MINUTE_MS = 60_000
const hybrid = (ms: number): bigint => BigInt(ms) << 18n
const bench = new BufferBench()
afterAll(() => bench.close())

/** What policies decide on, with one buffer 1 that begins at a timestamp. */
function situation(minTimestamp: bigint | undefined, more: object = {}) {
  const buffers = [{ segmentId: 1n, isFull: false, minTimestamp }]
  const nothing = { checkpoint: undefined, nowMs: 0, flushTimestamp: undefined }
  return { buffers, metaCache: bench.metaCache, ...nothing, ...more }
}

test('a buffer of a byte less than its size is not full, one of its size is (case 42)', async () => {
  const rows = 1000
  for (const [insertBufferBytes, synced] of [
    [rows * ROW_BYTES + 1, []],
    [rows * ROW_BYTES, [1n]],
  ] as const) {
    const full = new BufferBench({ policies: [fullBuffer()], insertBufferBytes })
    full.buffer.bufferData(message(1, { inserts: { 1: [0, rows] } }))
    expect(full.packs.map(({ segmentId }) => segmentId)).toEqual(synced)
    expect(full.buffer.bufferedBytes).toBe(synced.length === 0 ? rows * ROW_BYTES : 0)
    await full.close()
  }
})

test('the size is 16 MiB of rows when nothing is said, and so it is of deletes (case 42)', async () => {
  const full = new BufferBench({ policies: [fullBuffer()] })
  const rows = (16 << 20) / ROW_BYTES
  full.buffer.bufferData(message(1, { inserts: { 1: [0, rows - 1] } }))
  expect(full.packs).toHaveLength(0)
  full.buffer.bufferData(message(2, { inserts: { 1: [rows, 1] } }))
  expect(full.packs.map(({ batchRows }) => batchRows)).toEqual([rows])
  await full.close()

  const deletes = new BufferBench({ policies: [fullBuffer()], deleteBufferBytes: 48 })
  deletes.buffer.bufferData(message(1, { deletes: { 7: [1] } }))
  await until(() => deletes.metaCache.getSegment(1000n) !== undefined)
  expect(deletes.packs).toHaveLength(0)
  deletes.buffer.bufferData(message(2, { deletes: { 7: [2] } }))
  expect(deletes.packs.map(({ segmentId, level }) => [segmentId, level])).toEqual([[1000n, 'L0']])
  await deletes.close()
})

test('a buffer is stale when it is older than the period and its part of a tenth (case 42)', () => {
  const policy = staleBuffer(10 * MINUTE_MS, () => 0.5)
  const select = (ageMs: number) =>
    policy.select(situation(hybrid(MINUTE_MS), { nowMs: MINUTE_MS + ageMs }))
  expect(select(10.5 * MINUTE_MS)).toEqual([])
  expect(select(10.5 * MINUTE_MS + 1)).toEqual([1n])
  expect(policy.select(situation(undefined, { nowMs: 1e15 }))).toEqual([])
})

test('without a jitter given it is the same whenever a buffer is asked, and below a tenth', () => {
  const period = 1_000_000
  const policy = staleBuffer(period)
  const ages = Array.from({ length: 100 }, (_, step) => period + step * 1000)
  for (const start of [1, 2, 3]) {
    const selected = ages.map((nowMs) => {
      const minTimestamp = hybrid(start)
      return policy.select(situation(minTimestamp, { nowMs: nowMs + start })).length
    })
    expect([...selected].sort()).toEqual(selected)
    expect(selected[0]).toBe(0)
  }
  const past = situation(hybrid(0), { nowMs: period * 1.1 + 1 })
  expect(policy.select(past)).toEqual([1n])
})

test('what is stale is synced also when nothing comes any more', async () => {
  const stale = new BufferBench({ policies: [staleBuffer(1)], syncPeriodMs: 1 })
  stale.buffer.bufferData(
    message(1, { inserts: { 1: [0, 3] }, timestamp: Number(hybrid(Date.now() + 100)) }),
  )
  expect(stale.packs).toHaveLength(0)
  await until(() => stale.saved.keys().length === 3)
  await stale.close()
})

test('a sealed segment gets a last sync and is Flushing; one that is dropped goes (case 42)', async () => {
  const sealed = new BufferBench({ policies: [sealedSegments(), droppedSegments()] })
  const { buffer, metaCache, packs } = sealed
  buffer.bufferData(message(1, { inserts: { 1: [0, 1], 2: [1, 1] } }))
  buffer.sealSegments([1n])
  expect(metaCache.getSegment(1n)?.state).toBe('Flushing')
  expect(metaCache.getSegment(2n)?.state).toBe('Growing')
  expect(packs.map(({ segmentId, isFlush }) => [segmentId, isFlush])).toEqual([[1n, true]])
  expect(buffer.triggerSync()).toEqual([])
  metaCache.updateSegments(updateState('Dropped'), withIds(2n))
  expect(buffer.triggerSync()).toEqual([2n])
  expect(packs[1]).toMatchObject({ segmentId: 2n, isFlush: false, isDrop: true })
  expect(buffer.triggerSync()).toEqual([])
  await until(() => metaCache.getSegments().length === 0)
  await sealed.close()
})

test('a segment of deletes is whole with its only sync (case 42)', async () => {
  const deletes = new BufferBench()
  deletes.buffer.bufferData(message(1, { deletes: { 7: [1, 2], 8: [3] } }))
  await deletes.buffer.flush()
  expect(deletes.packs.map(({ level, isFlush }) => [level, isFlush])).toEqual([
    ['L0', true],
    ['L0', true],
  ])
  expect(deletes.saved.segments.get(1000n)?.meta).toMatchObject({ level: 'L0', state: 'Flushed' })
  await deletes.close()
})

test('a flush timestamp waits for messages up to it, then takes older buffers (case 42)', async () => {
  const policy = flushTimestampReached()
  const flushTimestamp = 100n
  const select = (timestamp: number, min: bigint) =>
    policy.select(situation(min, { flushTimestamp, checkpoint: at(1, timestamp) }))
  expect(select(99, 50n)).toEqual([])
  expect(select(100, 99n)).toEqual([1n])
  expect(select(100, 100n)).toEqual([])

  const flushing = new BufferBench({ policies: [policy] })
  const { buffer, packs } = flushing
  buffer.bufferData(message(50, { inserts: { 1: [0, 1] } }))
  buffer.setFlushTimestamp(100n)
  buffer.bufferData(message(99, { inserts: { 2: [1, 1] } }))
  expect(packs).toHaveLength(0)
  buffer.bufferData(message(100, { inserts: { 3: [2, 1] } }))
  expect(packs.map(({ segmentId, isFlush }) => [segmentId, isFlush])).toEqual([
    [1n, false],
    [2n, false],
  ])
  await flushing.close()
})

test('the oldest buffers are those with the oldest messages', () => {
  const buffers = [40n, 20n, undefined, 30n].map((minTimestamp, index) => ({
    segmentId: BigInt(index),
    isFull: false,
    minTimestamp,
  }))
  expect(oldestBuffers(2).select({ ...situation(0n), buffers })).toEqual([1n, 3n])
})

test('one sync a segment, however many policies choose it', async () => {
  const both = new BufferBench({ policies: [fullBuffer(), oldestBuffers(9)], insertBufferBytes: 1 })
  both.buffer.bufferData(message(1, { inserts: { 1: [0, 5] } }))
  expect(both.packs).toHaveLength(1)
  expect(both.packs[0]).toMatchObject({
    batchRows: 5,
    partitionId: PARTITION,
    channelName: 'numbers-channel',
  })
  await both.close()
})
