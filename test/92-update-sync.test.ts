import { join } from 'node:path'
import type { FieldBinlog } from '../lib/binlog/index.js'
import { isPackedError, PackedError } from '../lib/errors/index.js'
import { createCollectionSchema, DataType } from '../lib/schema/index.js'
import {
  CatalogMetaWriter,
  type ChannelPosition,
  LocalMetaStore,
  MetaCache,
  MetaCatalog,
  type MetaWriter,
  metaFailure,
  type SaveBinlogPathsRequest,
  type SyncFacts,
  updateSync,
} from '../lib/sync/index.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const BASE = temporaryDirectory('update-sync')
const CHANNEL = 'by-dev_1v0'
const schema = createCollectionSchema({
  name: 'docs',
  fields: [{ name: 'id', dataType: DataType.Int64, isPrimaryKey: true }],
})

const position = (messageId: bigint): ChannelPosition => ({
  channelName: CHANNEL,
  messageId,
  timestamp: messageId * 10n,
})
const logs = (fieldId: bigint, ...paths: string[]): FieldBinlog => ({
  fieldId,
  binlogs: paths.map((logPath) => ({
    entriesNum: 5,
    timestampFrom: 1n,
    timestampTo: 2n,
    logPath,
    logSize: 10,
    logId: 0n,
    memorySize: 20,
    fieldNullCounts: new Map(),
  })),
  childFields: [fieldId],
  format: '',
})
const byField = (...lists: FieldBinlog[]) => new Map(lists.map((list) => [list.fieldId, list]))
const pathsOf = (lists: readonly FieldBinlog[]) =>
  lists.map(({ fieldId, binlogs }) => [fieldId, ...binlogs.map(({ logPath }) => logPath)])

function facts(change: Partial<SyncFacts> = {}): SyncFacts {
  return {
    collectionId: 1n,
    partitionId: 2n,
    segmentId: 3n,
    channelName: CHANNEL,
    level: 'L1',
    batchRows: 5,
    startPosition: position(1n),
    checkpoint: position(7n),
    isFlush: false,
    isDrop: false,
    insertBinlogs: byField(logs(101n, 'v/2'), logs(0n, 'c/2')),
    statsBinlogs: byField(logs(100n, 's/2')),
    bm25Binlogs: new Map(),
    deltaBinlog: undefined,
    currentSplit: [{ id: 0n, fieldIds: [0n, 1n, 100n], columns: [0, 1, 2] }],
    manifestPath: '',
    ...change,
  }
}

function cacheWithSegment(): MetaCache {
  const metaCache = new MetaCache({ collectionId: 1n, channelName: CHANNEL, schema })
  metaCache.addSegment({
    segmentId: 3n,
    partitionId: 2n,
    level: 'L1',
    storageVersion: 2,
    startPosition: position(1n),
    flushedRows: 10,
    binlogs: [logs(0n, 'c/1'), logs(101n, 'v/1')],
    statslogs: [logs(100n, 's/1')],
  })
  return metaCache
}

/** What a coordinator elsewhere would be: takes requests in, and answers as it is told. */
class Coordinator implements MetaWriter {
  readonly requests: SaveBinlogPathsRequest[] = []
  readonly #answers: (() => void)[]

  constructor(...answers: (() => void)[]) {
    this.#answers = answers
  }

  async saveBinlogPaths(request: SaveBinlogPathsRequest): Promise<void> {
    this.requests.push(request)
    this.#answers[this.requests.length - 1]?.()
  }

  async updateChannelCheckpoint(): Promise<void> {}

  async dropChannel(): Promise<void> {}
}

const failing = (error: unknown) => () => {
  throw error
}
const retry = { initialDelayMs: 1, maxDelayMs: 1 }

