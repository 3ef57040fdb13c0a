/** `packed segment`, as a user runs it. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { hybridTimestamp } from '../lib/binlog/index.js'
import { PackedReader } from '../lib/packed/index.js'
import { collectionSchemaToJson, createCollectionSchema } from '../lib/schema/index.js'
import { locateSegment } from '../lib/segment/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { packed, packedOutput } from './support/command.js'
import { BOOKS, book, chunk, counter, deletes, segmentIn, twoChunks } from './support/segments.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('segment-command')
const v1 = join(directory, 'v1')
const v2 = join(directory, 'v2')
const inside = (...names: string[]) => join(directory, ...names)

beforeAll(async () => {
  const common = { deletes: deletes([2n, 25], [5n, 45]) }
  await segmentIn(v1, twoChunks(), { ...common, storageVersion: 0 })
  await segmentIn(v2, twoChunks(), common)
  const l0 = { collectionId: 1n, partitionId: 2n, segmentId: 9n }
  for (const root of [v1, v2]) {
    await segmentIn(root, [], { ids: l0, deletes: deletes([4n, 41]), sidecar: false })
  }
})

const segment = (verb: string, root: string, ...more: string[]) =>
  packedOutput(['segment', verb, '3', '--root', root, ...more])

const rowsOf = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))

describe.each([
  ['StorageV1', v1],
  ['StorageV2', v2],
])('cat of %s', (_, root) => {
  test('prints the rows that are there, L0 deletes applied', async () => {
    const rows = rowsOf(await segment('cat', root))
    expect(rows).toEqual([
      { id: 1, embedding: [1, 1.25, -1, 1], pages: 10, title: 'title 1' },
      { id: 3, embedding: [3, 3.25, -3, 1], pages: null, title: 'title 3' },
      { id: 5, embedding: [5, 5.25, -5, 1], pages: 50, title: 'title 5' },
    ])
  })

  test('at a read timestamp, with columns, limit and system fields', async () => {
    const ids = async (...more: string[]) =>
      rowsOf(await segment('cat', root, '--columns', 'id', ...more)).map(({ id }) => id)
    expect(await ids('--read-ts', '24')).toEqual([1, 2])
    expect(await ids('--read-ts', '40')).toEqual([1, 3, 4])
    expect(await ids('--limit', '2')).toEqual([1, 3])
    expect(await ids('--no-deletes')).toEqual([1, 2, 3, 4, 5])
    expect(await ids('--read-ts', '1970-01-01T00:00:00Z')).toEqual([1, 3, 5])
    const [first] = rowsOf(await segment('cat', root, '--system-fields', '--limit', '1'))
    expect(Object.keys(first)).toEqual(['RowID', 'Timestamp', 'id', 'embedding', 'pages', 'title'])
    expect(await segment('cat', root, '--columns', '#103,id', '--format', 'csv')).toBe(
      'title,id\ntitle 1,1\ntitle 3,3\ntitle 5,5\n',
    )
  })

  test('as Arrow and as Parquet', async () => {
    const arrow = inside(`${root.slice(-2)}.arrow`)
    await segment('cat', root, '--out', arrow)
    expect([...tableFromIPC(readFileSync(arrow)).getChild('id')!]).toEqual([1n, 3n, 5n])
    const parquet = inside(`${root.slice(-2)}.parquet`)
    await segment('cat', root, '--out', parquet)
    const reader = await PackedReader.open({ paths: [parquet] })
    expect([...(await reader.toTable()).getChild('title')!]).toEqual([
      'title 1',
      'title 3',
      'title 5',
    ])
  })
})

test('values are shown as what the schema says', async () => {
  const schema = createCollectionSchema({
    name: 'mixed',
    fields: [
      { name: 'id', dataType: 'Int64', isPrimaryKey: true },
      { name: 'half', dataType: 'Float16Vector', dim: 2 },
      { name: 'maybe', dataType: 'FloatVector', dim: 2, nullable: true },
      { name: 'terms', dataType: 'SparseFloatVector' },
      { name: 'tags', dataType: 'Array', elementType: 'Int64', maxCapacity: 9, nullable: true },
      { name: 'meta', dataType: 'JSON' },
      { name: 'bits', dataType: 'BinaryVector', dim: 16 },
    ],
  })
  const row = (id: bigint, maybe: number[] | null, tags: bigint[] | null) => ({
    ...{ RowID: id, Timestamp: 1n, id, half: Uint16Array.of(0x3c00, 0xc000), maybe, tags },
    ...{ terms: { 7: 0.5, 9: 2 }, meta: { big: 2n ** 60n }, bits: Uint8Array.of(1, 255) },
  })
  const root = inside('mixed')
  await segmentIn(root, [chunk(schema, [row(1n, [1.5, 2], [2n ** 62n]), row(2n, null, null)])], {
    schema,
  })
  const tail =
    '"terms":{"7":0.5,"9":2},"tags":TAGS,"meta":{"big":1152921504606846976},"bits":"Af8="}\n'
  expect(await segment('cat', root)).toBe(
    `{"id":1,"half":[1,-2],"maybe":[1.5,2],${tail.replace('TAGS', '[4611686018427387904]')}` +
      `{"id":2,"half":[1,-2],"maybe":null,${tail.replace('TAGS', 'null')}`,
  )
  const [first] = rowsOf(await segment('cat', root, '--vectors', 'hex', '--columns', 'half,bits'))
  expect(first).toEqual({ half: '003c00c0', bits: '01ff' })
  const csv = await segment('cat', root, '--columns', 'maybe,tags', '--format', 'csv')
  expect(csv).toBe('maybe,tags\n"[1.5,2]",[4611686018427387904]\n,\n')
})

test('times count to the end of their millisecond', async () => {
  const root = inside('times')
  const noon = Date.UTC(2026, 0, 31, 12)
  const at = (id: number, ms: number, counter: number) => ({
    ...book(id, 0),
    Timestamp: hybridTimestamp(ms) + BigInt(counter),
  })
  await segmentIn(root, [chunk(BOOKS, [at(1, noon, 0), at(2, noon, 262143), at(3, noon + 1, 0)])])
  const text = await segment('cat', root, '--columns', 'id', '--read-ts', '2026-01-31T12:00:00Z')
  expect(text).toBe('{"id":1}\n{"id":2}\n')
})

test('without sidecar: derived from StorageV2 footers, asked for with StorageV1', async () => {
  const text = await segment('cat', v2, '--no-sidecar', '--columns', 'id,pages')
  expect(rowsOf(text)).toEqual([
    { id: 1, pages: 10 },
    { id: 3, pages: null },
    { id: 5, pages: 50 },
  ])
  const { code, stderr } = await packed(['segment', 'cat', '3', '--root', v1, '--no-sidecar'])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^packed: InvalidSchema: Expected a schema for segment 3 of StorageV1/)
  const schema = inside('books.json')
  writeFileSync(schema, JSON.stringify(collectionSchemaToJson(BOOKS)))
  const told = await segment('cat', v1, '--no-sidecar', '--schema', schema, '--columns', 'title')
  expect(rowsOf(told)).toHaveLength(3)
})

test('stats, as a table and as JSON', async () => {
  const text = await segment('stats', v2)
  expect(text).toMatch(/^rows +5$/m)
  expect(text).toMatch(/^ +101 +2 +5 .* embedding$/m)
  expect(text).toMatch(/^deletes of L0 segments +1 /m)
  const stats = JSON.parse(await segment('stats', v1, '--json'))
  expect(stats).toMatchObject({ segmentId: 3, storageVersion: 0, source: 'sidecar', rows: 5 })
  expect(stats.groups).toHaveLength(6)
  expect(stats.groups[4]).toMatchObject({ id: 102, fields: ['pages'], nullCounts: { 102: 1 } })
})

test('verify says OK, or what is wrong, and ends with 1', async () => {
  expect(await segment('verify', v1)).toBe('OK: 16 logs, 5 rows\n')
  expect(await segment('verify', v2, '--no-sidecar')).toMatch(/^OK: 10 logs, 5 rows\nnot checked: /)
  const root = inside('broken')
  const { info } = await segmentIn(root, twoChunks())
  const path = info.binlogs[1]!.binlogs[1]!.logPath
  rmSync(join(root, path))
  const { code, stdout } = await packed(['segment', 'verify', '3', '--root', root])
  expect(code).toBe(1)
  expect(String(stdout)).toMatch(new RegExp(`^${path}, field 1: exists: Expected a file`))
  const run = await packed(['segment', 'verify', '3', '--root', root, '--json'])
  expect(run.code).toBe(1)
  const result = JSON.parse(String(run.stdout))
  expect(result).toMatchObject({ ok: false, problems: [{ path, field: '1', rule: 'exists' }] })
})

test('convert makes a segment that verifies, and refuses a taken number', async () => {
  const out = inside('converted')
  const text = await segment('convert', v1, '--out', out)
  expect(text).toMatch(/^V1 +3 +5 +12 .*\nV2 +3 +5 +3 /m)
  expect(await segment('verify', out)).toMatch(/^OK: /)
  const rows = rowsOf(await segment('cat', out, '--columns', 'id'))
  expect(rows).toEqual([1, 3, 4, 5].map((id) => ({ id }))) // the L0 segment stays where it was
  const taken = await packed(['segment', 'convert', '3', '--root', v1, '--out', out])
  expect(taken).toMatchObject({ code: 1 })
  expect(taken.stderr).toMatch(/^packed: AlreadyExists: /)
  const json = await segment('convert', v2, '--out', v2, '--to', '1', '--segment-id', '4', '--json')
  expect(JSON.parse(json)).toMatchObject({ segmentID: 4, storage_version: 0, num_of_rows: 5 })
  const chunkManager = new LocalChunkManager({ rootPath: v2 })
  expect(await locateSegment({ chunkManager, segmentId: 4 })).toMatchObject({ storageVersion: 0 })
})

test('export copies logs or writes rows, and prints the request', async () => {
  const bucket = inside('bucket')
  const target = ['--for', 'milvus-import', '--out', bucket]
  const backup = JSON.parse(await segment('export', v1, ...target))
  expect(backup).toEqual({
    collectionName: 'books',
    partitionName: '',
    files: [['export/3/insert_log/1/2/', 'export/3/delta_log/1/2/']],
    options: { backup: 'true' },
  })
  expect(existsSync(join(bucket, 'export/3/insert_log/1/2/3/100'))).toBe(true)
  expect(filesBelow(join(bucket, 'export/3/delta_log'))).toHaveLength(2)
  const more = ['--form', 'bulk', '--prefix', 'rows', '--collection-name', 'other']
  const bulk = JSON.parse(await segment('export', v2, ...target, ...more, '--timeout', '300s'))
  expect(bulk).toMatchObject({ collectionName: 'other', files: [['rows/1.parquet']] })
  expect(bulk.options).toEqual({ timeout: '300s' })
  const reader = await PackedReader.open({ paths: [join(bucket, 'rows/1.parquet')], lenient: true })
  expect([...(await reader.toTable()).getChild('id')!]).toEqual([1n, 3n, 5n])
})

describe('what cannot be meant', () => {
  test.each([
    [['cat', '3'], 2, /Expected --root <dir> or --storage/],
    [['cat', 'three', '--root', v2], 2, /whole number but received "three"/],
    [['cat', '3', '--root', v2, '--read-ts', 'noon'], 2, /hybrid timestamp or a time/],
    [['dog', '3'], 2, /unknown command 'dog'/],
    [['export', '3', '--root', v2, '--out', 'x'], 2, /required option '--for/],
    [['cat', '77', '--root', v2], 1, /^packed: NotFound: .*segment 77/],
    [['cat', '9', '--root', v2], 1, /^packed: NotFound: .*only has delete logs \(L0\)/],
    [['cat', '3', '--root', v2, '--columns', 'nope'], 1, /^packed: InvalidArgument: .*"nope"/],
    [['cat', '3', '--root', v2, '--schema', 'none.json'], 1, /^packed: NotFound: /],
  ])('packed segment %j', async (args, code, message) => {
    const ran = await packed(['segment', ...args])
    expect({ code: ran.code, stdout: String(ran.stdout) }).toEqual({ code, stdout: '' })
    expect(ran.stderr).toMatch(message)
    expect(ran.stderr.split('\n')).toHaveLength(2)
  })

  test('one number in two partitions', async () => {
    const root = inside('twice')
    await segmentIn(root, [chunk(BOOKS, [book(1, 1)])])
    const ids = { collectionId: 1n, partitionId: 7n, segmentId: 3n }
    await segmentIn(root, [chunk(BOOKS, [book(2, 1)])], { ids, allocateId: counter() })
    const { code, stderr } = await packed(['segment', 'cat', '3', '--root', root])
    expect(code).toBe(1)
    expect(stderr).toContain('1/2 and 1/7')
    const text = await segment('cat', root, '--partition', '7', '--columns', 'id')
    expect(text).toBe('{"id":2}\n')
  })
})
