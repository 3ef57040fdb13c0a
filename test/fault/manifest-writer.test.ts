/** Writers of manifest segments without room, killed, and before stores that fail. */
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import {
  LocalChunkManager,
  ManifestStore,
  openChunkManager,
  PackedReader,
  PackedRecordManifestWriter,
  type StorageConfig,
} from '../../lib/index.js'
import { outcomeOf, startScript } from '../support/child.js'
import { errorBody, type FaultyGateway, startFaultyGateway } from '../support/faulty-gateway.js'
import { BASE } from '../support/manifest-writing.js'
import { textOf } from '../support/numbered-rows.cjs'
import {
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from '../support/object-servers.js'
import { Random } from '../support/random.cjs'
import { rejection } from '../support/rejection.js'
import { sampleBatch, sampleSchema } from '../support/sample.js'
import { mountSmallDisk } from '../support/small-disk.js'
import { filesBelow, temporaryDirectory } from '../support/temporary.js'
import { type FaultyLink, startToxiproxy, type Toxiproxy } from '../support/toxiproxy.js'

const directory = temporaryDirectory('manifest-writer')

describe('no room', () => {
  async function writeInto(home: string, sizes: readonly number[], shell?: string) {
    const options = shell === undefined ? {} : { shell }
    const child = startScript('manifest-until-full.cjs', [home, ...sizes.map(String)], options)
    const { code, lines } = await outcomeOf(child, 60_000)
    expect(code).toBe(0)
    return lines[0]
  }
  const noSpace = {
    rolled: 2,
    ended: {
      name: 'PackedError',
      code: 'NoSpace',
      path: 'seg/_data/0_uuid.parquet',
      retryable: true,
    },
    later: 'Closed',
    groups: 0,
    orphans: [],
    files: 0,
  }

  test('a file size limit (2 MiB): NoSpace, and what has rolled is taken back', async () => {
    const home = join(directory, 'limit')
    mkdirSync(home)
    // SIGXFSZ ignored: the write then fails with EFBIG instead of killing the process.
    const limited = await writeInto(home, [1, 1, 6], 'trap "" XFSZ; ulimit -f 2048')
    expect(limited).toEqual(noSpace)
  })

  test('the same write without the limit succeeds', async () => {
    const home = join(directory, 'room')
    mkdirSync(home)
    expect(await writeInto(home, [1, 1, 6])).toEqual({
      rolled: 3,
      ended: null,
      later: null,
      groups: 1,
      orphans: [],
      files: 3,
    })
  })

  test('a full file system (6 MiB tmpfs, where it may be mounted) does the same', async () => {
    const disk = mountSmallDisk(join(directory, 'tmpfs'), 6)
    if (disk === undefined) return
    try {
      expect(await writeInto(disk.home, [1, 1, 8])).toEqual(noSpace)
    } finally {
      disk.unmount()
    }
  })
})

describe('SIGKILL', () => {
  const ROWS = 2000
  const KILLS = 20
  const PER_CHILD = 100_000

  /** Every row of a version: whole sets, one after the other. */
  async function expectWhole(store: ManifestStore, version: number): Promise<string[]> {
    const { columnGroups } = await store.read(version)
    const groups = columnGroups.map(({ columns, files }) => ({
      columns,
      files: files.map(({ path, startIndex, endIndex }) => ({ path, startIndex, endIndex })),
    }))
    const { storage } = store.chunkManager
    const reader = await PackedReader.open({ columnGroups: groups, storage: storage! })
    let row = 0
    let set = 0
    for await (const batch of reader) {
      const [keys, texts] = [batch.getChild('pk')!, batch.getChild('text')!]
      for (let i = 0; i < batch.numRows; i++, row++) {
        const key = Number(keys.get(i))
        if (row % ROWS === 0) set = Math.floor(key / 1e6)
        if (key !== set * 1e6 + (row % ROWS) || texts.get(i) !== textOf(set, row % ROWS)) {
          throw new Error(`version ${version}: row ${row} is wrong`)
        }
      }
    }
    expect(row).toBe(version * ROWS)
    return columnGroups.flatMap(({ files }) => files.map(({ path }) => path))
  }

  test(`${KILLS} times: every version is whole, files that none names are all that is left`, async () => {
    const root = join(directory, 'killed')
    const random = new Random(13)
    const chunkManager = new LocalChunkManager({ rootPath: root })
    const store = new ManifestStore(chunkManager, 'seg')
    const dataKeys = () => filesBelow(join(root, 'seg/_data')).map((file) => relative(root, file))
    const isTelling = async () => {
      const latest = await store.latest()
      if (latest === 0) return false
      const { columnGroups } = await store.read(latest)
      return dataKeys().length > columnGroups.flatMap(({ files }) => files).length
    }
    // On a slow machine the kills come too early to tell anything: then later ones, and more.
    for (let child = 0; child < KILLS || (child < 4 * KILLS && !(await isTelling())); child++) {
      const args = [root, String(child * PER_CHILD + 1), String(ROWS)]
      const started = startScript('manifests-until-killed.cjs', args)
      const ended = once(started, 'close')
      await Promise.race([once(started.stdout!, 'data'), ended])
      await sleep(5 + random.below(300 * (1 + Math.floor(child / KILLS))))
      started.kill('SIGKILL')
      expect((await ended)[1]).toBe('SIGKILL')
    }
    expect(await isTelling()).toBe(true)
    const versions = await store.versions()
    expect(versions).toEqual(versions.map((_, index) => index + 1))
    for (const version of versions.filter((one) => one % 7 === 1)) await expectWhole(store, version)
    const named = await expectWhole(store, versions.at(-1)!)
    expect(new Set(named).size).toBe(named.length)
    for (const key of named) expect(existsSync(join(root, key))).toBe(true)
    // What is there besides: data that was not committed, and hidden files of writes cut off.
    const metadata = new Set(versions.map((version) => `seg/_metadata/manifest-${version}.avro`))
    const others = filesBelow(root)
      .map((file) => relative(root, file))
      .filter((key) => !metadata.has(key) && !key.startsWith('seg/_data/'))
    for (const key of others) expect(key).toMatch(/^seg\/_metadata\/\..*manifest-\d+\.avro/)
  }, 240_000)
})

test('a worker that is terminated leaves whole versions, and no file that is begun', async () => {
  const root = join(directory, 'worker')
  const script = join(__dirname, '../support/manifests-until-killed.cjs')
  const store = new ManifestStore(new LocalChunkManager({ rootPath: root }), 'seg')
  for (let round = 0; round < 5; round++) {
    const before = await store.latest()
    const worker = new Worker(script, {
      argv: [root, String(1 + round * 1000), '2000'],
      stdout: true,
    })
    while ((await store.latest()) < before + 2) await sleep(10)
    await sleep(7 * round)
    expect(await worker.terminate()).toBe(1)
  }
  const { version, manifest } = await store.open()
  expect(version).toBeGreaterThanOrEqual(10)
  for (const { files } of manifest.columnGroups) {
    expect(files.reduce((rows, { endIndex }) => rows + endIndex, 0)).toBe(version * 2000)
    for (const { path, endIndex } of files) {
      const reader = await PackedReader.open({ paths: [join(root, path)] })
      expect((await reader.toTable()).numRows).toBe(endIndex)
    }
  }
  const data = () => filesBelow(join(root, 'seg/_data'))
  const begun = () => data().filter((file) => !file.endsWith('.parquet'))
  for (let tries = 0; tries < 200 && begun().length > 0; tries++) await sleep(10)
  expect(begun()).toEqual([])
}, 120_000)

describeWithServers('a store', () => {
  let server: TestServer
  let proxy: Toxiproxy
  let gateway: FaultyGateway
  let link: FaultyLink
  let cells = 0

  beforeAll(async () => {
    server = await startVersitygw(join(directory, 'server'))
    proxy = await startToxiproxy()
    link = await proxy.link(server.port)
    gateway = await startFaultyGateway(server.port)
  })
  afterAll(async () => {
    await gateway.stop()
    await proxy.stop()
    await server.stop()
  })

  /** A writer at a port of its own folder, and the keys that are there, past the fault. */
  async function openAt(port: number, more: Partial<StorageConfig> = {}) {
    const rootPath = `cell${cells++}`
    const storage = storageAt(port, { rootPath, ...more })
    const direct = await openChunkManager(storageAt(server.port, { rootPath }))
    const writer = await PackedRecordManifestWriter.open({
      schema: sampleSchema(),
      basePath: BASE,
      storage,
      policy: { kind: 'schemaBased', patterns: ['id'] },
      rollingBytes: 0,
    })
    const keys = async () => {
      const found: string[] = []
      for await (const { path } of direct.walk('', { recursive: true })) found.push(path)
      return found.sort()
    }
    return { writer, keys, direct }
  }

  test('takes the files; what is said of them is so', async () => {
    const { writer, keys, direct } = await openAt(server.port)
    for (let first = 0; first < 300; first += 100) {
      await writer.write(sampleBatch(first, 100))
      await writer.flush()
    }
    await writer.close()
    const { columnGroups } = writer.getWrittenManifest()
    const files = columnGroups.flatMap((group) => group.files)
    expect(files.map(({ path }) => path).sort()).toEqual(await keys())
    expect(files).toHaveLength(6)
    for (const { path, properties } of files) {
      const bytes = Buffer.from(await direct.read(path))
      expect(properties).toEqual({
        file_size: String(bytes.length),
        footer_size: String(bytes.readUInt32LE(bytes.length - 8) + 8),
      })
    }
  })

  test('that refuses a file: PermissionDenied, and nothing of the writer is left', async () => {
    const { writer, keys } = await openAt(gateway.port)
    await writer.write(sampleBatch(0, 100))
    await writer.flush()
    expect(await keys()).toHaveLength(2)
    const answer = { status: 403, body: errorBody('AccessDenied') }
    gateway.spoil(({ method, url }) =>
      method === 'PUT' && url.includes('/_data/1_') ? { answer } : undefined,
    )
    await writer.write(sampleBatch(100, 100))
    expect(await rejection(() => writer.flush())).toMatchObject({ code: 'PermissionDenied' })
    gateway.heal()
    expect(await keys()).toEqual([])
    expect(writer.orphans).toEqual([])
    await writer.close()
    expect(writer.getWrittenManifest()).toEqual({ columnGroups: [] })
  })

  test('that is gone: a failure that may pass, and what is left is listed', async () => {
    const limits = { requestTimeoutMs: 500, retryTimeoutMs: 1500 }
    const { writer, keys } = await openAt(link.port, limits)
    await writer.write(sampleBatch(0, 100))
    await writer.flush()
    const rolled = await keys()
    expect(rolled).toHaveLength(2)
    await writer.write(sampleBatch(100, 100))
    await link.enable(false)
    const error = await rejection(() => writer.flush())
    expect(error).toMatchObject({ code: 'Network', retryable: true })
    await link.enable(true)
    expect(await keys()).toEqual(rolled)
    expect(writer.orphans).toEqual(expect.arrayContaining(rolled))
    expect((await rejection(() => writer.write(sampleBatch(0, 1)))).code).toBe('Closed')
  })
})
