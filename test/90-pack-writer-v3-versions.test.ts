/** Packs of StorageV3 when the manifest has other versions than the metadata names. */
import { Bm25Stats } from '../lib/data/index.js'
import { type ManifestIndex, ManifestStore, ManifestTransaction } from '../lib/manifest/index.js'
import { commitPack } from '../lib/sync/commit-pack.js'
import { BulkPackWriterV3 } from '../lib/sync/index.js'
import { rejection } from './support/rejection.js'
import { deletes, twoChunks } from './support/segments.js'
import { bare } from './support/sync.js'
import { freshTrees } from './support/trees.js'
import {
  BASE,
  BLOOM,
  firstSync,
  GROUPS,
  idsIn,
  manifestOf,
  someBooks,
  targetAt,
  versionOf,
  write,
} from './support/v3-packs.js'

const { local } = freshTrees('pack-writer-v3-versions')

const INDEX: ManifestIndex = {
  ...{ columnName: '101', indexName: 'hnsw', indexType: 'HNSW', path: 'a/hnsw' },
  ...{ fieldId: 101n, indexId: 7n, buildId: 8n, indexVersion: 1n },
  ...{ numRows: 5, serializedSizeBytes: 1, memSizeBytes: 1 },
  ...{ currentIndexVersion: 1, currentScalarIndexVersion: 0, indexStorePathVersion: 0 },
  ...{ indexFileKeys: [], properties: {} },
}

describe('versions that the metadata does not name', () => {
  test('and that have more rows are superseded: the rows come again', async () => {
    const chunks = local()
    const { manifestPath } = await firstSync(chunks)
    const lost = bare()
      .withInsertData(someBooks(6, 7))
      .withDeleteData(deletes([1n, 60n]))
    await write(lost, chunks, { manifestPath })
    const logs = await write(bare().withInsertData(someBooks(6, 7, 8)), chunks, { manifestPath })
    expect(versionOf(logs)).toBe(3)
    expect(await idsIn(chunks, logs)).toEqual([2n, 3n, 4n, 5n, 6n, 7n, 8n])
    expect((await manifestOf(chunks, logs)).stats[BLOOM]?.paths).toHaveLength(2)
    const next = await write(bare().withInsertData(someBooks(9)), chunks, {
      manifestPath: logs.manifestPath!,
    })
    expect(versionOf(next)).toBe(4)
    expect(await idsIn(chunks, next)).toEqual([2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n])
  })

  test('are superseded before anything was saved, too, by rows or by deletes', async () => {
    const chunks = local()
    const bm25 = new Map([[104n, new Bm25Stats()]])
    await write(bare().withInsertData(twoChunks()).withBm25Stats(bm25), chunks)
    const deleted = await write(bare().withDeleteData(deletes([1n, 60n])), chunks)
    expect(versionOf(deleted)).toBe(2)
    expect(await idsIn(chunks, deleted)).toEqual([])
    expect((await manifestOf(chunks, deleted)).stats[BLOOM]?.paths).toEqual([])
    expect((await manifestOf(chunks, deleted)).stats['bm25.104']?.paths).toEqual([])
    const { manifestPath } = deleted
    const logs = await write(bare().withInsertData(twoChunks()), chunks, {
      manifestPath: manifestPath!,
    })
    expect(await idsIn(chunks, logs)).toEqual([2n, 3n, 4n, 5n])
  })

  test('and that have no more rows are built on: columns and indexes of others stay', async () => {
    const chunks = local()
    const { manifestPath } = await firstSync(chunks)
    const theirs = await ManifestTransaction.open({ chunkManager: chunks, basePath: BASE })
    const [file] = theirs.manifest.columnGroups[1]!.files
    theirs.addColumnGroup({ columns: ['110'], files: [file!], format: 'parquet' })
    theirs.addIndex(INDEX)
    await theirs.commit()
    const pack = bare().withDeleteData(deletes([1n, 60n]))
    const manifest = await manifestOf(chunks, await write(pack, chunks, { manifestPath }))
    expect(manifest.columnGroups.map(({ columns }) => columns.join())).toContain('110')
    expect(manifest.indexes).toEqual([INDEX])
    expect(manifest.deltaLogs).toHaveLength(1)
  })

  test('and that have more rows keep no index that they made, but the saved ones', async () => {
    const chunks = local()
    await firstSync(chunks)
    const theirs = await ManifestTransaction.open({ chunkManager: chunks, basePath: BASE })
    const { version } = await theirs.addIndex(INDEX).commit()
    const indexed = { manifestPath: `{"ver":${version},"base_path":"${BASE}"}` }
    await write(bare().withInsertData(someBooks(6)), chunks, indexed)
    const pack = bare().withDeleteData(deletes([1n, 60n]))
    const logs = await write(pack, chunks, indexed)
    expect((await manifestOf(chunks, logs)).indexes).toEqual([INDEX])
    expect(await idsIn(chunks, logs)).toEqual([2n, 3n, 4n, 5n])
  })

  test('and that have the files of this very pack are what it committed', async () => {
    const chunks = local()
    const { manifestPath } = await firstSync(chunks)
    const writer = new BulkPackWriterV3(targetAt(chunks, { manifestPath }))
    const staged = await writer.stage(bare().withInsertData(someBooks(6)), GROUPS)
    const target = targetAt(chunks, { manifestPath })
    const once = await commitPack(target, staged, undefined, undefined)
    const twice = await commitPack(target, staged, undefined, undefined)
    expect([once.manifestPath, twice]).toEqual([`{"ver":2,"base_path":"${BASE}"}`, once])
    expect(await new ManifestStore(chunks, BASE).versions()).toEqual([1, 2])
  })

  test('but one that it names and that is not there is an error', async () => {
    const chunks = local()
    await firstSync(chunks)
    const manifestPath = `{"ver":5,"base_path":"${BASE}"}`
    const pack = bare().withInsertData(someBooks(6))
    const error = await rejection(() => write(pack, chunks, { manifestPath }))
    expect(error).toMatchObject({ code: 'MetadataCorrupted', path: BASE })
  })
})

test('two packs that are staged at a time become versions one after the other', async () => {
  const chunks = local()
  const target = targetAt(chunks)
  const writer = new BulkPackWriterV3(target)
  const [one, two] = await Promise.all(
    [twoChunks(), someBooks(6)].map((rows) => writer.stage(bare().withInsertData(rows), GROUPS)),
  )
  expect(await new ManifestStore(chunks, BASE).versions()).toEqual([])
  const { manifestPath } = await commitPack(target, one!, undefined, undefined)
  const last = await commitPack({ ...target, manifestPath }, two!, undefined, undefined)
  expect(await idsIn(chunks, { ...two!, manifestPath: last.manifestPath })).toEqual([
    ...[1n, 2n, 3n, 4n, 5n, 6n],
  ])
})
