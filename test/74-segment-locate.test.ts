/** Segments found by their number in a tree of files. */
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readDeleteLog } from '../lib/binlog/index.js'
import {
  deriveSchema,
  locateSegment,
  type SegmentInfo,
  verifySegment,
} from '../lib/segment/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { rejection } from './support/rejection.js'
import {
  BOOKS,
  book,
  chunk,
  columnOf,
  counter,
  deletes,
  IDS,
  segmentIn,
  twoChunks,
} from './support/segments.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('segment-locate')
let trees = 0
/** Keys of `twoChunks` without the first. */
const BOOKS_LEFT = [2n, 3n, 4n, 5n]
const tree = () => join(directory, String(trees++))
const keysBelow = (root: string) =>
  filesBelow(root)
    .map((file) => relative(root, file))
    .sort()

test('a tree that is looked at from further in, or was moved', async () => {
  const root = tree()
  await segmentIn(root, twoChunks(), { root: 'bucket/files', deletes: deletes([1n, 60]) })
  const elsewhere = tree()
  cpSync(join(root, 'bucket'), elsewhere, { recursive: true })
  const views = [
    [root, 'bucket/files'],
    [join(root, 'bucket/files'), ''],
    [elsewhere, 'files'],
  ] as const
  for (const [rootPath, prefix] of views) {
    const chunkManager = new LocalChunkManager({ rootPath })
    const segment = await locateSegment({ chunkManager, segmentId: 3n, root: prefix })
    expect(segment.source).toBe('sidecar')
    const { binlogs, deltalogs } = segment
    expect(await columnOf('id', { schema: BOOKS, binlogs, deltalogs, chunkManager })).toEqual(
      BOOKS_LEFT,
    )
    expect(await verifySegment({ chunkManager, segment })).toMatchObject({ ok: true, rows: 5 })
  }
})

test.each([0, 2] as const)(
  'version %d by its number, from sidecar and from files',
  async (version) => {
    const root = tree()
    const { chunkManager, info } = await segmentIn(root, twoChunks(), {
      storageVersion: version,
      deletes: deletes([1n, 60]),
    })
    const kept = await locateSegment({ chunkManager, segmentId: 3n })
    expect(kept).toMatchObject({ source: 'sidecar', layout: 'milvus', l0Deltalogs: [] })
    const { root: _root, layout: _layout, source: _source, l0Deltalogs: _l0, ...same } = kept
    expect(same).toEqual(info)

    const found = await locateSegment({ chunkManager, segmentId: 3, sidecar: false })
    expect(found).toMatchObject({ ...IDS, source: 'files', storageVersion: version, numRows: 5 })
    const facts = ({ binlogs }: SegmentInfo) =>
      binlogs.map(({ fieldId, childFields, binlogs: logs }) => ({
        ...{ fieldId, childFields },
        logs: logs.map(({ logPath, logId, logSize }) => ({ logPath, logId, logSize })),
      }))
    expect(facts(found)).toEqual(facts(info))
    expect(found.statslogs[0]!.binlogs.map(({ logId }) => logId)).toEqual([
      1n,
      ...info.statslogs[0]!.binlogs.map(({ logId }) => logId).slice(0, 2),
    ])
    const { binlogs, deltalogs } = found
    expect(await columnOf('id', { schema: BOOKS, binlogs, deltalogs, chunkManager })).toEqual([
      2n,
      3n,
      4n,
      5n,
    ])
  },
)

