/** `packed ingest` from files of every kind into segments, run after run. */
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RecordBatch, Table, tableToIPC } from 'apache-arrow'
import { IngestWorker } from '../lib/ingest/index.js'
import { PackedWriter } from '../lib/packed/index.js'
import { type CollectionSchema, collectionSchemaToJson } from '../lib/schema/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { packed, packedOutput } from './support/command.js'
import {
  keysOf,
  NOTES,
  notes,
  numbers,
  rowsStored,
  titleOf,
  withCatalog,
} from './support/ingest.js'
import { RunningCommand } from './support/ingest-command.js'
import { temporaryDirectory } from './support/temporary.js'

const base = temporaryDirectory('ingest-command')
const inside = (name: string) => join(base, name)
const SCHEMA = inside('notes.json')
let directories = 0
const fresh = () => inside(`worker-${directories++}`)

const vectorOf = (id: number) => [id, id, id, id]
const ndjson = (ids: readonly number[]) =>
  ids.map((id) => `${JSON.stringify({ id, title: titleOf(id), v: vectorOf(id) })}\n`).join('')

/** A file of rows of {@link NOTES}. */
function file(name: string, content: string | Uint8Array): string {
  writeFileSync(inside(name), content)
  return inside(name)
}

const ingest = (dir: string, ...args: string[]) => packed(['ingest', ...args, '--dir', dir])
/** Of a run that has to succeed in silence. */
const summaryOf = async (dir: string, ...args: string[]) =>
  JSON.parse(await packedOutput(['ingest', ...args, '--dir', dir, '--json'])) as {
    rows: number
    poison: number
    sources: { source: string; rows: number; resumedAt: number; sequence: number }[]
    segments: { flushed: number }
  }

function stored(dir: string, schema: CollectionSchema = NOTES, out = join(dir, 'segments')) {
  const chunkManager = new LocalChunkManager({ rootPath: out })
  return rowsStored({ metaDirectory: join(dir, 'meta'), chunkManager }, schema)
}

beforeAll(() => {
  writeFileSync(
    SCHEMA,
    JSON.stringify(collectionSchemaToJson(NOTES), (_, value) =>
      typeof value === 'bigint' ? Number(value) : value,
    ),
  )
})

/** `notes` with vectors that files of other tools can have. */
const batch = (first: number, rows: number): RecordBatch => notes(first, rows)

async function parquet(name: string, first: number, rows: number): Promise<string> {
  const { schema } = batch(first, rows)
  const writer = await PackedWriter.open({
    schema,
    fieldIds: 'auto',
    groups: 'single',
    directory: inside(name),
  })
  await writer.write(batch(first, rows))
  const { groups } = await writer.finish()
  await writer.close()
  renameSync(groups[0]!.path, inside(`${name}.parquet`))
  return inside(`${name}.parquet`)
}

test('--manifest lists the files of segments in manifests', async () => {
  const dir = fresh()
  const input = file('manifest.ndjson', ndjson(numbers(0, 4)))
  expect(await summaryOf(dir, input, '--schema', SCHEMA, '--manifest')).toMatchObject({ rows: 4 })
  appendFileSync(input, ndjson(numbers(4, 2)))
  await summaryOf(dir, input, '--manifest')
  expect(keysOf(await stored(dir))).toEqual(numbers(0, 6))
  const segments = await withCatalog(join(dir, 'meta'), (catalog) => catalog.segments())
  expect(segments.map(({ storageVersion }) => storageVersion)).toEqual([3, 3])
  const id = String(segments[0]!.segmentId)
  const at = ['--root', join(dir, 'segments')]
  expect(await packedOutput(['segment', 'stats', id, ...at])).toContain('V3')
  expect(await packedOutput(['segment', 'verify', id, ...at])).toContain('4 rows')
  const rows = await packedOutput(['segment', 'cat', id, ...at, '--columns', 'id'])
  expect(rows.trim().split('\n')).toHaveLength(4)
})

