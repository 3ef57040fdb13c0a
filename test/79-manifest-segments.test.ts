/** Segments whose manifest names their files are read as all others are. */
import { ManifestTransaction } from '../lib/manifest/index.js'
import { createCollectionSchema } from '../lib/schema/index.js'
import { SegmentReader, type SegmentReaderOptions } from '../lib/segment/index.js'
import { type ChunkManager, LocalChunkManager } from '../lib/storage/index.js'
import { hasLoon, LOON } from './support/fixtures.js'
import { rejection } from './support/rejection.js'
import { BOOKS, columnOf, deletes, rowsOfSegment, segmentIn } from './support/segments.js'
import { BASE, syncedSegments } from './support/synced-segments.js'
import { freshTrees } from './support/trees.js'

const { tree } = freshTrees('manifest-segments')
const { manifestSegment, sameAsV2 } = syncedSegments(tree)

describe('a segment with a manifest reads as one of StorageV2', () => {
  const views: Record<string, Partial<SegmentReaderOptions>> = {
    'as it is': {},
    'row by row': { batchRows: 1 },
    'with system fields': { systemFields: true },
    'some columns, in their order': { columns: ['title', 100] },
    'one column that is not in the first group': { columns: ['embedding'] },
    'before the deletes': { readTimestamp: 14 },
    'between the deletes': { readTimestamp: 45n },
    'before every row': { readTimestamp: 1 },
    'without a bound': { readTimestamp: 2n ** 64n - 1n },
    'with deletes up to a time': { deletesUpTo: 20 },
  }
  test.each(Object.entries(views))('%s', async (_, view) => {
    const [v2, v3] = [await sameAsV2(), await manifestSegment()]
    const expected = await rowsOfSegment({ ...v2.source, ...view })
    expect(await rowsOfSegment({ ...v3.source, ...view })).toEqual(expected)
    const [left, right] = await Promise.all(
      [v2, v3].map(({ source }) => SegmentReader.open({ ...source, ...view })),
    )
    expect(right!.schema).toEqual(left!.schema)
    expect([right!.numRows, right!.deletedKeys]).toEqual([left!.numRows, left!.deletedKeys])
    await Promise.all([left!.close(), right!.close()])
  })

  test('with deletes of L0 segments', async () => {
    const [v2, v3] = [await sameAsV2(), await manifestSegment()]
    const { chunkManager, info } = await segmentIn(tree(), [], { deletes: deletes([5n, 99]) })
    const name = 'delta_log/1/2/9/77'
    const bytes = await chunkManager.read(info.deltalogs[0]!.binlogs[0]!.logPath)
    const read = async ({ source }: typeof v2 | typeof v3) => {
      await source.chunkManager.write(name, bytes)
      const binlogs = [{ ...info.deltalogs[0]!.binlogs[0]!, logPath: name }]
      const l0Deltalogs = [{ ...info.deltalogs[0]!, binlogs }]
      return columnOf('id', { ...source, l0Deltalogs })
    }
    expect(await read(v3)).toEqual([2n, 3n])
    expect(await read(v2)).toEqual(await read(v3))
  })

  test('with fields that were added later, and without those that were dropped', async () => {
    const schema = createCollectionSchema({
      name: 'books',
      fields: [
        ...BOOKS.fields.filter(({ name }) => name !== 'pages'),
        { name: 'shelf', dataType: 'Int32', nullable: true, fieldId: 110n },
        { name: 'lang', dataType: 'VarChar', maxLength: 9, defaultValue: 'de', fieldId: 111n },
      ] as never,
    })
    const [v2, v3] = [await sameAsV2(), await manifestSegment()]
    const rows = await rowsOfSegment({ ...v3.source, schema })
    expect(rows.map(({ id, shelf, lang, pages }) => [id, shelf, lang, pages])).toEqual(
      [2n, 3n, 5n].map((id) => [id, null, 'de', undefined]),
    )
    expect(rows).toEqual(await rowsOfSegment({ ...v2.source, schema }))
    const added = { schema, columns: ['shelf', 'lang'] }
    expect(await rowsOfSegment({ ...v3.source, ...added })).toEqual(
      Array(3).fill({ shelf: null, lang: 'de' }),
    )
  })
})

