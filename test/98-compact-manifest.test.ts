/** A segment of which only a manifest says what it is, rewritten as one more version of it. */
import { join } from 'node:path'
import { writeDeleteLog } from '../lib/binlog/index.js'
import { buildRecord, rowsOf } from '../lib/data/index.js'
import {
  ManifestStore,
  ManifestTransaction,
  PackedRecordManifestWriter,
  verifyManifest,
} from '../lib/manifest/index.js'
import { withSystemFields } from '../lib/schema/index.js'
import { SegmentReader } from '../lib/segment/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { compactManifest } from '../lib/sync/index.js'
import type { Row } from './support/every-type.js'
import { rejection } from './support/rejection.js'
import { BOOKS, book, chunk, deletes } from './support/segments.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('compact-manifest')
const SCHEMA = withSystemFields(BOOKS)
const basePath = 'insert_log/1/2/3'
let trees = 0
let root = ''
let chunkManager: LocalChunkManager
let store: ManifestStore

beforeEach(() => {
  root = join(directory, String(trees++))
  chunkManager = new LocalChunkManager({ rootPath: root })
  store = new ManifestStore(chunkManager, basePath)
})

/** One more version with these rows, written at ten times their keys. */
async function append(ids: readonly number[], columnNames: 'name' | 'fieldId'): Promise<void> {
  const writer = await PackedRecordManifestWriter.open({
    ...{ schema: SCHEMA, chunkManager, basePath, columnNames },
    policy: { kind: 'sizeBased', maxAvgColumnBytes: 16, maxColumnsInGroup: 4 },
  })
  const rows = ids.map((id) => book(id, id * 10))
  await writer.write(buildRecord(SCHEMA, [chunk(BOOKS, rows)]))
  await writer.close()
  const { columnGroups } = writer.getWrittenManifest()
  await (await ManifestTransaction.open({ chunkManager, basePath }))
    .appendFiles(columnGroups)
    .commit()
}

async function remove(logId: bigint, ...pairs: [bigint, number][]): Promise<void> {
  const path = `${basePath}/_delta/${logId}`
  const ids = { collectionId: 1n, partitionId: 2n, segmentId: 3n, logId }
  const log = await writeDeleteLog(chunkManager, path, deletes(...pairs), {
    format: 'packed',
    ...ids,
  })
  const transaction = await ManifestTransaction.open({ chunkManager, basePath })
  const numEntries = log!.entriesNum
  await transaction.addDeltaLog({ path, type: 'primaryKey', numEntries }).commit()
}

async function rows(at: { version?: number; readTimestamp?: number } = {}): Promise<Row[]> {
  const reader = await SegmentReader.open({
    ...{ schema: SCHEMA, chunkManager, basePath, systemFields: true },
    ...at,
  })
  const found: Row[] = []
  for await (const batch of reader) found.push(...rowsOf(batch, SCHEMA, { copy: true }))
  return found
}

const ids = (found: readonly Row[]) => found.map(({ id }) => Number(id))
const compact = (more = {}) => compactManifest({ chunkManager, basePath, schema: BOOKS, ...more })

describe.each(['name', 'fieldId'] as const)('columns by %s', (columnNames) => {
  beforeEach(async () => {
    await append([5, 3], columnNames)
    await append([9, 1, 7], columnNames)
    await remove(71n, [3n, 99], [9n, 40])
    await append([2], columnNames)
    await remove(72n, [7n, 200])
  })

  test('rows become one file per group, sorted, without those that are deleted', async () => {
    const before = await rows()
    expect(ids(before)).toEqual([5, 9, 1, 2])
    const { from, to } = await compact({ sort: true })
    expect(from).toMatchObject({ version: 5, rows: 6 })
    expect(to).toMatchObject({ version: 6, rows: 4 })
    const { columnGroups, stats, deltaLogs } = await store.read(6)
    expect(columnGroups.every(({ files }) => files.length === 1)).toBe(true)
    expect(to.files).toBe(columnGroups.length)
    expect(from.files).toBeGreaterThan(to.files)
    const columns = columnGroups.flatMap((group) => group.columns).sort()
    expect(columns).toContain(columnNames === 'name' ? 'title' : '103')
    expect(columns).toHaveLength(6)
    expect(stats['bloom_filter.100']!.paths).toHaveLength(2)
    expect(deltaLogs).toHaveLength(2)
    const after = await rows()
    expect(ids(after)).toEqual([1, 2, 5, 9])
    expect(after).toEqual(expect.arrayContaining(before))
    expect(ids(await rows({ version: 5 }))).toEqual(ids(before))
    expect(await verifyManifest({ store, deep: true })).toMatchObject({ ok: true, problems: [] })
    // Rows can be appended to it as before.
    await append([1, 4], columnNames).catch(() => {})
  })

  test('later deletes stay', async () => {
    const times = [100, 150, 200, 300]
    const before = await Promise.all(times.map((readTimestamp) => rows({ readTimestamp })))
    expect(await compact({ readTimestamp: 100 })).toMatchObject({ to: { version: 6, rows: 5 } })
    const after = await Promise.all(times.map((readTimestamp) => rows({ readTimestamp })))
    expect(after).toEqual(before)
    expect(ids(after.at(-1)!)).toEqual([5, 9, 1, 2])
  })

  test('somebody who commits meanwhile is not overwritten: Conflict, nothing left', async () => {
    const files = filesBelow(root)
    let committing: Promise<unknown> | undefined
    const allocateId = async (): Promise<bigint> => {
      committing ??= remove(73n, [5n, 300])
      await committing
      return BigInt(Date.now())
    }
    const error = await rejection(() => compact({ allocateId }))
    expect(error.code).toBe('Conflict')
    const added = filesBelow(root).filter((file) => !files.includes(file))
    expect(added.map((file) => file.slice(root.length + 1)).sort()).toEqual([
      `${basePath}/_delta/73`,
      `${basePath}/_metadata/manifest-6.avro`,
    ])
    expect(ids(await rows())).toEqual([9, 1, 2])
    expect(await compact()).toMatchObject({ to: { version: 7, rows: 3 } })
  })

  test('aborted before and in the middle: nothing left', async () => {
    const files = filesBelow(root)
    const reason = new Error('enough')
    await expect(compact({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const allocateId = (): bigint => {
      controller.abort(reason)
      return 8n
    }
    await expect(compact({ signal: controller.signal, allocateId })).rejects.toBe(reason)
    expect(filesBelow(root)).toEqual(files)
    expect(await store.latest()).toBe(5)
  })

  test('no row left: a version without groups, and one more of it', async () => {
    await remove(74n, ...([5, 9, 1, 2].map((id) => [BigInt(id), 500]) as [bigint, number][]))
    expect(await compact({ sort: true })).toMatchObject({ to: { version: 7, rows: 0, files: 0 } })
    expect(await store.read(7)).toMatchObject({ columnGroups: [] })
    expect(await rows()).toEqual([])
    expect(ids(await rows({ version: 5 }))).toEqual([5, 9, 1, 2])
  })
})

test('no manifest, a misspelled option', async () => {
  expect(await rejection(() => compact())).toMatchObject({ code: 'NotFound' })
  const error = await rejection(() => compact({ sorted: true }))
  expect(error.message).toMatch(/Did you mean "sort"/)
})
