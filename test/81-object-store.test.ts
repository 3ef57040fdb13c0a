import { type ObjectStore, openObjectStore } from '../lib/storage/index.js'
import { storageMeter } from '../lib/telemetry/index.js'
import {
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers'
import { testObjectStore } from './support/object-store-contract'
import { rejection } from './support/rejection'
import { temporaryDirectory } from './support/temporary'

const PART_BYTES = 5 << 20
const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

describeWithServers('a bucket of S3', () => {
  const directory = temporaryDirectory('object-store')
  let server: TestServer
  let store: ObjectStore

  beforeAll(async () => {
    server = await startVersitygw(directory)
    store = await openObjectStore(storageAt(server.port))
  })
  afterAll(() => server.stop())

  testObjectStore('versitygw', () => store)

  test.each(['whenSupported', 'whenRequired'] as const)(
    'uploads in parts with checksums %s',
    async (checksums) => {
      const plain = await openObjectStore(storageAt(server.port, { checksums }))
      const key = `checksums/${checksums}`
      const upload = await plain.create(key)
      const cuts = [new Uint8Array(PART_BYTES).fill(1), bytesOf('the rest')]
      const tags: string[] = []
      for (const [index, content] of cuts.entries()) {
        tags.push(await plain.part(key, upload, { number: index + 1, content }))
      }
      const parts = await collect(plain.listParts(key, upload))
      expect(parts.map(({ number, sizeBytes, tag }) => ({ number, sizeBytes, tag }))).toEqual([
        { number: 1, sizeBytes: PART_BYTES, tag: tags[0] },
        { number: 2, sizeBytes: 8, tag: tags[1] },
      ])
      expect(parts.map(({ crc32 }) => crc32 !== undefined)).toEqual(
        Array(2).fill(checksums === 'whenSupported'),
      )
      expect(await collect(plain.listUploads(key))).toMatchObject([{ key, upload }])
      await plain.complete(key, upload, tags)
      expect(textOf((await plain.get(key)).subarray(PART_BYTES))).toBe('the rest')
      expect(await collect(plain.listUploads(key))).toEqual([])
    },
  )

  test('double and leading slashes, dots and signs of URLs and XML are read as written', async () => {
    const keys = ['two//slashes', '/leading', 'dots/..x/.y', 'q?a=b&c#d', `"<&>'`, 'back\\slash']
    for (const key of keys) {
      await store.put(key, bytesOf(key))
      expect(textOf(await store.get(key))).toBe(key)
      expect((await store.head(key)).sizeBytes).toBe(key.length)
    }
    await store.removeMany(keys)
    for (const key of keys) {
      expect(await rejection(() => store.head(key))).toMatchObject({ code: 'NotFound', path: key })
    }
  })

  test('a range that crosses the end is short, one that starts there is refused', async () => {
    await store.put('range', bytesOf('0123456789'))
    const read = (offset: number, length?: number) =>
      store.get('range', { range: length === undefined ? { offset } : { offset, length } })
    expect(textOf(await read(8, 100))).toBe('89')
    expect(await read(3, 0)).toEqual(new Uint8Array())
    expect(await rejection(() => read(10, 1))).toMatchObject({
      code: 'InvalidArgument',
      path: 'range',
      cause: { code: 'InvalidRange', status: 416 },
    })
  })

  test('1,200 objects are listed in pages and removed with two requests', async () => {
    const keys = Array.from({ length: 1200 }, (_, at) => `many/${String(at).padStart(4, '0')}`)
    for (let from = 0; from < keys.length; from += 50) {
      await Promise.all(keys.slice(from, from + 50).map((key) => store.put(key, bytesOf(key))))
    }
    const listed = await collect(store.list('many/'))
    expect(listed.map(({ path }) => path)).toEqual(keys)
    const before = storageMeter(store.name).snapshot().requests
    await store.removeMany([...keys, 'many/never-was'])
    expect(storageMeter(store.name).snapshot().requests - before).toBe(2)
    expect(await collect(store.list('many/'))).toEqual([])
  })

  test('a copy is refused where an object stands that was to be kept', async () => {
    await store.put('from', bytesOf('source'))
    await store.put('to', bytesOf('kept'))
    await store.put('nothing', new Uint8Array())
    for (const key of ['from', 'nothing']) {
      const error = await rejection(() => store.copy(key, 'to', { ifAbsent: true }))
      expect(error).toMatchObject({ code: 'AlreadyExists', path: 'to' })
    }
    expect(textOf(await store.get('to'))).toBe('kept')
    expect(await collect(store.listUploads('to'))).toEqual([])
    await store.copy('from', 'fresh/copy +%', { ifAbsent: true })
    expect(textOf(await store.get('fresh/copy +%'))).toBe('source')
    await store.copy('nothing', 'fresh/nothing', { ifAbsent: true })
    expect((await store.head('fresh/nothing')).sizeBytes).toBe(0)
  })

  test('a stream that is left early gives its connection back', async () => {
    const content = new Uint8Array(8 << 20).fill(3)
    await store.put('large', content)
    const single = await openObjectStore(storageAt(server.port, { maxConnections: 1 }))
    for await (const chunk of single.stream('large')) {
      expect(chunk[0]).toBe(3)
      break
    }
    // The only connection of this client would not be free.
    expect((await single.head('large')).sizeBytes).toBe(content.byteLength)
  })

  test('an aborted signal ends a stream, and the next read goes through', async () => {
    const controller = new AbortController()
    const single = await openObjectStore(storageAt(server.port, { maxConnections: 1 }))
    const reason = new Error('enough')
    const reading = (async () => {
      for await (const _ of single.stream('large', { signal: controller.signal })) {
        controller.abort(reason)
      }
    })()
    await expect(reading).rejects.toBe(reason)
    expect((await single.get('large')).byteLength).toBe(8 << 20)
  })

  test('many operations under one signal share a listener, and end with it', async () => {
    const { signal } = new AbortController()
    const added = jest.spyOn(signal, 'addEventListener')
    const removed = jest.spyOn(signal, 'removeEventListener')
    const keys = Array.from({ length: 20 }, (_, at) => `shared/${at}`)
    await Promise.all(keys.map((key) => store.put(key, bytesOf(key), { signal })))
    const texts = await Promise.all(
      keys.map(async (key) => textOf(await store.get(key, { signal }))),
    )
    expect(texts).toEqual(keys)
    expect(added.mock.calls.length - removed.mock.calls.length).toBe(0)
    expect(added.mock.calls.length).toBeLessThan(5)
    const controller = new AbortController()
    const reason = new Error('enough')
    const reads = keys.map((key) => store.get(key, { signal: controller.signal }))
    controller.abort(reason)
    const ends = await Promise.allSettled(reads)
    expect(ends).toEqual(keys.map(() => ({ status: 'rejected', reason })))
  })

  test('bytes of native memory or of a slice are sent as they are', async () => {
    const backing = Uint8Array.from({ length: 100 }, (_, at) => at)
    await store.put('slice', backing.subarray(10, 20))
    expect([...(await store.get('slice'))]).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
  })

  test('attempts, bytes, parts and open uploads are counted', async () => {
    const { name } = store
    const before = storageMeter(name).snapshot()
    await store.put('counted', bytesOf('12345'))
    await store.get('counted')
    const upload = await store.create('counted-parts')
    expect(storageMeter(name).snapshot().openUploads - before.openUploads).toBe(1)
    await store.part('counted-parts', upload, { number: 1, content: bytesOf('part') })
    await store.abort('counted-parts', upload)
    await store.abort('counted-parts', upload)
    const after = storageMeter(name).snapshot()
    expect(after.openUploads).toBe(before.openUploads)
    expect(after.parts - before.parts).toBe(1)
    expect(after.bytesRead - before.bytesRead).toBe(5)
    expect(after.bytesWritten - before.bytesWritten).toBe(9)
    expect(after.retries).toBe(before.retries)
    expect(name).toBe(`127.0.0.1:${server.port}/segments`)
    expect(after.latencyMs.sum).toBeGreaterThan(before.latencyMs.sum)
  })
})
