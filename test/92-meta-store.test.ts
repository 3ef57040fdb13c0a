import { once } from 'node:events'
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LocalMetaStore, type MetaEntry, type MetaStore } from '../lib/sync/index.js'
import { rejection } from './support/rejection.js'
import { holdStore } from './support/store-holder.js'
import { temporaryDirectory } from './support/temporary.js'

const BASE = temporaryDirectory('meta-store')
let count = 0
const fresh = (): string => join(BASE, `store.${count++}`)

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const put = (key: string, text: string) => ({ key, value: bytes(text) })

async function collected(store: MetaStore, prefix: string): Promise<[string, string][]> {
  const found: [string, string][] = []
  for await (const { key, value } of store.scan(prefix)) {
    found.push([key, new TextDecoder().decode(value)])
  }
  return found
}

async function version(store: MetaStore, key: string): Promise<number> {
  return (await store.get(key))?.version ?? 0
}

describe('a metadata store', () => {
  let directory: string
  let store: LocalMetaStore

  beforeEach(async () => {
    directory = fresh()
    store = await LocalMetaStore.open(directory)
  })
  afterEach(() => store.close())

  test('gives back what was put, after it was opened again, too', async () => {
    expect(await store.commit({ put: [put('a', 'one'), put('b', '')] })).toBe(true)
    await store.close()
    store = await LocalMetaStore.open(directory)
    const [a, b] = await Promise.all([store.get('a'), store.get('b')])
    expect(a).toMatchObject({ key: 'a', value: Buffer.from('one') })
    expect(b!.value).toHaveLength(0)
    expect(await store.get('c')).toBeUndefined()
    await store.commit({ remove: ['a', 'never there'] })
    expect(await collected(store, '')).toEqual([['b', '']])
  })

  test('keeps the values of two reads apart, and copies what is put', async () => {
    const value = bytes('first')
    const commit = store.commit({ put: [{ key: 'a', value }, put('b', 'other')] })
    value.fill(0)
    await commit
    const [a, b] = [await store.get('a'), await store.get('b')]
    expect([a!.value, b!.value].map(String)).toEqual(['first', 'other'])
  })

  test('takes a transaction whole or not at all', async () => {
    await store.commit({ put: [put('a', '1')] })
    const stale = await version(store, 'a')
    await store.commit({ put: [put('a', '2')] })
    const expectStale = [{ key: 'a', version: stale }]
    const refused = { expect: expectStale, put: [put('b', 'x')], remove: ['a'] }
    expect(await store.commit(refused)).toBe(false)
    expect(await collected(store, '')).toEqual([['a', '2']])
    const current = [
      { key: 'a', version: await version(store, 'a') },
      { key: 'b', version: 0 },
    ]
    expect(await store.commit({ ...refused, expect: current })).toBe(true)
    expect(await collected(store, '')).toEqual([['b', 'x']])
  })

  test('gives a key that is there again a version that it never had', async () => {
    const seen = new Set<number>()
    for (let round = 0; round < 5; round++) {
      await store.commit({ put: [put('a', String(round))] })
      seen.add(await version(store, 'a'))
      await store.commit({ remove: ['a'] })
      expect(await version(store, 'a')).toBe(0)
    }
    expect(seen.size).toBe(5)
    expect([...seen].every((at) => at > 0)).toBe(true)
  })

  test('lets one of many win that depend on the same version', async () => {
    const tried = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        store.commit({ expect: [{ key: 'a', version: 0 }], put: [put('a', String(index))] }),
      ),
    )
    expect(tried.filter(Boolean)).toHaveLength(1)
    expect(await collected(store, 'a')).toEqual([['a', String(tried.indexOf(true))]])
  })

  test('scans a prefix in the order of UTF-8, however much it is', async () => {
    const keys = Array.from({ length: 1000 }, (_, index) => `k/${String(index).padStart(4, '0')}`)
    const others = ['k', 'k0', 'l', 'ä', '\u{1F600}', '\uFFFD']
    await store.commit({ put: [...others, ...[...keys].reverse()].map((key) => put(key, key)) })
    expect((await collected(store, 'k/')).map(([key]) => key)).toEqual(keys)
    expect((await collected(store, '')).map(([key]) => key)).toEqual(
      [...keys, ...others].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    )
    expect(await collected(store, 'nothing')).toEqual([])
  })

  test('scans what was there when the scan began', async () => {
    const keys = Array.from({ length: 600 }, (_, index) => `k${String(index).padStart(3, '0')}`)
    await store.commit({ put: keys.map((key) => put(key, 'old')) })
    const found: MetaEntry[] = []
    for await (const entry of store.scan('k')) {
      if (found.length === 0) {
        await store.commit({ put: [put('k599', 'new'), put('k6', 'new')], remove: ['k598'] })
      }
      found.push(entry)
    }
    expect(found.map(({ key }) => key)).toEqual(keys)
    expect(found.every(({ value }) => String(value) === 'old')).toBe(true)
    expect(await collected(store, 'k59').then((list) => list.at(-1))).toEqual(['k599', 'new'])
  })

  test('takes large values and many of them', async () => {
    const value = Buffer.alloc(3 << 20, 7)
    const many = Array.from({ length: 20 }, (_, index) => ({ key: `big/${index}`, value }))
    await store.commit({ put: many })
    expect(value.equals((await store.get('big/19'))!.value)).toBe(true)
  })

  test('refuses keys that are none, values that are none, and unknown members', async () => {
    for (const key of ['', 'a\0b', 'x'.repeat(1025), 7 as unknown as string]) {
      await expect(store.get(key)).rejects.toMatchObject({ code: 'InvalidArgument' })
      const commit = store.commit({ put: [put('fine', ''), put(key, '')] })
      await expect(commit).rejects.toMatchObject({ code: 'InvalidArgument' })
    }
    const value = 'text' as unknown as Uint8Array
    const commit = store.commit({ put: [{ key: 'fine', value }] })
    await expect(commit).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(store.commit({ puts: [] } as object)).rejects.toThrow(/Did you mean "put"/)
    expect(await collected(store, '')).toEqual([])
  })

  test('may be open twice in a process: each sees what the other one writes', async () => {
    const second = await LocalMetaStore.open(directory)
    await Promise.all([
      store.commit({ put: [put('a', '1')] }),
      second.commit({ put: [put('b', '2')] }),
    ])
    expect(await collected(second, '')).toEqual(await collected(store, ''))
    await second.close()
    await store.commit({ put: [put('c', '3')] })
    expect((await collected(store, '')).map(([key]) => key)).toEqual(['a', 'b', 'c'])
  })

  test('that is closed waits for what runs, and takes nothing more', async () => {
    const commit = store.commit({ put: [put('a', '1')] })
    const scan = store.scan('')
    await Promise.all([store.close(), store.close()])
    expect(await commit).toBe(true)
    const closed = { code: 'Closed' }
    await expect(store.get('a')).rejects.toMatchObject(closed)
    await expect(store.commit({})).rejects.toMatchObject(closed)
    await expect(scan.next()).rejects.toMatchObject(closed)
  })

  test('closed in the middle of a scan ends the scan', async () => {
    const keys = Array.from({ length: 600 }, (_, index) => put(`k${index}`, ''))
    await store.commit({ put: keys })
    const scan = store.scan('k')
    await scan.next()
    await store.close()
    await expect(
      (async () => {
        for await (const _ of scan);
      })(),
    ).rejects.toMatchObject({ code: 'Closed' })
  })

  test('does nothing for a signal that is aborted', async () => {
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await expect(store.get('a', { signal })).rejects.toBe(reason)
    await expect(store.commit({ put: [put('a', '')] }, { signal })).rejects.toBe(reason)
    await expect(store.scan('', { signal }).next()).rejects.toBe(reason)
    expect(await collected(store, '')).toEqual([])
  })
})

