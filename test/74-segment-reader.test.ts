/** Rows of segments as they are at a timestamp, whatever they are stored in. */
import { appendFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Table } from 'apache-arrow'
import { type FieldBinlog, writeDeleteLog } from '../lib/binlog/index.js'
import { createCollectionSchema, fieldIdOf } from '../lib/schema/index.js'
import { SegmentReader, type SegmentReaderOptions } from '../lib/segment/index.js'
import { type ChunkManager, LocalChunkManager } from '../lib/storage/index.js'
import { rejection } from './support/rejection.js'
import {
  BOOKS,
  book,
  chunk,
  columnOf,
  counter,
  deletes,
  IDS,
  rowsOfSegment,
  segmentIn,
  TITLES,
  twoChunks,
} from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('segment-reader')
let trees = 0
const tree = () => join(directory, String(trees++))

const readAll = async (options: SegmentReaderOptions): Promise<Table> => {
  const reader = await SegmentReader.open(options)
  return reader.toTable()
}

/** A delete log of another segment, as L0 segments have them. */
async function l0Log(
  chunkManager: ChunkManager,
  partitionId: bigint,
  ...pairs: [key: bigint | string, timestamp: bigint | number][]
): Promise<FieldBinlog> {
  const path = `delta_log/1/${partitionId}/77/${++trees}`
  const ids = { collectionId: 1, partitionId, segmentId: 77, logId: trees }
  const binlog = await writeDeleteLog(chunkManager, path, deletes(...pairs), ids)
  return { fieldId: 100n, binlogs: [binlog!], childFields: [], format: '' }
}

