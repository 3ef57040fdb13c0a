/** Versions of a manifest: which there are, how often they are read, what finding the newest costs. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { encodeManifest, ManifestStore, ManifestTransaction } from '../lib/manifest/index.js'
import { type ChunkManager, LocalChunkManager, RemoteChunkManager } from '../lib/storage/index.js'
import { reasonOf } from './support/chunks.js'
import { type FaultyGateway, startFaultyGateway } from './support/faulty-gateway.js'
import { BASE, deltaLogOf, groupOf, manifestOf } from './support/manifest-parts.js'
import {
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const ROOT = temporaryDirectory('manifest-store')
const METADATA = `${BASE}/_metadata`
const keyOf = (version: number) => `${METADATA}/manifest-${version}.avro`
let places = 0

function rootOf(): string {
  places += 1
  return join(ROOT, String(places))
}

function local(rootPath = rootOf()) {
  const chunkManager = new LocalChunkManager({ rootPath })
  return { rootPath, chunkManager, store: new ManifestStore(chunkManager, BASE) }
}

const withLog = (name: string) => manifestOf({ deltaLogs: [deltaLogOf(name)] })

describe('versions', () => {
  test('are files of exactly that name in the folder itself', async () => {
    const { rootPath, store } = local()
    mkdirSync(join(rootPath, METADATA, 'old'), { recursive: true })
    mkdirSync(join(rootPath, METADATA, 'manifest-40.avro'))
    const names = [
      ...['manifest-2.avro', 'manifest-10.avro', 'manifest-9.avro'],
      ...['manifest-011.avro', 'manifest-0.avro', 'manifest-12.avro.tmp', 'manifest-13.avr'],
      ...['manifest-1e3.avro', 'manifest--14.avro', 'manifest-+15.avro', 'manifest-.avro'],
      ...['xmanifest-16.avro', 'Manifest-17.avro', 'manifest-99999999999999999999.avro'],
      ...['manifest-9999999999999999.avro', 'old/manifest-18.avro', '.manifest-19.avro'],
    ]
    for (const name of names) writeFileSync(join(rootPath, METADATA, name), '')
    expect(await store.versions()).toEqual([2, 9, 10])
    expect(await store.latest()).toBe(10)
  })

  test('case 63 one that exists is kept, whoever wrote it', async () => {
    const { chunkManager, store } = local()
    await store.create(1, withLog('first'))
    const error = await rejection(() => store.create(1, withLog('second')))
    expect([error.code, error.path]).toEqual(['AlreadyExists', keyOf(1)])
    // The same content is not the same commit.
    expect((await rejection(() => store.create(1, withLog('first')))).code).toBe('AlreadyExists')
    await chunkManager.write(keyOf(2), Buffer.from('anything'))
    expect((await rejection(() => store.create(2, withLog('x')))).code).toBe('AlreadyExists')
    expect(await store.read(1)).toEqual(withLog('first'))
  })

  test('case 66 two reads of one are the same object, through any store', async () => {
    const { rootPath, chunkManager } = local()
    await local(rootPath).store.create(1, withLog('a'))
    const stores = [1, 2].map(() => new ManifestStore(chunkManager, BASE))
    const [one, two] = await Promise.all(stores.map((store) => store.read(1)))
    expect(one).toBe(two)
    expect((await stores[0]!.open()).manifest).toBe(one)
    expect(() => (one!.deltaLogs as unknown[]).push(1)).toThrow(TypeError)
  })

  test('a failed read is not kept, an aborted one does not spoil that of others', async () => {
    const { rootPath, store } = local()
    expect((await rejection(() => store.read(1))).code).toBe('NotFound')
    mkdirSync(join(rootPath, METADATA), { recursive: true })
    writeFileSync(join(rootPath, keyOf(1)), '')
    expect(await rejection(() => store.read(1))).toMatchObject({
      code: 'MetadataCorrupted',
      path: keyOf(1),
    })
    writeFileSync(join(rootPath, keyOf(1)), encodeManifest(withLog('a'), BASE))
    const controller = new AbortController()
    const reason = new Error('not any more')
    const aborted = reasonOf(store.read(1, { signal: controller.signal }))
    const other = store.read(1)
    controller.abort(reason)
    expect(await aborted).toBe(reason)
    expect(await other).toEqual(withLog('a'))
  })

  test('the latest is not removed; an old one is, and cannot be read any more', async () => {
    const { store } = local()
    for (const version of [1, 2, 3]) await store.create(version, withLog(`d${version}`))
    expect((await rejection(() => store.remove(3))).message).toMatch(/a version before the latest/)
    await store.remove(1)
    expect(await store.versions()).toEqual([2, 3])
    expect((await rejection(() => store.read(1))).code).toBe('NotFound')
  })

  test('a folder that was emptied and filled again is another one', async () => {
    const { chunkManager, store } = local()
    for (const version of [1, 2, 3]) await store.create(version, withLog(`d${version}`))
    await chunkManager.removeWithPrefix(`${METADATA}/`)
    await chunkManager.write(keyOf(1), encodeManifest(withLog('new'), BASE))
    expect(await store.open()).toEqual({ version: 1, manifest: withLog('new') })
  })
})

/** What others do to the folder between two looks for the newest version. */
const others = fc.array(
  fc.record({
    commits: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 80, max: 230 })),
    keep: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 150 })),
    anew: fc.boolean(),
  }),
  { minLength: 1, maxLength: 5 },
)

