/** Parts of a sequence that are opened while the one before is read. */
import { type OpenPart, PartSequence } from '../lib/packed/index.js'

/** Numbers in parts of two; tells what was opened and closed, in order. */
class Numbers extends PartSequence<number> {
  readonly events: string[] = []
  readonly #failing: number

  constructor(parts: number, opensAhead: boolean, failing = -1) {
    super(parts, opensAhead)
    this.#failing = failing
  }

  start(): Promise<this> {
    return this.begin()
  }

  next(): Promise<number | null> {
    return this.advance(this.next)
  }

  protected override async openPart(index: number): Promise<OpenPart<number>> {
    this.events.push(`open ${index}`)
    await new Promise((resolve) => setImmediate(resolve))
    if (index === this.#failing) throw new Error(`part ${index} is broken`)
    const items = [2 * index, 2 * index + 1]
    return {
      next: async () => items.shift() ?? null,
      close: async () => void this.events.push(`close ${index}`),
    }
  }
}

async function all(numbers: Numbers): Promise<number[]> {
  const items: number[] = []
  for await (const item of numbers) items.push(item)
  return items
}

test('the next part is opened with the one before it, and no other', async () => {
  const numbers = await new Numbers(4, true).start()
  expect(numbers.events).toEqual(['open 0', 'open 1'])
  expect(await all(numbers)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect(numbers.events.filter((event) => event.startsWith('close'))).toHaveLength(4)
  expect(numbers.events.slice(2, 5)).toEqual(['close 0', 'open 2', 'close 1'])
})

test('without, one part is open at a time', async () => {
  const numbers = await new Numbers(2, false).start()
  expect(await all(numbers)).toEqual([0, 1, 2, 3])
  expect(numbers.events).toEqual(['open 0', 'close 0', 'open 1', 'close 1'])
})

test('a part that cannot be opened fails when its turn comes', async () => {
  const numbers = await new Numbers(3, true, 1).start()
  expect([await numbers.next(), await numbers.next()]).toEqual([0, 1])
  await expect(numbers.next()).rejects.toThrow('part 1 is broken')
  await expect(numbers.next()).rejects.toThrow('part 1 is broken')
  await numbers.close()
  expect(numbers.events).toEqual(['open 0', 'open 1', 'close 0'])
})

test.each([-1, 1])('closing closes what was opened ahead, or failed to (%i)', async (failing) => {
  const numbers = await new Numbers(3, true, failing).start()
  await numbers.close()
  const ahead = failing === 1 ? [] : ['close 1']
  expect(numbers.events).toEqual(['open 0', 'open 1', 'close 0', ...ahead])
  await expect(numbers.next()).rejects.toMatchObject({ code: 'Closed' })
})
