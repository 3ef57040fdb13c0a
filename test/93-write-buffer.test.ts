/** What goes into a write buffer, what syncs take out of it, and what happens when they fail. */
import { Bool, type Data, vectorFromArray } from 'apache-arrow'
import { buildRecord, DeleteData, InsertData } from '../lib/data/index.js'
import { PackedError } from '../lib/errors/index.js'
import { type BufferedMessage, WriteBuffer } from '../lib/ingest/index.js'
import {
  createCollectionSchema,
  type SimpleArrowRecord,
  withSystemFields,
} from '../lib/schema/index.js'
import { MetaCache } from '../lib/sync/index.js'
import {
  at,
  BufferBench,
  keysOf,
  latch,
  message,
  NUMBERS,
  numbers,
  PARTITION,
  ROW_BYTES,
  until,
} from './support/write-buffers.js'

let bench: BufferBench
beforeEach(() => {
  bench = new BufferBench()
})
afterEach(() => bench.close())

const flags = (rows: number): Data =>
  vectorFromArray(new Array(rows).fill(true), new Bool()).data[0]!
const failing = (code: 'Network' | 'PermissionDenied') => new PackedError(code, `${code} it was`)

test('a sync takes the chunks of all messages over their memory, and what is known of them', () => {
  const first = message(3, { inserts: { 1: [0, 2] } })
  bench.buffer.bufferData(first)
  bench.buffer.bufferData(message(4, { inserts: { 1: [2, 1], 2: [9, 1] } }))
  expect(bench.buffer.bufferedBytes).toBe(4 * ROW_BYTES)
  expect(bench.metaCache.getSegment(1n)).toMatchObject({
    state: 'Growing',
    bufferRows: 3,
    startPosition: at(3),
    storageVersion: 2,
  })
  bench.buffer.getSyncTask(1n)
  const [pack] = bench.packs
  expect(pack!.insertData[0]).toBe(first.inserts[0]!.record)
  expect(pack!.insertData.map((chunk) => keysOf(chunk as SimpleArrowRecord))).toEqual([[0, 1], [2]])
  expect(pack).toMatchObject({
    batchRows: 3,
    timeRange: { from: 3n, to: 4n },
    startPosition: at(3),
    checkpoint: at(4),
    partitionId: PARTITION,
    collectionId: 1n,
    deleteData: undefined,
    isFlush: false,
  })
  expect(bench.metaCache.getSegment(1n)).toMatchObject({ bufferRows: 0, syncingRows: 3 })
  expect(bench.buffer.bufferedBytes).toBe(ROW_BYTES)
  expect(bench.buffer.yieldBuffer(1n)).toBeUndefined()
})

test('deletes of a partition go to one segment until it is synced, then to a new one', async () => {
  bench.buffer.bufferData(message(1, { deletes: { 7: [1, 2], [-1]: [5] } }))
  bench.buffer.bufferData(message(2, { deletes: { 7: [2] } }))
  await bench.buffer.flush()
  bench.buffer.bufferData(message(3, { deletes: { 7: [3] } }))
  await bench.buffer.flush()
  const segments = [...bench.saved.segments.values()]
  expect(segments.map(({ meta, deletes }) => [meta.partitionId, deletes])).toEqual([
    [7n, [1, 2, 2]],
    [-1n, [5]],
    [7n, [3]],
  ])
  expect(Object.fromEntries(bench.saved.deletePositions)).toEqual({ 7: 3n, [-1]: 2n })
  expect(bench.metaCache.getSegments()).toEqual([])
})

test('ids that cannot be had are asked for again, and a failure for good is told', async () => {
  let calls = 0
  bench.allocate = () => {
    if (++calls < 3) throw failing('Network')
  }
  bench.buffer.bufferData(message(1, { deletes: { 7: [1] } }))
  await bench.buffer.flush()
  expect(calls).toBe(3)
  expect(bench.saved.deletes()).toEqual([1])
  bench.allocate = () => {
    throw failing('PermissionDenied')
  }
  bench.buffer.bufferData(message(2, { deletes: { 7: [1] } }))
  await expect(bench.buffer.flush()).rejects.toMatchObject({ code: 'PermissionDenied' })
  expect(bench.fatal).toHaveLength(1)
})

