/** `--rows` of the verbs that print rows, and `packed segment get`. */
import { join } from 'node:path'
import { packed, packedOutput } from './support/command.js'
import { localManifestSegment } from './support/manifest-segment.js'
import { threeChunks } from './support/segment-places.js'
import { deletes, segmentIn } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('segment-rows-command')
const roots = { v1: join(directory, 'v1'), v2: join(directory, 'v2') }

beforeAll(async () => {
  for (const [root, storageVersion] of [
    [roots.v1, 0],
    [roots.v2, 2],
  ] as const) {
    await segmentIn(root, threeChunks(), { storageVersion, deletes: deletes([4n, 99]) })
  }
})

const idsOf = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).id)

describe.each(Object.entries(roots))('segment of %s', (_, root) => {
  const segment = (verb: string, ...more: string[]) => [
    'segment',
    verb,
    '3',
    '--root',
    root,
    ...more,
  ]

  test('cat --rows', async () => {
    expect(idsOf(await packedOutput(segment('cat', '--rows', '8,0-2,8')))).toEqual([8, 0, 1, 2, 8])
    expect(idsOf(await packedOutput(segment('cat', '--rows', '4,3', '--no-deletes')))).toEqual([
      4, 3,
    ])
    const hidden = await packed(segment('cat', '--rows', '4'))
    expect(hidden.code).toBe(1)
    expect(hidden.stderr).toContain('row 4')
    for (const text of ['', '5-3', 'x', '1,,2', '-1', '0-99999999999']) {
      expect(await packed(segment('cat', '--rows', text))).toMatchObject({ code: 2 })
    }
  })

  test('a filter is not for rows that are named', async () => {
    const byName: [string, ...string[]][] = [
      ['get', '--key', '7'],
      ['cat', '--rows', '1'],
    ]
    for (const named of byName) {
      const refused = await packed(segment(...named, '--where', 'id = 7'))
      expect(refused.code).not.toBe(0)
      expect(refused.stdout.toString('utf8')).toBe('')
    }
  })

  test('get --key', async () => {
    const found = await packedOutput(segment('get', '--key', '7', '--key', '0', '--columns', 'id'))
    expect(found).toBe('{"id":7}\n{"id":0}\n')
    const { stdout, ...missing } = await packed(
      segment('get', '--key', '7', '--key', '4', '--key', '-5'),
    )
    expect(missing.code).toBe(1)
    expect(idsOf(stdout.toString('utf8'))).toEqual([7])
    expect(missing.stderr).toBe(
      'packed: NotFound: Expected a row of every key in segment 3 but received none of 4, -5\n',
    )
    expect(idsOf(await packedOutput(segment('get', '--key', '4', '--read-ts', '60')))).toEqual([4])
    expect(await packed(segment('get', '--key', 'x'))).toMatchObject({ code: 2 })
    expect(await packed(segment('get'))).toMatchObject({ code: 2 })
  })
})

test('manifest cat --rows, and those of single files', async () => {
  const { store, folder } = await localManifestSegment(join(directory, 'manifest'))
  const { manifest } = await store.open(-1)
  const ids = idsOf(await packedOutput(['manifest', 'cat', folder, '--rows', '120,3,3']))
  const all = idsOf(await packedOutput(['manifest', 'cat', folder]))
  expect(ids).toEqual([all[120], all[3], all[3]])
  const file = join(directory, 'manifest', manifest.columnGroups[0]!.files[0]!.path)
  const whole = await packedOutput(['cat', file, '--lenient'])
  const lines = whole.split('\n')
  expect(await packedOutput(['cat', file, '--lenient', '--rows', '9,2'])).toBe(
    `${lines[9]}\n${lines[2]}\n`,
  )
})
