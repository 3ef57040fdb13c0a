/** Filters over objects: row groups that are skipped cost no request. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Filter, PackedReader, PackedWriter, type StorageConfig } from '../lib/index.js'
import { storageMetrics } from '../lib/storage/index.js'
import {
  BUCKET,
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers.js'
import { sampleBatch, sampleSchema } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const ROWS = 200_000
const WRITTEN_AT_ONCE = 20_000
const directory = temporaryDirectory('filter-remote')

interface Written {
  path: string
  sizeBytes: number
  footerBytes: number
}

async function writeSample(): Promise<Written[]> {
  const within = join(directory, 'data', BUCKET)
  mkdirSync(within, { recursive: true })
  const writer = await PackedWriter.open({
    schema: sampleSchema(),
    groups: ['id', 'embedding'].map((name, id) => ({
      id,
      path: join(within, name),
      fields: name === 'id' ? ['id', 'title', 'score'] : [name],
    })),
    compression: 'uncompressed',
    rowGroupBytes: 512 << 10,
  })
  for (let row = 0; row < ROWS; row += WRITTEN_AT_ONCE) {
    await writer.write(sampleBatch(row, WRITTEN_AT_ONCE))
  }
  const { groups } = await writer.finish()
  return groups.map(({ fileBytes, footerBytes }, id) => ({
    path: ['id', 'embedding'][id]!,
    sizeBytes: fileBytes,
    footerBytes,
  }))
}

describeWithServers('a filter over objects', () => {
  let server: TestServer
  let storage: StorageConfig
  let files: Written[]

  beforeAll(async () => {
    server = await startVersitygw(directory)
    storage = storageAt(server.port)
    files = await writeSample()
  })
  afterAll(() => server.stop())

  const cost = () => {
    const store = storageMetrics().find(({ filesystem }) =>
      filesystem.includes(String(server.port)),
    )
    return { requests: store?.requests ?? 0, bytes: store?.bytesRead ?? 0 }
  }

  /** Ids that a filter leaves, and what reading cost after the opening. */
  async function read(filter: Filter) {
    await using reader = await PackedReader.open({
      paths: files,
      storage,
      schema: sampleSchema(),
      columns: ['id', 'embedding'],
      filter,
    })
    const before = cost()
    const ids = [...((await reader.toTable()).getChild('id') ?? [])].map(Number)
    const after = cost()
    const { rowGroupsRead, rowGroupsSkipped } = reader.filterStats
    return {
      ids,
      rowGroupsRead,
      rowGroupsSkipped,
      requests: after.requests - before.requests,
      bytes: after.bytes - before.bytes,
    }
  }

  test('that statistics answer costs no request', async () => {
    const none = await read(['id', '>=', ROWS])
    expect(none).toMatchObject({ ids: [], requests: 0, bytes: 0, rowGroupsRead: 0 })
    expect(none.rowGroupsSkipped).toBeGreaterThan(10)
  })

  test('is sent for the row groups of its rows alone', async () => {
    const all = await read([])
    expect(all.ids).toHaveLength(ROWS)
    const row = ROWS / 2 + 5
    const one = await read(['id', '=', row])
    expect(one.ids).toEqual([row])
    // Of the one file the row group of the row, of the other those that have rows of that one.
    expect(one.rowGroupsRead).toBeLessThanOrEqual(4)
    expect(one.rowGroupsRead + one.rowGroupsSkipped).toBe(all.rowGroupsRead)
    expect(one.requests).toBeLessThanOrEqual(one.rowGroupsRead)
    expect(one.bytes).toBeGreaterThan(0)
    expect(one.bytes).toBeLessThan(all.bytes / 3)
  })
})
