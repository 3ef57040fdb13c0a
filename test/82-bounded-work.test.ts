/** What keeps the work on many objects within bounds. */

import { mapBounded, readAhead } from '../lib/storage/index.js'
import { ByteBudget } from '../lib/storage/upload/byte-budget.js'
import { bytesOfPart } from '../lib/storage/upload/part-schedule.js'

const MIB = 2 ** 20
const TIB = 2 ** 40

/** Tasks that end when they are told to, and how many of them run. */
class Tasks {
  running = 0
  most = 0
  readonly started: number[] = []
  readonly #ends = new Map<number, () => void>()

  run = async (item: number): Promise<number> => {
    this.started.push(item)
    this.running += 1
    this.most = Math.max(this.most, this.running)
    await new Promise<void>((resolve) => this.#ends.set(item, resolve))
    this.running -= 1
    if (item < 0) throw new Error(`item ${item}`)
    return item * 10
  }

  async end(...items: number[]): Promise<void> {
    for (const item of items) this.#ends.get(item)!()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('mapBounded', () => {
  test('keeps the order of the items, and to its bound', async () => {
    const tasks = new Tasks()
    const done = mapBounded([1, 2, 3, 4, 5], 2, tasks.run)
    expect(tasks.started).toEqual([1, 2])
    await tasks.end(2)
    expect(tasks.started).toEqual([1, 2, 3])
    await tasks.end(3)
    await tasks.end(4)
    await tasks.end(1, 5)
    expect(await done).toEqual([10, 20, 30, 40, 50])
    expect(tasks.most).toBe(2)
    expect(await mapBounded([], 2, tasks.run)).toEqual([])
  })

  test('begins nothing after a failure, and waits for what runs', async () => {
    const tasks = new Tasks()
    let settled = false
    const done = mapBounded([1, -2, 3, 4], 2, tasks.run).finally(() => {
      settled = true
    })
    done.catch(() => {})
    await tasks.end(-2)
    expect([settled, tasks.started]).toEqual([false, [1, -2]])
    await tasks.end(1)
    await expect(done).rejects.toThrow('item -2')
    expect(tasks.started).toEqual([1, -2])
  })
})

describe('readAhead', () => {
  test('gives items in order while the next ones are read', async () => {
    const tasks = new Tasks()
    const items = readAhead([1, 2, 3, 4], 3, tasks.run)
    const first = (await items.next()).value!
    expect([first.item, tasks.started]).toEqual([1, [1, 2, 3]])
    await tasks.end(1, 2, 3)
    const rest = items.next()
    await rest
    await tasks.end(4)
    const values = [await first.result, await (await rest).value!.result]
    for await (const { result } of items) values.push(await result)
    expect(values).toEqual([10, 20, 30, 40])
  })

  test('leaves failures to whoever takes the item, and waits for the others at an early end', async () => {
    const tasks = new Tasks()
    const items = readAhead([-1, -2, 3], 3, tasks.run)
    const first = (await items.next()).value!
    await tasks.end(-1, -2)
    await expect(first.result).rejects.toThrow('item -1')
    let ended = false
    const end = items.return().then(() => {
      ended = true
    })
    await tasks.end()
    expect(ended).toBe(false)
    await tasks.end(3)
    await end
    expect(tasks.running).toBe(0)
  })
})

describe('ByteBudget', () => {
  test('admits in call order what fits, and alone what never would', async () => {
    const budget = new ByteBudget(100)
    const order: string[] = []
    const ends: Record<string, () => void> = {}
    const task = (name: string, bytes: number) =>
      budget.run(bytes, async () => {
        order.push(name)
        await new Promise<void>((resolve) => {
          ends[name] = resolve
        })
      })
    const all = [task('a', 60), task('b', 50), task('c', 10), task('d', 500)]
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    await turn()
    expect(order).toEqual(['a'])
    ends.a!()
    await turn()
    expect(order).toEqual(['a', 'b', 'c'])
    ends.b!()
    await turn()
    expect(order).toEqual(['a', 'b', 'c'])
    ends.c!()
    await turn()
    expect(order).toEqual(['a', 'b', 'c', 'd'])
    ends.d!()
    await Promise.all(all)
  })

  test('gives back the room of what failed', async () => {
    const budget = new ByteBudget(10)
    await expect(budget.run(10, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await budget.run(10, async () => 'room')).toBe('room')
  })
})

describe('lengths of parts', () => {
  test.each([5, 10, 64, 525])('from %i MiB on hold an object of 5 TiB in 10,000', (first) => {
    let sum = 0
    for (let number = 1; number <= 10_000; number += 1) sum += bytesOfPart(number, first * MIB)
    expect(sum).toBeGreaterThanOrEqual(5 * TIB)
    expect(bytesOfPart(1000, first * MIB)).toBe(first * MIB)
    expect(bytesOfPart(10_000, first * MIB)).toBeLessThan(5 * 2 ** 30)
  })

  test('are those of native writers', () => {
    const lengths = [1, 1000, 1001, 1100, 1101, 10_000].map((n) => bytesOfPart(n, 10 * MIB) / MIB)
    expect(lengths).toEqual([10, 10, 23, 23, 36, 1180])
  })
})
