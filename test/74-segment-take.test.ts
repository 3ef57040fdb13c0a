/** Rows of whole segments by their positions. */
import { rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Table } from 'apache-arrow'
import { SegmentReader, type SegmentReaderOptions } from '../lib/segment/index.js'
import type { LocalChunkManager } from '../lib/storage/index.js'
import { rejection } from './support/rejection.js'
import { STORAGE_VERSIONS, segmentPlace, threeChunks } from './support/segment-places.js'
import { BOOKS, book, chunk, deletes } from './support/segments.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('segment-take')
let count = 0
const fresh = (): string => join(directory, `segment-${count++}`)

const place = (version: 0 | 2 | 3, options: Parameters<typeof segmentPlace>[3] = {}) =>
  segmentPlace(fresh(), version, threeChunks(), options)

const idsOf = (table: Table): number[] => [...(table.getChild('id')?.toArray() ?? [])].map(Number)

const pathOf = ({ chunkManager }: SegmentReaderOptions, key: string): string =>
  join((chunkManager as LocalChunkManager).rootPath, key)

describe.each(STORAGE_VERSIONS)('StorageV%d', (version) => {
  test('order and duplicates are kept, over chunks', async () => {
    await using reader = await SegmentReader.open(await place(version))
    for (const rows of [[8, 0, 4, 4, 3, 8, 2], [1], [0, 1, 2], [5, 8, 6], []]) {
      const table = await reader.take(rows)
      expect(table.schema.fields.map(({ name }) => name)).toEqual(
        BOOKS.fields.map(({ name }) => name),
      )
      const expected = rows.map((id) => {
        const { pages, title, embedding } = book(id, 0)
        return { id: BigInt(id), embedding: [...(embedding as Float32Array)], pages, title }
      })
      const taken = table.toArray().map((row) => {
        const { embedding, ...others } = row!.toJSON()
        return { ...others, embedding: [...new Float32Array(embedding.slice().buffer)] }
      })
      expect(taken).toEqual(expected)
    }
    expect(idsOf(await reader.take([7n, 0n]))).toEqual([7, 0])
  })

  test('columns are chosen by call, system fields among them', async () => {
    const columns = ['title', 'id']
    await using reader = await SegmentReader.open({ ...(await place(version)), columns })
    expect((await reader.take([4])).toArray().map((row) => row?.toJSON())).toEqual([
      { title: 'title 4', id: 4n },
    ])
    const chosen = await reader.take([8, 1], { columns: [102, 'Timestamp'] })
    expect(chosen.toArray().map((row) => row?.toJSON())).toEqual([
      { pages: 80, Timestamp: 90n },
      { pages: 10, Timestamp: 20n },
    ])
    const error = await rejection(() => reader.take([1], { columns: ['nobody'] }))
    expect(error).toMatchObject({ code: 'InvalidArgument' })
    expect(error.message).toContain('nobody')
  })

  test('positions count hidden rows; what to do with one is the caller’s choice', async () => {
    const options = await place(version, { deletes: deletes([1n, 60], [4n, 99]) })
    await using reader = await SegmentReader.open({ ...options, readTimestamp: 80 })
    expect(reader.numRows).toBe(9)
    expect(idsOf(await reader.take([7, 0, 2, 4]))).toEqual([7, 0, 2, 4])
    const error = await rejection(() => reader.take([0, 8, 1]))
    expect(error).toMatchObject({ code: 'InvalidArgument', field: 'rows[1]' })
    expect(error.message).toContain('row 8')
    expect(idsOf(await reader.take([8, 5, 1, 5], { hidden: 'skip' }))).toEqual([5, 5])
    expect(idsOf(await reader.take([8, 1], { hidden: 'skip' }))).toEqual([])
    expect(idsOf(await reader.take([8, 5, 1], { hidden: 'include' }))).toEqual([8, 5, 1])
    // What was taken does not count as read.
    expect(reader.hiddenRows).toBe(0)
    expect(idsOf(await reader.toTable())).toEqual([0, 2, 3, 4, 5, 6, 7])
    expect(reader.hiddenRows).toBe(2)
  })

  test('the stream goes on where it was, and calls run in turn', async () => {
    await using reader = await SegmentReader.open({ ...(await place(version)), batchRows: 2 })
    const [first, taken, second, again] = await Promise.all([
      reader.readNext(),
      reader.take([8, 3]),
      reader.readNext(),
      reader.take([0]),
    ])
    const ids = (batch: typeof first) => [...batch!.getChild('id')!.toArray()].map(Number)
    expect([ids(first), idsOf(taken), ids(second), idsOf(again)]).toEqual([
      [0, 1],
      [8, 3],
      [2],
      [0],
    ])
    while ((await reader.readNext()) !== null);
    expect(idsOf(await reader.take([5]))).toEqual([5])
  })

  test('positions that no row has, and other things', async () => {
    await using reader = await SegmentReader.open(await place(version))
    for (const row of [9, -1, 0.5, 2n ** 70n, '1', null, Number.NaN]) {
      const error = await rejection(() => reader.take([0, row as number]))
      expect(error).toMatchObject({ code: 'InvalidArgument' })
      expect(error.message).toContain('rows[1]')
    }
    for (const [rows, options, named] of [
      [7, {}, 'rows'],
      [[0], { hiden: 'skip' }, 'hiden'],
      [[0], { hidden: 'never' }, 'hidden'],
      [[0], null, 'take'],
    ] as const) {
      const error = await rejection(() => reader.take(rows as never, options as never))
      expect(error).toMatchObject({ code: 'InvalidArgument' })
      expect(error.message).toContain(named)
    }
    expect(idsOf(await reader.take([2]))).toEqual([2])
  })

  test('a reader with a filter has no rows by position or key, and goes on', async () => {
    await using reader = await SegmentReader.open({
      ...(await place(version)),
      filter: ['id', '>=', 7],
    })
    for (const [method, call] of [
      ['take', () => reader.take([0])],
      ['take', () => reader.take([])],
      ['get', () => reader.get([7n])],
    ] as const) {
      const error = await rejection(call)
      expect(error).toMatchObject({ code: 'NotSupported' })
      expect(error.message).toBe(
        `Expected a SegmentReader without a filter for ${method}() but received one with`,
      )
    }
    expect(idsOf(await reader.toTable())).toEqual([7, 8])
  })

  test('closed readers and aborted signals', async () => {
    const options = await place(version)
    const reader = await SegmentReader.open(options)
    const pending = reader.take([1])
    await reader.close()
    expect(idsOf(await pending)).toEqual([1])
    expect(await rejection(() => reader.take([1]))).toMatchObject({ code: 'Closed' })

    const controller = new AbortController()
    const aborted = await SegmentReader.open({ ...options, signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(aborted.take([1])).rejects.toThrow('enough')
    await aborted.close()
  })
})

test('only chunks that have one of the rows are opened', async () => {
  for (const version of [0, 2] as const) {
    const options = await place(version)
    await using reader = await SegmentReader.open(options)
    const last = options.binlogs!.map(({ binlogs }) => binlogs[2]!.logPath)
    await Promise.all(last.map((path) => rm(pathOf(options, path))))
    expect(idsOf(await reader.take([4, 0]))).toEqual([4, 0])
    expect(await rejection(() => reader.take([4, 5]))).toMatchObject({ code: 'NotFound' })
    // A failure is its caller's alone.
    expect(idsOf(await reader.take([3]))).toEqual([3])
  }
})

test('a damaged file is named; the others stay readable', async () => {
  const options = await place(2)
  await using reader = await SegmentReader.open(options)
  const { logPath } = options.binlogs![0]!.binlogs[1]!
  await truncate(pathOf(options, logPath), 100)
  const error = await rejection(() => reader.take([3]))
  expect(error).toMatchObject({ code: 'FileCorrupted' })
  expect(error.path).toContain(logPath)
  expect(idsOf(await reader.take([8]))).toEqual([8])
})

test('a file with other rows than its metadata has is told, not read by wrong positions', async () => {
  const options = await place(2)
  const binlogs = options.binlogs!.map((list) => ({
    ...list,
    binlogs: list.binlogs.map((log, index) => (index === 1 ? { ...log, entriesNum: 3 } : log)),
  }))
  await using reader = await SegmentReader.open({ ...options, binlogs })
  expect(idsOf(await reader.take([2]))).toEqual([2])
  const error = await rejection(() => reader.take([4]))
  expect(error).toMatchObject({ code: 'MetadataCorrupted' })
  expect(error.message).toContain('3 rows for chunk 1')
})

test('metadata that does not say how many rows there are costs opening the chunks', async () => {
  for (const version of [0, 2] as const) {
    const options = await place(version)
    const binlogs = options.binlogs!.map((list) => ({
      ...list,
      binlogs: list.binlogs.map((log) => ({ ...log, entriesNum: 0 })),
    }))
    await using reader = await SegmentReader.open({ ...options, binlogs })
    expect(idsOf(await reader.take([8, 3, 0]))).toEqual([8, 3, 0])
    expect(await rejection(() => reader.take([9]))).toMatchObject({ code: 'InvalidArgument' })
  }
})

test('fields that were added later come out as their default or null', async () => {
  const options = await place(2)
  const later = {
    ...BOOKS,
    fields: [
      ...BOOKS.fields,
      { ...BOOKS.fields[2]!, name: 'later', fieldId: 110n, nullable: true },
    ],
  }
  await using reader = await SegmentReader.open({ ...options, schema: later })
  expect(
    (await reader.take([8, 0], { columns: ['later', 'id'] })).toArray().map((row) => row?.toJSON()),
  ).toEqual([
    { later: null, id: 8n },
    { later: null, id: 0n },
  ])
  expect(
    (await reader.take([1], { columns: ['later'] })).toArray().map((row) => row?.toJSON()),
  ).toEqual([{ later: null }])
})

test.each([2, 3] as const)('encrypted column groups of StorageV%d', async (version) => {
  const key = Uint8Array.from({ length: 16 }, (_, index) => index)
  const options = await place(version, { encryption: { key, keyMetadata: 'zone' } })
  await using reader = await SegmentReader.open(options)
  expect(idsOf(await reader.take([8, 0, 4]))).toEqual([8, 0, 4])
})

test('a segment without rows has no positions', async () => {
  const { chunkManager } = await place(2)
  await using reader = await SegmentReader.open({
    schema: BOOKS,
    binlogs: [],
    chunkManager: chunkManager!,
  })
  expect((await reader.take([])).numRows).toBe(0)
  const error = await rejection(() => reader.take([0]))
  expect(error).toMatchObject({ code: 'InvalidArgument' })
  expect(error.message).toContain('no rows')
})

test('rows outlive their reader, and of a mapped file nothing is left open', async () => {
  const reader = await SegmentReader.open({ ...(await place(2)), mmap: true })
  const table = await reader.take([8, 1])
  await reader.close()
  expect(idsOf(table)).toEqual([8, 1])
  const many = Array.from({ length: 500 }, (_, id) => book(id, 1))
  const options = await segmentPlace(fresh(), 2, [chunk(BOOKS, many)])
  await using other = await SegmentReader.open({ ...options, copy: true })
  expect(idsOf(await other.take([499, 0, 250]))).toEqual([499, 0, 250])
  expect(filesBelow(directory).length).toBeGreaterThan(0)
})
