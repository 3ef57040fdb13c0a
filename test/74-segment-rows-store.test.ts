/** Rows of segments in a bucket by position and by key: how little is asked for, and lost links. */
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Table } from 'apache-arrow'
import type { StorageConfig } from '../lib/config/index.js'
import { memoryUsage } from '../lib/index.js'
import { SegmentReader, type SegmentReaderOptions } from '../lib/segment/index.js'
import { openChunkManager } from '../lib/storage/index.js'
import {
  errorBody,
  type Fault,
  type FaultyGateway,
  type SeenRequest,
  startFaultyGateway,
} from './support/faulty-gateway.js'
import {
  BUCKET,
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers.js'
import { rejection } from './support/rejection.js'
import { STORAGE_VERSIONS, segmentPlace, threeChunks } from './support/segment-places.js'
import { BOOKS, book, chunk } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('segment-rows-store')
/** Long enough for a request, short enough to give up on one soon. */
const HASTY = { requestTimeoutMs: 1000, retryTimeoutMs: 1500 }

const idsOf = (table: Table): number[] => [...(table.getChild('id')?.toArray() ?? [])].map(Number)
const isData = ({ url }: SeenRequest): boolean => url.includes('/insert_log/')

function startWorker(workerData: object): Worker {
  return new Worker(join(__dirname, 'support', 'rows-in-worker.cjs'), { workerData })
}

async function memoryIsBack(before: number): Promise<boolean> {
  for (let i = 0; i < 1000; i++) {
    const { poolBytes, pending } = memoryUsage()
    if (poolBytes <= before && pending === 0) return true
    await sleep(10)
  }
  return false
}

describeWithServers('rows of a segment in a bucket', () => {
  let server: TestServer
  let gateway: FaultyGateway
  let trees = 0

  beforeAll(async () => {
    server = await startVersitygw(directory)
    gateway = await startFaultyGateway(server.port)
  })
  afterAll(async () => {
    await gateway.stop()
    await server.stop()
  })
  beforeEach(() => gateway.heal())

  /** A segment that lies in the folder of the bucket, and where it is for others. */
  async function placeOf(
    version: 0 | 2 | 3,
    data = threeChunks(),
    limits: Partial<StorageConfig> = {},
  ): Promise<{ given: SegmentReaderOptions; storage: StorageConfig }> {
    const rootPath = `tree-${trees++}`
    const given = await segmentPlace(join(directory, 'data', BUCKET, rootPath), version, data)
    return { given, storage: storageAt(gateway.port, { rootPath, ...limits }) }
  }

  /** A reader whose stream is at its end, so that it asks for nothing by itself. */
  async function open({ given, storage }: Awaited<ReturnType<typeof placeOf>>) {
    const chunkManager = await openChunkManager(storage)
    const reader = await SegmentReader.open({ ...given, chunkManager })
    expect((await reader.toTable()).numRows).toBe(reader.numRows)
    return reader
  }

  /** Objects that `action` asks for, once for each request: `kind/list/place in the list`. */
  async function asked(action: () => Promise<unknown>): Promise<string[]> {
    gateway.heal()
    await action()
    return gateway.seen.map(({ url }) => {
      const [, kind, list, log] =
        /\/(insert|stats)_log\/1\/2\/3\/(\d+)\/(\d+)(?:\?|$)/.exec(url) ?? []
      return kind === undefined ? url : `${kind}/${list}/${log}`
    })
  }

  /** The files of a segment by chunk, as `asked` names them. */
  function filesOf({ binlogs = [] }: SegmentReaderOptions, list: number): string[] {
    const { binlogs: logs } = binlogs.find(({ fieldId }) => fieldId === BigInt(list))!
    return logs.map(({ logId }) => `insert/${list}/${logId}`)
  }

  test.each(STORAGE_VERSIONS)('an absent key costs no data of StorageV%d', async (version) => {
    await using reader = await open(await placeOf(version))
    const absent = async () => {
      const { missing, stats } = await reader.get([-5n, 1000n])
      expect([missing, stats.keysByStatistics, stats.filesRead]).toEqual([[-5n, 1000n], 2, 0])
    }
    expect(await asked(absent)).toEqual(['stats/100/1'])
    expect(await asked(absent)).toEqual([])
    // Without statistics every file with keys is opened, and none of the others.
    const opened = await asked(() => reader.get([-5n], { statistics: false }))
    expect(new Set(opened).size).toBe(3)
    // A binlog is read in pieces.
    if (version !== 0) expect(opened).toHaveLength(3)
  })

  test.each([0, 2] as const)('a key of StorageV%d asks for its chunk alone', async (version) => {
    const place = await placeOf(version)
    const { given } = place
    await using reader = await open(place)
    const find = (key: bigint, columns: string[]) =>
      asked(async () => expect((await reader.get([key], { columns })).rows[0]).toBe(0))
    const [first, ...requests] = await find(4n, ['title'])
    expect(first).toBe('stats/100/1')
    const singles = requests.filter((name) => name.startsWith('stats/'))
    expect([singles.length, new Set(singles).size]).toEqual([3, 3])
    const data = (names: string[]) => [...new Set(names.filter((name) => name[0] === 'i'))].sort()
    const lists = version === 0 ? [1, 100, 103] : [0, 1]
    const wanted = lists.map((list) => filesOf(given, list)[1]!).sort()
    expect(data(requests)).toEqual(wanted)
    // Statistics are kept, so that all requests are for data.
    const again = await find(8n, ['title'])
    expect(again.every((name) => name.startsWith('insert/'))).toBe(true)
    expect(data(again)).toEqual(lists.map((list) => filesOf(given, list)[2]!).sort())
  })

  test('positions ask once for each file that has one of the rows and a column', async () => {
    const place = await placeOf(2)
    const { given } = place
    await using reader = await open(place)
    const take = (rows: number[], columns: string[]) =>
      asked(async () => expect((await reader.take(rows, { columns })).numRows).toBe(rows.length))
    const [keys, titles, vectors] = [0, 1, 101].map((list) => filesOf(given, list))
    expect(await take([4, 3, 4], ['title'])).toEqual([titles![1]])
    const both = [titles![0], titles![2], vectors![0], vectors![2]].sort()
    expect((await take([8, 0], ['title', 'embedding'])).sort()).toEqual(both)
    expect(await take([1], ['id'])).toEqual([keys![0]])
    expect(await take([], ['id'])).toEqual([])
  })

  test('positions of StorageV3 ask for the first file, and those that they are in', async () => {
    await using reader = await open(await placeOf(3))
    const take = (rows: number[], columns: string[]) =>
      asked(async () => expect((await reader.take(rows, { columns })).numRows).toBe(rows.length))
    expect(await take([4, 3], ['title'])).toHaveLength(2)
    expect(await take([8, 0], ['title'])).toHaveLength(2)
    expect(await take([0, 2], ['title', 'embedding'])).toHaveLength(2)
  })

  test.each([2, 3] as const)('of a large file of StorageV%d its row groups', async (version) => {
    const rows = Array.from({ length: 100_000 }, (_, id) => book(id, 1))
    await using reader = await open(await placeOf(version, [chunk(BOOKS, rows)]))
    const columns = ['id']
    /** What is asked for but the end of the file, by the first and the last byte. */
    const rangesOf = async (action: () => Promise<unknown>) => {
      await asked(action)
      const ranges = gateway.seen.map(({ headers }) => {
        const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(String(headers.range)) ?? []
        return { from: Number(from), to: Number(to) }
      })
      const end = Math.max(...ranges.map(({ to }) => to))
      const inner = ranges.filter(({ to }) => to < end)
      return { opened: ranges.length - inner.length, inner }
    }
    const take = async (row: number) => {
      const { opened, inner } = await rangesOf(() => reader.take([row], { columns }))
      expect([opened, inner.length]).toEqual([1, 1])
      return inner[0]!
    }
    // Keys are the last column of a row group, and these rows are in two that are neighbours.
    const [before, its] = [await take(20_000), await take(60_000)]
    expect(before.to).toBeLessThan(its.from)
    const find = (key: bigint) =>
      rangesOf(async () => {
        const { stats } = await reader.get([key], { columns, statistics: false })
        expect(stats.rowGroupsRead).toBe(key < 100_000n ? 1 : 0)
        expect(stats.rowGroupsRead + stats.rowGroupsSkipped).toBe(3)
      })
    // Opened to look for the key, and for the row.
    const found = await find(60_000n)
    expect([found.opened, found.inner.length]).toEqual([2, 4])
    for (const { from, to } of found.inner) {
      expect(from).toBeGreaterThan(before.to)
      expect(to).toBeLessThanOrEqual(its.to)
    }
    // The end of a file has the statistics of its row groups.
    expect(await find(100_000n)).toEqual({ opened: 1, inner: [] })
  })

  /** Let `healthy` requests for data through, then spoil them. */
  function breakAfter(healthy: number, fault: Fault): void {
    let count = 0
    gateway.spoil((request) => (isData(request) && count++ >= healthy ? fault : undefined))
  }

  const busy = { answer: { status: 503, body: errorBody('SlowDown') } }

  test.each<[string, 'take' | 'get', string, Fault, (0 | 2 | 3)[]]>([
    ['lost', 'take', 'Network', 'reset', [0, 2]],
    ['lost', 'get', 'Network', 'reset', [0, 3]],
    ['silent', 'get', 'Timeout', 'stall', [2]],
    ['throttled', 'take', 'Throttled', busy, [3]],
  ])('a link that is %s in the middle of %s is %s', async (...given) => {
    const [, method, code, fault, versions] = given
    for (const version of versions) {
      await using reader = await open(await placeOf(version, threeChunks(), HASTY))
      const calls = {
        take: async () => idsOf(await reader.take([8, 0, 4])),
        get: async () => idsOf((await reader.get([8n, 0n, 4n])).table),
      }
      breakAfter(1, fault)
      const error = await rejection(calls[method])
      expect(error).toMatchObject({ code, retryable: true })
      expect(error.path).toContain('insert_log/')
      // It is a failure of this call alone.
      gateway.heal()
      expect(await calls[method]()).toEqual([8, 0, 4])
    }
  })

  test('statistics that are not to be had now are a problem of this call alone', async () => {
    await using reader = await open(await placeOf(2, threeChunks(), HASTY))
    gateway.spoil((request) => (isData(request) ? undefined : 'reset'))
    const found = await reader.get([8n, 1000n])
    expect([idsOf(found.table), found.missing]).toEqual([[8], [1000n]])
    expect(found.problems).toHaveLength(4)
    expect(found.problems[0]!.received).toContain('Network')
    expect(found.stats).toMatchObject({ keysByStatistics: 0, chunksSkipped: 0, statisticsRead: 0 })
    gateway.heal()
    const again = await reader.get([8n, 1000n])
    expect([idsOf(again.table), again.problems]).toEqual([[8], []])
    expect(again.stats).toMatchObject({ keysByStatistics: 1, chunksSkipped: 2, statisticsRead: 4 })
  })

  test.each(['take', 'get'])(
    'a worker that ends while a request of its %s is open',
    async (method) => {
      const places = []
      for (const version of STORAGE_VERSIONS) {
        places.push(await placeOf(version, threeChunks(), HASTY))
      }
      const before = memoryUsage().poolBytes
      for (const { given, storage } of places) {
        const { chunkManager: _, ...place } = given
        const worker = startWorker({ place, storage, method })
        await once(worker, 'message')
        await new Promise<void>((resolve) => {
          gateway.spoil((request) => {
            if (!isData(request)) return undefined
            resolve()
            return 'stall'
          })
        })
        expect(await worker.terminate()).toBe(1)
        gateway.heal()
      }
      expect(await memoryIsBack(before)).toBe(true)
      for (const place of places) {
        await using reader = await open(place)
        expect(idsOf(await reader.take([8, 0]))).toEqual([8, 0])
      }
    },
    60_000,
  )
})

test.each(['take', 'get'])(
  'workers that end in the middle of %s',
  async (method) => {
    const places = []
    for (const version of STORAGE_VERSIONS) {
      const storage = { rootPath: join(directory, `${method}-${version}`) }
      const { chunkManager: _, ...place } = await segmentPlace(
        storage.rootPath,
        version,
        threeChunks(),
      )
      places.push({ place, storage })
    }
    const before = memoryUsage().poolBytes
    for (const given of places) {
      for (let calls = 0; calls < 2; calls++) {
        const worker = startWorker({ ...given, method })
        for (let call = 0; call <= calls; call++) await once(worker, 'message')
        expect(await worker.terminate()).toBe(1)
      }
    }
    expect(await memoryIsBack(before)).toBe(true)
  },
  60_000,
)
