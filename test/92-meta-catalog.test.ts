import { join } from 'node:path'
import { createCollectionSchema, DataType } from '../lib/schema/index.js'
import {
  type ChannelPosition,
  LocalMetaStore,
  MetaCatalog,
  type SegmentMeta,
} from '../lib/sync/index.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const BASE = temporaryDirectory('meta-catalog')
const schema = createCollectionSchema({
  name: 'docs',
  fields: [
    { name: 'id', dataType: DataType.Int64, isPrimaryKey: true },
    { name: 'embedding', dataType: DataType.FloatVector, dim: 4 },
  ],
})

const log = (logPath: string, timestampFrom = 10n, timestampTo = 20n) => ({
  entriesNum: 5,
  timestampFrom,
  timestampTo,
  logPath,
  logSize: 100,
  logId: 9007199254740993n,
  memorySize: 200,
  fieldNullCounts: new Map([[100n, 0]]),
})
const list = (fieldId: bigint, ...binlogs: ReturnType<typeof log>[]) => ({
  fieldId,
  binlogs,
  childFields: [0n, 1n, 100n],
  format: 'parquet',
})
const position = (messageId: bigint): ChannelPosition => ({
  channelName: 'by-dev_1v0',
  messageId,
  timestamp: 2n ** 62n + messageId,
})

function segmentMeta(ids: Partial<SegmentMeta> = {}): SegmentMeta {
  return {
    collectionId: 5n,
    partitionId: 6n,
    segmentId: 7n,
    storageVersion: 2,
    schema: undefined,
    numRows: 5,
    binlogs: [list(0n, log('root/insert_log/5/6/7/0/1'))],
    statslogs: [list(100n, log('root/stats_log/5/6/7/100/2'))],
    bm25logs: [],
    deltalogs: [],
    channelName: 'by-dev_1v0',
    state: 'Growing',
    level: 'L1',
    startPosition: position(1n),
    checkpoint: position(2n ** 60n),
    currentSplit: [{ id: 0n, fieldIds: [0n, 1n, 100n], columns: [0, 1, 2], format: 'parquet' }],
    manifestPath: '',
    ...ids,
  }
}

