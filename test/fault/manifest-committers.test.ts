/** Many who commit to one manifest, some of them killed or cut off: nothing is lost or doubled. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { StorageConfig } from '../../lib/config/index.js'
import { ManifestStore, ManifestTransaction } from '../../lib/manifest/index.js'
import { openChunkManager } from '../../lib/storage/index.js'
import { outcomeOf, startScript } from '../support/child.js'
import { BASE, groupOf } from '../support/manifest-parts.js'
import {
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from '../support/object-servers.js'
import { rejection } from '../support/rejection.js'
import { mountSmallDisk } from '../support/small-disk.js'
import { temporaryDirectory } from '../support/temporary.js'

const PROCESSES = 4
const COMMITTERS = 32
const APPENDS = 3
const RETRIES = 10_000
const TIMEOUT_MS = 120_000

const directory = temporaryDirectory('manifest-committers')

interface Line {
  name?: string
  version?: number
  ms?: number
}

function commit(job: object, timeoutMs = TIMEOUT_MS) {
  const all = { basePath: BASE, appends: APPENDS, retryLimit: RETRIES, ...job }
  return outcomeOf(startScript('commit-appends.cjs', [JSON.stringify(all)]), timeoutMs)
}

/** What all processes said, and what the manifests say of it. */
async function expectAllThere(storage: StorageConfig): Promise<void> {
  const names = Array.from({ length: COMMITTERS }, (_, at) => `c${at}`)
  const each = COMMITTERS / PROCESSES
  const started = performance.now()
  const ended = await Promise.all(
    Array.from({ length: PROCESSES }, (_, at) =>
      commit({ storage, names: names.slice(at * each, (at + 1) * each) }),
    ),
  )
  const wallMs = Math.round(performance.now() - started)
  process.stderr.write(`${COMMITTERS * APPENDS} commits to ${storage.storageType}: ${wallMs} ms\n`)
  expect(ended.map(({ code }) => code)).toEqual(Array(PROCESSES).fill(0))
  const commits = (ended.flatMap(({ lines }) => lines) as Line[]).filter(({ name }) => name)
  const count = COMMITTERS * APPENDS
  const versions = Array.from({ length: count }, (_, at) => at + 1)
  expect(commits.map(({ version }) => version!).sort((a, b) => a - b)).toEqual(versions)

  const store = new ManifestStore(await openChunkManager(storage), BASE)
  expect(await store.versions()).toEqual(versions)
  const byVersion = [...commits].sort((a, b) => a.version! - b.version!).map(({ name }) => name)
  for (const version of [1, 2, Math.floor(count / 2), count]) {
    const [group] = (await store.read(version)).columnGroups
    const files = group!.files.map(({ path }) => /(\w+)\.parquet$/.exec(path)![1])
    // Every version is the one before and one file: in the order of the versions.
    expect(files).toEqual(byVersion.slice(0, version))
  }
}

describe('on a disk', () => {
  test(`${COMMITTERS} committers from ${PROCESSES} processes: versions without a hole, no commit lost`, async () => {
    await expectAllThere({ storageType: 'local', rootPath: join(directory, 'all') })
  }, 150_000)

  test.each([
    ['the file of a manifest was written', 'file.write.before'],
    ['it has its name', 'file.rename.before'],
  ])('killed before %s: the latest version is whole, its data an orphan', async (_, killAt) => {
    const storage = { storageType: 'local', rootPath: join(directory, killAt) } as const
    const first = await commit({ storage, names: ['first'] })
    expect(first.code).toBe(0)
    const killed = await commit({ storage, names: ['killed'], killAt })
    expect([killed.signal, killed.lines]).toEqual(['SIGKILL', []])
    const chunkManager = await openChunkManager(storage)
    const store = new ManifestStore(chunkManager, BASE)
    const { version, manifest } = await store.open()
    const named = manifest.columnGroups[0]!.files.map(({ path }) => path)
    expect([version, named.length]).toEqual([APPENDS, APPENDS])
    const data = readdirSync(join(storage.rootPath, BASE, '_data')).sort()
    expect(data).toEqual(['first_0', 'first_1', 'first_2', 'killed_0'].map((n) => `${n}.parquet`))
    expect(named).not.toContain(`${BASE}/_data/killed_0.parquet`)
    // What is left of the manifest is no version, and in nobody's way.
    const left = readdirSync(join(storage.rootPath, BASE, '_metadata'))
    expect(left.filter((name) => name.endsWith('.partial'))).toHaveLength(1)
    const next = await commit({ storage, names: ['next'] })
    expect((next.lines as Line[]).map(({ version }) => version)).toEqual([4, 5, 6, undefined])
  })

  test('on a full disk there is no version, and one as soon as there is room', async () => {
    const disk = mountSmallDisk(join(directory, 'small'), 4)
    if (disk === undefined) return
    try {
      const chunkManager = await openChunkManager({ storageType: 'local', rootPath: disk.home })
      const open = () => ManifestTransaction.open({ chunkManager, basePath: BASE })
      await (await open()).appendFiles([groupOf('id', { a: 1 })]).commit()
      const transaction = (await open()).appendFiles([groupOf('id', { b: 1 })])
      disk.fill()
      expect((await rejection(() => transaction.commit())).code).toBe('NoSpace')
      expect(readdirSync(join(disk.home, BASE, '_metadata'))).toEqual(['manifest-1.avro'])
      disk.empty()
      expect((await transaction.commit()).version).toBe(2)
    } finally {
      disk.unmount()
    }
  })

  test('killed behind it: the version is there, and was committed', async () => {
    const storage = { storageType: 'local', rootPath: join(directory, 'behind') } as const
    const killed = await commit({ storage, names: ['killed'], killAt: 'file.rename.after' })
    expect(killed.signal).toBe('SIGKILL')
    const store = new ManifestStore(await openChunkManager(storage), BASE)
    const { version, manifest } = await store.open()
    const [group] = manifest.columnGroups
    expect([version, group!.files.map(({ path }) => path)]).toEqual([
      1,
      [`${BASE}/_data/killed_0.parquet`],
    ])
  })
})

describeWithServers('in a store', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await startVersitygw(join(directory, 'server'))
  })
  afterAll(async () => {
    await server.stop()
  })

  test(`${COMMITTERS} committers from ${PROCESSES} processes: versions without a hole, no commit lost`, async () => {
    await expectAllThere(storageAt(server.port, { rootPath: 'all' }))
  }, 150_000)

  test('case 62 of many committers of one version, whose changes are the same, one wins', async () => {
    const all = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const chunkManager = await openChunkManager(storageAt(server.port, { rootPath: 'one' }))
        return (await ManifestTransaction.open({ chunkManager, basePath: BASE })).appendFiles([
          groupOf('id', { same: 1 }),
        ])
      }),
    )
    const outcomes = await Promise.allSettled(all.map((transaction) => transaction.commit()))
    const codes = outcomes.map((one) => (one.status === 'fulfilled' ? 'won' : one.reason.code))
    expect(codes.sort()).toEqual([...Array(11).fill('Conflict'), 'won'])
  })
})