describe('which manifest is read', () => {
  test('a version, or the latest, by path or by base', async () => {
    const { chunkManager, source } = await manifestSegment()
    const read = (which: Partial<SegmentReaderOptions>) =>
      columnOf('id', { schema: BOOKS, chunkManager, ...which })
    const path = (ver: number) => `{"ver":${ver},"base_path":"${BASE}"}`
    expect(await read({ manifestPath: path(1) })).toEqual([1n, 2n, 3n])
    expect(await read({ basePath: BASE, version: 1 })).toEqual([1n, 2n, 3n])
    expect(await read({ basePath: BASE })).toEqual([2n, 3n, 5n])
    expect(await read({ manifestPath: path(-1) })).toEqual([2n, 3n, 5n])
    expect(await read({ manifestPath: path(0) })).toEqual([])
    expect(await read({ ...source, binlogs: [], deltalogs: [] })).toEqual([2n, 3n, 5n])
    expect(await read({ ...source, manifestDeletes: false })).toEqual([1n, 2n, 3n, 4n, 5n])
  })

  test('wrong ones are said', async () => {
    const { chunkManager, manifestPath } = await manifestSegment()
    const code = async (which: object) => {
      const open = () => SegmentReader.open({ schema: BOOKS, chunkManager, ...which })
      return (await rejection(open)).code
    }
    expect(await code({ basePath: BASE, version: 9 })).toBe('NotFound')
    expect(await code({ basePath: BASE, manifestPath })).toBe('InvalidArgument')
    expect(await code({ version: 1 })).toBe('InvalidArgument')
    expect(await code({ manifestPath: 'latest' })).toBe('MetadataCorrupted')
    expect(await code({ manifestPath: '' })).toBe('InvalidArgument')
    await chunkManager.write(`${BASE}/_metadata/manifest-3.avro`, Buffer.from('no manifest'))
    expect(await code({ basePath: BASE })).toBe('MetadataCorrupted')
  })

  test('deletes that are not by primary key are not supported', async () => {
    const { chunkManager, source } = await manifestSegment()
    const transaction = await ManifestTransaction.open({ chunkManager, basePath: BASE })
    transaction.addDeltaLog({ path: `${BASE}/_delta/9`, type: 'positional', numEntries: 1 })
    await transaction.commit()
    const open = () => SegmentReader.open({ schema: BOOKS, chunkManager, basePath: BASE })
    expect(await rejection(open)).toMatchObject({ code: 'NotSupported', path: `${BASE}/_delta/9` })
    expect(await columnOf('id', source)).toEqual([2n, 3n, 5n])
  })

  test('an aborted signal ends the opening', async () => {
    const { source } = await manifestSegment()
    const reason = new Error('enough')
    const opening = SegmentReader.open({ ...source, signal: AbortSignal.abort(reason) })
    await expect(opening).rejects.toBe(reason)
  })
})

const testReal = hasLoon("Milvus's own files") ? test : test.skip

testReal("Milvus's own files are read by the names of their columns", async () => {
  const chunkManager = new LocalChunkManager({ rootPath: LOON })
  const schema = createCollectionSchema({
    name: 'loon',
    fields: [
      { name: 'pk', dataType: 'Int64', isPrimaryKey: true, fieldId: 100n },
      { name: 's', dataType: 'VarChar', maxLength: 999, fieldId: 101n },
    ] as never,
  })
  const read = {
    schema,
    chunkManager,
    basePath: 'seg',
    manifestDeletes: false,
    columns: ['pk', 's'],
  }
  for (const [version, rows] of [
    [1, 3000],
    [2, 3200],
  ] as const) {
    await using reader = await SegmentReader.open({ ...read, version })
    expect(reader.numRows).toBe(rows)
    const table = await reader.toTable()
    expect(table.numRows).toBe(rows)
    expect(new Set([...table.getChild('pk')!]).size).toBeGreaterThan(1)
  }
})

/** Calls that ask the store for something, data of column groups aside. */
function counting(chunks: ChunkManager): { chunkManager: ChunkManager; asked: string[] } {
  const asked: string[] = []
  const chunkManager = new Proxy(chunks, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...given: unknown[]) => {
        asked.push(`${String(name)} ${String(given[0])}`)
        return Reflect.apply(value, target, given)
      }
    },
  })
  return { chunkManager, asked }
}

test('an opening takes one request beyond the data, and two for the latest', async () => {
  const { chunkManager: chunks, manifestPath } = await manifestSegment()
  for (const [which, requests] of [
    [{ manifestPath }, 1],
    [{ basePath: BASE }, 2],
  ] as const) {
    const { chunkManager, asked } = counting(chunks)
    const given = { schema: BOOKS, chunkManager, manifestDeletes: false, storage: chunks.storage! }
    await (await SegmentReader.open({ ...given, ...which })).close()
    expect(asked).toHaveLength(requests)
  }
})

test('version 0 is a segment without rows', async () => {
  const { chunkManager, source } = await manifestSegment()
  const read = { ...source, manifestPath: `{"ver":0,"base_path":"${BASE}"}` }
  await using reader = await SegmentReader.open({ ...read, chunkManager })
  expect([reader.numRows, await reader.readNext(), await reader.readNext()]).toEqual([
    0,
    null,
    null,
  ])
})