describe('a catalog', () => {
  let store: LocalMetaStore
  let catalog: MetaCatalog
  let count = 0

  beforeEach(async () => {
    store = await LocalMetaStore.open(join(BASE, String(count++)))
    catalog = new MetaCatalog(store)
  })
  afterEach(() => store.close())

  test('keeps collections by id and by name, each with a default partition', async () => {
    const made = await catalog.createCollection({ name: 'docs', schema })
    const other = await catalog.createCollection({ name: 'other/ä', schema, collectionId: 2n })
    expect(other.collectionId).toBe(2n)
    expect(made.collectionId).toBeGreaterThan(2n)
    expect(await catalog.collection('docs')).toEqual(made)
    expect(await catalog.collection(2n)).toEqual(other)
    expect(await catalog.collection('nobody')).toBeUndefined()
    expect((await catalog.collections()).map(({ name }) => name)).toEqual(['other/ä', 'docs'])
    const [partition, ...more] = await catalog.partitions(made.collectionId)
    expect(partition).toMatchObject({ collectionId: made.collectionId, name: '_default' })
    expect(more).toEqual([])
    expect(await catalog.partitions(99n)).toEqual([])
  })

  test('refuses a collection of a name or an id that is taken, and changes nothing', async () => {
    await catalog.createCollection({ name: 'docs', schema, collectionId: 2n })
    for (const init of [
      { name: 'docs', schema },
      { name: 'new', schema, collectionId: 2n },
    ]) {
      const error = await rejection(() => catalog.createCollection(init))
      expect(error.code).toBe('AlreadyExists')
    }
    expect(await catalog.collections()).toHaveLength(1)
    const unknown = { name: 'x', schema, colectionId: 1n }
    await expect(catalog.createCollection(unknown)).rejects.toThrow(/Did you mean "collectionId"/)
  })

  test('gives a collection to one of two who make it at once', async () => {
    const tried = await Promise.allSettled(
      [1, 2, 3].map(() => catalog.createCollection({ name: 'docs', schema })),
    )
    expect(tried.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const [collection] = await catalog.collections()
    expect(await catalog.partitions(collection!.collectionId)).toHaveLength(1)
  })

  test('takes a later schema only', async () => {
    const { collectionId } = await catalog.createCollection({ name: 'docs', schema })
    const later = createCollectionSchema({ ...schema, version: schema.version + 1 } as never)
    await catalog.updateSchema(collectionId, later)
    expect((await catalog.collection(collectionId))!.schema.version).toBe(schema.version + 1)
    const again = await rejection(() => catalog.updateSchema(collectionId, later))
    expect(again.code).toBe('InvalidSchema')
    const nobody = await rejection(() => catalog.updateSchema(99n, later))
    expect(nobody.code).toBe('NotFound')
  })

  test('keeps partitions of different names', async () => {
    const { collectionId } = await catalog.createCollection({ name: 'docs', schema })
    const init = { collectionId, name: 'de' }
    const tried = await Promise.allSettled([1, 2].map(() => catalog.createPartition(init)))
    expect(tried.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    await catalog.createPartition({ collectionId, name: 'fr', partitionId: 3n })
    const names = (await catalog.partitions(collectionId)).map(({ name }) => name)
    expect(names).toEqual(['fr', '_default', 'de'])
    const nowhere = await rejection(() => catalog.createPartition({ ...init, collectionId: 9n }))
    expect(nowhere.code).toBe('NotFound')
  })

  test('gives back a segment as it was added, exact to the last digit', async () => {
    const meta = segmentMeta()
    await catalog.addSegment(meta)
    expect(await catalog.segment(7n)).toEqual(meta)
    const empty = segmentMeta({
      segmentId: 2n ** 62n,
      partitionId: -1n,
      level: 'L0',
      storageVersion: 0,
      numRows: 0,
      binlogs: [],
      statslogs: [],
      startPosition: undefined,
      checkpoint: undefined,
      currentSplit: undefined,
    })
    await catalog.addSegment(empty)
    expect(await catalog.segment(2n ** 62n)).toEqual(empty)
    expect(await catalog.segment(8n)).toBeUndefined()
  })

  test('adds a segment once', async () => {
    await catalog.addSegment(segmentMeta({ numRows: 3 }))
    await catalog.addSegment(segmentMeta({ numRows: 4 }))
    expect((await catalog.segment(7n))!.numRows).toBe(3)
    const elsewhere = await rejection(() => catalog.addSegment(segmentMeta({ collectionId: 9n })))
    expect(elsewhere.code).toBe('AlreadyExists')
  })

  test('finds segments by collection, channel and state', async () => {
    await catalog.createCollection({ name: 'docs', schema, collectionId: 5n })
    await catalog.createChannel({ channelName: 'b', collectionId: 5n })
    await catalog.addSegment(segmentMeta({ segmentId: 10n }))
    await catalog.addSegment(segmentMeta({ segmentId: 9n, state: 'Flushed' }))
    await catalog.addSegment(segmentMeta({ segmentId: 11n, channelName: 'b' }))
    await catalog.addSegment(segmentMeta({ segmentId: 8n, collectionId: 55n }))
    const ids = async (filter?: Parameters<MetaCatalog['segments']>[0]) =>
      (await catalog.segments(filter)).map(({ segmentId }) => segmentId)
    expect(await ids()).toEqual([9n, 10n, 11n, 8n])
    expect(await ids({ collectionId: 5n })).toEqual([9n, 10n, 11n])
    expect(await ids({ channelName: 'b' })).toEqual([11n])
    expect(await ids({ collectionId: 5n, states: ['Flushed', 'Dropped'] })).toEqual([9n])
    expect(await ids({ channelName: 'unknown' })).toEqual([])
    await expect(catalog.segments({ state: [] } as object)).rejects.toThrow(/Did you mean "states"/)
  })

  test('gives a reader the rows that are left, with the deletes that concern them', async () => {
    await catalog.createCollection({ name: 'docs', schema, collectionId: 5n })
    const l0 = (segmentId: bigint, partitionId: bigint, path: string, to: bigint, channel = 'a') =>
      segmentMeta({
        segmentId,
        partitionId,
        channelName: channel,
        level: 'L0',
        binlogs: [],
        statslogs: [],
        deltalogs: [list(100n, log(path, 0n, to))],
      })
    const added = [
      segmentMeta({ segmentId: 1n, channelName: 'a', deltalogs: [list(100n, log('own'))] }),
      segmentMeta({ segmentId: 2n, channelName: 'a', partitionId: 8n }),
      segmentMeta({ segmentId: 3n, channelName: 'a', state: 'Dropped' }),
      segmentMeta({ segmentId: 4n, channelName: 'a', numRows: 0, binlogs: [] }),
      l0(20n, 6n, 'partition 6', 15n),
      l0(21n, -1n, 'everywhere', 10n),
      l0(22n, 6n, 'too old', 9n),
      l0(23n, 6n, 'other channel', 15n, 'b'),
    ]
    for (const meta of added) await catalog.addSegment(meta)
    const found = await catalog.segmentsToRead(5n)
    const paths = found.map((segment) => [
      segment.segmentId,
      segment.schema.name,
      segment.l0Deltalogs.flatMap(({ binlogs }) => binlogs.map(({ logPath }) => logPath)),
    ])
    expect(paths).toEqual([
      [1n, 'docs', ['partition 6', 'everywhere']],
      [2n, 'docs', ['everywhere']],
    ])
    expect(found[0]!.deltalogs[0]!.binlogs[0]!.logPath).toBe('own')
    const nobody = await rejection(() => catalog.segmentsToRead(99n))
    expect(nobody.code).toBe('NotFound')
  })

  test('makes a channel once, for one collection', async () => {
    await catalog.createCollection({ name: 'docs', schema, collectionId: 5n })
    await catalog.createCollection({ name: 'more', schema, collectionId: 6n })
    const init = { channelName: 'a/b', collectionId: 5n }
    const made = await catalog.createChannel(init)
    expect(made).toEqual({
      ...init,
      checkpoint: undefined,
      sequences: new Map(),
      deletePositions: new Map(),
      dropped: false,
    })
    expect(await catalog.createChannel(init)).toEqual(made)
    expect(await catalog.channel('a/b')).toEqual(made)
    expect(await catalog.channels()).toEqual([made])
    const other = await rejection(() => catalog.createChannel({ ...init, collectionId: 6n }))
    expect(other.code).toBe('AlreadyExists')
    const nowhere = await rejection(() =>
      catalog.createChannel({ channelName: 'c', collectionId: 9n }),
    )
    expect(nowhere.code).toBe('NotFound')
    expect(await catalog.channel('c')).toBeUndefined()
  })

  test('names the record that cannot be read', async () => {
    const value = new TextEncoder().encode('{"version":1,')
    await store.commit({ put: [{ key: 'channel/x', value }] })
    const error = await rejection(() => catalog.channel('x'))
    expect(error).toMatchObject({ code: 'MetadataCorrupted', path: 'channel/x' })
  })
})
