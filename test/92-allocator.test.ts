import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { LocalAllocator, LocalMetaStore, type MetaStore } from '../lib/sync/index.js'
import { outcomeOf, startScript } from './support/child.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const BASE = temporaryDirectory('allocator')
const TIMEOUT_MS = 60_000
let count = 0
const fresh = (): string => join(BASE, String(count++))

const millisecondsOf = (timestamp: bigint): number => Number(timestamp >> 18n)

/** A clock that stands still unless it is set. */
function fakeClock(start: number): { now: number; read: () => number } {
  const clock = { now: start, read: () => clock.now }
  return clock
}

/** A store that counts its transactions. */
function counting(store: MetaStore): MetaStore & { commits: number } {
  const counted = {
    commits: 0,
    get: store.get.bind(store),
    scan: store.scan.bind(store),
    commit: (...args: Parameters<MetaStore['commit']>) => {
      counted.commits += 1
      return store.commit(...args)
    },
    close: store.close.bind(store),
  }
  return counted
}

describe('an allocator', () => {
  let directory: string
  let store: LocalMetaStore

  beforeEach(async () => {
    directory = fresh()
    store = await LocalMetaStore.open(directory)
  })
  afterEach(() => store.close())

  test('gives consecutive ids that nobody has, a transaction per batch', async () => {
    const counted = counting(store)
    const allocator = await LocalAllocator.open(counted, { batch: 100 })
    const opened = counted.commits
    const ranges = await Promise.all(Array.from({ length: 30 }, () => allocator.allocate(7)))
    ranges.reduce((before, { begin, end }) => {
      expect(end - begin).toBe(7n)
      expect(before === 0n || before === begin).toBe(true)
      return end
    }, 0n)
    expect(ranges[0]!.begin).toBeGreaterThanOrEqual(2n)
    expect(counted.commits - opened).toBe(3)
    const large = await allocator.allocate(1000)
    expect(large.end - large.begin).toBe(1000n)
    await allocator.close()
  })

  test('starts with ids of the clock, so that a new store repeats none of a lost one', async () => {
    const allocator = await LocalAllocator.open(store)
    const { begin } = await allocator.allocate(1)
    expect(Math.abs(millisecondsOf(begin) - Date.now())).toBeLessThan(60_000)
    const early = await LocalMetaStore.open(fresh())
    const first = await (await LocalAllocator.open(early, { clock: () => 0 })).allocate(1)
    expect(first.begin).toBeGreaterThanOrEqual(2n)
    await early.close()
  })

  test('gives timestamps that ascend while the clock stands still or goes back', async () => {
    const clock = fakeClock(1_000_000)
    const allocator = await LocalAllocator.open(store, { clock: clock.read })
    const stood = [await allocator.allocateTimestamp(), await allocator.allocateTimestamp()]
    expect(stood).toEqual([1_000_000n << 18n, (1_000_000n << 18n) + 1n])
    clock.now = 1_000_005
    expect(await allocator.allocateTimestamp()).toBe(1_000_005n << 18n)
    clock.now = 500_000
    expect(await allocator.allocateTimestamp()).toBe((1_000_005n << 18n) + 1n)
    expect(await allocator.allocateTimestamp()).toBe((1_000_005n << 18n) + 2n)
  })

  test('carries a counter that is full into the next millisecond', async () => {
    const clock = fakeClock(1000)
    const allocator = await LocalAllocator.open(store, { clock: clock.read })
    let last = 0n
    for (let index = 0; index < 2 ** 18; index++) last = await allocator.allocateTimestamp()
    expect(last).toBe((1001n << 18n) - 1n)
    expect(await allocator.allocateTimestamp()).toBe(1001n << 18n)
  })

  test('tells the store of timestamps before it gives them, some seconds at a time', async () => {
    const counted = counting(store)
    const clock = fakeClock(10_000)
    const allocator = await LocalAllocator.open(counted, { clock: clock.read })
    const commits: number[] = []
    for (clock.now = 10_000; clock.now < 19_000; clock.now += 500) {
      const timestamp = await allocator.allocateTimestamp()
      commits.push(counted.commits)
      const later = await LocalAllocator.open(store, { clock: () => 0 })
      expect(await later.allocateTimestamp()).toBeGreaterThan(timestamp)
      await later.close()
    }
    expect(commits.at(-1)).toBeLessThanOrEqual(4)
  })

  test('never goes back over a restart with an earlier clock, crashed or closed', async () => {
    let last = 0n
    for (const [now, closes] of [
      [50_000, true],
      [40_000, false],
      [30_000, true],
      [90_000, false],
      [90_001, true],
    ] as const) {
      const allocator = await LocalAllocator.open(store, { clock: () => now })
      const timestamp = await allocator.allocateTimestamp()
      expect(timestamp).toBeGreaterThan(last)
      expect(millisecondsOf(timestamp)).toBeGreaterThanOrEqual(now)
      last = timestamp
      if (closes) await allocator.close()
    }
    expect(millisecondsOf(last)).toBeLessThanOrEqual(90_001 + 3000)
  })

  test('does not run ahead of the clock, however many share the store', async () => {
    const clock = fakeClock(100_000)
    const open = () => LocalAllocator.open(store, { clock: clock.read })
    const allocators = await Promise.all([open(), open(), open()])
    for (; clock.now < 200_000; clock.now += 700) {
      for (const allocator of allocators) await allocator.allocateTimestamp()
    }
    const [later] = await Promise.all(allocators.map((each) => each.allocateTimestamp()))
    expect(millisecondsOf(later!) - clock.now).toBeLessThan(1)
    const next = await (await open()).allocateTimestamp()
    expect(millisecondsOf(next) - clock.now).toBeLessThanOrEqual(3000)
  })

  test('knows wrong use', async () => {
    const allocator = await LocalAllocator.open(store)
    for (const wrong of [0, -1, 1.5, '1' as unknown as number]) {
      await expect(allocator.allocate(wrong)).rejects.toMatchObject({ code: 'InvalidArgument' })
    }
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(allocator.allocate(1, { signal })).rejects.toThrow('enough')
    await expect(allocator.allocateTimestamp({ signal })).rejects.toThrow('enough')
    const pending = allocator.allocate(3)
    await Promise.all([allocator.close(), allocator.close()])
    expect((await pending).end).toBeGreaterThan(0n)
    for (const call of [() => allocator.allocate(1), () => allocator.allocateTimestamp()]) {
      expect((await rejection(call)).code).toBe('Closed')
    }
    await expect(LocalAllocator.open(store, { batches: 1 } as object)).rejects.toThrow(/"batch"/)
  })

  test('fails with what the store says, and works again after it', async () => {
    let isBroken = false
    const failure = new Error('broken')
    const flaky: MetaStore = {
      get: store.get.bind(store),
      scan: store.scan.bind(store),
      close: store.close.bind(store),
      commit: (...args) => (isBroken ? Promise.reject(failure) : store.commit(...args)),
    }
    const allocator = await LocalAllocator.open(flaky, { batch: 2 })
    const { end } = await allocator.allocate(2)
    isBroken = true
    await expect(allocator.allocate(1)).rejects.toBe(failure)
    isBroken = false
    expect((await allocator.allocate(1)).begin).toBe(end)
  })
})