describe('a store that another process is writing to', () => {
  test('is read meanwhile, and written to afterwards', async () => {
    const directory = fresh()
    const store = await LocalMetaStore.open(directory)
    await store.commit({ put: [put('a', '1')] })
    const released = once(await holdStore(directory, 1000), 'close')
    const commit = store.commit({ put: [put('b', '2')] })
    expect(await collected(store, '')).toEqual([['a', '1']])
    expect(await commit).toBe(true)
    expect(await collected(store, '')).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['half', 'done'],
    ])
    await released
    await store.close()
  })

  test('is given up after the time for it, or by a signal, and then not changed', async () => {
    const directory = fresh()
    const store = await LocalMetaStore.open(directory, { lockTimeoutMs: 100 })
    const child = await holdStore(directory, 60_000)
    const error = await rejection(() => store.commit({ put: [put('late', '')] }))
    expect(error).toMatchObject({ code: 'Timeout', retryable: true, path: directory })
    const signal = AbortSignal.timeout(20)
    const aborted = store.commit({ put: [put('aborted', '')] }, { signal })
    await expect(aborted).rejects.toMatchObject({ name: 'TimeoutError' })
    const dead = once(child, 'close')
    child.kill('SIGKILL')
    await dead
    expect(await store.commit({ put: [put('after', '')] })).toBe(true)
    // Neither what was given up, nor the half transaction of the killed process.
    expect(await collected(store, '')).toEqual([['after', '']])
    await store.close()
  })
})