test('files of every kind become rows of one collection, once', async () => {
  const dir = fresh()
  const header = 'title,id,v\n'
  const csv = numbers(20, 3).map((id) => `${titleOf(id) ?? ''},${id},"[${vectorOf(id)}]"\n`)
  const inputs = [
    file('a.ndjson', ndjson(numbers(0, 4))),
    file('b.csv', header + csv.join('')),
    await parquet('c', 40, 5),
    file('d.arrow', tableToIPC(new Table([notes(60, 2)]), 'file')),
  ]
  const first = await summaryOf(dir, ...inputs, '--schema', SCHEMA)
  expect(first).toMatchObject({ rows: 14, poison: 0, segments: { flushed: 1 } })
  expect(first.sources.map(({ rows }) => rows)).toEqual([4, 3, 5, 2])
  const rows = await stored(dir)
  const ids = [...numbers(0, 4), ...numbers(20, 3), ...numbers(40, 5), ...numbers(60, 2)]
  expect(keysOf(rows)).toEqual(ids)
  const titles = new Map(rows.map(({ id, title }) => [Number(id), title]))
  for (const id of ids) expect(titles.get(id)).toBe(titleOf(id))

  appendFileSync(inputs[0]!, ndjson(numbers(4, 2)))
  const second = await summaryOf(dir, ...inputs)
  expect(second.sources.map((source) => source.rows)).toEqual([2, 0, 0, 0])
  expect(keysOf(await stored(dir))).toEqual([...numbers(0, 6), ...ids.slice(4)])
})

test('a collection is inferred from the first input, and said', async () => {
  const dir = fresh()
  const input = file('birds.csv', 'name,wings,song\nwren,2,"[1,0.5]"\nkiwi,0,"[0,1]"\n')
  const options = ['--primary-key', 'name', '--types', 'wings:int32']
  const { code, stdout, stderr } = await ingest(dir, input, ...options)
  expect({ code, stderr: stderr.split('\n') }).toEqual({
    code: 0,
    stderr: [
      'packed: inferred collection birds:',
      '  name: VarChar(65535), primary key, never null (from Utf8)',
      '  wings: Int32, may be null (from Int32)',
      '  song: FloatVector(2), never null (from FixedSizeList[2]<Float32>)',
      '',
    ],
  })
  expect(String(stdout)).toMatch(/^2 rows in [\d.]+ s, \d+ rows\/s, [\d.]+ MB\/s, 1 segments\n$/)
  const worker = await IngestWorker.open({ directory: dir })
  const { schema } = worker
  await worker.close()
  expect(schema.name).toBe('birds')
  expect((await stored(dir, schema)).map(({ name, wings }) => [name, wings])).toEqual([
    ['wren', 2],
    ['kiwi', 0],
  ])
  const more = file('more.ndjson', '{"bird":"rhea","wings":2,"song":[1,1]}\n')
  expect(await summaryOf(dir, more, '--map', 'bird=name')).toMatchObject({ rows: 1 })
  expect((await stored(dir, schema)).map(({ name }) => name)).toContain('rhea')
})

test('segments go where --out says, metadata where --meta says', async () => {
  const dir = fresh()
  const [out, meta] = [inside('elsewhere'), inside('shared-meta')]
  const input = file('out.ndjson', ndjson(numbers(0, 6)))
  const options = ['--schema', SCHEMA, '--out', out, '--meta', meta, '--segment-rows', '3']
  expect(await summaryOf(dir, input, ...options)).toMatchObject({ rows: 6 })
  const chunkManager = new LocalChunkManager({ rootPath: out })
  const rows = await rowsStored({ metaDirectory: meta, chunkManager }, NOTES)
  expect(keysOf(rows)).toEqual(numbers(0, 6))
})

describe('standard input', () => {
  const args = (dir: string) => ['ingest', '-', '--format', 'ndjson', '--dir', dir]

  test('is taken whole every time', async () => {
    const dir = fresh()
    for (const [first, more] of [
      [0, ['--schema', SCHEMA]],
      [3, []],
    ] as const) {
      const ran = await packed([...args(dir), ...more], ndjson(numbers(first, 3)))
      expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' })
    }
    expect(keysOf(await stored(dir))).toEqual(numbers(0, 6))
  })

  test('cannot be inferred from, and has no replay, as the help says', async () => {
    const ran = await packed(args(fresh()), ndjson([1]))
    expect(ran).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--schema with standard input/),
    })
    expect(await packedOutput(['ingest', '--help'])).toMatch(/Standard input \(-\) has no replay/)
  })
})

describe('a row that cannot be taken', () => {
  const bad = '{"id":"seven","title":"x","v":[1,1,1,1]}'
  const content = `${ndjson([1, 2])}${bad}\n${ndjson([3])}{"id":\n${ndjson([4])}`

  test('ends the run, naming its line; started again, it is met again', async () => {
    const dir = fresh()
    const input = file('stop.ndjson', content)
    for (const more of [['--schema', SCHEMA], []]) {
      const ran = await ingest(dir, input, ...more)
      expect(ran).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/line 3 of .*stop\.ndjson/),
      })
      expect(ran.stderr.split('\n')).toHaveLength(2)
    }
  })

  test('is left out and counted', async () => {
    const dir = fresh()
    const input = file('skip.ndjson', content)
    const ran = await ingest(dir, input, '--schema', SCHEMA, '--on-error', 'skip')
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' })
    expect(String(ran.stdout)).toMatch(/^4 rows in .*, 2 refused, /)
    expect(keysOf(await stored(dir))).toEqual([1, 2, 3, 4])
  })

  test('goes into a file', async () => {
    const dir = fresh()
    const input = file('file.ndjson', content)
    const errors = inside('errors.ndjson')
    const options = ['--schema', SCHEMA, '--on-error', 'file', '--error-file', errors]
    expect(await summaryOf(dir, input, ...options)).toMatchObject({ rows: 4, poison: 2 })
    expect(await summaryOf(dir, input, ...options)).toMatchObject({ rows: 0, poison: 0 })
    const lines = readFileSync(errors, 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { line: 3, text: bad, error: { code: 'TypeMismatch' } },
      { line: 5, text: '{"id":', error: { code: 'InvalidData' } },
    ])
    expect(keysOf(await stored(dir))).toEqual([1, 2, 3, 4])
  })
})