describe('data that could never be written', () => {
  /** Three rows for segment 2 with another column in one place, after good ones for segment 1. */
  const withColumn = (fieldId: bigint, other: Data | undefined): BufferedMessage => {
    const good = message(1, { inserts: { 1: [0, 2], 2: [2, 3] } })
    const record = good.inserts[1]!.record
    const column = (id: bigint) => (id === fieldId ? other : record.column(id))
    const { schema, numRows, fieldIdToColumn } = record
    const bad = { schema, numRows, fieldIdToColumn, column, toBatch: () => record.toBatch() }
    return { ...good, inserts: [good.inserts[0]!, { ...good.inserts[1]!, record: bad }] }
  }

  test.each([
    ['no primary key', 100n, undefined, 'InvalidData', 'a column of 3 rows for "id"'],
    ['no timestamp', 1n, undefined, 'InvalidData', 'a column of 3 rows for "Timestamp"'],
    [
      'a short column',
      101n,
      numbers(0, 2, 1n).column(101n),
      'InvalidData',
      '3 rows for "field 101"',
    ],
    ['flags for timestamps', 1n, flags(3), 'TypeMismatch', 'int64 without null for "Timestamp"'],
  ])('%s', (_, fieldId, other, code, text) => {
    const bad = withColumn(fieldId, other)
    const error = { code, message: expect.stringContaining(text) }
    expect(() => bench.buffer.bufferData(bad)).toThrow(expect.objectContaining(error))
    expect(bench.buffer.bufferedBytes).toBe(0)
    expect(bench.metaCache.getSegments()).toEqual([])
    expect(bench.buffer.lastSequence('test')).toBeUndefined()
  })

  test('deletes with other keys than the collection has, or fewer timestamps', () => {
    const texts = new DeleteData()
    texts.append('one', 1n)
    const deletes = (data: object) =>
      ({ ...message(1), deletes: [{ partitionId: 7n, data }] }) as BufferedMessage
    expect(() => bench.buffer.bufferData(deletes(texts))).toThrow(
      expect.objectContaining({ code: 'TypeMismatch', field: 'id' }),
    )
    const uneven = {
      keys: new BigInt64Array(2),
      timestamps: new BigInt64Array(1),
      keyKind: 'int64',
    }
    expect(() => bench.buffer.bufferData(deletes(uneven))).toThrow(/Expected 2 timestamps/)
    expect(bench.buffer.bufferedBytes).toBe(0)
  })
})

test('rows for a segment that takes no more are refused, no rows at all are fine', async () => {
  bench.buffer.bufferData(message(1, { inserts: { 1: [0, 1], 2: [0, 0] }, deletes: { 7: [] } }))
  expect(bench.metaCache.getSegment(2n)).toBeUndefined()
  bench.buffer.sealSegments([1n])
  expect(() => bench.buffer.bufferData(message(2, { inserts: { 1: [1, 1] } }))).toThrow(
    /a growing segment for rows of message 2 but received segment 1, which is Flushing/,
  )
  expect(() => bench.buffer.sealSegments([5n])).toThrow(
    expect.objectContaining({ code: 'NotFound' }),
  )
  expect(() => bench.buffer.getSyncTask(5n)).toThrow(expect.objectContaining({ code: 'NotFound' }))
  await bench.buffer.flush()
  expect(bench.saved.keys()).toEqual([0])
})

test('a flush waits for everything, and finishes segments without buffered rows, too', async () => {
  bench.buffer.bufferData(message(1, { inserts: { 1: [0, 1] } }))
  await bench.sync(1)
  bench.buffer.bufferData(message(2, { inserts: { 2: [1, 1] } }))
  const flushed: unknown[] = []
  await bench.close()
  bench = new BufferBench(
    { onFlushed: ({ segmentId, state }) => flushed.push([segmentId, state]) },
    bench.saved,
  )
  bench.buffer.bufferData(message(2, { inserts: { 2: [1, 1] } }))
  await bench.buffer.flush()
  await bench.buffer.flush()
  expect(
    [...bench.saved.segments.values()].map(({ meta, keys, commits }) => [
      meta.state,
      keys,
      commits,
    ]),
  ).toEqual([
    ['Flushed', [0], 2],
    ['Flushed', [1], 1],
  ])
  expect(flushed).toEqual([
    [1n, 'Flushed'],
    [2n, 'Flushed'],
  ])
  expect(bench.metaCache.getSegments()).toEqual([])
})

