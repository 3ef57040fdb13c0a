import { once } from 'node:events'
import { join } from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageConfig } from '../lib/config/index.js'
import {
  type ChunkManager,
  LocalChunkManager,
  openObjectStore,
  RemoteChunkManager,
} from '../lib/storage/index.js'
import { collect, pattern, patternAt, reasonOf } from './support/chunks'
import { noServers, startVersitygw, storageAt, type TestServer } from './support/object-servers'
import { rejection } from './support/rejection'
import { filesBelow, temporaryDirectory } from './support/temporary'

const BASE = temporaryDirectory('chunk-managers')
const MIB = 1 << 20
const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const REASON = new Error('no longer wanted')
let trees = 0
let server: TestServer | undefined
let storage: StorageConfig

beforeAll(async () => {
  if (noServers !== undefined) return
  server = await startVersitygw(join(BASE, 'server'))
  storage = storageAt(server.port, { multipartPartBytes: 5 * MIB })
})
afterAll(() => server?.stop())

/** Managers over a tree of their own, and what is left of unfinished writes below it. */
const KINDS = {
  local: async () => {
    trees += 1
    const rootPath = join(BASE, 'local', String(trees))
    const leftovers = async () => filesBelow(rootPath).filter((file) => file.endsWith('.partial'))
    return { chunks: new LocalChunkManager({ rootPath }) as ChunkManager, leftovers }
  },
  remote: async () => {
    trees += 1
    const rootPath = `trees/${trees}`
    const store = await openObjectStore(storage)
    const leftovers = async () => {
      const open: string[] = []
      for await (const { key } of store.listUploads(`${rootPath}/`)) open.push(key)
      return open
    }
    const chunks: ChunkManager = await RemoteChunkManager.open({
      storage: { ...storage, rootPath },
    })
    return { chunks, leftovers }
  },
}

if (noServers !== undefined) console.warn(`remote chunk managers are not tested: ${noServers}`)
const kinds = (noServers === undefined ? ['local', 'remote'] : ['local']) as ('local' | 'remote')[]

async function keysBelow(
  chunks: ChunkManager,
  prefix: string,
  options?: { recursive?: boolean },
): Promise<string[]> {
  const keys: string[] = []
  for await (const { path } of chunks.walk(prefix, options)) keys.push(path)
  return keys
}

async function put(stream: Writable, chunk: Uint8Array): Promise<void> {
  if (!stream.write(chunk)) await once(stream, 'drain')
}