test('a directory is taken in while it is being filled, until SIGTERM', async () => {
  const [dir, folder] = [fresh(), inside('folder')]
  mkdirSync(folder)
  writeFileSync(join(folder, '1.ndjson'), ndjson(numbers(0, 3)))
  const args = [
    'ingest',
    folder,
    '--watch',
    '--schema',
    SCHEMA,
    '--dir',
    dir,
    '--metrics-port',
    '0',
  ]
  const running = new RunningCommand(args)
  await running.accepted(3)
  writeFileSync(join(folder, '.2.partial'), ndjson(numbers(3, 4)))
  renameSync(join(folder, '.2.partial'), join(folder, '2.ndjson'))
  await running.accepted(7)
  const url = await running.url()
  expect(await (await fetch(`${url}/healthz`)).text()).toBe('running\n')
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
    /^arrow_packed_ingest_rows_total 7$/m,
  )
  const ended = await running.end('SIGTERM')
  expect(ended.code).toBe(0)
  expect(ended.stdout).toMatch(/^7 rows in .*, 1 segments, interrupted\n$/)
  expect(keysOf(await stored(dir))).toEqual(numbers(0, 7))

  writeFileSync(join(folder, '3.ndjson'), ndjson(numbers(7, 2)))
  const again = new RunningCommand(args)
  await again.accepted(2)
  expect((await again.end('SIGINT')).stdout).toMatch(/^2 rows in /)
  expect(keysOf(await stored(dir))).toEqual(numbers(0, 9))
})

test('a directory is one worker’s: another one is told who has it', async () => {
  const [dir, folder] = [fresh(), inside('empty')]
  mkdirSync(folder)
  const args = [folder, '--watch', '--schema', SCHEMA]
  const running = new RunningCommand(['ingest', ...args, '--dir', dir, '--metrics-port', '0'])
  await running.url()
  const ran = await ingest(dir, ...args)
  expect(ran).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(new RegExp(`^packed: Conflict: .*\\b${running.child.pid}\\b`)),
  })
  expect((await running.end('SIGTERM')).code).toBe(0)
})

test.each<[string[], number, RegExp]>([
  [['x.ndjson'], 2, /required option '--dir <dir>'/],
  [['x', '--dir', 'DIR'], 2, /a format or an extension/],
  [['x.csv', '--dir', 'DIR', '--on-error', 'file'], 2, /--error-file <file> together/],
  [['x.csv', '--dir', 'DIR', '--error-file', 'e'], 2, /--error-file <file> together/],
  [['a', 'b', '--dir', 'DIR', '--watch'], 2, /one directory with --watch/],
  [['x.csv', '--dir', 'DIR', '--map', 'a'], 2, /column=field for --map/],
  [['x.csv', '--dir', 'DIR', '--memory', '1T'], 2, /Expected bytes like 1048576, 64M or 2G/],
  [['x.csv', '--dir', 'DIR', '--memory', '1K', '--schema', 'SCHEMA'], 1, /for memoryBytes/],
  [['missing.csv', '--dir', 'DIR'], 1, /NotFound: .*missing\.csv/],
  [['missing', '--dir', 'DIR', '--watch'], 1, /NotFound: .*missing/],
  [['x.csv', '--dir', 'DIR', '--schema', 'SCHEMA', '--primary-key', 'id'], 2, /either --schema/],
])('packed ingest %j is one clear error', async (args, code, message) => {
  const dir = fresh()
  const given = args.map((arg) => ({ DIR: dir, SCHEMA })[arg] ?? arg)
  const ran = await packed(['ingest', ...given])
  expect({ code: ran.code, stdout: String(ran.stdout) }).toEqual({ code, stdout: '' })
  expect(ran.stderr).toMatch(message)
  expect(ran.stderr.split('\n')).toHaveLength(2)
})
