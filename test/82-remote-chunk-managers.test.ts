/** What only a store does: odd slashes, refused and lost requests, conditions that are ignored. */
import { once } from 'node:events'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { inspect } from 'node:util'
import type { StorageConfig } from '../lib/config/index.js'
import { openObjectStore, RemoteChunkManager } from '../lib/storage/index.js'
import {
  type Fault,
  type FaultyGateway,
  type SeenRequest,
  startFaultyGateway,
} from './support/faulty-gateway.js'
import {
  describeWithServers,
  noServers,
  SECRET_KEY,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const BASE = temporaryDirectory('remote-chunk-managers')
const MIB = 1 << 20
const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const REFUSED: Fault = { answer: { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' } }

let server: TestServer
let gateway: FaultyGateway
let trees = 0

beforeAll(async () => {
  if (noServers !== undefined) return
  server = await startVersitygw(join(BASE, 'server'))
  gateway = await startFaultyGateway(server.port)
})
afterAll(async () => {
  await gateway?.stop()
  await server?.stop()
})
afterEach(() => gateway?.heal())

/** A tree of its own behind the gateway, and a way past it. */
async function open(more: Partial<StorageConfig> = {}) {
  trees += 1
  const rootPath = `trees/${trees}`
  const options = { rootPath, multipartPartBytes: 5 * MIB, retryTimeoutMs: 2000, ...more }
  const storage = storageAt(gateway.port, options)
  const chunks = await RemoteChunkManager.open({ storage })
  const direct = await RemoteChunkManager.open({ storage: storageAt(server.port, options) })
  return { chunks, direct, rootPath }
}

async function keysOf(chunks: RemoteChunkManager): Promise<string[]> {
  const keys: string[] = []
  for await (const { path } of chunks.walk('')) keys.push(path)
  return keys
}

async function openUploads(prefix: string): Promise<string[]> {
  const store = await openObjectStore(storageAt(server.port))
  const keys: string[] = []
  for await (const { key } of store.listUploads(prefix)) keys.push(key)
  return keys
}

const isPart = ({ method, url }: SeenRequest) => method === 'PUT' && url.includes('partNumber=')
const isPut = ({ method, url }: SeenRequest) => method === 'PUT' && !url.includes('uploadId=')

describeWithServers('keys', () => {
  test('drop the slash in front, and keep the others', async () => {
    const { chunks } = await open()
    await chunks.write('/a//b', bytesOf('1'))
    expect(textOf(await chunks.read('a//b'))).toBe('1')
    expect(chunks.path('/a//b')).toBe(`segments/${chunks.rootPath}/a//b`)
    const error = await rejection(() => chunks.read('/absent'))
    expect([error.code, error.path]).toEqual(['NotFound', '/absent'])
    await chunks.remove('/a//b')
    expect(await chunks.exist('a//b')).toBe(false)
  })

  test('of other roots are not seen, with or without a slash around the root', async () => {
    const { chunks, rootPath } = await open()
    const around = await RemoteChunkManager.open({
      storage: storageAt(server.port, { rootPath: `/${rootPath}/` }),
    })
    await chunks.write('x', bytesOf('1'))
    await (await open({ rootPath: `${rootPath}0` })).chunks.write('y', bytesOf('2'))
    expect(await keysOf(around)).toEqual(['x'])
    await around.removeWithPrefix('x')
    expect(await keysOf(chunks)).toEqual([])
  })
})

describeWithServers('secrets', () => {
  test('are in no form of a manager', async () => {
    const { chunks } = await open()
    const forms = [inspect(chunks, { depth: 9, showHidden: true }), JSON.stringify(chunks)]
    const storage = [inspect(chunks.storage), JSON.stringify(chunks.storage)]
    expect([...forms, ...storage, `${chunks}`].join()).not.toContain(SECRET_KEY)
    expect(chunks.storage.secretAccessKey).toBe(SECRET_KEY)
  })
})

describeWithServers('a store that ignores conditions', () => {
  test('is found out before anything is written', async () => {
    const { chunks, direct } = await open()
    await direct.write('from', bytesOf('old'))
    gateway.spoil(({ method, headers }) =>
      method === 'PUT' && headers['if-none-match'] !== undefined
        ? { answer: { status: 200, headers: { etag: '"1"' } } }
        : undefined,
    )
    const calls = [
      () => chunks.write('new', bytesOf('x'), { ifAbsent: true }),
      () => pipeline([bytesOf('x')], chunks.writeStream('new', { ifAbsent: true })),
      () => chunks.multiWrite([{ path: 'new', content: bytesOf('x') }], { ifAbsent: true }),
      () => chunks.copy('from', 'new', { ifAbsent: true }),
    ]
    for (const call of calls) {
      const error = await rejection(call)
      expect([error.code, error.path]).toEqual(['NotSupported', 'new'])
    }
    await chunks.write('plain', bytesOf('x'))
    expect(await keysOf(direct)).toEqual(['from', 'plain'])
  })
})

describeWithServers('refused requests', () => {
  test('of a part end the stream, and nothing is left', async () => {
    const { chunks, direct, rootPath } = await open()
    gateway.spoil((request) => (isPart(request) ? REFUSED : undefined))
    for (const call of [
      () => pipeline([new Uint8Array(12 * MIB)], chunks.writeStream('new')),
      () => chunks.write('new', new Uint8Array(12 * MIB)),
    ]) {
      const error = await rejection(call)
      expect([error.code, error.path]).toEqual(['PermissionDenied', 'new'])
      expect(error.message).not.toContain(rootPath)
    }
    gateway.heal()
    expect(await keysOf(direct)).toEqual([])
    expect(await openUploads(rootPath)).toEqual([])
  })

  test.each(['create', 'complete'])('to %s an upload leave nothing', async (step) => {
    const { chunks, direct, rootPath } = await open()
    await direct.write('kept', bytesOf('old'))
    const sign = step === 'create' ? 'uploads' : 'uploadId='
    gateway.spoil(({ method, url }) =>
      method === 'POST' && url.includes(sign) ? REFUSED : undefined,
    )
    for (const path of ['new', 'kept']) {
      const stream = chunks.writeStream(path)
      const error = await rejection(() => pipeline([new Uint8Array(12 * MIB)], stream))
      expect(error.code).toBe('PermissionDenied')
      if (!stream.closed) await once(stream, 'close')
    }
    gateway.heal()
    expect(await keysOf(direct)).toEqual(['kept'])
    expect(textOf(await direct.read('kept'))).toBe('old')
    expect(await openUploads(rootPath)).toEqual([])
  })

  test('say which of many objects they were of', async () => {
    const { chunks, direct } = await open()
    gateway.spoil((request) => (isPut(request) && /\/7\b/.test(request.url) ? REFUSED : undefined))
    const entries = Array.from({ length: 20 }, (_, index) => ({
      path: String(index),
      content: bytesOf(String(index)),
    }))
    const written: string[] = []
    const onWritten = (path: string) => void written.push(path)
    const error = await rejection(() => chunks.multiWrite(entries, { onWritten }))
    expect([error.code, error.path]).toEqual(['PermissionDenied', '7'])
    expect((await keysOf(direct)).sort()).toEqual([...written].sort())
    gateway.spoil(({ method, url }) =>
      method === 'GET' && /\/3\b/.test(url) ? REFUSED : undefined,
    )
    await direct.write('3', bytesOf('3'))
    const failed = await rejection(() => chunks.multiRead(['3', '4']))
    expect([failed.code, failed.path]).toEqual(['PermissionDenied', '3'])
  })

  test('are no absence', async () => {
    const { chunks, direct } = await open()
    await direct.write('there', bytesOf('x'))
    gateway.spoil(() => REFUSED)
    for (const call of [
      () => chunks.exist('there'),
      () => chunks.size('there'),
      () => chunks.remove('there'),
      () => chunks.removeWithPrefix('there'),
      () => chunks.multiRemove(['there']),
      () => keysOf(chunks),
    ]) {
      expect((await rejection(call)).code).toBe('PermissionDenied')
    }
    expect(await direct.exist('there')).toBe(true)
  })
})

describeWithServers('requests that are never answered', () => {
  test.each([
    ['create', ({ method, url }: SeenRequest) => method === 'POST' && url.includes('uploads')],
    ['part', isPart],
    ['put', isPut],
  ])('do not hold up an abort: %s', async (step, isStalled) => {
    const { chunks, rootPath } = await open({ requestTimeoutMs: 60_000, retryTimeoutMs: 60_000 })
    const stalled = new Promise<void>((resolve) => {
      gateway.spoil((request) => {
        if (!isStalled(request)) return undefined
        resolve()
        return 'stall'
      })
    })
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const stream = chunks.writeStream('new', { signal: controller.signal })
    const size = step === 'put' ? MIB : 12 * MIB
    const done = pipeline([new Uint8Array(size)], stream)
    done.catch(() => {})
    await stalled
    const started = Date.now()
    controller.abort(reason)
    await expect(done).rejects.toBe(reason)
    expect(Date.now() - started).toBeLessThan(20_000)
    gateway.heal()
    if (!stream.closed) await once(stream, 'close').catch(() => {})
    const deadline = Date.now() + 10_000
    while ((await openUploads(rootPath)).length > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(await openUploads(rootPath)).toEqual([])
    expect(await chunks.exist('new')).toBe(false)
  })
})