describe.each([0, 2] as const)('storage version %d', (storageVersion) => {
  test('gives the rows in the order of chunks, user fields only', async () => {
    const { chunkManager, info } = await segmentIn(tree(), twoChunks(), { storageVersion })
    const { binlogs } = info
    const reader = await SegmentReader.open({ schema: BOOKS, binlogs, chunkManager })
    const names = reader.schema.fields.map(({ name }) => name)
    expect(names).toEqual(['id', 'embedding', 'pages', 'title'])
    expect(reader.numRows).toBe(5)
    const table = await reader.toTable()
    expect([...table.getChild('id')!]).toEqual([1n, 2n, 3n, 4n, 5n])
    expect([...table.getChild('pages')!]).toEqual([10, 20, null, 40, 50])
    expect(table.getChild('title')!.get(4)).toBe('title 5')
    expect(await reader.readNext()).toBeNull()
    expect(reader.hiddenRows).toBe(0)
  })

  test('a row that is as old as its delete stays, an older one goes', async () => {
    const { chunkManager, info } = await segmentIn(tree(), twoChunks(), {
      storageVersion,
      deletes: deletes([1n, 10], [2n, 21], [3n, 29], [4n, 1000], [9n, 1000]),
    })
    const { binlogs, deltalogs } = info
    const options = { schema: BOOKS, binlogs, deltalogs, chunkManager }
    expect(await columnOf('id', options)).toEqual([1n, 3n, 5n])
    // The filter is applied although neither key nor timestamp is asked for.
    expect(await columnOf('title', options)).toEqual(['title 1', 'title 3', 'title 5'])
    const reader = await SegmentReader.open(options)
    await reader.toTable()
    expect(reader.hiddenRows).toBe(2)
    expect(reader.deletedKeys).toBe(5)
    expect(reader.numRows).toBe(5)
  })

  test('a read timestamp hides later rows and later deletes', async () => {
    const { chunkManager, info } = await segmentIn(tree(), twoChunks(), {
      storageVersion,
      deletes: deletes([1n, 25], [2n, 35], [1n, 15]),
    })
    const { binlogs, deltalogs } = info
    const at = (readTimestamp: number) =>
      columnOf('id', { schema: BOOKS, binlogs, deltalogs, chunkManager, readTimestamp })
    expect(await at(9)).toEqual([])
    expect(await at(10)).toEqual([1n])
    expect(await at(14)).toEqual([1n])
    expect(await at(15)).toEqual([])
    expect(await at(34)).toEqual([2n, 3n])
    expect(await at(35)).toEqual([3n])
    expect(await at(50)).toEqual([3n, 4n, 5n])
  })

  test('deletes of L0 segments, of the partition and of all partitions, count', async () => {
    const { chunkManager, info } = await segmentIn(tree(), twoChunks(), {
      storageVersion,
      deletes: deletes([1n, 100]),
    })
    const partition = await l0Log(chunkManager, 2n, [2n, 100], [3n, 5])
    const all = await l0Log(chunkManager, -1n, [5n, 100])
    const { binlogs, deltalogs } = info
    const options = { schema: BOOKS, binlogs, chunkManager }
    expect(await columnOf('id', { ...options, deltalogs, l0Deltalogs: [partition, all] })).toEqual([
      3n,
      4n,
    ])
    const together = [...deltalogs, partition, all]
    expect(await columnOf('id', { ...options, deltalogs: together })).toEqual([3n, 4n])
    expect(await columnOf('id', { ...options, l0Deltalogs: [all] })).toEqual([1n, 2n, 3n, 4n])
  })

  test('keys may be text', async () => {
    const rows = ['', 'a<b', 'zoë', '😀', 'plain'].map((title, index) => ({
      RowID: BigInt(index),
      Timestamp: 10n,
      title,
      embedding: Float32Array.of(index, 0, 0, 0),
    }))
    const { chunkManager, info } = await segmentIn(tree(), [chunk(TITLES, rows)], {
      schema: TITLES,
      storageVersion,
      deletes: deletes(['', 11], ['a<b', 11], ['😀', 11], ['plain', 10], ['other', 11]),
    })
    const { binlogs, deltalogs } = info
    const options = { schema: TITLES, binlogs, deltalogs, chunkManager }
    expect(await columnOf('title', options)).toEqual(['zoë', 'plain'])
  })

  test('columns by name and id in any order, system fields when asked for', async () => {
    const { chunkManager, info } = await segmentIn(tree(), twoChunks(), { storageVersion })
    const options = { schema: BOOKS, binlogs: info.binlogs, chunkManager }
    const chosen = await readAll({ ...options, columns: ['title', 101n, 1, 'RowID'] })
    expect(chosen.schema.fields.map(fieldIdOf)).toEqual([103n, 101n, 1n, 0n])
    expect([...chosen.getChild('Timestamp')!]).toEqual([10n, 20n, 30n, 40n, 50n])
    const whole = await readAll({ ...options, systemFields: true })
    expect(whole.schema.fields.map(fieldIdOf)).toEqual([0n, 1n, 100n, 101n, 102n, 103n])
    const vectors = await readAll({ ...options, columns: ['embedding'] })
    expect(vectors.numRows).toBe(5)
    const bytes = vectors.getChild('embedding')!.get(4) as Uint8Array
    expect(new Float32Array(bytes.slice().buffer)).toEqual(Float32Array.of(5, 5.25, -5, 1))
  })

  test('fields that were added later are their default or null, dropped ones are gone', async () => {
    const { chunkManager, info } = await segmentIn(tree(), twoChunks(), { storageVersion })
    const later = createCollectionSchema({
      name: 'books',
      fields: [
        { name: 'id', fieldId: 100, dataType: 'Int64', isPrimaryKey: true },
        { name: 'title', fieldId: 103, dataType: 'VarChar', maxLength: 256 },
        { name: 'stars', fieldId: 104, dataType: 'Int8', nullable: true, defaultValue: 3 },
        { name: 'note', fieldId: 105, dataType: 'VarChar', maxLength: 9, nullable: true },
      ],
    })
    const rows = await rowsOfSegment({ schema: later, binlogs: info.binlogs, chunkManager })
    expect(rows).toHaveLength(5)
    expect(rows[4]).toEqual({ id: 5n, title: 'title 5', stars: 3, note: null })
    const added = { schema: later, binlogs: info.binlogs, chunkManager, columns: ['stars'] }
    expect(await rowsOfSegment(added)).toEqual(Array(5).fill({ stars: 3 }))
  })

  test('a signal that is aborted rejects with its reason', async () => {
    const { chunkManager, info } = await segmentIn(tree(), twoChunks(), { storageVersion })
    const reason = new Error('enough')
    const { binlogs } = info
    const signal = AbortSignal.abort(reason)
    const opening = SegmentReader.open({ schema: BOOKS, binlogs, chunkManager, signal })
    await expect(opening).rejects.toBe(reason)
    const controller = new AbortController()
    const reader = await SegmentReader.open({
      schema: BOOKS,
      binlogs,
      chunkManager,
      signal: controller.signal,
    })
    controller.abort(reason)
    await expect(reader.readNext()).rejects.toBe(reason)
  })
})

test('StorageV1 and V2 read as the same batches', async () => {
  const read = async (storageVersion: 0 | 2) => {
    const { chunkManager, info } = await segmentIn(tree(), twoChunks(), { storageVersion })
    return readAll({ schema: BOOKS, binlogs: info.binlogs, chunkManager, systemFields: true })
  }
  const [v1, v2] = [await read(0), await read(2)]
  const shape = (table: Table) =>
    table.schema.fields.map(({ name, type, nullable, metadata }) => {
      return { name, type: String(type), nullable, metadata: [...metadata] }
    })
  expect(shape(v1)).toEqual(shape(v2))
  expect(v1.batches.map(({ numRows }) => numRows)).toEqual([3, 2])
  expect(v2.batches.map(({ numRows }) => numRows)).toEqual([3, 2])
  expect(v1.toArray().map(String)).toEqual(v2.toArray().map(String))
})

test('a segment may have chunks of both versions, older ones first', async () => {
  const root = tree()
  const young = await segmentIn(root, [chunk(BOOKS, [book(7, 70)])], {
    sidecar: false,
    allocateId: counter(5000n),
  })
  const old = await segmentIn(root, twoChunks(), {
    sidecar: false,
    ids: { ...IDS, segmentId: 4n },
    storageVersion: 0,
    allocateId: counter(2000n),
    deletes: deletes([7n, 71], [1n, 71]),
  })
  const binlogs = [...young.info.binlogs, ...old.info.binlogs]
  const { chunkManager } = young
  const options = { schema: BOOKS, binlogs, chunkManager, deltalogs: old.info.deltalogs }
  expect(await columnOf('id', options)).toEqual([2n, 3n, 4n, 5n])
  const reader = await SegmentReader.open(options)
  expect(reader.numRows).toBe(6)
})

