/** `--where` of the commands that print rows, as a user runs them. */
import { join } from 'node:path'
import { PackedReader } from '../lib/packed/index.js'
import { createManifest } from '../lib/segment/index.js'
import { packed, packedOutput } from './support/command.js'
import { deletes, segmentIn, twoChunks } from './support/segments.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('filter-command')
const v1 = join(directory, 'v1')
const v2 = join(directory, 'v2')
const v3 = join(directory, 'v3')

beforeAll(async () => {
  const common = { deletes: deletes([2n, 25], [5n, 45]) }
  await segmentIn(v1, twoChunks(), { ...common, storageVersion: 0 })
  await segmentIn(v2, twoChunks(), common)
  const { chunkManager, info } = await segmentIn(v3, twoChunks(), common)
  await createManifest({ chunkManager, segment: info })
})

const idsOf = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).id)

const WHERE = "pages >= 10 and title in ('title 1', 'title 2', 'title 4') and not (pages is null)"

test.each([
  ['StorageV1', v1],
  ['StorageV2', v2],
  ['StorageV3', v3],
])('segment cat of %s', async (_, root) => {
  const cat = ['segment', 'cat', '3', '--root', root]
  expect(idsOf(await packedOutput([...cat, '--where', WHERE]))).toEqual([1, 4])
  const limited = [...cat, '--no-deletes', '--where', WHERE, '--limit', '2', '--columns', 'id']
  expect(await packedOutput(limited)).toBe('{"id":1}\n{"id":2}\n')
  expect(await packedOutput([...cat, '--where', 'id > 100'])).toBe('')
})

test('cat of files, by name and by id', async () => {
  const files = filesBelow(join(v2, 'insert_log')).filter((file) => file.endsWith('1000'))
  expect(files).toHaveLength(1)
  expect(idsOf(await packedOutput(['cat', ...files, '--where', 'id = 2']))).toEqual([2])
  expect(idsOf(await packedOutput(['cat', ...files, '--where', '#100 <> 2']))).toEqual([1, 3])
})

test('manifest cat, whose deleted rows are there', async () => {
  const cat = ['manifest', 'cat', join(v3, 'insert_log/1/2/3')]
  const printed = await packedOutput([...cat, '--where', '#102 >= 20', '--columns', 'id'])
  expect(printed.trim().split('\n')).toHaveLength(3)
})

test('segment export of rows, not of logs', async () => {
  const out = join(directory, 'out')
  const common = ['segment', 'export', '3', '--root', v2, '--for', 'milvus-import', '--out', out]
  const names = ['--collection-name', 'books', '--where', 'id >= 4']
  const request = JSON.parse(await packedOutput([...common, ...names, '--form', 'bulk']))
  const reader = await PackedReader.open({
    paths: request.files.flat().map((file: string) => join(out, file)),
    lenient: true,
    columns: ['id'],
  })
  expect([...(await reader.toTable()).getChild('id')!]).toEqual([4n, 5n])
  await reader.close()
  const backup = await packed([...common, ...names])
  expect(backup).toMatchObject({ code: 2 })
  expect(backup.stderr).toBe(
    'packed: usage: Expected --form bulk for --where: a backup has the logs as they are\n',
  )
})

test('what is wrong is shown with a caret below it', async () => {
  const cat = ['segment', 'cat', '3', '--root', v2, '--where']
  const { code, stderr } = await packed([...cat, 'pages >= and id = 1'])
  expect(code).toBe(2)
  expect(stderr.split('\n')).toEqual([
    'packed: usage: Expected a value at column 10 of the filter but received "and" (--where)',
    '  pages >= and id = 1',
    '           ^',
    '',
  ])
  const unknown = await packed([...cat, 'page >= 1'])
  expect(unknown.code).toBe(1)
  expect(unknown.stderr).toMatch(
    /^packed: InvalidArgument: Expected the name of a column for filter but received "page"\. Did you mean "pages"\?/,
  )
  const mismatch = await packed([...cat, "pages >= 'ten'"])
  expect(mismatch.stderr).toMatch(/^packed: TypeMismatch: Expected an integer for filter on pages/)
})
