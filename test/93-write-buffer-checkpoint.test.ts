/** How far everything is saved, and what may be said of the sources up to there. */
import { at, BufferBench, latch, message, Saved, until } from './support/write-buffers.js'

test('the checkpoint is where the oldest data begins that is not saved (case 43)', async () => {
  const bench = new BufferBench({ checkpoint: at(40) })
  const { buffer } = bench
  const slow = latch()
  bench.decide = ({ segmentId, kind }) =>
    segmentId === 1 && kind === 'prepare' ? slow.opened : undefined
  buffer.bufferData(message(50, { inserts: { 1: [0, 1] } }))
  const syncing = bench.sync(1)
  buffer.bufferData(message(70, { inserts: { 2: [1, 1] } }))
  buffer.bufferData(message(90, { inserts: { 3: [2, 1] } }))
  expect(bench.at()).toBe(40)
  slow.open()
  await syncing
  expect(bench.at()).toBe(50)
  await bench.sync(3)
  expect(bench.at()).toBe(50)
  await bench.sync(2)
  expect(bench.at()).toBe(90)
  buffer.bufferData(message(95))
  expect(bench.at()).toBe(95)
  expect(bench.checkpoints.map(({ messageId }) => messageId)).toEqual([50n, 90n])
  await bench.close()
})

test('without anything saved before there is no checkpoint while the first data is buffered', async () => {
  const bench = new BufferBench()
  expect(bench.at()).toBeUndefined()
  bench.buffer.bufferData(message(5, { inserts: { 1: [0, 1] } }))
  bench.buffer.bufferData(message(6, { inserts: { 1: [1, 1] } }))
  expect(bench.at()).toBeUndefined()
  await bench.sync(1)
  expect(bench.at()).toBe(6)
  await bench.close()
})

test('deletes hold the checkpoint back from the first moment, also before they have a segment', async () => {
  const bench = new BufferBench({ checkpoint: at(1) })
  bench.buffer.bufferData(message(2, { deletes: { 7: [1] } }))
  expect(bench.at()).toBe(1)
  await until(() => bench.metaCache.getSegment(1000n) !== undefined)
  bench.buffer.bufferData(message(3, { deletes: { 7: [2] } }))
  await bench.sync(1000)
  expect(bench.at()).toBe(3)
  expect(bench.saved.deletes()).toEqual([1, 2])
  await bench.close()
})

test('sequences are those up to exactly the checkpoint, not the newest ones', async () => {
  const bench = new BufferBench({ sequences: new Map([['old', 9n]]) })
  const { buffer } = bench
  const add = (id: number, source: string, sequence: number, segment: number) =>
    buffer.bufferData(message(id, { source, sequence, inserts: { [segment]: [id, 1] } }))
  add(1, 'a', 10, 1)
  add(2, 'b', 7, 1)
  add(3, 'a', 11, 2)
  add(4, 'b', 8, 1)
  expect(['a', 'b', 'old', 'new'].map((source) => buffer.lastSequence(source))).toEqual([
    11n,
    8n,
    9n,
    undefined,
  ])
  await bench.sync(1)
  await bench.sync(2)
  expect(bench.checkpoints).toEqual([
    { messageId: 2n, sequences: { old: 9n, a: 10n, b: 7n } },
    { messageId: 4n, sequences: { old: 9n, a: 11n, b: 8n } },
  ])
  await bench.close()
})

test('a repeat is consumed and not buffered; what was skipped or empty counts for its source', async () => {
  const bench = new BufferBench()
  const { buffer } = bench
  expect(buffer.bufferData(message(1, { sequence: 5, inserts: { 1: [0, 2] } }))).toBe('buffered')
  expect(buffer.bufferData(message(2, { sequence: 5, inserts: { 1: [0, 2] } }))).toBe('repeated')
  expect(buffer.bufferData(message(3, { sequence: 4, deletes: { 7: [0] } }))).toBe('repeated')
  expect(buffer.bufferData(message(4, { sequence: 6 }))).toBe('buffered')
  expect(buffer.lastSequence('test')).toBe(6n)
  await buffer.flush()
  expect(bench.saved.keys()).toEqual([0, 1])
  expect(bench.saved.deletes()).toEqual([])
  expect(bench.checkpoints.at(-1)).toEqual({ messageId: 4n, sequences: { test: 6n } })
  await bench.close()
})

test('a position that is not after the last one is refused, and nothing of it is kept', async () => {
  const bench = new BufferBench({ checkpoint: at(10) })
  const late = message(10, { inserts: { 1: [0, 1] } })
  expect(() => bench.buffer.bufferData(late)).toThrow(/a position after message 10/)
  expect(bench.buffer.lastSequence('test')).toBeUndefined()
  expect(bench.buffer.bufferedBytes).toBe(0)
  await bench.close()
})

test('messages that come again are only buffered as far as segments do not have them', async () => {
  const saved = new Saved()
  const first = new BufferBench({}, saved)
  const messages = [
    message(1, { inserts: { 1: [10, 1], 2: [20, 1] }, deletes: { 7: [1], 8: [2] } }),
    message(2, { inserts: { 1: [11, 1] }, deletes: { 7: [3] } }),
    message(3, { inserts: { 1: [12, 1], 2: [21, 1] } }),
  ]
  first.buffer.bufferData(messages[0]!)
  first.buffer.bufferData(messages[1]!)
  await until(() => first.metaCache.getSegment(1001n) !== undefined)
  await first.sync(1)
  await first.sync(1000)
  await first.close()
  expect(saved.keys()).toEqual([10, 11])
  expect(saved.deletes()).toEqual([1, 3])

  const second = new BufferBench({}, saved)
  second.nextId = 2000n
  for (const again of messages) expect(second.buffer.bufferData(again)).toBe('buffered')
  await second.buffer.flush()
  expect(saved.keys()).toEqual([10, 11, 12, 20, 21])
  expect(saved.deletes()).toEqual([1, 2, 3])
  expect(second.at()).toBe(3)
  await second.close()
})

test('a segment of deletes that a crash left empty is used for the next deletes', async () => {
  const saved = new Saved()
  const first = new BufferBench({}, saved)
  first.decide = ({ kind }) => (kind === 'commit' ? { error: new Error('crash') } : undefined)
  first.buffer.bufferData(message(1, { deletes: { 7: [1] } }))
  await until(() => first.metaCache.getSegment(1000n) !== undefined)
  const lost = first.sync(1000)
  await until(() => first.failures.length > 0)
  await first.close()
  await expect(lost).rejects.toMatchObject({ code: 'Closed' })
  expect(saved.segments.get(1000n)?.meta.state).toBe('Growing')

  const second = new BufferBench({}, saved)
  second.nextId = 2000n
  second.buffer.bufferData(message(1, { deletes: { 7: [1] } }))
  await second.buffer.flush()
  expect([...saved.segments.keys()]).toEqual([1000n])
  expect(saved.deletes()).toEqual([1])
  await second.close()
})