describe('updateSync (case 40)', () => {
  test('asks for whole lists and the sum of rows, then changes the cache', async () => {
    const metaCache = cacheWithSegment()
    let logsAtSave = 0
    const coordinator = new Coordinator(() => {
      logsAtSave = metaCache.getSegment(3n)!.binlogs[0]!.binlogs.length
    })
    await updateSync({ facts: facts(), metaCache, metaWriter: coordinator })
    expect(logsAtSave).toBe(1)
    const [request] = coordinator.requests
    expect(request).toMatchObject({
      withFullBinlogs: true,
      checkPoints: [{ segmentId: 3n, numOfRows: 15, position: position(7n) }],
      startPositions: [{ segmentId: 3n, startPosition: position(1n) }],
      flushed: false,
      dropped: false,
      storageVersion: 2,
      level: 'L1',
    })
    expect(pathsOf(request!.field2BinlogPaths)).toEqual([
      [0n, 'c/1', 'c/2'],
      [101n, 'v/1', 'v/2'],
    ])
    expect(pathsOf(request!.field2StatslogPaths)).toEqual([[100n, 's/1', 's/2']])
    expect(request!.deltalogs).toEqual([])
    const segment = metaCache.getSegment(3n)!
    expect(segment.binlogs).toEqual(request!.field2BinlogPaths)
    expect(segment.statslogs).toEqual(request!.field2StatslogPaths)
    expect(segment.startPosRecorded).toBe(true)
    // The rows are for the sync itself to count.
    expect(segment.flushedRows).toBe(10)
  })

  test('saves starts once, of every segment with rows, and of no flushed one', async () => {
    const metaCache = cacheWithSegment()
    const more = { partitionId: 2n, level: 'L1', storageVersion: 2 } as const
    metaCache.addSegment({ ...more, segmentId: 4n, startPosition: position(4n), state: 'Sealed' })
    metaCache.addSegment({ ...more, segmentId: 5n, startPosition: position(5n), state: 'Flushed' })
    metaCache.addSegment({ ...more, segmentId: 6n })
    const l0 = { ...more, level: 'L0', storageVersion: 0 } as const
    metaCache.addSegment({ ...l0, segmentId: 8n, startPosition: position(6n) })
    const coordinator = new Coordinator()
    const options = { metaCache, metaWriter: coordinator }
    await updateSync({ ...options, facts: facts() })
    await updateSync({ ...options, facts: facts() })
    const noRows = { insertBinlogs: new Map(), statsBinlogs: new Map(), batchRows: 0 }
    const deltaBinlog = logs(100n, 'd/1')
    const deletes = facts({ ...noRows, level: 'L0', segmentId: 8n, deltaBinlog, isFlush: true })
    await updateSync({ ...options, facts: deletes })
    const starts = coordinator.requests.map(({ startPositions }) =>
      startPositions.map(({ segmentId }) => segmentId),
    )
    expect(starts).toEqual([[3n, 4n], [], [8n]])
    const last = coordinator.requests[2]!
    expect(last).toMatchObject({ level: 'L0', flushed: true, storageVersion: 0 })
    expect(pathsOf(last.deltalogs)).toEqual([[100n, 'd/1']])
  })

  test.each(['segmentNotFound', 'channelNotFound'] as const)(
    'takes %s for success, of a flush, too',
    async (failure) => {
      for (const isFlush of [false, true]) {
        const metaCache = cacheWithSegment()
        const coordinator = new Coordinator(failing(metaFailure(failure, 'gone')))
        await updateSync({ facts: facts({ isFlush }), metaCache, metaWriter: coordinator })
        expect(coordinator.requests).toHaveLength(1)
        expect(metaCache.getSegment(3n)!.startPosRecorded).toBe(true)
        expect(pathsOf(metaCache.getSegment(3n)!.statslogs)).toEqual([[100n, 's/1', 's/2']])
      }
    },
  )

  test.each([
    ['a misrouted channel', metaFailure('misrouted', 'not mine')],
    ['what will fail again', new PackedError('MetadataCorrupted', 'broken')],
  ])('stops at %s, and leaves the cache as it is', async (_, answer) => {
    const metaCache = cacheWithSegment()
    const before = metaCache.getSegment(3n)
    const coordinator = new Coordinator(failing(answer))
    const sync = updateSync({ facts: facts(), metaCache, metaWriter: coordinator, retry })
    await expect(sync).rejects.toBe(answer)
    expect(coordinator.requests).toHaveLength(1)
    expect(metaCache.getSegment(3n)).toBe(before)
  })

  test('tries other failures again with the same request, ten times in all', async () => {
    const passing = failing(new PackedError('Network', 'later'))
    const patient = new Coordinator(...Array(9).fill(passing))
    const metaCache = cacheWithSegment()
    await updateSync({ facts: facts(), metaCache, metaWriter: patient, retry })
    expect(patient.requests).toHaveLength(10)
    expect(new Set(patient.requests).size).toBe(1)
    const hopeless = new Coordinator(...Array(20).fill(passing))
    const sync = updateSync({ facts: facts(), metaCache, metaWriter: hopeless, retry })
    await expect(sync).rejects.toMatchObject({ code: 'Network' })
    expect(hopeless.requests).toHaveLength(10)
  })

  test('does not try again what was canceled', async () => {
    const controller = new AbortController()
    const coordinator = new Coordinator(() => {
      controller.abort(new Error('enough'))
      throw new PackedError('Network', 'later')
    })
    const { signal } = controller
    const options = { facts: facts(), metaCache: cacheWithSegment(), metaWriter: coordinator }
    await expect(updateSync({ ...options, retry, signal })).rejects.toThrow('enough')
    expect(coordinator.requests).toHaveLength(1)
    await expect(updateSync({ ...options, signal })).rejects.toThrow('enough')
    expect(coordinator.requests).toHaveLength(1)
  })

  test('needs the segment in the cache', async () => {
    const coordinator = new Coordinator()
    const options = { metaCache: cacheWithSegment(), metaWriter: coordinator }
    const error = await rejection(() => updateSync({ ...options, facts: facts({ segmentId: 9n }) }))
    expect(error.code).toBe('NotFound')
    expect(coordinator.requests).toEqual([])
  })
})