test('a flush that is aborted rejects with the reason; its syncs go on', async () => {
  const slow = latch()
  bench.decide = () => slow.opened
  bench.buffer.bufferData(message(1, { inserts: { 1: [0, 1] } }))
  const controller = new AbortController()
  const flush = bench.buffer.flush({ signal: controller.signal })
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(flush).rejects.toBe(reason)
  slow.open()
  await until(() => bench.saved.keys().length === 1)
})

describe('failures', () => {
  test('syncs of a segment are repeated from the oldest, with rows that came meanwhile', async () => {
    let isDown = true
    bench.decide = ({ kind, pack }) =>
      isDown && kind === 'commit' && pack.batchRows === 1
        ? { error: failing('Network') }
        : undefined
    bench.buffer.bufferData(message(1, { inserts: { 1: [0, 1], 2: [90, 2] } }))
    const first = bench.sync(1)
    bench.buffer.bufferData(message(2, { inserts: { 1: [1, 2] } }))
    const second = bench.sync(1)
    await bench.sync(2)
    await until(() => bench.failures.length >= 2)
    expect(bench.saved.keys()).toEqual([90, 91])
    expect(bench.at()).toBeUndefined()
    bench.buffer.bufferData(message(3, { inserts: { 1: [3, 3] } }))
    const third = bench.sync(1)
    isDown = false
    await Promise.all([first, second, third])
    expect(bench.saved.segments.get(1n)!.keys).toEqual([0, 1, 2, 3, 4, 5])
    expect(bench.at()).toBe(3)
    // What was written is not written again: rows are in memory no more.
    expect(bench.steps.filter((step) => step === 'prepare 1')).toHaveLength(3)
    expect(bench.fatal).toEqual([])
  })

  test('rows stay in memory until their files are written', async () => {
    let isDown = true
    bench.decide = ({ kind }) =>
      isDown && kind === 'prepare' ? { error: failing('Network') } : undefined
    bench.buffer.bufferData(message(1, { inserts: { 1: [0, 5] } }))
    const sync = bench.sync(1)
    await until(() => bench.failures.length > 1)
    expect(bench.buffer.bufferedBytes).toBe(0)
    expect(bench.buffer.memoryBytes).toBe(5 * ROW_BYTES)
    isDown = false
    await sync
    expect(bench.buffer.memoryBytes).toBe(0)
  })

  test('an outcome that is unknown is saved once', async () => {
    let attempts = 0
    bench.decide = ({ kind }) =>
      kind === 'commit' && ++attempts < 3 ? { error: failing('Network'), isSaved: true } : undefined
    bench.buffer.bufferData(message(1, { inserts: { 1: [0, 5] } }))
    await bench.sync(1)
    expect(attempts).toBe(3)
    expect(bench.saved.keys()).toEqual([0, 1, 2, 3, 4])
  })

  test('one that nothing mends is told once, and ends the buffer', async () => {
    bench.decide = ({ kind }) =>
      kind === 'commit' ? { error: failing('PermissionDenied') } : undefined
    bench.buffer.bufferData(message(1, { inserts: { 1: [0, 1], 2: [1, 1] } }))
    const flush = bench.buffer.flush()
    await expect(flush).rejects.toMatchObject({ code: 'PermissionDenied' })
    await until(() => bench.failures.length === 2)
    expect(bench.fatal).toEqual([expect.objectContaining({ code: 'PermissionDenied' })])
    expect(() => bench.buffer.bufferData(message(2))).toThrow('PermissionDenied it was')
    expect(() => bench.buffer.triggerSync()).toThrow('PermissionDenied it was')
    expect(bench.at()).toBeUndefined()
    await bench.buffer.close()
  })

  test('the metadata store knows a segment before a sync of it is saved, and the log is safe', async () => {
    await bench.close()
    const order: string[] = []
    let attempts = 0
    bench = new BufferBench({
      persistSegment: async (meta) => {
        order.push(`segment ${meta.segmentId}`)
        if (attempts === 0) bench.saved.add(meta)
        attempts += 1
        if (attempts === 1) throw failing('Network')
        if (attempts === 2) throw new PackedError('AlreadyExists', 'it is there')
      },
      durable: async ({ messageId }) => void order.push(`log ${messageId}`),
    })
    bench.decide = ({ kind }) => void (kind === 'commit' && order.push('commit'))
    bench.buffer.bufferData(message(8, { inserts: { 1: [0, 1] } }))
    await bench.sync(1)
    bench.buffer.bufferData(message(9, { inserts: { 1: [1, 1] } }))
    await bench.sync(1)
    expect(order).toEqual(['segment 1', 'segment 1', 'log 8', 'commit', 'log 9', 'commit'])
  })

  test('a segment that somebody else has made is an error, not one to add to', async () => {
    await bench.close()
    bench = new BufferBench({
      persistSegment: async () => {
        throw new PackedError('AlreadyExists', 'it is there')
      },
    })
    bench.decide = () => undefined
    bench.buffer.bufferData(message(8, { inserts: { 1: [0, 1] } }))
    const sync = bench.sync(1)
    await until(() => bench.failures.length > 0)
    expect(bench.saved.keys()).toEqual([])
    await bench.buffer.close()
    await expect(sync).rejects.toMatchObject({ code: 'Closed' })
  })
})

