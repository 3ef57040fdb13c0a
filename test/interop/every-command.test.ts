/**
 * Every command of `packed` on what the quickstart writes and on real files, beside pyarrow. A
 * command without an entry here fails the first test.
 */
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { everyCommand, packed, packedOutput } from '../support/command.js'
import { type Chunk, judge, type Row } from '../support/every-command.js'
import { hasLoon, LOON } from '../support/fixtures.js'
import {
  ACCESS_KEY,
  BUCKET,
  noServers,
  SECRET_KEY,
  startVersitygw,
} from '../support/object-servers.js'
import { fixtureCases, fixturePath } from '../support/packed-fixtures.js'
import { describeWithPyarrow } from '../support/python.js'
import { deletes, segmentIn, twoChunks } from '../support/segments.js'
import { filesBelow, temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory('every-command')
const inside = (...names: string[]) => join(directory, ...names)
const words = join(__dirname, '../../examples/data/words-100d.arrow')
const seg = inside('seg')
const segFiles = [join(seg, '0'), join(seg, '102')]
const worker = inside('worker')
const tree = inside('tree')

const rowsOf = (ndjson: string): Row[] =>
  ndjson
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))

/** Both sides print the same float of 32 bits with other digits. */
function canonical(rows: readonly Row[], float32: readonly string[]): Row[] {
  return rows.map((row) => {
    const rounded = { ...row }
    for (const name of float32) {
      const value = row[name]
      if (typeof value === 'number') rounded[name] = Math.fround(value)
    }
    return rounded
  })
}

const bySum = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

/** Every set of files that is read: what the quickstart's data become, and the real ones. */
function sets(): [name: string, paths: string[]][] {
  const real = fixtureCases('packed commands on real files').map(
    ([name, { files }]): [string, string[]] => [name, files.map((file) => fixturePath(file.name))],
  )
  return [['words', segFiles], ...real]
}

/** Files of the new segment of a tree, by group. */
const logsIn = (root: string): string[] =>
  filesBelow(root).filter((path) => path.includes('insert_log'))

