import { setTimeout as sleep } from 'node:timers/promises'
import { type ObjectStore, openObjectStore } from '../lib/storage/index.js'
import { storageMeter } from '../lib/telemetry/index.js'
import { errorBody, type FaultyGateway, startFaultyGateway } from './support/faulty-gateway'
import {
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers'
import { rejection } from './support/rejection'
import { temporaryDirectory } from './support/temporary'

const PART_BYTES = 5 << 20
const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const slowDown = (code: string, status: number) => ({ answer: { status, body: errorBody(code) } })

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

// versitygw never throttles, never answers 200 with an error, and loses no answer: the gateway in
// front of it does, request by request.
describeWithServers('what is tried again', () => {
  const directory = temporaryDirectory('object-store-retries')
  let server: TestServer
  let gateway: FaultyGateway
  let store: ObjectStore
  let direct: ObjectStore

  const counts = () => storageMeter(store.name).snapshot()
  const open = (more: object) => openObjectStore(storageAt(gateway.port, more))

  beforeAll(async () => {
    server = await startVersitygw(directory)
    gateway = await startFaultyGateway(server.port)
    store = await open({ retryTimeoutMs: 10_000, requestTimeoutMs: 1000 })
    direct = await openObjectStore(storageAt(server.port))
  })
  afterEach(() => gateway.heal())
  afterAll(async () => {
    await gateway.stop()
    await server.stop()
  })

  test.each([
    ['SlowDown', 503],
    ['SlowDownWrite', 503],
    ['XMinioServerNotInitialized', 503],
    ['RequestLimitExceeded', 400],
    ['ThrottlingException', 400],
    ['TooManyRequests', 429],
    ['InternalError', 500],
    ['OperationAborted', 409],
    ['RequestTimeout', 400],
  ])('%s is waited out, and counted', async (code, status) => {
    const before = counts()
    gateway.spoil((_, index) => (index < 2 ? slowDown(code, status) : undefined))
    await store.put('waited', bytesOf(code))
    expect(textOf(await direct.get('waited'))).toBe(code)
    expect(counts().retries - before.retries).toBe(2)
    expect(counts().failed - before.failed).toBe(2)
    expect(counts().requests - before.requests).toBe(3)
  })

  test.each([
    ['AccessDenied', 403, 'PermissionDenied'],
    ['InvalidAccessKeyId', 403, 'PermissionDenied'],
    ['SignatureDoesNotMatch', 403, 'PermissionDenied'],
    ['ExpiredToken', 400, 'PermissionDenied'],
    ['NoSuchBucket', 404, 'NotFound'],
    ['NoSuchKey', 404, 'NotFound'],
    ['PreconditionFailed', 412, 'PreconditionFailed'],
    ['InvalidArgument', 400, 'InvalidArgument'],
    ['NotImplemented', 501, 'NotSupported'],
    ['XMinioStorageFull', 507, 'NoSpace'],
  ])('%s is final: %s', async (code, status, kind) => {
    gateway.spoil(() => slowDown(code, status))
    const error = await rejection(() => store.put('final', bytesOf('x')))
    expect(error).toMatchObject({
      code: kind,
      path: 'final',
      cause: { code, status, requestId: 'R1' },
    })
    expect(gateway.seen).toHaveLength(1)
  })

  test('a class that lasts is the class of the error, when the time is over', async () => {
    const brief = await open({ retryTimeoutMs: 600 })
    const started = Date.now()
    for (const [code, status, kind] of [
      ['SlowDown', 503, 'Throttled'],
      ['InternalError', 500, 'StorageIO'],
    ] as const) {
      gateway.spoil(() => slowDown(code, status))
      const error = await rejection(() => brief.get('lasting'))
      expect(error).toMatchObject({ code: kind, retryable: true, path: 'lasting' })
      expect(gateway.seen.length).toBeGreaterThan(2)
    }
    expect(Date.now() - started).toBeLessThan(5000)
  })

  test('silence is a Timeout, within the time of the operation', async () => {
    const brief = await open({ requestTimeoutMs: 200, retryTimeoutMs: 1000 })
    gateway.spoil(() => 'stall')
    const started = Date.now()
    for (const action of [
      () => brief.get('silent'),
      () => brief.put('silent', new Uint8Array(PART_BYTES)),
      () => collect(brief.list('silent')),
    ]) {
      expect(await rejection(action)).toMatchObject({ code: 'Timeout', retryable: true })
    }
    expect(Date.now() - started).toBeLessThan(12_000)
  })

  test('a store that refuses connections for a while is waited for', async () => {
    await store.put('outage', bytesOf('here'))
    await server.stop()
    const reading = store.get('outage')
    await sleep(1500)
    const before = counts()
    server = await startVersitygw(directory, server.port)
    expect(textOf(await reading)).toBe('here')
    expect(before.retries).toBeGreaterThan(2)
  })

  test('an abort while it waits rejects with the reason at once', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    gateway.spoil((_, index) => {
      if (index === 2) controller.abort(reason)
      return slowDown('SlowDown', 503)
    })
    await expect(store.put('aborted', bytesOf('x'), { signal: controller.signal })).rejects.toBe(
      reason,
    )
    expect(gateway.seen.length).toBeLessThan(5)
  })

  test.each(['whenSupported', 'whenRequired'] as const)(
    'a body that is spoiled on its way is refused and sent again, with checksums %s',
    async (checksums) => {
      const checked = await open({ checksums, retryTimeoutMs: 10_000 })
      gateway.spoil((_, index) => (index === 0 ? 'spoilBody' : undefined))
      await checked.put('spoiled', bytesOf(checksums))
      expect(textOf(await direct.get('spoiled'))).toBe(checksums)
      const [first, ...others] = gateway.seen.map(({ headers }) => headers)
      expect(others).toHaveLength(1)
      const unsigned = first!['x-amz-content-sha256'] === 'UNSIGNED-PAYLOAD'
      expect(unsigned).toBe(checksums === 'whenSupported')
      expect(first!['x-amz-checksum-crc32'] === undefined).toBe(!unsigned)
    },
  )

  test('a body that ends early is asked for from where it ended', async () => {
    const content = Uint8Array.from({ length: 3 << 20 }, (_, at) => (at * 7919) >> 5)
    await direct.put('cut', content)
    gateway.spoil((_, index) => (index < 3 ? { cutBody: 700_001 } : undefined))
    const before = counts()
    const bytes = await store.get('cut', { range: { offset: 17 } })
    expect(counts().retries - before.retries).toBe(3)
    expect(counts().bytesRead - before.bytesRead).toBe(content.byteLength - 17)
    expect(Buffer.compare(bytes, content.subarray(17))).toBe(0)
    const starts = gateway.seen.map(({ headers }) => Number(/\d+/.exec(headers.range ?? '')?.[0]))
    expect(starts).toHaveLength(4)
    expect(starts[0]).toBe(17)
    for (const [index, start] of starts.slice(1).entries()) {
      expect(start).toBeGreaterThan(starts[index]!)
      expect(start).toBeLessThanOrEqual(starts[index]! + 700_001)
    }
    const [first, ...others] = gateway.seen.map(({ headers }) => headers['if-match'])
    expect(first).toBeUndefined()
    expect(new Set(others).size).toBe(1)
  })

  test('a whole object is checked against its checksum, also when it came in pieces', async () => {
    const content = Uint8Array.from({ length: 1 << 20 }, (_, at) => at * 31)
    await direct.put('checked', content)
    gateway.spoil((_, index) => (index === 0 ? { cutBody: 500_000 } : undefined))
    expect(Buffer.compare(await store.get('checked'), content)).toBe(0)
    for (const rule of [
      () => 'spoilAnswer' as const,
      (_: object, index: number) => (index === 0 ? { cutBody: 500_000 } : ('spoilAnswer' as const)),
    ]) {
      gateway.spoil(rule)
      const error = await rejection(() => store.get('checked'))
      expect(error).toMatchObject({ code: 'FileCorrupted', path: 'checked' })
    }
  })

  // The gateway keeps connections, as stores do; versitygw closes each.
  test('an object without bytes gives its connection back', async () => {
    const single = await open({ maxConnections: 1, requestTimeoutMs: 60_000, retryTimeoutMs: 5000 })
    await single.put('no bytes', new Uint8Array())
    const before = counts()
    for (let round = 0; round < 3; round += 1) {
      expect((await single.get('no bytes')).byteLength).toBe(0)
    }
    expect((await single.head('no bytes')).sizeBytes).toBe(0)
    expect(counts().requests - before.requests).toBe(4)
    expect(counts().failed).toBe(before.failed)
  })

  test('an answer without a length is refused', async () => {
    const headers = { 'transfer-encoding': 'chunked' }
    gateway.spoil(() => ({ answer: { status: 200, body: 'bytes', headers } }))
    expect(await rejection(() => store.get('lengthless'))).toMatchObject({
      code: 'StorageIO',
      path: 'lengthless',
    })
  })

  test('an object that was replaced between the pieces is FileChanged', async () => {
    const old = new Uint8Array(1 << 20).fill(1)
    await direct.put('replaced', old)
    gateway.spoil((_, index) => (index === 0 ? { cutBody: 100_000 } : undefined))
    const reading = (async () => {
      for await (const _ of store.stream('replaced')) {
        await direct.put('replaced', new Uint8Array(1 << 20).fill(2))
      }
    })()
    expect(await rejection(() => reading)).toMatchObject({ code: 'FileChanged', path: 'replaced' })
  })

  test('a removal that was refused for some keys is repeated for those', async () => {
    const keys = ['left/1', 'left/2', 'left/3']
    for (const key of keys) await direct.put(key, bytesOf(key))
    const answer = (code: string) => ({
      answer: {
        status: 200,
        body: `<DeleteResult><Error><Key>left/2</Key><Code>${code}</Code></Error></DeleteResult>`,
      },
    })
    gateway.spoil((_, index) => (index === 0 ? answer('SlowDown') : undefined))
    await store.removeMany(keys)
    expect(gateway.seen).toHaveLength(2)
    expect((await collect(direct.list('left/'))).map(({ path }) => path)).toEqual([
      'left/1',
      'left/3',
    ])
    gateway.spoil(() => answer('AccessDenied'))
    expect(await rejection(() => store.removeMany(keys))).toMatchObject({
      code: 'PermissionDenied',
      path: 'left/2',
    })
  })
})