describe('the writer of a catalog', () => {
  let store: LocalMetaStore
  let catalog: MetaCatalog
  let metaWriter: CatalogMetaWriter
  let count = 0

  beforeEach(async () => {
    store = await LocalMetaStore.open(join(BASE, String(count++)))
    catalog = new MetaCatalog(store)
    metaWriter = new CatalogMetaWriter(catalog)
    await catalog.createCollection({ name: 'docs', schema, collectionId: 1n })
    await catalog.createChannel({ channelName: CHANNEL, collectionId: 1n })
  })
  afterEach(() => store.close())

  test('saves a segment with all that a restart needs, and again the same', async () => {
    const metaCache = cacheWithSegment()
    await updateSync({ facts: facts(), metaCache, metaWriter })
    const saved = await catalog.segment(3n)
    expect(saved).toMatchObject({
      state: 'Growing',
      numRows: 15,
      startPosition: position(1n),
      checkpoint: position(7n),
      currentSplit: [{ id: 0n, fieldIds: [0n, 1n, 100n], columns: [0, 1, 2] }],
    })
    expect(pathsOf(saved!.binlogs)).toEqual([
      [0n, 'c/1', 'c/2'],
      [101n, 'v/1', 'v/2'],
    ])
    const flush = facts({ isFlush: true, batchRows: 0, insertBinlogs: new Map() })
    await updateSync({ facts: flush, metaCache, metaWriter })
    await updateSync({ facts: { ...flush, statsBinlogs: new Map() }, metaCache, metaWriter })
    const flushed = await catalog.segment(3n)
    expect(flushed).toMatchObject({ state: 'Flushed', startPosition: position(1n) })
    expect(flushed!.binlogs).toEqual(saved!.binlogs)
  })

  test('saves the starts of other segments that it knows', async () => {
    const metaCache = cacheWithSegment()
    const more = { partitionId: 2n, level: 'L1', storageVersion: 2 } as const
    metaCache.addSegment({ ...more, segmentId: 4n, startPosition: position(4n) })
    await updateSync({ facts: facts(), metaCache, metaWriter })
    const { schema: _, ...first } = (await catalog.segment(3n))!
    await catalog.addSegment({
      ...first,
      schema: undefined,
      segmentId: 5n,
      startPosition: undefined,
    })
    metaCache.addSegment({ ...more, segmentId: 5n, startPosition: position(5n) })
    await updateSync({ facts: facts(), metaCache, metaWriter })
    expect((await catalog.segment(5n))!.startPosition).toEqual(position(5n))
    expect(await catalog.segment(4n)).toBeUndefined()
  })

  test('raises how far deletes are saved together with their segment', async () => {
    const metaCache = cacheWithSegment()
    const l0 = { level: 'L0', storageVersion: 0, partitionId: -1n } as const
    metaCache.addSegment({ ...l0, segmentId: 20n, startPosition: position(2n) })
    const deletes = {
      level: 'L0',
      segmentId: 20n,
      partitionId: -1n,
      batchRows: 0,
      insertBinlogs: new Map(),
      statsBinlogs: new Map(),
      deltaBinlog: logs(100n, 'd/1'),
      isFlush: true,
      currentSplit: undefined,
    } as const
    await updateSync({ facts: facts(deletes), metaCache, metaWriter })
    const saved = (await catalog.channel(CHANNEL))!.deletePositions
    expect(saved).toEqual(new Map([[-1n, 7n]]))
    expect(await catalog.segment(20n)).toMatchObject({ level: 'L0', partitionId: -1n })
    const earlier = facts({ ...deletes, checkpoint: position(6n) })
    await updateSync({ facts: earlier, metaCache, metaWriter })
    expect((await catalog.channel(CHANNEL))!.deletePositions).toEqual(saved)
  })

  test('moves a checkpoint and sequences forward only', async () => {
    const first = new Map([
      ['a', 5n],
      ['__proto__', 2n ** 62n],
    ])
    await metaWriter.updateChannelCheckpoint(position(5n), first)
    await metaWriter.updateChannelCheckpoint(position(9n), new Map([['b', 1n]]))
    await metaWriter.updateChannelCheckpoint(position(8n), new Map([['a', 99n]]))
    await metaWriter.updateChannelCheckpoint(position(9n), new Map([['b', 0n]]))
    expect(await catalog.channel(CHANNEL)).toMatchObject({
      checkpoint: position(9n),
      sequences: new Map([...first, ['b', 1n]]),
    })
  })

  test('drops a channel with its segments, once, and then saves nothing of it', async () => {
    const metaCache = cacheWithSegment()
    await updateSync({ facts: facts(), metaCache, metaWriter })
    await metaWriter.dropChannel(CHANNEL)
    await metaWriter.dropChannel(CHANNEL)
    expect((await catalog.channel(CHANNEL))!.dropped).toBe(true)
    expect((await catalog.segment(3n))!.state).toBe('Dropped')
    const late = await rejection(() => metaWriter.updateChannelCheckpoint(position(9n), new Map()))
    expect(late).toMatchObject({ code: 'NotFound', field: 'channelName' })
    await updateSync({ facts: facts(), metaCache, metaWriter })
    expect((await catalog.segment(3n))!.numRows).toBe(15)
    const unknown = await rejection(() => metaWriter.dropChannel('nobody'))
    expect(isPackedError(unknown) && unknown.code).toBe('NotFound')
  })

  test('refuses what belongs to another channel or collection', async () => {
    await catalog.createChannel({ channelName: 'other', collectionId: 1n })
    await updateSync({ facts: facts(), metaCache: cacheWithSegment(), metaWriter })
    const coordinator = new Coordinator()
    const options = { metaCache: cacheWithSegment(), metaWriter: coordinator }
    await updateSync({ ...options, facts: facts() })
    const [request] = coordinator.requests
    for (const change of [{ channelName: 'other' }, { collectionId: 9n }]) {
      const error = await rejection(() => metaWriter.saveBinlogPaths({ ...request!, ...change }))
      expect(error).toMatchObject({ code: 'Conflict', field: 'channelName' })
    }
  })

  test('loses none of many changes of the same channel at once', async () => {
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        metaWriter.updateChannelCheckpoint(
          position(BigInt(index % 3)),
          new Map([[`s${index}`, BigInt(index)]]),
        ),
      ),
    )
    const { checkpoint, sequences } = (await catalog.channel(CHANNEL))!
    expect(checkpoint).toEqual(position(2n))
    for (let index = 2; index < 30; index += 3) {
      expect(sequences.get(`s${index}`)).toBe(BigInt(index))
    }
  })
})