test('the greatest timestamp of Milvus is no bound', async () => {
  const { chunkManager, info } = await segmentIn(tree(), twoChunks())
  const options = { schema: BOOKS, binlogs: info.binlogs, chunkManager }
  const greatest = { ...options, readTimestamp: 2n ** 64n - 1n }
  expect(await columnOf('id', greatest)).toEqual([1n, 2n, 3n, 4n, 5n])
  const error = await rejection(() => SegmentReader.open({ ...options, readTimestamp: 2n ** 64n }))
  expect(error.code).toBe('InvalidArgument')
})

test('batches are as small as asked for, and may be given back at once', async () => {
  const { chunkManager, info } = await segmentIn(tree(), twoChunks())
  const options = { schema: BOOKS, binlogs: info.binlogs, chunkManager, batchRows: 2 }
  const reader = await SegmentReader.open({ ...options, releasePrevious: true })
  const rows: number[] = []
  for await (const batch of reader) rows.push(batch.numRows)
  expect(rows).toEqual([2, 1, 2])
  const kept = await SegmentReader.open({ ...options, releasePrevious: true })
  expect(await rejection(() => kept.toTable())).toMatchObject({ code: 'InvalidArgument' })
})

test('groups without child fields are told by their first bytes', async () => {
  const { chunkManager, info } = await segmentIn(tree(), twoChunks())
  const binlogs = info.binlogs.map((list) => ({ ...list, childFields: [] }))
  expect(await columnOf('id', { schema: BOOKS, binlogs, chunkManager })).toEqual([
    1n,
    2n,
    3n,
    4n,
    5n,
  ])
})

test('no binlogs are no rows, again and again', async () => {
  const chunkManager = new LocalChunkManager({ rootPath: tree() })
  const reader = await SegmentReader.open({ schema: BOOKS, binlogs: [], chunkManager })
  expect(await reader.readNext()).toBeNull()
  expect(await reader.readNext()).toBeNull()
  expect(reader.numRows).toBe(0)
  await reader.close()
  await reader.close()
  expect(await rejection(() => reader.readNext())).toMatchObject({ code: 'Closed' })
})

describe('what is wrong is said', () => {
  test('unequal numbers of logs', async () => {
    const { chunkManager, info } = await segmentIn(tree(), twoChunks())
    const [first, ...others] = info.binlogs
    const binlogs = [{ ...first!, binlogs: first!.binlogs.slice(1) }, ...others]
    const error = await rejection(() =>
      SegmentReader.open({ schema: BOOKS, binlogs, chunkManager }),
    )
    expect(error).toMatchObject({ code: 'MetadataCorrupted' })
    expect(error.message).toContain('group 0: 1')
  })

  test('a missing and a damaged log, by name', async () => {
    const root = tree()
    const { chunkManager, info } = await segmentIn(root, twoChunks(), { storageVersion: 0 })
    const { logPath } = info.binlogs[3]!.binlogs[0]!
    const options = { schema: BOOKS, binlogs: info.binlogs, chunkManager }
    appendFileSync(join(root, logPath), 'x')
    expect(await rejection(() => SegmentReader.open(options))).toMatchObject({
      code: 'FileCorrupted',
      path: logPath,
    })
    rmSync(join(root, logPath))
    expect(await rejection(() => SegmentReader.open(options))).toMatchObject({
      code: 'NotFound',
      path: logPath,
    })
  })

  test('keys of another type in a delete log', async () => {
    const { chunkManager, info } = await segmentIn(tree(), twoChunks())
    const wrong = await l0Log(chunkManager, 2n, ['a', 5])
    const { binlogs } = info
    const opening = SegmentReader.open({ schema: BOOKS, binlogs, chunkManager, deltalogs: [wrong] })
    expect(await rejection(() => opening)).toMatchObject({
      code: 'TypeMismatch',
      path: wrong.binlogs[0]!.logPath,
      field: 'id',
    })
  })

  test.each([
    ['a misspelled option', { readTimestmap: 5 }, 'readTimestamp'],
    ['a timestamp beyond 2^53 as a number', { readTimestamp: 2 ** 53 }, 'readTimestamp'],
    ['an unknown column', { columns: ['nmae'] }, 'columns[0]'],
    ['a column twice', { columns: ['id', 100] }, 'columns[1]'],
    ['no columns', { columns: [] }, 'columns'],
    ['an Arrow schema', { schema: {} }, 'schema'],
  ])('%s', async (_, options, name) => {
    const { chunkManager, info } = await segmentIn(tree(), twoChunks())
    const all = { schema: BOOKS, binlogs: info.binlogs, chunkManager, ...options }
    const error = await rejection(() => SegmentReader.open(all as SegmentReaderOptions))
    expect(error).toMatchObject({ code: 'InvalidArgument' })
    expect(error.message).toContain(name)
  })
})