test('with the delete logs of L0 segments of its partition and of all partitions', async () => {
  const root = tree()
  const { chunkManager } = await segmentIn(root, twoChunks())
  const put = (segmentId: bigint, partitionId: bigint, data = twoChunks().slice(2)) =>
    segmentIn(root, data, {
      ids: { collectionId: 1n, partitionId, segmentId },
      allocateId: counter(segmentId * 100n),
      sidecar: false,
      deletes: deletes([1n, 99]),
    })
  await put(50n, 2n) // L0 of the partition
  await put(51n, 2n, twoChunks()) // a segment with rows: its deletes are its own
  await put(52n, 4n) // L0 of another partition
  const everywhere = join(root, 'delta_log/1/-1/53')
  mkdirSync(everywhere, { recursive: true })
  const [own] = filesBelow(join(root, 'delta_log/1/2/50'))
  copyFileSync(own!, join(everywhere, '9'))
  const { l0Deltalogs } = await locateSegment({ chunkManager, segmentId: 3 })
  const paths = l0Deltalogs.flatMap(({ binlogs }) => binlogs.map(({ logPath }) => logPath))
  expect(paths).toEqual([relative(root, own!), 'delta_log/1/-1/53/9'])
  const { keys } = await readDeleteLog(chunkManager, paths[0]!)
  expect([...keys]).toEqual([1n])
})

test('below a prefix, and in the segment-first layout', async () => {
  const root = tree()
  const { chunkManager } = await segmentIn(root, twoChunks(), {
    ...{ root: 'files', layout: 'segmentFirst', deletes: deletes([1n, 60]) },
  })
  expect(keysBelow(root)).toContain('files/1/2/3/insert_log/0/1000.parquet')
  for (const sidecar of [true, false]) {
    const found = await locateSegment({ chunkManager, segmentId: 3, root: 'files/', sidecar })
    expect(found).toMatchObject({ layout: 'segmentFirst', root: 'files', numRows: 5 })
    const { binlogs, deltalogs } = found
    const options = { schema: BOOKS, binlogs, deltalogs, chunkManager }
    expect(await columnOf('id', options)).toEqual([2n, 3n, 4n, 5n])
  }
})

test('a number in two partitions has to be told apart', async () => {
  const root = tree()
  const { chunkManager } = await segmentIn(root, twoChunks())
  await segmentIn(root, [chunk(BOOKS, [book(9, 9)])], { ids: { ...IDS, partitionId: 4n } })
  const error = await rejection(() => locateSegment({ chunkManager, segmentId: 3 }))
  expect(error).toMatchObject({ code: 'InvalidArgument' })
  expect(error.message).toContain('1/2 and 1/4')
  const found = await locateSegment({ chunkManager, segmentId: 3, partitionId: 4 })
  expect(found.numRows).toBe(1)
})

test('what is not there is said', async () => {
  const root = tree()
  const { chunkManager } = await segmentIn(root, [], { deletes: deletes([1n, 1]) })
  await chunkManager.write('insert_log/1/2/8/_metadata/manifest-1.avro', Buffer.from('x'))
  const find = (segmentId: number) => rejection(() => locateSegment({ chunkManager, segmentId }))
  expect((await find(3)).message).toContain('only has delete logs (L0)')
  expect(await find(8)).toMatchObject({ code: 'MetadataCorrupted' })
  expect(await find(7)).toMatchObject({ code: 'NotFound' })
})

test('a broken sidecar is named', async () => {
  const root = tree()
  const { chunkManager } = await segmentIn(root, twoChunks())
  const file = join(root, '_segment/1/2/3.json')
  const text = readFileSync(file, 'utf8')
  for (const broken of [
    '{',
    text.replace('"version": 1', '"version": 2'),
    text.replace('"segmentID": 3', '"segmentID": 4'),
  ]) {
    writeFileSync(file, broken)
    expect(await rejection(() => locateSegment({ chunkManager, segmentId: 3 }))).toMatchObject({
      code: 'MetadataCorrupted',
      path: '_segment/1/2/3.json',
    })
  }
})

test('a schema can be derived from the footers of StorageV2', async () => {
  const { chunkManager } = await segmentIn(tree(), twoChunks())
  const segment = await locateSegment({ chunkManager, segmentId: 3, sidecar: false })
  const schema = await deriveSchema(segment, { chunkManager })
  expect(schema.fields.map(({ name, isPrimaryKey }) => [name, isPrimaryKey])).toEqual([
    ['RowID', false],
    ['Timestamp', false],
    ['id', true],
    ['embedding', false],
    ['pages', false],
    ['title', false],
  ])
  expect(await columnOf('pages', { schema, binlogs: segment.binlogs, chunkManager })).toEqual([
    ...[10, 20, null, 40, 50],
  ])
})
