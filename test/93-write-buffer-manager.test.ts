/** What several write buffers do when they hold too much. */
import { WriteBufferManager } from '../lib/ingest/index.js'
import { BufferBench, latch, message, ROW_BYTES, Saved, until } from './support/write-buffers.js'

test('the oldest segment of the largest channel goes first, one at a time, until it is enough (case 44)', async () => {
  const [small, large] = [
    new BufferBench({}, new Saved(), 'small'),
    new BufferBench({}, new Saved(), 'large'),
  ]
  const manager = new WriteBufferManager({
    totalBytes: 100 * ROW_BYTES,
    watermark: 0.5,
    forceSync: false,
  })
  manager.add(small.buffer)
  manager.add(large.buffer)
  small.buffer.bufferData(message(1, { inserts: { 1: [0, 20] } }))
  large.buffer.bufferData(message(1, { inserts: { 11: [0, 10] } }))
  large.buffer.bufferData(message(2, { inserts: { 12: [10, 15] } }))
  await manager.checkMemory()
  expect(large.packs).toHaveLength(0)
  large.buffer.bufferData(message(3, { inserts: { 13: [25, 15] } }))
  expect(manager.bufferedBytes).toBe(60 * ROW_BYTES)

  const slow = latch()
  large.decide = ({ kind }) => (kind === 'commit' ? slow.opened : undefined)
  const pass = manager.checkMemory()
  await until(() => large.steps.includes('commit 11'))
  // Measured again only when the first is saved: 10 rows less are not enough.
  expect(large.packs.map(({ segmentId }) => segmentId)).toEqual([11n])
  slow.open()
  await pass
  expect(large.packs.map(({ segmentId }) => segmentId)).toEqual([11n, 12n])
  expect(small.packs).toHaveLength(0)
  expect(manager.bufferedBytes).toBe(35 * ROW_BYTES)
  await manager.close()
  await Promise.all([small.close(), large.close()])
})

test('a pass that frees nothing is the last (case 44)', async () => {
  const bench = new BufferBench()
  const manager = new WriteBufferManager({ totalBytes: 10, forceSync: false })
  manager.add(bench.buffer)
  // Deletes without a segment yet cannot be evicted.
  bench.allocate = () => {
    throw new Error('no ids yet')
  }
  bench.buffer.bufferData(message(1, { deletes: { 7: [1, 2, 3] } }))
  await manager.checkMemory()
  expect(manager.bufferedBytes).toBe(72)
  expect(bench.packs).toHaveLength(0)
  await manager.close()
  await bench.close()
})

test('it looks by itself, and stops when it is closed', async () => {
  const bench = new BufferBench()
  const manager = new WriteBufferManager({ totalBytes: 2, checkIntervalMs: 5 })
  manager.add(bench.buffer)
  bench.buffer.bufferData(message(1, { inserts: { 1: [0, 4] } }))
  await until(() => bench.saved.keys().length === 4)
  expect(manager.get('numbers-channel')).toBe(bench.buffer)
  expect(() => manager.add(bench.buffer)).toThrow(/which has a buffer/)
  expect(() => manager.get('another')).toThrow(/Expected a channel with a write buffer/)
  await manager.close()
  await manager.close()
  expect(() => manager.add(bench.buffer)).toThrow(/but it is closed/)
  expect(() => bench.buffer.triggerSync()).toThrow(/but it is closed/)
  await bench.close()
})

test('a sync that fails for good ends the pass', async () => {
  const bench = new BufferBench()
  const manager = new WriteBufferManager({ totalBytes: 2, forceSync: false })
  manager.add(bench.buffer)
  bench.decide = () => ({ error: new Error('column count mismatch') })
  bench.buffer.bufferData(message(1, { inserts: { 1: [0, 4] } }))
  await manager.checkMemory()
  expect(bench.fatal).toHaveLength(1)
  await manager.close()
  await bench.close()
})

test('options are checked', () => {
  expect(() => new WriteBufferManager({ watermark: 0 })).toThrow(/a number above 0, up to 1/)
  const misspelled = { waterMark: 0.5 } as object
  expect(() => new WriteBufferManager(misspelled)).toThrow(/Did you mean "watermark"/)
})
