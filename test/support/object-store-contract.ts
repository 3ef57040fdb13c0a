/** What every object store must do, whichever provider it is of. */
import type { ChunkEntry, ObjectStore } from '../../lib/storage/index.js'

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const PART_BYTES = 5 << 20
const ODD_KEYS = [
  'a b',
  'plus+plus',
  'percent%20',
  'ümläut',
  '日本',
  "quote'",
  'semi;colon',
  'x/y/z',
]

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

const keysOf = (entries: readonly ChunkEntry[]) => entries.map(({ path }) => path)

/** Register the tests; `open` gives the store, the same one each time. */
export function testObjectStore(name: string, open: () => ObjectStore): void {
  test(`${name}: an object is put, described, read in ranges, copied and removed`, async () => {
    const store = open()
    await store.put('one/two.bin', encode('0123456789'))
    const entry = await store.head('one/two.bin')
    expect(entry).toMatchObject({ path: 'one/two.bin', sizeBytes: 10 })
    expect(Math.abs(entry.modifiedMs - Date.now())).toBeLessThan(600_000)
    expect(decode(await store.get('one/two.bin'))).toBe('0123456789')
    const range = { offset: 3, length: 4 }
    expect(decode(await store.get('one/two.bin', { range }))).toBe('3456')
    expect(decode(await store.get('one/two.bin', { range: { offset: 8 } }))).toBe('89')
    await store.copy('one/two.bin', 'one/copy.bin')
    expect(decode(await store.get('one/copy.bin'))).toBe('0123456789')
    await store.remove('one/two.bin')
    await store.remove('one/two.bin')
    await expect(store.head('one/two.bin')).rejects.toMatchObject({
      code: 'NotFound',
      path: 'one/two.bin',
    })
    await expect(store.get('one/two.bin')).rejects.toMatchObject({ code: 'NotFound' })
    await expect(store.copy('one/two.bin', 'one/x')).rejects.toMatchObject({ code: 'NotFound' })
  })

  test(`${name}: an empty object is an object`, async () => {
    const store = open()
    await store.put('empty', new Uint8Array(0))
    expect((await store.head('empty')).sizeBytes).toBe(0)
    expect((await store.get('empty')).byteLength).toBe(0)
    expect(await collect(store.stream('empty'))).toEqual([])
  })

  test(`${name}: keys are taken as they are`, async () => {
    const store = open()
    for (const key of ODD_KEYS) await store.put(`odd/${key}`, encode(key))
    const listed = keysOf(await collect(store.list('odd/')))
    expect([...listed].sort()).toEqual(ODD_KEYS.map((key) => `odd/${key}`).sort())
    for (const key of ODD_KEYS) expect(decode(await store.get(`odd/${key}`))).toBe(key)
    await store.removeMany(listed)
    expect(await collect(store.list('odd/'))).toEqual([])
  })

  test(`${name}: lists below a prefix, or one level of it`, async () => {
    const store = open()
    for (const key of ['tree/a', 'tree/b/c', 'tree/b/d', 'treetop'])
      await store.put(key, encode(key))
    expect(keysOf(await collect(store.list('tree/')))).toEqual(['tree/a', 'tree/b/c', 'tree/b/d'])
    expect(keysOf(await collect(store.list('tree/', { recursive: false })))).toEqual(['tree/a'])
    expect(keysOf(await collect(store.list('tree')))).toHaveLength(4)
  })

  test(`${name}: a conditional put keeps what is there, and one of many racers wins`, async () => {
    const store = open()
    expect(await store.conditionalWrites()).toBe(true)
    await store.put('once', encode('first'), { ifAbsent: true })
    await expect(store.put('once', encode('second'), { ifAbsent: true })).rejects.toMatchObject({
      code: 'AlreadyExists',
      path: 'once',
    })
    expect(decode(await store.get('once'))).toBe('first')
    const racers = Array.from({ length: 16 }, (_, racer) =>
      store.put('race', encode(`${racer}`), { ifAbsent: true }).then(() => racer),
    )
    const settled = await Promise.allSettled(racers)
    const won = settled.flatMap((racer) => (racer.status === 'fulfilled' ? [racer.value] : []))
    expect(won).toHaveLength(1)
    expect(decode(await store.get('race'))).toBe(`${won[0]}`)
  })

  test(`${name}: parts become one object when they are completed, not before`, async () => {
    const store = open()
    const whole = Uint8Array.from({ length: 2 * PART_BYTES + 12_345 }, (_, at) => (at * 7919) >> 3)
    const upload = await store.create('parts')
    const cuts = [0, 1, 2].map((part) => whole.subarray(part * PART_BYTES, (part + 1) * PART_BYTES))
    const tags = await Promise.all(
      cuts.map((content, index) => store.part('parts', upload, { number: index + 1, content })),
    )
    await expect(store.head('parts')).rejects.toMatchObject({ code: 'NotFound' })
    await store.complete('parts', upload, tags)
    expect(Buffer.compare(await store.get('parts'), whole)).toBe(0)
    const streamed = await collect(store.stream('parts', { range: { offset: 5, length: 6 << 20 } }))
    expect(Buffer.compare(Buffer.concat(streamed), whole.subarray(5, 5 + (6 << 20)))).toBe(0)
  })

  test(`${name}: a conditional completion keeps what is there`, async () => {
    const store = open()
    const content = new Uint8Array(PART_BYTES).fill(7)
    const upload = await store.create('kept', { ifAbsent: true })
    const tag = await store.part('kept', upload, { number: 1, content })
    await store.put('kept', encode('other'))
    await expect(store.complete('kept', upload, [tag], { ifAbsent: true })).rejects.toMatchObject({
      code: 'AlreadyExists',
    })
    expect(decode(await store.get('kept'))).toBe('other')
    await store.abort('kept', upload)
  })

  test(`${name}: an aborted upload leaves nothing`, async () => {
    const store = open()
    const upload = await store.create('given-up')
    await store.part('given-up', upload, { number: 1, content: new Uint8Array(PART_BYTES) })
    await store.abort('given-up', upload)
    await store.abort('given-up', upload)
    await expect(store.head('given-up')).rejects.toMatchObject({ code: 'NotFound' })
    expect(await collect(store.listUploads('given-up'))).toEqual([])
  })

  test(`${name}: an aborted signal rejects with its reason`, async () => {
    const store = open()
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await expect(store.put('never', encode('x'), { signal })).rejects.toBe(reason)
    await expect(store.get('never', { signal })).rejects.toBe(reason)
    await expect(store.head('never')).rejects.toMatchObject({ code: 'NotFound' })
  })
}
