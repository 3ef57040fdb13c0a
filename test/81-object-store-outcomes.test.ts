import dns from 'node:dns'
import { type ObjectStore, openObjectStore } from '../lib/storage/index.js'
import { DirectBucket } from './support/direct-bucket'
import {
  errorBody,
  type FaultyGateway,
  type SeenRequest,
  startFaultyGateway,
} from './support/faulty-gateway'
import {
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers'
import { rejection } from './support/rejection'
import { temporaryDirectory } from './support/temporary'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const isPut = ({ method, url }: SeenRequest) => method === 'PUT' && !url.includes('uploadId')
const isComplete = ({ method, url }: SeenRequest) => method === 'POST' && url.includes('uploadId')
/** Every name is this machine's. */
function lookupHere(
  _: string,
  __: object,
  found: (error: null, addresses: { address: string; family: number }[]) => void,
): void {
  found(null, [{ address: '127.0.0.1', family: 4 }])
}

const isCreate = ({ method, url }: SeenRequest) => method === 'POST' && url.includes('uploads')

// A store that carries out a request whose answer never arrives: only the gateway can do that.
describeWithServers('writes whose outcome is unknown', () => {
  const directory = temporaryDirectory('object-store-outcomes')
  let server: TestServer
  let gateway: FaultyGateway
  let store: ObjectStore
  let direct: ObjectStore
  let bucket: DirectBucket

  beforeAll(async () => {
    server = await startVersitygw(directory)
    gateway = await startFaultyGateway(server.port)
    store = await openObjectStore(
      storageAt(gateway.port, { retryTimeoutMs: 3000, requestTimeoutMs: 500 }),
    )
    direct = await openObjectStore(storageAt(server.port))
    bucket = new DirectBucket(server.port)
  })
  afterEach(() => gateway.heal())
  afterAll(async () => {
    bucket.close()
    await gateway.stop()
    await server.stop()
  })

  /** Spoils the first request that is of a kind. */
  const spoilFirst = (
    kind: (request: SeenRequest) => boolean,
    fault: Parameters<FaultyGateway['spoil']>[0] extends (...args: never[]) => infer F ? F : never,
    then: () => void = () => {},
  ) => {
    let done = false
    gateway.spoil((request) => {
      if (done || !kind(request)) return undefined
      done = true
      then()
      return fault
    })
  }
  const upload = async (to: ObjectStore, key: string, text: string) => {
    const name = await to.create(key, { ifAbsent: true })
    const tag = await to.part(key, name, { number: 1, content: bytesOf(text) })
    return { name, finish: () => to.complete(key, name, [tag], { ifAbsent: true }) }
  }

  test('a conditional put that went through, without an answer, has succeeded', async () => {
    spoilFirst(isPut, 'loseAnswer')
    await store.put('put/ours', bytesOf('mine'), { ifAbsent: true })
    expect(textOf(await direct.get('put/ours'))).toBe('mine')
    expect(gateway.seen.filter(isPut)).toHaveLength(2)
  })

  test("another writer's object is another's, even with the same bytes", async () => {
    let other: Promise<void> = Promise.resolve()
    spoilFirst(isPut, 'reset', () => {
      other = direct.put('put/theirs', bytesOf('same'), { ifAbsent: true })
    })
    const error = await rejection(() =>
      store.put('put/theirs', bytesOf('same'), { ifAbsent: true }),
    )
    await other
    expect(error).toMatchObject({ code: 'AlreadyExists', path: 'put/theirs' })
  })

  test('a conflict after a lost answer does not say that the write is not there', async () => {
    const conflict = { status: 409, body: errorBody('ConditionalRequestConflict') }
    let puts = 0
    gateway.spoil((request) => {
      if (request.method === 'HEAD') return { answer: { status: 404 } }
      if (!isPut(request)) return undefined
      puts += 1
      return puts === 1 ? 'loseAnswer' : { answer: conflict }
    })
    const error = await rejection(() => store.put('put/open', bytesOf('mine'), { ifAbsent: true }))
    expect(error).toMatchObject({ code: 'Network', path: 'put/open', retryable: true })
    expect(puts).toBeGreaterThan(1)
    expect(textOf(await direct.get('put/open'))).toBe('mine')
  })

  test('a conflict from the first request on is one', async () => {
    const conflict = { status: 409, body: errorBody('ConditionalRequestConflict') }
    gateway.spoil((request) => (isPut(request) ? { answer: conflict } : undefined))
    const error = await rejection(() => store.put('put/held', bytesOf('mine'), { ifAbsent: true }))
    expect(error).toMatchObject({ code: 'Conflict', path: 'put/held' })
    expect(await direct.head('put/held').catch(({ code }) => code)).toBe('NotFound')
  })

  test('a completion that went through, without an answer, has succeeded', async () => {
    const { finish } = await upload(store, 'parts/ours', 'mine')
    spoilFirst(isComplete, 'loseAnswer')
    await finish()
    expect(gateway.seen.filter(isComplete)).toHaveLength(2)
    expect(textOf(await direct.get('parts/ours'))).toBe('mine')
    expect(await bucket.openUploads('parts/ours')).toBe(0)
  })

  test('a completion that lost the race is AlreadyExists, whatever was lost on the way', async () => {
    const { name, finish } = await upload(store, 'parts/theirs', 'same')
    await (await upload(direct, 'parts/theirs', 'same')).finish()
    spoilFirst(isComplete, 'loseAnswer')
    expect(await rejection(finish)).toMatchObject({ code: 'AlreadyExists', path: 'parts/theirs' })
    await store.abort('parts/theirs', name)
    expect(await bucket.openUploads('parts/theirs')).toBe(0)
  })

  test('an upload of another process is recognised by the tags of its parts', async () => {
    const key = 'parts/resumed'
    const name = await direct.create(key)
    const tag = await direct.part(key, name, { number: 1, content: bytesOf('mine') })
    await direct.complete(key, name, [tag])
    // Completed by a process that died before it knew; this one goes on with the same parts.
    await store.complete(key, name, [tag])
    const gone = await rejection(() => store.complete('parts/none', name, [tag]))
    expect(gone).toMatchObject({ code: 'NotFound', cause: { code: 'NoSuchUpload' } })
  })

  test('200 with an error in the body is no success', async () => {
    const { finish } = await upload(store, 'parts/error-in-200', 'mine')
    gateway.spoil((request) =>
      isComplete(request)
        ? { answer: { status: 200, body: errorBody('InternalError') } }
        : undefined,
    )
    expect(await rejection(finish)).toMatchObject({ code: 'StorageIO', retryable: true })
    expect(gateway.seen.filter(isComplete).length).toBeGreaterThan(1)
    expect(await rejection(() => direct.head('parts/error-in-200'))).toMatchObject({
      code: 'NotFound',
    })
    gateway.heal()
    await finish()
    expect(textOf(await direct.get('parts/error-in-200'))).toBe('mine')
  })

  test('200 with an error for a completion that went through is a success', async () => {
    const { finish } = await upload(store, 'parts/through', 'mine')
    spoilFirst(isComplete, { instead: { status: 200, body: errorBody('InternalError') } })
    await finish()
    expect(textOf(await direct.get('parts/through'))).toBe('mine')
  })

  test('a completion is looked for once more when its time is over', async () => {
    const { finish } = await upload(store, 'parts/late', 'mine')
    gateway.spoil((request) => (isComplete(request) ? 'loseAnswer' : undefined))
    await finish()
    expect(textOf(await direct.get('parts/late'))).toBe('mine')
  })

  test('an upload whose name was lost is aborted when ours has ended', async () => {
    const key = 'parts/lost'
    spoilFirst(isCreate, 'loseAnswer')
    const { finish } = await upload(store, key, 'mine')
    expect(await bucket.openUploads(key)).toBe(2)
    await finish()
    expect(await bucket.openUploads(key)).toBe(0)
    expect(textOf(await direct.get(key))).toBe('mine')
  })

  test('the upload of another writer that has parts is let alone', async () => {
    const key = 'parts/neighbour'
    const other = await direct.create(key)
    await direct.part(key, other, { number: 1, content: bytesOf('theirs') })
    spoilFirst(isCreate, 'loseAnswer')
    const { finish } = await upload(store, key, 'mine')
    await finish()
    expect(await bucket.openUploads(key)).toBe(1)
    await direct.abort(key, other)
  })

  test('of 16 racing uploads in parts exactly one wins', async () => {
    const racers = await Promise.all(
      Array.from({ length: 16 }, (_, racer) => upload(direct, 'parts/race', `racer ${racer}`)),
    )
    const settled = await Promise.allSettled(racers.map(({ finish }) => finish()))
    const won = settled.flatMap(({ status }, racer) => (status === 'fulfilled' ? [racer] : []))
    expect(won).toHaveLength(1)
    expect(textOf(await direct.get('parts/race'))).toBe(`racer ${won[0]}`)
    const lost = settled.flatMap((racer) => (racer.status === 'rejected' ? [racer.reason] : []))
    expect(new Set(lost.map(({ code }) => code))).toEqual(new Set(['AlreadyExists']))
    await Promise.all(racers.map(({ name }) => direct.abort('parts/race', name)))
    expect(await bucket.openUploads('parts/race')).toBe(0)
  })
})

describeWithServers('conditional writes are found out', () => {
  const directory = temporaryDirectory('object-store-probe')
  let server: TestServer
  let gateway: FaultyGateway
  let probes = 0

  beforeAll(async () => {
    server = await startVersitygw(directory)
    gateway = await startFaultyGateway(server.port)
  })
  afterEach(() => {
    gateway.heal()
    jest.restoreAllMocks()
  })
  afterAll(async () => {
    await gateway.stop()
    await server.stop()
  })

  /** A store that was not asked yet. */
  const fresh = () => {
    probes += 1
    return openObjectStore(storageAt(gateway.port, { rootPath: `probe/${probes}` }))
  }
  const keysLeft = async (store: ObjectStore) => {
    const keys: string[] = []
    for await (const { path } of store.list('probe/')) keys.push(path)
    for await (const { key } of store.listUploads('probe/')) keys.push(key)
    return keys
  }

  test('by a key below the root, asked once, and nothing is left of it', async () => {
    const store = await fresh()
    expect(await Promise.all([store.conditionalWrites(), store.conditionalWrites()])).toEqual([
      true,
      true,
    ])
    const written = gateway.seen.filter(isPut).map(({ url }) => url.split('?')[0])
    expect(written).toHaveLength(2)
    expect(new Set(written).size).toBe(1)
    expect(written[0]).toMatch(/^\/segments\/probe\/\d+\/\.arrow-packed-probe-[-0-9a-f]+$/)
    expect(gateway.seen.filter(isPut).map(({ headers }) => headers['if-none-match'])).toEqual([
      '*',
      '*',
    ])
    expect(await keysLeft(store)).toEqual([])
  })

  // A store that ignores the condition, as garage does, or that knows it for single objects only,
  // as Ceph did: the gateway answers for one.
  test.each([
    ['puts', isPut],
    ['completions', isComplete],
  ])('a store that ignores the condition of %s has none', async (_, ignored) => {
    const store = await fresh()
    gateway.spoil((request) =>
      ignored(request)
        ? {
            answer: {
              status: 200,
              headers: { etag: '"x"' },
              body: '<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>',
            },
          }
        : undefined,
    )
    expect(await store.conditionalWrites()).toBe(false)
  })

  test('a store that refuses the header has none; one that refuses to write throws', async () => {
    gateway.spoil((request) =>
      isPut(request) ? { answer: { status: 501, body: errorBody('NotImplemented') } } : undefined,
    )
    expect(await (await fresh()).conditionalWrites()).toBe(false)
    gateway.spoil(() => ({ answer: { status: 403, body: errorBody('AccessDenied') } }))
    const denied = await fresh()
    expect(await rejection(() => denied.conditionalWrites())).toMatchObject({
      code: 'PermissionDenied',
    })
    gateway.heal()
    expect(await denied.conditionalWrites()).toBe(true)
  })

  test.each([
    ['tencent', 'x-cos-forbid-overwrite'],
    ['aliyun', 'x-oss-forbid-overwrite'],
  ] as const)('%s is asked with a header of its own', async (cloudProvider, header) => {
    // Their stores answer at bucket.host only, a name that no resolver here knows.
    jest.spyOn(dns, 'lookup').mockImplementation(lookupHere as typeof dns.lookup)
    const store = await openObjectStore({
      ...storageAt(gateway.port),
      storageType: 'remote',
      cloudProvider,
      address: `localhost:${gateway.port}`,
      retryTimeoutMs: 500,
    })
    gateway.spoil(() => ({ answer: { status: 409, body: errorBody('FileAlreadyExists') } }))
    const error = await rejection(() => store.put('k', bytesOf('x'), { ifAbsent: true }))
    expect(error).toMatchObject({ code: 'AlreadyExists', path: 'k' })
    const [{ headers, url }] = gateway.seen as [SeenRequest]
    expect(headers[header]).toBe('true')
    expect(headers['if-none-match']).toBeUndefined()
    expect(headers.host).toBe(`segments.localhost:${gateway.port}`)
    expect(url.split('?')[0]).toBe('/k')
    expect(headers['x-amz-checksum-crc32']).toBeUndefined()
    gateway.spoil(() => ({ answer: { status: 200, body: '<DeleteResult/>' } }))
    await store.removeMany(['k', 'l'])
    expect(gateway.seen[0]?.headers['content-md5']).toMatch(/^[A-Za-z0-9+/]{22}==$/)
    expect(gateway.seen[0]?.headers['x-amz-checksum-crc32']).toBeUndefined()
  })
})