describe('a store that is damaged', () => {
  async function filled(): Promise<string> {
    const directory = fresh()
    const store = await LocalMetaStore.open(directory)
    for (let round = 0; round < 20; round++) {
      const keys = Array.from({ length: 20 }, (_, index) => `k/${round}/${index}`)
      await store.commit({ put: keys.map((key) => put(key, key.repeat(50))) })
    }
    await store.close()
    return directory
  }

  test.each([1, 100, 40_000])('is no store: %d bytes of something else', async (size) => {
    const directory = await filled()
    const file = join(directory, 'data.mdb')
    writeFileSync(file, Buffer.alloc(size, 'not a store'))
    const error = await rejection(() => LocalMetaStore.open(directory))
    expect(error).toMatchObject({ code: 'MetadataCorrupted', path: file })
    expect(error.message).toContain('received another kind of file')
  })

  test('is found out whichever of its first pages is gone', async () => {
    for (const page of [0, 4096]) {
      const directory = await filled()
      const file = join(directory, 'data.mdb')
      writeFileSync(file, readFileSync(file).fill(0, page, page + 4096))
      await expect(LocalMetaStore.open(directory)).rejects.toMatchObject({
        code: 'MetadataCorrupted',
      })
    }
  })

  test.each([0.02, 0.2, 0.5, 0.8])(
    'and cut to %d of it fails a read, not the process',
    async (part) => {
      const directory = await filled()
      const file = join(directory, 'data.mdb')
      truncateSync(file, Math.floor((statSync(file).size * part) / 4096) * 4096)
      const error = await rejection(async () => {
        const store = await LocalMetaStore.open(directory)
        try {
          await collected(store, '')
        } finally {
          await store.close()
        }
      })
      expect(error).toMatchObject({ code: 'MetadataCorrupted' })
    },
  )

  test('and removed while it is open says so instead of losing what it is given', async () => {
    const directory = fresh()
    const store = await LocalMetaStore.open(directory)
    rmSync(directory, { recursive: true })
    const error = await rejection(() => store.commit({ put: [put('a', '')] }))
    expect(error).toMatchObject({ code: 'MetadataCorrupted', path: directory })
    expect(error.message).toContain('received none')
    await store.close()
  })

  test('or a file says it where the directory should be', async () => {
    const file = fresh()
    writeFileSync(file, '')
    await expect(LocalMetaStore.open(file)).rejects.toMatchObject({ name: 'PackedError' })
    expect(readFileSync(file)).toHaveLength(0)
  })
})