describe('allocators of several processes', () => {
  test('never give the same id, killed in the middle or not', async () => {
    const directory = fresh()
    const patient = Array.from({ length: 4 }, () =>
      outcomeOf(startScript('allocate-forever.cjs', [directory, '60']), TIMEOUT_MS),
    )
    const killed = Array.from({ length: 4 }, async (_, index) => {
      const child = startScript('allocate-forever.cjs', [directory])
      const outcome = outcomeOf(child, TIMEOUT_MS)
      await new Promise((resolve) => child.stdout!.once('data', resolve))
      await setTimeout(30 * index)
      child.kill('SIGKILL')
      return outcome
    })
    const ended = await Promise.all([...patient, ...killed])
    expect(ended.map(({ signal }) => signal).sort()).toEqual([
      ...Array(4).fill('SIGKILL'),
      ...Array(4).fill(null),
    ])
    const seen = new Set<bigint>()
    let ids = 0
    let highest = 0n
    for (const { lines } of ended) {
      let before = 0n
      for (const [begin, end, timestamp] of lines as [string, string, string][]) {
        for (let id = BigInt(begin); id < BigInt(end); id++, ids++) seen.add(id)
        expect(BigInt(timestamp)).toBeGreaterThan(before)
        before = BigInt(timestamp)
      }
      if (before > highest) highest = before
    }
    expect(ids).toBeGreaterThanOrEqual(4 * 180)
    expect(seen.size).toBe(ids)
    const store = await LocalMetaStore.open(directory)
    const next = await LocalAllocator.open(store)
    expect(await next.allocateTimestamp()).toBeGreaterThan(highest)
    expect(seen.has((await next.allocate(1)).begin)).toBe(false)
    await store.close()
  })
})
