/** What is wrong between a manifest and its files is named; what is right is not. */
import { renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem } from '../lib/config/index.js'
import {
  type Manifest,
  type ManifestColumnGroup,
  ManifestStore,
  manifestKey,
  verifyManifest,
} from '../lib/manifest/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { indexOf } from './support/manifest-parts.js'
import { localManifestSegment } from './support/manifest-segment.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('manifest-verify')
let trees = 0
const BASE = 'insert_log/1/2/3'

/** Versions 1 to 3 as `localManifestSegment` has them, seen by somebody who read nothing yet. */
async function segment() {
  const root = join(directory, String(trees++))
  await localManifestSegment(root, BASE)
  const store = new ManifestStore(new LocalChunkManager({ rootPath: root }), BASE)
  const manifest = await store.read(2)
  return { root, store, manifest, at: (key: string) => join(root, key) }
}

const rulesOf = (problems: readonly Problem[]) => problems.map(({ rule }) => rule)

/** What is found of version 4, which is version 2 with something else about it. */
async function verified(
  change: (manifest: Manifest, store: ManifestStore) => Partial<Manifest>,
): Promise<readonly Problem[]> {
  const { store, manifest } = await segment()
  await store.create(4, { ...manifest, ...change(manifest, store) })
  const { ok, problems, version } = await verifyManifest({ store, deep: true })
  expect(version).toBe(4)
  expect(ok).toBe(problems.length === 0)
  return problems
}

test('progress counts every file', async () => {
  const { store } = await segment()
  const seen: unknown[] = []
  const { files } = await verifyManifest({
    store,
    onProgress: (progress) => void seen.push(progress),
  })
  expect(files).toBeGreaterThan(2)
  expect(seen).toEqual(
    Array.from({ length: files }, (_, index) => ({ files: index + 1, totalFiles: files })),
  )
})

/** The first file of a group with something else about it. */
function withFile(
  group: ManifestColumnGroup,
  more: Partial<ManifestColumnGroup['files'][number]>,
): ManifestColumnGroup {
  const [first, ...others] = group.files
  return { ...group, files: [{ ...first!, ...more }, ...others] }
}

test('every version of a sound segment is sound, deep or not', async () => {
  const { store } = await segment()
  for (const [version, rows, files] of [
    [1, 100, 2],
    [2, 150, 5],
    [-1, 150, 5],
  ] as const) {
    for (const deep of [false, true]) {
      expect(await verifyManifest({ store, version, deep })).toEqual({
        ok: true,
        version: version === -1 ? 3 : version,
        versions: [1, 2, 3],
        files,
        rows,
        problems: [],
        notChecked: [],
      })
    }
  }
})

test('problems come in the order of the manifest, whichever file answers first', async () => {
  const { root, manifest, at } = await segment()
  const paths = manifest.columnGroups[0]!.files.map(({ path }) => path)
  expect(paths.length).toBeGreaterThan(1)
  for (const path of paths) rmSync(at(path))
  let answer = () => {}
  const lastAnswered = new Promise<void>((resolve) => {
    answer = resolve
  })
  class LastAnswersFirst extends LocalChunkManager {
    override async size(...args: Parameters<LocalChunkManager['size']>): Promise<number> {
      const [path] = args
      if (path === paths[0]) await lastAnswered
      try {
        return await super.size(...args)
      } finally {
        if (path === paths.at(-1)) answer()
      }
    }
  }
  const store = new ManifestStore(new LastAnswersFirst({ rootPath: root }), BASE)
  const { problems } = await verifyManifest({ store, version: 2 })
  expect(problems.map(({ path }) => path)).toEqual(paths)
})

test('a file that is gone, cut, or no Parquet any more', async () => {
  const { store, manifest, at } = await segment()
  const [first, second] = manifest.columnGroups[0]!.files
  const [third] = manifest.columnGroups[1]!.files
  rmSync(at(first!.path))
  truncateSync(at(second!.path), Number(second!.properties.file_size) - 9)
  writeFileSync(at(third!.path), Buffer.alloc(Number(third!.properties.file_size)))
  const { problems } = await verifyManifest({ store, version: 2 })
  const about = (path: string) => rulesOf(problems.filter((problem) => problem.path === path))
  expect(about(first!.path)).toEqual(['exists'])
  expect(about(second!.path)).toEqual(['fileSize', 'footer'])
  expect(about(third!.path)).toEqual(['footer'])
  expect(problems).toHaveLength(4)
})

test('a page that does not decode is only found by reading deep', async () => {
  const { store, manifest, at } = await segment()
  const { path, properties } = manifest.columnGroups[0]!.files[0]!
  const bytes = Buffer.from(await store.chunkManager.read(path))
  bytes.fill(0xff, 4, bytes.length - Number(properties.footer_size))
  writeFileSync(at(path), bytes)
  expect(await verifyManifest({ store, version: 2 })).toMatchObject({ ok: true })
  const { problems } = await verifyManifest({ store, version: 2, deep: true })
  expect(problems).toMatchObject([{ rule: 'readable', path }])
})

test('sizes, footers, windows and columns that the files do not have', async () => {
  const groupsWith = (more: Parameters<typeof withFile>[1]) => (manifest: Manifest) => {
    const [first, second] = manifest.columnGroups
    return { columnGroups: [withFile(first!, more), second!] }
  }
  const sizes = await verified((manifest) => {
    const { properties } = manifest.columnGroups[0]!.files[0]!
    const wrong = { ...properties, file_size: '7', footer_size: '9' }
    return groupsWith({ properties: wrong })(manifest)
  })
  expect(rulesOf(sizes)).toEqual(['fileSize', 'footerSize'])
  expect(sizes[0]).toMatchObject({ field: 'id title', expected: '7' })
  expect(rulesOf(await verified(groupsWith({ endIndex: 101 })))).toEqual(['rows', 'window'])
  expect(rulesOf(await verified(groupsWith({ startIndex: 5, endIndex: 5 })))).toEqual([
    'window',
    'rows',
  ])
  const columns = await verified(({ columnGroups: [first, second] }) => ({
    columnGroups: [{ ...first!, columns: ['id', 'titel'] }, second!],
  }))
  expect(columns).toMatchObject([
    { rule: 'columns', field: 'titel' },
    { rule: 'columns', field: 'titel' },
  ])
})