/** The newest version is found from what was the newest at the last look. */
async function findAmong(
  steps: typeof others extends fc.Arbitrary<infer S> ? S : never,
  place: { folder: string; chunkManager: ChunkManager },
): Promise<void> {
  const { folder, chunkManager } = place
  const store = new ManifestStore(chunkManager, BASE)
  let [oldest, newest] = [1, 0]
  const fileOf = (version: number) => join(folder, `manifest-${version}.avro`)
  mkdirSync(folder, { recursive: true })
  for (const { commits, keep, anew } of steps) {
    if (anew) {
      await chunkManager.removeWithPrefix(`${METADATA}/`)
      mkdirSync(folder, { recursive: true })
      oldest = 1
      newest = 0
    }
    const until = newest + commits
    for (newest += 1; newest <= until; newest += 1) writeFileSync(fileOf(newest), 'x')
    newest = until
    const expired = Array.from({ length: Math.max(newest - oldest + 1 - keep, 0) }, () => oldest++)
    await chunkManager.multiRemove(expired.map(keyOf))
    expect(await store.latest()).toBe(newest)
    expect((await store.versions()).length).toBe(newest - oldest + 1)
  }
}

describe('the newest version', () => {
  test('on a disk, whatever others committed and expired since the last look', async () => {
    await fc.assert(
      fc.asyncProperty(others, async (steps) => {
        const { rootPath, chunkManager } = local()
        await findAmong(steps, { folder: join(rootPath, METADATA), chunkManager })
      }),
      { numRuns: 40 },
    )
  }, 120_000)
})

