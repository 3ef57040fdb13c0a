/** PackedWriter on an object store: what appears, when, and what is left after every way out. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { type PackedWriterOptions, storageMetrics } from '../lib/index.js'
import { openObjectStore, uploadJournal } from '../lib/storage/index.js'
import {
  describeWithServers,
  SECRET_KEY,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers.js'
import { rejection } from './support/rejection.js'
import {
  largeBatch,
  MIB,
  objectAt,
  openLarge,
  openUploadsAt,
  PART_BYTES,
} from './support/remote-writing.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('remote-writer')
let cases = 0

/** A folder of keys of its own, with what is hard to quote in it. */
function folder(): string {
  cases += 1
  return `case ${cases}/a+b %41 ü`
}

/** The files of the same batches on the local disk. */
async function localFiles(batches: number[]): Promise<Buffer[]> {
  cases += 1
  const home = join(directory, `local-${cases}`)
  const writer = await openLarge(home, undefined)
  for (const mebibytes of batches) await writer.write(largeBatch(mebibytes))
  await writer.finish()
  return ['0', '101'].map((name) => readFileSync(join(home, name)))
}

describeWithServers('a writer on an object store', () => {
  let server: TestServer
  const storage = (more = {}) => storageAt(server.port, { rootPath: '/root/', ...more })
  const inParts = (more = {}) => storage({ multipartPartBytes: PART_BYTES, ...more })

  beforeAll(async () => {
    server = await startVersitygw(join(directory, 'server'))
  })
  afterAll(() => server.stop())

  const object = (home: string, name: string) => objectAt(storage(), `root/${home}/${name}`)

  async function expectNothing(home: string): Promise<void> {
    for (const name of ['0', '101']) {
      expect(await object(home, name)).toBeUndefined()
      expect(await openUploadsAt(storage(), `root/${home}/${name}`)).toEqual([])
    }
  }

  function metrics() {
    const name = `127.0.0.1:${server.port}/segments`
    return storageMetrics().find(({ filesystem }) => filesystem === name)!
  }

  test('publishes the bytes that a local writer makes, all at finish', async () => {
    const home = folder()
    const batches = [9, 9, 1]
    const writer = await openLarge(home, inParts())
    for (const mebibytes of batches) {
      await writer.write(largeBatch(mebibytes))
      expect(await object(home, '101')).toBeUndefined()
    }
    const result = await writer.finish()
    const expected = await localFiles(batches)
    expect(result.groups.map(({ path }) => path)).toEqual([`${home}/0`, `${home}/101`])
    for (const [index, name] of ['0', '101'].entries()) {
      const content = await object(home, name)
      expect(Buffer.compare(content!, expected[index]!)).toBe(0)
      expect(result.groups[index]!.fileBytes).toBe(expected[index]!.length)
      expect(await openUploadsAt(storage(), `root/${home}/${name}`)).toEqual([])
    }
  })

  test('puts what is less than a part in one request each, also without rows', async () => {
    const home = folder()
    // The first question about a missing object also asks for the bucket.
    await rejection(async () => (await openObjectStore(storage())).head('nothing'))
    const before = metrics()
    const small = await openLarge(home, storage())
    await small.write(largeBatch(9))
    await small.finish()
    const empty = await openLarge(`${home}/empty`, storage())
    expect((await empty.finish()).rows).toBe(0)
    const after = metrics()
    expect(after.parts - before.parts).toBe(0)
    // Each of the four files: one HEAD at the start, one PUT at the end.
    expect(after.requests - before.requests).toBe(8)
    expect((await object(home, '101'))!.length).toBeGreaterThan(9 * MIB)
    expect(Buffer.from((await object(`${home}/empty`, '0'))!.subarray(0, 4)).toString()).toBe(
      'PAR1',
    )
  })

  test('counts parts and open uploads, and takes its own size of parts', async () => {
    const home = folder()
    await objectAt(storage(), 'nothing')
    const before = metrics()
    const options: Partial<PackedWriterOptions> = { multipartPartBytes: 6 * MIB }
    const writer = await openLarge(home, inParts(), options)
    await writer.write(largeBatch(20))
    const after = metrics()
    expect(after.openUploads - before.openUploads).toBe(1)
    await writer.finish()
    const finished = metrics()
    expect(finished.openUploads).toBe(before.openUploads)
    expect(finished.parts - before.parts).toBe(4)
    const sizes = await Promise.all(
      ['0', '101'].map(async (name) => (await object(home, name))!.length),
    )
    expect(finished.bytesWritten - before.bytesWritten).toBe(sizes[0]! + sizes[1]!)
  })

  test.each([
    ['close', async () => {}],
    ['dispose', async () => {}],
  ])('leaves nothing after %s while parts are on their way', async (way) => {
    const home = folder()
    const writer = await openLarge(home, inParts())
    await writer.write(largeBatch(24))
    await (way === 'close' ? writer.close() : writer[Symbol.asyncDispose]())
    expect((await rejection(() => writer.write(largeBatch(1)))).code).toBe('Closed')
    await expectNothing(home)
  })

  test('leaves nothing when its worker is terminated, but an upload to be swept', async () => {
    const home = folder()
    const key = `root/${home}/101`
    for (const pause of [0, 5, 20, 60]) {
      const worker = new Worker(join(__dirname, 'support', 'write-remote-forever.cjs'), {
        workerData: { path: `${home}/101`, storage: inParts() },
      })
      await once(worker, 'message')
      await sleep(pause)
      expect(await worker.terminate()).toBe(1)
    }
    expect(await object(home, '101')).toBeUndefined()
    const store = await openObjectStore(storage())
    for (const upload of await openUploadsAt(storage(), key)) await store.abort(key, upload)
    await expectNothing(home)
  }, 60_000)

  test('leaves nothing after a failed write', async () => {
    const home = folder()
    const writer = await openLarge(home, inParts())
    await writer.write(largeBatch(24))
    await rejection(() => writer.write({} as never))
    await expectNothing(home)
    await writer.close()
  })

  test('finishes once', async () => {
    const home = folder()
    const writer = await openLarge(home, inParts())
    await writer.write(largeBatch(12))
    const [first, second] = await Promise.allSettled([writer.finish(), writer.finish()])
    expect(first.status).toBe('fulfilled')
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'Closed' } })
    await writer.close()
    expect(await object(home, '101')).toBeDefined()
  })

  test.each(['before open', 'open', 'write', 'between', 'finish'])(
    'leaves nothing when it is aborted: %s',
    async (when) => {
      const home = folder()
      const controller = new AbortController()
      const { signal } = controller
      const reason = new Error('enough')
      const abort = () => controller.abort(reason)
      if (when === 'before open') abort()
      const opening = openLarge(home, inParts(), { signal })
      if (when === 'open') abort()
      if (signal.aborted) {
        await expect(opening).rejects.toBe(reason)
        return expectNothing(home)
      }
      const writer = await opening
      const writing = writer.write(largeBatch(24))
      if (when === 'write') {
        abort()
        await expect(writing).rejects.toBe(reason)
      }
      await writing.catch(() => {})
      if (when === 'between') abort()
      const finishing = writer.finish()
      if (when === 'finish') abort()
      await expect(finishing).rejects.toBe(reason)
      await writer.close()
      await expectNothing(home)
    },
  )

  test('is told early of an object that stands there, and keeps it', async () => {
    const home = folder()
    const store = await openObjectStore(storage())
    await store.put(`root/${home}/101`, Buffer.from('theirs'))
    const error = await rejection(() => openLarge(home, inParts()))
    expect(error).toMatchObject({ code: 'AlreadyExists', path: `${home}/101` })
    const replacing = await openLarge(home, inParts(), { ifExists: 'replace' })
    await replacing.write(largeBatch(12))
    await replacing.finish()
    const [, expected] = await localFiles([12])
    expect(Buffer.compare((await object(home, '101'))!, expected!)).toBe(0)
  })

  test.each([
    ['in parts', 12],
    ['in one piece', 1],
  ])(
    'keeps an object that appeared meanwhile, %s, and publishes no group',
    async (_, mebibytes) => {
      const home = folder()
      const writer = await openLarge(home, inParts())
      await writer.write(largeBatch(mebibytes))
      const store = await openObjectStore(storage())
      await store.put(`root/${home}/101`, Buffer.from('theirs'))
      const error = await rejection(() => writer.finish())
      expect(error).toMatchObject({ code: 'AlreadyExists', path: `${home}/101` })
      expect(error.cause).toBeDefined()
      expect(await object(home, '0')).toBeUndefined()
      expect(Buffer.from((await object(home, '101'))!).toString()).toBe('theirs')
      expect(await openUploadsAt(storage(), `root/${home}/101`)).toEqual([])
    },
  )

  test('has one winner of 16 that create the same path (case 69)', async () => {
    const home = folder()
    const writers = await Promise.all(Array.from({ length: 16 }, () => openLarge(home, inParts())))
    await Promise.all(writers.map((writer, seed) => writer.write(largeBatch(1, seed))))
    const outcomes = await Promise.allSettled(writers.map((writer) => writer.finish()))
    const codes = outcomes.map((o) => (o.status === 'fulfilled' ? 'won' : o.reason.code))
    const lost = codes.filter((code) => code === 'AlreadyExists' || code === 'Conflict')
    expect(codes.filter((code) => code === 'won')).toHaveLength(1)
    expect(lost).toHaveLength(15)
    for (const name of ['0', '101']) {
      expect((await object(home, name))!.length).toBe(
        (
          outcomes.find(({ status }) => status === 'fulfilled') as PromiseFulfilledResult<{
            groups: { fileBytes: number }[]
          }>
        ).value.groups[name === '0' ? 0 : 1]!.fileBytes,
      )
    }
  })

  test('says who was refused, without the secret', async () => {
    const wrong = inParts({ secretAccessKey: `${SECRET_KEY}-wrong` })
    const error = await rejection(() => openLarge(folder(), wrong))
    expect(error.code).toBe('PermissionDenied')
    expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain(
      SECRET_KEY,
    )
    const noBucket = inParts({ bucketName: 'missing' })
    const writer = await openLarge(folder(), noBucket, { ifExists: 'replace' })
    await writer.write(largeBatch(1))
    expect((await rejection(() => writer.finish())).code).toBe('NotFound')
  })

  test('gives its uploads up as soon as a store is back that was away', async () => {
    const home = folder()
    const hasty = inParts({ requestTimeoutMs: 500, retryTimeoutMs: 1000 })
    const writer = await openLarge(home, hasty)
    await writer.write(largeBatch(24))
    expect(await openUploadsAt(storage(), `root/${home}/101`)).toHaveLength(1)
    await server.stop()
    const error = await rejection(async () => {
      await writer.write(largeBatch(24))
      await writer.finish()
    })
    expect(['Network', 'Timeout']).toContain(error.code)
    expect(error.retryable).toBe(true)
    await writer.close()
    expect(uploadJournal().pending).toBeGreaterThan(0)
    server = await startVersitygw(join(directory, 'server'), server.port)
    const until = Date.now() + 10_000
    while (uploadJournal().pending > 0 && Date.now() < until) await sleep(50)
    await expectNothing(home)
    expect(metrics().openUploads).toBe(0)
  })
})
