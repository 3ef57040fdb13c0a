/** `packed segments` and `packed gc` over what a worker left. */
import { utimesSync } from 'node:fs'
import { join, relative } from 'node:path'
import { InsertData } from '../lib/data/index.js'
import { IngestWorker } from '../lib/ingest/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { packed, packedOutput } from './support/command.js'
import { BOOKS, book } from './support/segments.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('segments-command')
const dir = join(directory, 'worker')
const segments = join(dir, 'segments')
const at = ['--dir', dir]

/** Rows of {@link BOOKS} without system fields. */
function rows(first: number, count: number): InsertData {
  const values = Array.from({ length: count }, (_, index) => {
    const { RowID: _row, Timestamp: _time, ...own } = book(first + index, 0)
    return own
  })
  return InsertData.fromRows(BOOKS, values)
}

beforeAll(async () => {
  const worker = await IngestWorker.open({ directory: dir, schema: BOOKS, segmentRows: 3 })
  await worker.write({ source: 'test', sequence: 1, rows: rows(1, 3) })
  await worker.write({ source: 'test', sequence: 2, rows: rows(4, 2), deletes: [2] })
  await worker.close()
})

interface Listed {
  segmentID: number
  state: string
  level: string
  num_of_rows: number
  channel: string
  binlogs: { binlogs: { log_path: string }[] }[]
}

const listed = async (...args: string[]) =>
  JSON.parse(await packedOutput(['segments', ...at, '--json', ...args])) as Listed[]

test('segments are listed with rows, logs and deletes', async () => {
  const lines = (await packedOutput(['segments', ...at])).trimEnd().split('\n')
  expect(lines[0]).toMatch(
    /^ *segment +collection +partition +level +state +rows +logs +bytes +deletes$/,
  )
  const cells = lines.slice(1).map((line) => line.trim().split(/ +/))
  expect(
    cells.map(([, name, , level, state, count, , , deleted]) => [
      name,
      level,
      state,
      count,
      deleted,
    ]),
  ).toEqual(
    expect.arrayContaining([
      ['books', 'L1', 'Flushed', '3', '0'],
      ['books', 'L1', 'Flushed', '2', '0'],
      ['books', 'L0', 'Flushed', '0', '1'],
    ]),
  )
  expect(cells).toHaveLength(3)
})

test('as JSON with every log, by collection and state', async () => {
  const all = await listed()
  expect(all.map(({ level, num_of_rows }) => [level, num_of_rows])).toEqual(
    expect.arrayContaining([
      ['L1', 3],
      ['L1', 2],
      ['L0', 0],
    ]),
  )
  const paths = all.flatMap(({ binlogs }) =>
    binlogs.flatMap((list) => list.binlogs.map(({ log_path }) => log_path)),
  )
  const keys = filesBelow(segments).map((file) => relative(segments, file))
  expect(paths.length).toBeGreaterThan(3)
  expect(keys).toEqual(expect.arrayContaining(paths))
  expect(await listed('--collection', 'books', '--state', 'Flushed')).toEqual(all)
  expect(await listed('--state', 'Dropped')).toEqual([])
  expect(await packedOutput(['segments', '--meta', join(dir, 'meta'), '--state', 'Growing'])).toBe(
    'no segments\n',
  )
})

test('garbage is printed, and removed when that is asked for', async () => {
  const [{ segmentID }] = (await listed()) as [Listed]
  const [collection, partition] = /insert_log\/(\d+)\/(\d+)/
    .exec(filesBelow(segments).join('\n'))!
    .slice(1)
  const orphan = `insert_log/${collection}/${partition}/${segmentID}/0/7`
  const before = filesBelow(segments)
  await new LocalChunkManager({ rootPath: segments }).write(orphan, new Uint8Array(9))
  const gc = (...args: string[]) => packedOutput(['gc', ...at, ...args])
  const old = new Date(Math.floor(Date.now() / 1000 - 2 * 86_400) * 1000)
  utimesSync(join(segments, orphan), old, old)
  const printed = await gc()
  expect(printed).toMatch(new RegExp(`^orphan +9 +${old.toISOString()} +${orphan}$`, 'm'))
  expect(printed).toMatch(/^1 found, 9 bytes, nothing removed \(--delete removes\)$/m)
  expect(await gc('--older-than', '3d')).toMatch(/^0 found/)
  expect(JSON.parse(await gc('--json', '--delete', '--out', segments))).toMatchObject({
    dryRun: false,
    objects: [{ path: orphan, reason: 'orphan' }],
    removed: 1,
    failed: [],
  })
  const rest = await gc('--delete', '--older-than', '0s', '--workers-stopped')
  expect(rest).toBe('0 found, 0 bytes, 0 removed\n')
  expect(filesBelow(segments)).toEqual(before)
})

test.each<[string[], number, RegExp]>([
  [['segments'], 2, /Expected --dir <dir> or --meta <dir> but received neither/],
  [['gc'], 2, /Expected --dir, --out or --storage/],
  [['segments', '--dir', 'nowhere'], 1, /NotFound: Expected the metadata store of a worker/],
  [['segments', ...at, '--collection', 'x'], 1, /NotFound: Expected a collection .*\(books\)/],
  [['segments', ...at, '--state', 'growing'], 2, /Allowed choices are Growing, /],
  [['gc', ...at, '--older-than', '5s'], 1, /InvalidArgument: .* >= 60000 for olderThanMs/],
  [['gc', ...at, '--older-than', '1 day'], 2, /Expected an age like 90s/],
])('packed %j is one clear error', async (args, code, message) => {
  const ran = await packed(args)
  expect({ code: ran.code, stdout: String(ran.stdout) }).toEqual({ code, stdout: '' })
  expect(ran.stderr).toMatch(message)
  expect(ran.stderr.split('\n')).toHaveLength(2)
})