describeWithServers('in a store', () => {
  const directory = join(ROOT, 'server')
  let server: TestServer
  let gateway: FaultyGateway

  beforeAll(async () => {
    server = await startVersitygw(directory)
    gateway = await startFaultyGateway(server.port)
  })
  afterEach(() => gateway.heal())
  afterAll(async () => {
    await gateway.stop()
    await server.stop()
  })

  async function remote(port = gateway.port, name?: string) {
    places += 1
    const rootPath = name ?? `tree${places}`
    const storage = storageAt(port, { rootPath, retryTimeoutMs: 2000 })
    const chunkManager = await RemoteChunkManager.open({ storage })
    const folder = join(directory, 'data', 'segments', rootPath, METADATA)
    return { rootPath, folder, chunkManager, store: new ManifestStore(chunkManager, BASE) }
  }

  test('the newest version, whatever others committed and expired since', async () => {
    await fc.assert(
      fc.asyncProperty(others, async (steps) => findAmong(steps, await remote(server.port))),
      { numRuns: 8 },
    )
  }, 120_000)

  test.each([
    [99, 1],
    [100, 1],
    [199, 1],
    [999, 1],
    [1000, 1],
    [1099, 2],
    [1999, 2],
  ])('the newest of %s takes %s listings to see again', async (count, listings) => {
    const { rootPath, folder, store } = await remote(server.port)
    mkdirSync(folder, { recursive: true })
    for (let version = 1; version <= count; version += 1) {
      writeFileSync(join(folder, `manifest-${version}.avro`), 'x')
    }
    expect(await store.latest()).toBe(count)
    const { store: counted } = await remote(gateway.port, rootPath)
    expect(await counted.latest()).toBe(count)
    gateway.seen.length = 0
    expect(await counted.latest()).toBe(count)
    expect(gateway.seen).toHaveLength(listings)
    for (const more of [1, 2]) {
      writeFileSync(join(folder, `manifest-${count + more}.avro`), 'x')
      expect(await counted.latest()).toBe(count + more)
    }
  })

  test('opening takes at most two requests, a commit two', async () => {
    const { store, rootPath, folder } = await remote(server.port)
    await store.create(1, withLog('a'))
    const bytes = encodeManifest(withLog('b'), BASE)
    for (let version = 2; version <= 900; version += 1) {
      writeFileSync(join(folder, `manifest-${version}.avro`), bytes)
    }
    const { chunkManager } = await remote(gateway.port, rootPath)
    const open = async (version?: number) => {
      gateway.seen.length = 0
      const opened = await new ManifestStore(chunkManager, BASE).open(version)
      return [opened.version, ...gateway.seen.map(({ method }) => method)]
    }
    // What is listed cannot be told from what is read by the method.
    expect(await open(7)).toEqual([7, 'GET'])
    expect(await open(7)).toEqual([7])
    expect(await open()).toEqual([900, 'GET', 'GET'])
    expect(await open()).toEqual([900, 'GET'])
    for (let version = 901; version <= 3050; version += 1) {
      writeFileSync(join(folder, `manifest-${version}.avro`), bytes)
    }
    await new ManifestStore(chunkManager, BASE).versions()
    expect(await open()).toEqual([3050, 'GET', 'GET'])
    writeFileSync(join(folder, 'manifest-3051.avro'), bytes)
    expect(await open()).toEqual([3051, 'GET', 'GET'])
    const committed = await ManifestTransaction.open({ chunkManager, basePath: BASE })
    gateway.seen.length = 0
    await committed.appendFiles([groupOf('id', { a: 1 })]).commit()
    const puts = gateway.seen.filter(({ url }) => !url.includes('probe'))
    expect(puts.map(({ method }) => method)).toEqual(['GET', 'PUT'])
  }, 120_000)

  test('a store without conditional writes is refused, unless there is one writer', async () => {
    const { chunkManager } = await remote()
    gateway.spoil(({ method, headers }) =>
      method === 'PUT' && headers['if-none-match'] !== undefined
        ? { answer: { status: 501, body: '<Error><Code>NotImplemented</Code></Error>' } }
        : undefined,
    )
    const commit = async (singleWriter?: boolean, version?: number) => {
      const options = { chunkManager, basePath: BASE, singleWriter, version }
      return (await ManifestTransaction.open(options)).addDeltaLog(deltaLogOf('d')).commit()
    }
    const error = await rejection(() => commit())
    expect([error.code, error.path]).toEqual(['NotSupported', keyOf(1)])
    expect(error.message).toMatch(/or the option singleWriter/)
    expect(await new ManifestStore(chunkManager, BASE).versions()).toEqual([])
    expect((await commit(true)).version).toBe(1)
    expect((await commit(true)).version).toBe(2)
    expect((await rejection(() => commit(true, 1))).code).toBe('Conflict')
    const store = new ManifestStore(chunkManager, BASE, { singleWriter: true })
    expect((await rejection(() => store.create(2, withLog('x')))).code).toBe('AlreadyExists')
  })
})