test('rows under another schema begin new files', async () => {
  const other = { ...NUMBERS, version: 2 }
  bench.buffer.bufferData(message(1, { inserts: { 1: [0, 2] } }))
  bench.buffer.bufferData(message(2, { inserts: { 1: [2, 1] }, schema: other }))
  bench.buffer.bufferData(message(3, { inserts: { 1: [3, 1] }, schema: other }))
  expect(bench.packs.map(({ batchRows, checkpoint }) => [batchRows, checkpoint])).toEqual([
    [2, at(1)],
  ])
  await bench.buffer.flush()
  expect(bench.schemas).toEqual([NUMBERS, other])
  expect(bench.saved.segments.get(1n)!.keys).toEqual([0, 1, 2, 3])
})

test('BM25 statistics of the rows go with them; broken vectors are refused', async () => {
  const schema = withSystemFields(
    createCollectionSchema({
      name: 'texts',
      fields: [
        { fieldId: 100, name: 'id', dataType: 'Int64', isPrimaryKey: true },
        { fieldId: 101, name: 'text', dataType: 'VarChar', maxLength: 99 },
        { fieldId: 102, name: 'terms', dataType: 'SparseFloatVector' },
      ],
      functions: [
        { name: 'bm25', type: 'BM25', inputFieldNames: ['text'], outputFieldNames: ['terms'] },
      ],
    }),
  )
  const rows = (...terms: Record<number, number>[]) => {
    const data = InsertData.fromRows(
      schema,
      terms.map((each, id) => ({ RowID: id, Timestamp: 1, id, text: 't', terms: each })),
    )
    return buildRecord(schema, [data])
  }
  const group = { partitionId: PARTITION, segmentId: 1n }
  bench.buffer.bufferData({
    ...message(1),
    schema,
    inserts: [{ ...group, record: rows({ 7: 2 }, { 8: 1 }) }],
  })
  bench.buffer.bufferData({
    ...message(2),
    schema,
    inserts: [{ ...group, record: rows({ 7: 1 }) }],
  })
  bench.buffer.getSyncTask(1n)
  const stats = bench.packs[0]!.bm25Stats.get(102n)!
  expect([stats.numRow, stats.numToken]).toEqual([3, 4])
  expect(Object.fromEntries(stats.rowsWithToken)).toEqual({ 7: 2, 8: 1 })
})