describe.each(kinds)('a %s chunk manager', (kind) => {
  const open = KINDS[kind]

  test('writes objects whole, reads them whole or in part, replaces and removes them', async () => {
    const { chunks } = await open()
    await chunks.write('a/b/c', bytesOf('hello world'))
    expect(textOf(await chunks.read('a/b/c'))).toBe('hello world')
    expect(textOf(await chunks.readAt('a/b/c', 6, 5))).toBe('world')
    expect((await chunks.readAt('a/b/c', 11, 0)).length).toBe(0)
    expect(await chunks.size('a/b/c')).toBe(11)
    await chunks.write('a/b/c', bytesOf('bye'))
    expect(textOf(await chunks.read('a/b/c'))).toBe('bye')
    expect(await chunks.exist('a/b/c')).toBe(true)
    expect(await chunks.exist('a/b')).toBe(false)
    await chunks.remove('a/b/c')
    await chunks.remove('a/b/c')
    expect(await chunks.exist('a/b/c')).toBe(false)
  })

  test('takes empty objects, and ones of many parts', async () => {
    const { chunks, leftovers } = await open()
    await chunks.write('empty', new Uint8Array(0))
    expect(await chunks.size('empty')).toBe(0)
    expect((await chunks.read('empty')).length).toBe(0)
    expect((await collect(chunks.readStream('empty'))).length).toBe(0)
    const large = patternAt(12 * MIB + 7)
    await chunks.write('large', large)
    expect(Buffer.compare(await chunks.read('large'), large)).toBe(0)
    expect(await leftovers()).toEqual([])
  })

  test('says what is missing, too short or no key', async () => {
    const { chunks } = await open()
    await chunks.write('short', bytesOf('1234'))
    const absent: [() => Promise<unknown>, string][] = [
      [() => chunks.read('absent'), 'absent'],
      [() => chunks.readAt('absent', 0, 1), 'absent'],
      [() => chunks.readAt('absent', 0, 0), 'absent'],
      [() => chunks.size('absent'), 'absent'],
      [() => chunks.copy('absent', 'to'), 'absent'],
      [() => chunks.multiRead(['short', 'absent']), 'absent'],
      [() => collect(chunks.readStream('absent')), 'absent'],
    ]
    for (const [call, path] of absent) {
      const error = await rejection(call)
      expect([error.code, error.path]).toEqual(['NotFound', path])
      expect(error.message).not.toContain('trees/')
    }
    for (const [offset, length] of [
      [0, 5],
      [4, 1],
      [5, 0],
      [9, 1],
    ] as const) {
      for (const call of [
        () => chunks.readAt('short', offset, length),
        () => collect(chunks.readStream('short', { offset, length })),
      ]) {
        const error = await rejection(call)
        expect([error.code, error.path]).toEqual(['InvalidArgument', 'short'])
      }
    }
    for (const key of ['', '..', 'a/../b', './a', 'a/', 'a\\b', 'a\0', 7] as string[]) {
      const calls = [
        () => chunks.path(key),
        () => chunks.write(key, bytesOf('x')),
        () => chunks.read(key),
        () => chunks.exist(key),
        () => chunks.remove(key),
        () => chunks.copy('short', key),
        () => chunks.copy(key, 'to'),
        () => chunks.readStream(key),
        () => chunks.writeStream(key),
        () => chunks.multiRead([key]),
        () => chunks.multiRemove([key]),
        () => chunks.multiWrite([{ path: key, content: bytesOf('x') }]),
      ]
      for (const call of calls) expect((await rejection(call)).code).toBe('InvalidArgument')
    }
    for (const prefix of ['', '/', '..', '../']) {
      expect((await rejection(() => chunks.removeWithPrefix(prefix))).code).toBe('InvalidArgument')
    }
    const wrong = [
      () => chunks.write('x', 'text' as unknown as Uint8Array),
      () => chunks.write('x', bytesOf('x'), { ifAbsent: 1 as unknown as boolean }),
      () => chunks.readAt('short', -1, 1),
      () => chunks.readStream('short', { offset: 0.5 }),
    ]
    for (const call of wrong) expect((await rejection(call)).code).toBe('InvalidArgument')
    expect(await keysBelow(chunks, '')).toEqual(['short'])
  })

  test('takes keys with any letter as they are', async () => {
    const { chunks } = await open()
    const keys = [
      'a b',
      'a+b',
      'a%20b',
      'a%',
      'ä/ö',
      '文/件',
      'q?x=1&y',
      '#1',
      'a=b',
      "it's",
      '(*)!~',
    ]
    for (const key of keys) await chunks.write(`odd/${key}`, bytesOf(key))
    for (const key of keys) {
      expect(textOf(await chunks.read(`odd/${key}`))).toBe(key)
      await chunks.copy(`odd/${key}`, `copies/${key}`)
      expect(await chunks.size(`copies/${key}`)).toBe(bytesOf(key).length)
    }
    expect(await keysBelow(chunks, 'odd/')).toEqual(keys.map((key) => `odd/${key}`).sort())
    await chunks.removeWithPrefix('odd/a')
    const left = keys.filter((key) => !key.startsWith('a'))
    expect(await keysBelow(chunks, 'odd/')).toEqual(left.map((key) => `odd/${key}`).sort())
    await chunks.multiRemove(left.map((key) => `odd/${key}`))
    expect(await keysBelow(chunks, 'odd/')).toEqual([])
    expect(await keysBelow(chunks, 'copies/')).toHaveLength(keys.length)
  })

  test('walks 1,200 keys in order, by prefix, and removes by prefix', async () => {
    const { chunks } = await open()
    const name = (index: number) => `many/${index % 3}/${String(index).padStart(5, '0')}`
    const keys = Array.from({ length: 1200 }, (_, index) => name(index))
    const written: string[] = []
    await chunks.multiWrite(
      keys.map((path) => ({ path, content: bytesOf(path) })),
      { onWritten: (path) => void written.push(path) },
    )
    expect([...written].sort()).toEqual([...keys].sort())
    await chunks.write('many-more', bytesOf('1'))
    expect(await keysBelow(chunks, 'many/')).toEqual([...keys].sort())
    expect(await keysBelow(chunks, 'many/1/0000')).toEqual([name(1), name(4), name(7)])
    expect(await keysBelow(chunks, 'many', { recursive: false })).toContain('many-more')
    expect(await keysBelow(chunks, 'many/', { recursive: false })).toEqual([])
    for await (const entry of chunks.walk('many/2/00002')) {
      expect(entry).toMatchObject({ path: 'many/2/00002', sizeBytes: 12 })
      expect(Math.abs(Date.now() - entry.modifiedMs)).toBeLessThan(600_000)
    }
    const some = keys.slice(0, 100)
    expect((await chunks.multiRead(some)).map(textOf)).toEqual(some)
    await chunks.removeWithPrefix('many/1/')
    expect((await keysBelow(chunks, 'many/')).length).toBe(800)
    await chunks.removeWithPrefix('many/')
    expect(await keysBelow(chunks, 'many/')).toEqual([])
    expect(await chunks.exist('many-more')).toBe(true)
  })

  test('copies, onto itself among it, and never over what must stay', async () => {
    const { chunks } = await open()
    await chunks.write('from', bytesOf('one'))
    await chunks.copy('from', 'to/there')
    await chunks.copy('from', 'from')
    expect((await chunks.multiRead(['from', 'to/there'])).map(textOf)).toEqual(['one', 'one'])
    await chunks.write('from', bytesOf('two'))
    await chunks.copy('from', 'to/there')
    expect(textOf(await chunks.read('to/there'))).toBe('two')
    await chunks.write('from', bytesOf('three'))
    const error = await rejection(() => chunks.copy('from', 'to/there', { ifAbsent: true }))
    expect([error.code, error.path]).toEqual(['AlreadyExists', 'to/there'])
    expect(textOf(await chunks.read('to/there'))).toBe('two')
  })

  test('keeps what is there with ifAbsent', async () => {
    const { chunks, leftovers } = await open()
    await chunks.write('once', bytesOf('first'), { ifAbsent: true })
    const error = await rejection(() => chunks.write('once', bytesOf('x'), { ifAbsent: true }))
    expect([error.code, error.path, error.retryable]).toEqual(['AlreadyExists', 'once', false])
    const large = patternAt(11 * MIB)
    const calls = [
      () => chunks.write('once', large, { ifAbsent: true }),
      () => pipeline([large], chunks.writeStream('once', { ifAbsent: true })),
      () => chunks.multiWrite([{ path: 'once', content: large }], { ifAbsent: true }),
    ]
    for (const call of calls) expect((await rejection(call)).code).toBe('AlreadyExists')
    expect(textOf(await chunks.read('once'))).toBe('first')
    await pipeline([large], chunks.writeStream('streamed', { ifAbsent: true }))
    expect(await chunks.size('streamed')).toBe(large.length)
    expect(await leftovers()).toEqual([])
  })

  test.each([
    ['in one piece', 64],
    ['in parts', 5 * MIB + 1],
  ])('lets exactly one of 16 racing creators win, %s', async (_, size) => {
    const { chunks, leftovers } = await open()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 16 }, (__, index) =>
        chunks.write('race', new Uint8Array(size).fill(index), { ifAbsent: true }),
      ),
    )
    const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []))
    expect(winners).toHaveLength(1)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') {
        expect(['AlreadyExists', 'Conflict']).toContain(outcome.reason.code)
      }
    }
    const there = await chunks.read('race')
    expect([there.length, ...new Set(there)]).toEqual([size, winners[0]])
    expect(await leftovers()).toEqual([])
  })

  test('reports what multiWrite wrote before it failed', async () => {
    const { chunks } = await open()
    await chunks.write('5', bytesOf('there'))
    const entries = Array.from({ length: 100 }, (_, index) => ({
      path: String(index),
      content: bytesOf(`new ${index}`),
    }))
    const written: string[] = []
    const error = await rejection(() =>
      chunks.multiWrite(entries, { ifAbsent: true, onWritten: (path) => void written.push(path) }),
    )
    expect([error.code, error.path]).toEqual(['AlreadyExists', '5'])
    expect(written.length).toBeLessThan(99)
    expect((await keysBelow(chunks, '')).sort()).toEqual([...written, '5'].sort())
    expect(textOf(await chunks.read('5'))).toBe('there')
  })

  test('streams 200 MB in and out in bounded memory', async () => {
    const { chunks, leftovers } = await open()
    const size = 200 * MIB
    global.gc?.()
    const before = process.memoryUsage.rss()
    let most = before
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss())
    }, 5)
    await pipeline(Readable.from(pattern(size)), chunks.writeStream('large'))
    let at = 0
    let wrong = 0
    const expected = pattern(size)
    let rest: Uint8Array = new Uint8Array(0)
    for await (const chunk of chunks.readStream('large')) {
      at += chunk.length
      let from = 0
      while (from < chunk.length) {
        if (rest.length === 0) rest = expected.next().value as Uint8Array
        const length = Math.min(rest.length, chunk.length - from)
        const same = Buffer.compare(rest.subarray(0, length), chunk.subarray(from, from + length))
        if (same !== 0) wrong += 1
        rest = rest.subarray(length)
        from += length
      }
    }
    clearInterval(watch)
    expect([at, wrong]).toEqual([size, 0])
    // 64 MiB in flight, copies of the SDK and of the network; far from the 400 MB that it moves.
    expect((most - before) / MIB).toBeLessThan(190)
    expect(await leftovers()).toEqual([])
  })

  test('streams a range, and stops when the reader does', async () => {
    const { chunks } = await open()
    const content = patternAt(3 * MIB)
    await chunks.write('some', content)
    const range = { offset: MIB - 3, length: MIB + 5 }
    const read = await collect(chunks.readStream('some', range))
    expect(Buffer.compare(read, content.subarray(MIB - 3, 2 * MIB + 2))).toBe(0)
    const tail = await collect(chunks.readStream('some', { offset: 3 * MIB - 2 }))
    expect(Buffer.compare(tail, content.subarray(-2))).toBe(0)
    const stream = chunks.readStream('some')
    for await (const chunk of stream) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    expect(stream.destroyed).toBe(true)
  })

  test.each([0, 1, 6, 12])('leaves nothing of a stream destroyed after %i MiB', async (written) => {
    const { chunks, leftovers } = await open()
    await chunks.write('kept', bytesOf('old'))
    for (const path of ['new', 'kept']) {
      const stream = chunks.writeStream(path)
      for (const chunk of pattern(written * MIB)) await put(stream, chunk)
      const closed = once(stream, 'close').catch(() => {})
      stream.destroy()
      await closed
    }
    expect(await chunks.exist('new')).toBe(false)
    expect(textOf(await chunks.read('kept'))).toBe('old')
    expect(await leftovers()).toEqual([])
  })

  test('leaves nothing of a stream whose source fails', async () => {
    const { chunks, leftovers } = await open()
    async function* failing() {
      yield* pattern(7 * MIB)
      throw REASON
    }
    const stream = chunks.writeStream('new')
    expect(await reasonOf(pipeline(failing(), stream))).toBe(REASON)
    while (!stream.closed) await sleep(5)
    expect(await chunks.exist('new')).toBe(false)
    expect(await leftovers()).toEqual([])
  })

  test.each([0, 1, 6, 12])('leaves nothing of a stream aborted after %i MiB', async (written) => {
    const { chunks, leftovers } = await open()
    const controller = new AbortController()
    const stream = chunks.writeStream('new', { signal: controller.signal })
    const failed = once(stream, 'error')
    for (const chunk of pattern(written * MIB)) await put(stream, chunk)
    controller.abort(REASON)
    expect((await failed)[0]).toBe(REASON)
    while (!stream.closed) await sleep(5)
    expect(await chunks.exist('new')).toBe(false)
    expect(await leftovers()).toEqual([])
  })

  test('does nothing under an aborted signal', async () => {
    const { chunks } = await open()
    await chunks.write('there', bytesOf('old'))
    const options = { signal: AbortSignal.abort(REASON) }
    const calls = [
      () => chunks.write('x', bytesOf('x'), options),
      () => chunks.write('x', bytesOf('x'), { ...options, ifAbsent: true }),
      () => chunks.multiWrite([{ path: 'x', content: bytesOf('x') }], options),
      () => pipeline([bytesOf('x')], chunks.writeStream('x', options)),
      () => chunks.read('there', options),
      () => chunks.readAt('there', 0, 1, options),
      () => chunks.multiRead(['there'], options),
      () => collect(chunks.readStream('there', options)),
      () => chunks.exist('there', options),
      () => chunks.size('there', options),
      () => chunks.copy('there', 'x', options),
      () => chunks.remove('there', options),
      () => chunks.multiRemove(['there'], options),
      () => chunks.removeWithPrefix('there', options),
      () => (chunks.walk('', options) as AsyncGenerator).next(),
    ]
    for (const call of calls) expect(await reasonOf(call())).toBe(REASON)
    expect(await keysBelow(chunks, '')).toEqual(['there'])
  })

  test('stops a read, a walk and a large write that are under way', async () => {
    const { chunks, leftovers } = await open()
    await chunks.write('large', patternAt(20 * MIB))
    await chunks.multiWrite(['1', '2', '3'].map((path) => ({ path, content: bytesOf(path) })))
    const reading = new AbortController()
    const source = chunks.readStream('large', { signal: reading.signal })
    const read = (async () => {
      for await (const _ of source) reading.abort(REASON)
    })()
    expect(await reasonOf(read)).toBe(REASON)
    const walking = new AbortController()
    const walk = (async () => {
      for await (const _ of chunks.walk('', { signal: walking.signal })) walking.abort(REASON)
    })()
    expect(await reasonOf(walk)).toBe(REASON)
    const writing = new AbortController()
    const write = chunks.write('new', patternAt(40 * MIB), { signal: writing.signal })
    setTimeout(() => writing.abort(REASON), 1)
    expect(await reasonOf(write)).toBe(REASON)
    expect(await chunks.exist('new')).toBe(false)
    expect(await leftovers()).toEqual([])
  })
})
