/** `packed manifest`, as a user runs it. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, rmSync, truncateSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { InsertData } from '../lib/data/index.js'
import { IngestWorker } from '../lib/ingest/index.js'
import { ManifestStore, ManifestTransaction } from '../lib/manifest/index.js'
import { LocalChunkManager, openChunkManager } from '../lib/storage/index.js'
import { COMMAND, packed, packedOutput } from './support/command.js'
import { hasLoon, LOON } from './support/fixtures.js'
import { localManifestSegment, manifestSegment } from './support/manifest-segment.js'
import {
  ACCESS_KEY,
  BUCKET,
  describeWithServers,
  SECRET_KEY,
  startVersitygw,
  storageAt,
} from './support/object-servers.js'
import { BOOKS, book } from './support/segments.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('manifest-command')
const inside = (...names: string[]) => join(directory, ...names)
const root = inside('files')
const seg = join(root, 'insert_log/1/2/3')
const real = join(LOON, 'seg')
const manifest = (verb: string, ...args: string[]) => packedOutput(['manifest', verb, ...args])
const fileOf = (base: string, version: number) => join(base, `_metadata/manifest-${version}.avro`)

beforeAll(async () => {
  await localManifestSegment(root)
})

const withFixture = hasLoon('commands on a real segment') ? describe : describe.skip

withFixture('a real segment', () => {
  test('show prints groups, files, deletes and statistics', async () => {
    const text = await manifest('show', real)
    expect(text).toMatch(/^version +2$/m)
    expect(text).toMatch(/^rows +3,200$/m)
    expect(text).toMatch(/^ +1 +parquet +2 +3,200 +14,404 +s sn$/m)
    expect(text).toMatch(
      /^ +0 +200 +\[0, 200\) +2,412 +490 +seg\/_data\/0_a559232b-852d-4df9-96fc-9761bbdcd5af\.parquet$/m,
    )
    expect(text).toMatch(/^ +5 +primaryKey +seg\/_delta\/d1\.parquet$/m)
    expect(text).toMatch(/^bloom_filter\.100 +memory_size=123 +seg\/_stats\/bloom_filter\.100\/1$/m)
  })

  test('show takes a version, a file, and JSON', async () => {
    const expected = JSON.parse(readFileSync(join(real, '../manifest-1.json'), 'utf8'))
    const groups = expected.manifest.column_groups as { columns: string[] }[]
    for (const args of [[real, '--version', '1'], [fileOf(real, 1)]]) {
      const shown = JSON.parse(await manifest('show', ...args, '--json'))
      expect(shown).toMatchObject({ version: 1, basePath: 'seg', rows: 3000 })
      expect(shown.columnGroups.map(({ columns }: { columns: string[] }) => columns)).toEqual(
        groups.map(({ columns }) => columns),
      )
    }
  })

  test('log and diff say what version 2 added', async () => {
    const [, first, second] = (await manifest('log', real)).split('\n')
    expect(first).toMatch(/^ +1 +\S+Z +3,000 +3 +138,499 +\+3,000 rows, \+columns RowID /)
    expect(second).toMatch(/^ +2 +\S+Z +3,200 +6 +149,305 +\+200 rows, \+3 files$/)
    const lines = (await manifest('diff', real, '1', '2')).trimEnd().split('\n')
    expect(lines[0]).toBe('~ rows 3,000 -> 3,200')
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(
        /^\+ file seg\/_data\/0_a559.* \[0, 200\) of group RowID Timestamp pk$/,
      ),
      expect.stringMatching(/^\+ file seg\/_data\/1_1642/),
      expect.stringMatching(/^\+ file seg\/_data\/2_707f/),
    ])
    expect((await manifest('diff', real, '2', '1')).split('\n')[1]).toMatch(/^- file /)
  })

  test('verify names the files that are not there', async () => {
    const { code, stdout } = await packed(['manifest', 'verify', real, '--deep'])
    expect(code).toBe(1)
    expect(String(stdout)).toBe(
      'seg/_delta/d1.parquet: exists: Expected a file but received none\n' +
        'seg/_stats/bloom_filter.100/1, field bloom_filter.100: exists: Expected a file but received none\n',
    )
  })

  test('cat prints rows of any version', async () => {
    const text = await manifest('cat', real, '--columns', 'pk,s', '--limit', '2')
    expect(text).toBe('{"pk":0,"s":""}\n{"pk":1,"s":"row-1"}\n')
    const csv = await manifest('cat', fileOf(real, 1), '--columns', 'pk', '--format', 'csv')
    expect(csv.split('\n')).toHaveLength(3002)
  })
})

test('log tells of files, statistics and columns that went; as JSON, too', async () => {
  const [, , second, third] = (await manifest('log', seg)).split('\n')
  expect(second).toMatch(/ 150 .*\+50 rows, \+2 files, statistics bloom_filter\.100$/)
  expect(third).toMatch(/ 150 .*-columns title$/)
  const log = JSON.parse(await manifest('log', seg, '--json'))
  expect(log).toHaveLength(3)
  expect(log[2]).toMatchObject({ version: 3, rows: 150, changes: { columnsDropped: ['title'] } })
})

test('a version that cannot be read, or that is gone, does not hide the others', async () => {
  const copy = inside('damaged/seg')
  cpSync(seg, copy, { recursive: true })
  truncateSync(fileOf(copy, 2), 20)
  const lines = (await manifest('log', copy)).trimEnd().split('\n')
  expect(lines[2]).toMatch(/^ +2 +\S+Z +- +- +- +cannot be read: MetadataCorrupted$/)
  expect(lines[3]).toMatch(/the version before is gone$/)
  rmSync(fileOf(copy, 1))
  rmSync(fileOf(copy, 2))
  expect(await manifest('log', copy)).toMatch(/^ +3 .*the version before is gone$/m)
})

test('diff compares versions, folders and files', async () => {
  const title = await manifest('diff', seg, '2', '3')
  expect(title).toBe('- column title\n')
  expect(await manifest('diff', seg, '3', '3')).toBe('no difference\n')
  expect(await manifest('diff', fileOf(seg, 2), seg)).toBe(title)
  expect(await manifest('diff', seg, join(seg, 'manifest.json'))).toBe('no difference\n')
  const diff = JSON.parse(await manifest('diff', seg, '1', '2', '--json'))
  expect(diff).toMatchObject({ rowsBefore: 100, rowsAfter: 150, columnsAdded: [] })
  expect(diff.filesAdded[0].files).toHaveLength(1)
})

test('verify says OK, or what is wrong, and ends with 1', async () => {
  expect(await manifest('verify', seg, '--deep')).toBe(
    'OK: version 3 (of 1 to 3), 5 files, 150 rows\n',
  )
  expect(JSON.parse(await manifest('verify', seg, '--version', '1', '--json'))).toMatchObject({
    ok: true,
    files: 2,
    rows: 100,
    problems: [],
  })
  const copy = inside('lost/insert_log/1/2/3')
  cpSync(seg, copy, { recursive: true })
  const lost = filesBelow(join(copy, '_data'))[0]!
  rmSync(lost)
  const { code, stdout } = await packed(['manifest', 'verify', copy, '--json'])
  expect(code).toBe(1)
  expect(JSON.parse(String(stdout))).toMatchObject({
    ok: false,
    problems: [{ rule: 'exists', path: lost.slice(inside('lost').length + 1), expected: 'a file' }],
  })
})

test('cat reads columns of a version into every form', async () => {
  expect(
    await manifest('cat', seg, '--version', '2', '--columns', 'title,id', '--limit', '1'),
  ).toBe('{"title":"title 0","id":0}\n')
  const out = inside('rows.arrow')
  await manifest('cat', seg, '--columns', 'id', '--out', out)
  expect([...tableFromIPC(readFileSync(out)).getChild('id')!]).toEqual(
    Array.from({ length: 150 }, (_, row) => BigInt(row)),
  )
  const { code, stderr } = await packed(['manifest', 'cat', seg, '--columns', 'title'])
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^packed: .*title/) })
})

test('expire prints what would go, and removes it when that is asked for', async () => {
  const copy = inside('expire/insert_log/1/2/3')
  cpSync(seg, copy, { recursive: true })
  const files = filesBelow(join(copy, '_data'))
  const old = new Date(Date.now() - 3 * 864e5)
  for (const version of [1, 2, 3]) utimesSync(fileOf(copy, version), old, old)
  const dry = await manifest('expire', copy, '--keep', '1')
  expect(dry).toMatch(/^ +2 +[\d,]+ +\S+Z +insert_log\/1\/2\/3\/_metadata\/manifest-2\.avro$/m)
  expect(dry).toMatch(
    /^2 versions of 3 expired, 0 files that only they name, nothing removed \(--delete removes\)$/m,
  )
  expect(await manifest('expire', copy, '--older-than', '4d')).toBe(
    '0 versions of 3 expired, nothing removed (--delete removes)\n',
  )
  expect(await manifest('expire', copy, '--older-than', '1d', '--protect', '2,9')).toMatch(
    /^1 version of 3 expired/m,
  )
  const done = JSON.parse(await manifest('expire', copy, '--keep', '1', '--delete', '--json'))
  expect(done).toMatchObject({ dryRun: false, kept: [3], unreferenced: [] })
  expect(filesBelow(join(copy, '_metadata'))).toEqual([fileOf(copy, 3)])
  expect(filesBelow(join(copy, '_data'))).toEqual(files)
  expect(await manifest('verify', copy)).toMatch(/^OK: version 3, 5 files/)
})

describe('beside a worker', () => {
  const dir = inside('worker')
  const segments = join(dir, 'segments')
  let base = ''

  beforeAll(async () => {
    const worker = await IngestWorker.open({ directory: dir, schema: BOOKS, storageVersion: 3 })
    const { RowID: _row, Timestamp: _time, ...values } = book(1, 0)
    await worker.write({ source: 'a', sequence: 1, rows: InsertData.fromRows(BOOKS, [values]) })
    await worker.close()
    const [file] = filesBelow(segments).filter((one) => one.endsWith('.avro'))
    base = /^(.*)\/_metadata\//.exec(file!)![1]!
  })

  test('expire keeps the version that the metadata store names', async () => {
    const chunkManager = new LocalChunkManager({ rootPath: segments })
    const basePath = base.slice(segments.length + 1)
    const store = new ManifestStore(chunkManager, basePath)
    const named = await store.latest()
    const statistics = { paths: [], metadata: {} }
    for (let more = 0; more < 2; more++) {
      const one = await ManifestTransaction.open({ chunkManager, basePath })
      await one.updateStatistics(`other.${more}`, statistics).commit()
    }
    const args = [base, '--keep', '1', '--older-than', '0s', '--workers-stopped', '--json']
    const all = JSON.parse(await manifest('expire', ...args))
    expect(all.kept).toEqual([named + 2])
    const kept = JSON.parse(await manifest('expire', ...args, '--dir', dir))
    expect(kept.kept).toEqual([named, named + 1, named + 2])
  })

  test('gc names manifests that it cannot read, and ends with 1', async () => {
    const gc = ['gc', '--dir', dir, '--older-than', '0s', '--workers-stopped']
    const orphan = join(base, '_data/0_left.parquet')
    await new LocalChunkManager({ rootPath: base }).write('_data/0_left.parquet', new Uint8Array(7))
    expect(await packedOutput(gc)).toMatch(/^orphan +7 .*_data\/0_left\.parquet$/m)
    const file = fileOf(base, 1)
    const bytes = readFileSync(file)
    truncateSync(file, 9)
    const { code, stdout, stderr } = await packed([...gc, '--delete'])
    expect({ code, stdout: String(stdout) }).toEqual({
      code: 1,
      stdout: '0 found, 0 bytes, 0 removed\n',
    })
    expect(stderr).toMatch(/^packed: MetadataCorrupted: .*manifest-1\.avro.*\n$/)
    expect(existsSync(orphan)).toBe(true)
    await new LocalChunkManager({ rootPath: base }).write('_metadata/manifest-1.avro', bytes)
    expect(await packedOutput([...gc, '--delete'])).toMatch(/1 removed$/m)
    expect(existsSync(orphan)).toBe(false)
  })
})

test('a reader that leaves early ends it in silence', () => {
  const script = `set -o pipefail; "$NODE" "$MAIN" manifest cat "$SEG" | head -1`
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script], {
    encoding: 'utf8',
    env: { ...process.env, NODE: process.execPath, MAIN: COMMAND, SEG: seg },
  })
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  expect(stdout.split('\n')).toHaveLength(2)
})

test.each<[string[], number, RegExp]>([
  [['show'], 2, /missing required argument 'base'/],
  [['dog', seg], 2, /unknown command 'dog'/],
  [['show', inside('nowhere')], 1, /^packed: NotFound: Expected a manifest in nowhere\/_metadata/],
  [['show', seg, '--version', '9'], 1, /^packed: NotFound: Expected version 9 /],
  [['show', seg, '--version', 'x'], 2, /a whole number but received "x"/],
  [['show', seg, '--versoin', '1'], 2, /Did you mean --version\?/],
  [['show', fileOf(seg, 1), '--version', '1'], 2, /--version for a folder, not for a file/],
  [['show', fileOf(seg, 9)], 1, /^packed: NotFound: /],
  [['show', seg, '--root', inside('nowhere')], 2, /a folder below ".*nowhere" but received/],
  [['log', inside('nowhere')], 1, /^packed: NotFound: Expected manifests in /],
  [['log', fileOf(seg, 1)], 2, /a segment's folder but received the file/],
  [['diff', seg, 'a', '2'], 2, /the number of a version but received "a"/],
  [['diff', seg, '1', '9'], 1, /^packed: NotFound: /],
  [['verify', seg, '--version', '9'], 1, /^packed: NotFound: Expected version 9 /],
  [['expire', seg], 2, /--keep <n> or --older-than <age> but received neither/],
  [['expire', seg, '--keep', '0'], 1, /an integer >= 1 for keep/],
  [['expire', seg, '--older-than', '5s'], 1, />= 60000 for olderThanMs/],
  [['expire', seg, '--keep', '1', '--protect', 'a'], 2, /versions with commas/],
  [['expire', seg, '--keep', '1', '--dir', inside('nowhere')], 1, /metadata store of a worker/],
  [['show', 's3://bucket'], 2, /a folder below a bucket/],
])('packed manifest %j is one clear error', async (args, code, message) => {
  const ran = await packed(['manifest', ...args])
  expect({ code: ran.code, stdout: String(ran.stdout) }).toEqual({ code, stdout: '' })
  expect(ran.stderr).toMatch(message)
  expect(ran.stderr.split('\n')).toHaveLength(2)
})

describeWithServers('in a bucket', () => {
  test('a URI, with a root or without one', async () => {
    const server = await startVersitygw(inside('store'))
    try {
      const storage = storageAt(server.port, { rootPath: 'files' })
      await manifestSegment(await openChunkManager(storage), 'insert_log/1/2/3')
      const env = {
        AWS_ENDPOINT_URL: `http://127.0.0.1:${server.port}`,
        AWS_ACCESS_KEY_ID: ACCESS_KEY,
        AWS_SECRET_ACCESS_KEY: SECRET_KEY,
        AWS_REGION: 'us-east-1',
      }
      const uri = `s3://${BUCKET}/files/insert_log/1/2/3`
      const at = (verb: string, ...args: string[]) =>
        packedOutput(['manifest', verb, ...args], '', env)
      expect(await at('show', uri)).toMatch(/^segment +files\/insert_log\/1\/2\/3$/m)
      expect(await at('show', `${uri}/_metadata/manifest-1.avro`)).toMatch(/^rows +100$/m)
      expect((await at('log', `${uri}/`)).split('\n')).toHaveLength(5)
      const ok = 'OK: version 3 (of 1 to 3), 5 files, 150 rows\n'
      expect(await at('verify', uri, '--deep')).toBe(ok)
      expect(await at('verify', uri, '--root', `s3://${BUCKET}/files`)).toBe(ok)
      expect(await at('cat', uri, '--columns', 'id', '--limit', '1')).toBe('{"id":0}\n')
      const now = ['--keep', '1', '--older-than', '0s', '--workers-stopped', '--delete']
      await new Promise((resolve) => setTimeout(resolve, 1100)) // its times are whole seconds
      expect(await at('expire', uri, ...now)).toMatch(/2 removed$/m)
      expect(await at('diff', uri, uri)).toBe('no difference\n')
    } finally {
      await server.stop()
    }
  })
})