describe('dropping', () => {
  test('partitions lose what is buffered and their segments, also while they are synced', async () => {
    const slow = latch()
    bench.decide = ({ pack, kind }) => (pack.isFlush && kind === 'commit' ? slow.opened : undefined)
    bench.buffer.bufferData(
      message(1, { inserts: { 1: [0, 1], 2: [1, 1] }, deletes: { 7: [9], 8: [5] } }),
    )
    bench.buffer.sealSegments([2n])
    await until(() => bench.steps.includes('commit 2'))
    bench.buffer.dropPartitions([PARTITION])
    expect(bench.buffer.bufferedBytes).toBe(24)
    slow.open()
    await until(() => bench.metaCache.getSegments().every(({ partitionId }) => partitionId === 8n))
    expect([1n, 2n].map((id) => bench.saved.segments.get(id)!.meta.state)).toEqual([
      'Dropped',
      'Dropped',
    ])
    await bench.buffer.flush()
    expect(bench.saved.keys()).toEqual([])
    expect(bench.saved.deletes()).toEqual([5])
    expect(bench.at()).toBe(1)
  })

  test('closing with drop drops every segment, then the channel', async () => {
    bench.buffer.bufferData(message(1, { inserts: { 1: [0, 1] }, deletes: { 7: [9] } }))
    await bench.sync(1)
    bench.buffer.bufferData(message(2, { inserts: { 1: [1, 1] } }))
    await bench.buffer.close({ drop: true })
    expect(bench.saved.segments.get(1n)!.meta.state).toBe('Dropped')
    expect(bench.saved.segments.get(1n)!.keys).toEqual([0])
    expect(bench.dropped).toEqual(['numbers-channel'])
  })
})

test("after a close everything is Closed, and what was buffered is the log's", async () => {
  bench.buffer.bufferData(message(1, { inserts: { 1: [0, 1] } }))
  const { buffer } = bench
  const closing = buffer.close()
  expect(buffer.close()).toBe(closing)
  await closing
  const closed = expect.objectContaining({ code: 'Closed' })
  expect(() => buffer.bufferData(message(2))).toThrow(closed)
  expect(() => buffer.triggerSync()).toThrow(closed)
  expect(() => buffer.getSyncTask(1n)).toThrow(closed)
  expect(() => buffer.sealSegments([])).toThrow(closed)
  expect(() => buffer.dropPartitions([])).toThrow(closed)
  expect(() => buffer.setFlushTimestamp(1n)).toThrow(closed)
  await expect(buffer.flush()).rejects.toThrow(closed)
  await expect(buffer.evictBuffer(1)).rejects.toThrow(closed)
  expect(bench.saved.keys()).toEqual([])
  expect(buffer.memoryBytes).toBe(0)
})

test('a close while syncs fail does not wait for their next attempt', async () => {
  bench.decide = () => ({ error: failing('Network') })
  bench.buffer.bufferData(message(1, { inserts: { 1: [0, 1] } }))
  const sync = bench.sync(1)
  await until(() => bench.failures.length > 0)
  const before = bench.steps.length
  await bench.buffer.close()
  await expect(sync).rejects.toMatchObject({ code: 'Closed' })
  expect(bench.steps).toHaveLength(before)
  expect(bench.fatal).toEqual([])
})

test('what a listener throws changes nothing', async () => {
  await bench.close()
  bench = new BufferBench({
    onCheckpoint: () => {
      throw new Error('mine')
    },
  })
  bench.buffer.bufferData(message(1, { inserts: { 1: [0, 1] } }))
  await bench.sync(1)
  expect(bench.at()).toBe(1)
})

test('options are checked', () => {
  const metaCache = new MetaCache({ collectionId: 1n, channelName: 'c', schema: NUMBERS })
  const misspelled = { metaCache, syncPeriod: 5 } as never
  expect(() => new WriteBuffer(misspelled)).toThrow(/Did you mean "syncPeriodMs"/)
  expect(() => new WriteBuffer({ metaCache, insertBufferBytes: 0 } as never)).toThrow(/>= 1/)
})