test('groups that do not fit each other', async () => {
  const twice = await verified(({ columnGroups: [first, second] }) => ({
    columnGroups: [first!, { ...second!, columns: [...second!.columns, 'id'] }],
  }))
  expect(twice[0]).toMatchObject({ rule: 'columns', field: 'id', received: 'groups 0 and 1' })
  const shorter = await verified(({ columnGroups: [first, second] }) => ({
    columnGroups: [first!, { ...second!, files: second!.files.slice(0, 1) }],
  }))
  expect(shorter).toMatchObject([
    { rule: 'rows', field: 'score embedding', expected: '150 rows', received: '100 rows' },
  ])
  const again = await verified(({ columnGroups }) => ({
    columnGroups: columnGroups.map((group) => ({
      ...group,
      files: [...group.files, { ...group.files[0]!, startIndex: 99 }],
    })),
  }))
  expect(again).toMatchObject([
    { rule: 'window', expected: 'rows from 100 on' },
    { rule: 'window', expected: 'rows from 100 on' },
  ])
})

test('logs, indexes and large files that are named twice, are gone, or say something else', async () => {
  const problems = await verified(({ columnGroups }, { basePath }) => {
    const { path } = columnGroups[0]!.files[0]!
    const log = { path, type: 'primaryKey' as const, numEntries: 99 }
    const large = {
      path: 'insert_log/1/2/lobs/101/_data/x.vx',
      fieldId: 101n,
      totalRows: 1,
      validRows: 1,
      fileSizeBytes: 1,
    }
    return {
      deltaLogs: [log, { ...log }],
      indexes: [
        indexOf('id', 7n, { path: `${basePath}/_index/none` }),
        indexOf('nobody', 7n, { path: '', indexFileKeys: [] }),
      ],
      lobFiles: [large],
    }
  })
  expect(rulesOf(problems).sort()).toEqual(
    ['duplicate', 'duplicate', 'entries', 'exists', 'exists', 'exists', 'indexColumn'].sort(),
  )
  expect(problems.find(({ rule }) => rule === 'entries')).toMatchObject({
    expected: '99',
    received: '100',
  })
})

test('what cannot be checked is said', async () => {
  const { store, manifest } = await segment()
  const [first, second] = manifest.columnGroups
  const window = { startIndex: 0, endIndex: 150, properties: {} }
  await store.create(4, {
    ...manifest,
    columnGroups: [
      { ...first!, files: [{ path: 's3://elsewhere/file', ...window }] },
      { ...second!, format: 'vortex' },
    ],
    deltaLogs: [{ path: `${BASE}/manifest.json`, type: 'equality', numEntries: 1 }],
  })
  expect(await verifyManifest({ store })).toMatchObject({
    ok: true,
    notChecked: [
      'files by addresses with a scheme',
      'rows of files of the format vortex',
      'entries of delta logs that are not Parquet',
    ],
  })
})

test('versions: a hole and one that cannot be read are named, expired ones are not', async () => {
  const { store, at } = await segment()
  rmSync(at(manifestKey(BASE, 1)))
  expect(await verifyManifest({ store })).toMatchObject({ ok: true, versions: [2, 3] })
  renameSync(at(manifestKey(BASE, 2)), at(manifestKey(BASE, 1)))
  const { problems } = await verifyManifest({ store })
  expect(problems).toMatchObject([
    { rule: 'versions', path: `${BASE}/_metadata`, expected: 'versions 1 to 3', received: 'no 2' },
  ])
  // Although this process has read it before.
  truncateSync(at(manifestKey(BASE, 3)), 12)
  const damaged = await verifyManifest({ store })
  expect(damaged).toMatchObject({ ok: false, version: 3, files: 0, rows: undefined })
  expect(damaged.problems[1]).toMatchObject({ rule: 'decodes', path: manifestKey(BASE, 3) })
})

test('a readable copy that is all there is can be checked', async () => {
  const { store, at } = await segment()
  rmSync(at(`${BASE}/_metadata`), { recursive: true })
  const fresh = new ManifestStore(new LocalChunkManager({ rootPath: at('') }), BASE)
  expect(await verifyManifest({ store: fresh })).toMatchObject({
    ok: true,
    version: 3,
    versions: [],
    files: 5,
    rows: 150,
  })
  expect(store.basePath).toBe(BASE)
})

test('an aborted signal ends it, and what cannot be meant is refused', async () => {
  const { store } = await segment()
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  await expect(verifyManifest({ store, signal })).rejects.toBe(reason)
  for (const [wrong, code] of [
    [{ version: 9 }, 'NotFound'],
    [{ version: 0 }, 'NotFound'],
    [{ version: -2 }, 'InvalidArgument'],
    [{ deeply: true }, 'InvalidArgument'],
    [{ store: undefined }, 'InvalidArgument'],
  ] as const) {
    const error = await rejection(() => verifyManifest({ store, ...wrong } as never))
    expect(error.code).toBe(code)
  }
  const nowhere = new ManifestStore(store.chunkManager, 'nowhere')
  expect(await rejection(() => verifyManifest({ store: nowhere }))).toMatchObject({
    code: 'NotFound',
    path: 'nowhere/_metadata',
  })
})