const CHECKS: Record<string, () => Promise<void>> = {
  async write() {
    const args = ['write', words, '--out', inside('again'), '--json']
    const { groups } = JSON.parse(await packedOutput(args))
    const [judged] = judge(groups.map(({ path }: { path: string }) => path))
    expect(
      groups.map((group: Record<string, number>) => [group.rows, group.fileBytes, group.rowGroups]),
    ).toEqual(judged!.files.map((file) => [file.rows, file.bytes, file.rowGroups.length]))
  },

  async inspect() {
    const all = sets()
    const judged = judge(...all.map(([, paths]) => paths))
    for (const [index, [name, paths]] of all.entries()) {
      const infos = JSON.parse(await packedOutput(['inspect', ...paths, '--json']))
      const drawn = await packedOutput(['inspect', ...paths])
      const expected = judged[index]!.files
      expect(drawn).toContain(`${expected[0]!.rows.toLocaleString('en-US')} rows, `)
      for (const [file, info] of infos.entries()) {
        const { bytes, rows, rowGroups, createdBy, chunks } = expected[file]!
        expect({ name, ...info, chunks: [] }).toMatchObject({
          name,
          fileBytes: bytes,
          rows,
          createdBy,
        })
        expect(info.rowGroups.map((group: { rows: number }) => group.rows)).toEqual(rowGroups)
        const received = info.chunks.map((chunk: Chunk & { min: string; max: string }) => ({
          ...chunk,
          encodings: [...chunk.encodings].sort(),
          codec: chunk.codec.replace(/^LZ4_RAW$/, 'LZ4'),
        }))
        expect(received).toEqual(
          chunks.map(({ range, ...chunk }) =>
            expect.objectContaining({
              ...chunk,
              ...(range === null ? {} : { min: range[0], max: range[1] }),
            }),
          ),
        )
      }
    }
  },

  async cat() {
    const all = sets()
    const judged = judge(...all.map(([, paths]) => paths))
    for (const [index, [name, paths]] of all.entries()) {
      const { rows, columns, float32 } = judged[index]!
      const printed = rowsOf(await packedOutput(['cat', ...paths, '--columns', columns.join(',')]))
      expect({ name, rows: canonical(printed, float32) }).toEqual({
        name,
        rows: canonical(rows, float32),
      })
      const csv = await packedOutput(['cat', ...paths, '--format', 'csv', '--columns', columns[0]!])
      expect(csv.split('\n').length - 2).toBe(rows.length)
    }
  },

  async verify() {
    const all = sets()
    const judged = judge(...all.map(([, paths]) => paths))
    for (const [index, [, paths]] of all.entries()) {
      const found = JSON.parse(await packedOutput(['verify', ...paths, '--json']))
      const { rows } = judged[index]!
      expect(found).toEqual({ ok: true, files: paths.length, rows: rows.length, problems: [] })
    }
  },

  async tune() {
    const args = ['--layouts', 'milvus', '--codecs', 'snappy', '--rounds', '1', '--json']
    const result = JSON.parse(await packedOutput(['tune', ...segFiles, ...args]))
    const [judged] = judge(segFiles)
    expect(result.rows).toBe(judged!.rows.length)
    expect(result.stored.fileBytes).toBe(bySum(judged!.files.map(({ bytes }) => bytes)))
  },

  async 'segment cat'() {
    const printed = rowsOf(
      await packedOutput([
        ...['segment', 'cat', '3', '--root', tree],
        ...['--columns', 'id,title', '--no-deletes'],
      ]),
    )
    const ids = judge(...logsIn(tree).map((path) => [path])).flatMap(({ rows }) => rows)
    const known = (name: string) => ids.filter((row) => name in row).map((row) => row[name])
    expect(printed.map(({ id }) => id)).toEqual(known('id'))
    expect(printed.map(({ title }) => title)).toEqual(known('title'))
  },

  async 'segment stats'() {
    const stats = JSON.parse(
      await packedOutput(['segment', 'stats', '3', '--root', tree, '--json']),
    )
    const files = judge(...logsIn(tree).map((path) => [path])).flatMap((judged) => judged.files)
    expect(stats.insert.logBytes).toBe(bySum(files.map(({ bytes }) => bytes)))
    expect(stats.insert.entries).toBe(bySum(files.map(({ rows }) => rows)))
  },

  async 'segment verify'() {
    const args = ['segment', 'verify', '3', '--root', tree, '--json']
    expect(JSON.parse(await packedOutput(args))).toMatchObject({ ok: true, rows: 5, problems: [] })
  },

  async 'segment convert'() {
    const out = inside('converted')
    await packedOutput(['segment', 'convert', '3', '--root', tree, '--out', out])
    const keysIn = (root: string) =>
      judge(...logsIn(root).map((path) => [path]))
        .flatMap(({ rows }) => rows)
        .flatMap(({ id }) => (id === undefined ? [] : [id]))
    expect(keysIn(out)).toEqual(keysIn(tree))
  },

  async 'segment compact'() {
    const args = ['segment', 'compact', '--dir', worker, '--dry-run', '--sort', '--json']
    const { groups } = JSON.parse(await packedOutput(args))
    expect(groups.map(({ rowsBefore }: { rowsBefore: number }) => rowsBefore)).toEqual([8000])
  },

  async 'segment export'() {
    const out = inside('bulk')
    await packedOutput([
      ...['segment', 'export', '3', '--root', tree, '--for', 'milvus-import'],
      ...['--form', 'bulk', '--out', out, '--collection-name', 'books'],
    ])
    const files = filesBelow(out).filter((path) => path.endsWith('.parquet'))
    const ids = judge(...files.map((path) => [path])).flatMap(({ rows }) =>
      rows.map(({ id }) => id),
    )
    const visible = rowsOf(
      await packedOutput(['segment', 'cat', '3', '--root', tree, '--columns', 'id']),
    )
    expect(ids).toEqual(visible.map(({ id }) => id))
  },

  async 'manifest show'() {
    await onLoon(async (base, data) => {
      const shown = JSON.parse(await packedOutput(['manifest', 'show', base, '--json']))
      const paths = shown.columnGroups.flatMap(({ files }: { files: { path: string }[] }) =>
        files.map(({ path }) => join(data, path.replace(/^.*\//, ''))),
      )
      const files = judge(...paths.map((path: string) => [path])).flatMap((judged) => judged.files)
      // A window ends where the file does.
      const ends = shown.columnGroups.flatMap((group: { files: { endIndex: number }[] }) =>
        group.files.map(({ endIndex }) => endIndex),
      )
      expect(ends).toEqual(files.map(({ rows }) => rows))
    })
  },

  async 'segment get'() {
    const at = ['3', '--root', tree, '--columns', 'id,title']
    const all = rowsOf(await packedOutput(['segment', 'cat', ...at]))
    const wanted = [all.at(-1)!, all[0]!]
    const keys = wanted.flatMap(({ id }) => ['--key', String(id)])
    expect(rowsOf(await packedOutput(['segment', 'get', ...at, ...keys]))).toEqual(wanted)
  },
  async 'manifest cat'() {
    await onLoon(async (base, data) => {
      const { columnGroups } = JSON.parse(await packedOutput(['manifest', 'show', base, '--json']))
      const [group] = columnGroups as { columns: string[]; files: { path: string }[] }[]
      const files = group!.files.map(({ path }) => join(data, path.replace(/^.*\//, '')))
      const judged = judge(...files.map((path) => [path]))
      const columns = judged[0]!.columns
      const printed = rowsOf(
        await packedOutput(['manifest', 'cat', base, '--columns', group!.columns.join(',')]),
      )
      const values = (rows: readonly Row[]) => rows.map((row) => Object.values(row))
      expect(columns.length).toBe(group!.columns.length)
      expect(values(printed)).toEqual(values(judged.flatMap(({ rows }) => rows)))
    })
  },

  async 'manifest log'() {
    await onLoon(async (base, data) => {
      const entries = JSON.parse(await packedOutput(['manifest', 'log', base, '--json']))
      expect(entries.map(({ version }: { version: number }) => version)).toEqual([1, 2])
      const all = readdirSync(data).map((name) => join(data, name))
      const files = judge(...all.map((path) => [path])).flatMap((judged) => judged.files)
      expect(entries.at(-1)).toMatchObject({
        files: all.length,
        bytes: bySum(files.map(({ bytes }) => bytes)),
      })
    })
  },

  async 'manifest diff'() {
    await onLoon(async (base) => {
      expect(await packedOutput(['manifest', 'diff', base, '1', '1'])).toBe('no difference\n')
      expect(await packedOutput(['manifest', 'diff', base, '1', '2'])).toMatch(/^\+ /m)
    })
  },

  async 'manifest verify'() {
    await onLoon(async (base) => {
      const { stdout } = await packed(['manifest', 'verify', base, '--deep', '--json'])
      const { version, files } = JSON.parse(String(stdout))
      expect({ version, some: files > 0 }).toEqual({ version: 2, some: true })
    })
  },

  async 'manifest expire'() {
    await onLoon(async (base) => {
      const text = await packedOutput(['manifest', 'expire', base, '--keep', '1'])
      expect(text).toMatch(/of 2 expired.*nothing removed/)
    })
  },

  async ingest() {
    const logs = logsIn(join(worker, 'segments'))
    const rows = judge(...logs.map((path) => [path])).flatMap((judged) => judged.rows)
    const kept = rows.flatMap(({ word }) => (word === undefined ? [] : [word]))
    const source = rowsOf(await packedOutput(['cat', ...segFiles, '--columns', 'word']))
    expect(kept).toEqual(source.map(({ word }) => word))
  },

  async segments() {
    const [segment] = JSON.parse(await packedOutput(['segments', '--dir', worker, '--json']))
    const files = judge(...logsIn(join(worker, 'segments')).map((path) => [path])).flatMap(
      (judged) => judged.files,
    )
    expect(Number(segment.num_of_rows)).toBe(files[0]!.rows)
  },

  async gc() {
    expect(await packedOutput(['gc', '--dir', worker])).toMatch(/^0 found, 0 bytes/)
    expect(logsIn(join(worker, 'segments')).length).toBeGreaterThan(0)
  },

  'uploads list': () =>
    withStore(async (uri, env) => {
      expect(await packedOutput(['uploads', 'list', uri], '', env)).toBe('no unfinished uploads\n')
    }),

  'uploads abort': () =>
    withStore(async (uri, env) => {
      const args = ['uploads', 'abort', uri, '--older-than', '1h']
      expect(await packedOutput(args, '', env)).toBe('no unfinished uploads\n')
    }),

  'storage check': () =>
    withStore(async (uri, env) => {
      await packedOutput(['write', words, '--out', `${uri}seg`], '', env)
      expect(await packedOutput(['storage', 'check', uri], '', env)).toMatch(/^first key +seg\/0$/m)
      const local = rowsOf(await packedOutput(['cat', ...segFiles]))
      expect(rowsOf(await packedOutput(['cat', `${uri}seg/`], '', env))).toEqual(local)
    }),
}

/** A copy of the real manifest, and the folder of its files; nothing where it is not there. */
async function onLoon(check: (base: string, data: string) => Promise<void>): Promise<void> {
  if (!hasLoon('packed manifest on a real one')) return
  const root = inside('loon')
  cpSync(LOON, root, { recursive: true })
  await check(join(root, 'seg'), join(root, 'seg', '_data'))
}

async function withStore(
  check: (uri: string, env: Record<string, string>) => Promise<void>,
): Promise<void> {
  if (noServers !== undefined) {
    process.stderr.write(`NOT RUN (${noServers}): commands for stores\n`)
    return
  }
  const server = await startVersitygw(inside('store', String(stores++)))
  try {
    await check(`s3://${BUCKET}/`, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${server.port}`,
      AWS_ACCESS_KEY_ID: ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: SECRET_KEY,
      AWS_REGION: 'us-east-1',
    })
  } finally {
    await server.stop()
  }
}
let stores = 0

describeWithPyarrow('every command beside pyarrow', () => {
  beforeAll(async () => {
    await packedOutput(['write', words, '--out', seg])
    const { code } = await packed(['ingest', words, '--dir', worker])
    expect(code).toBe(0)
    await segmentIn(tree, twoChunks(), { deletes: deletes([2n, 25]) })
  })

  test('has an entry for each that there is', async () => {
    const names = (await everyCommand()).map(({ name }) => name)
    expect(Object.keys(CHECKS).sort()).toEqual(names.sort())
  })

  test.each(Object.keys(CHECKS))('packed %s', (name) => CHECKS[name]!())
})
