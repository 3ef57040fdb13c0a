/** The same again and again takes no more memory, threads and descriptors than a few times. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { outcomeOf, startScript } from '../support/child.js'
import { temporaryDirectory } from '../support/temporary.js'

interface Held {
  rows: number
  poolBytes: number
  lentBytes: number
  borrowedBytes: number
  pending: number
  anonymousBytes: number
  descriptors: number
  threads: number
}

const directory = temporaryDirectory('flat')

async function heldAfter(...args: string[]): Promise<Held[]> {
  const home = join(directory, args.join('-'))
  mkdirSync(home)
  const child = startScript('memory-flat.cjs', [home, ...args])
  const { code, signal, lines } = await outcomeOf(child, 240_000)
  expect([code, signal]).toEqual([0, null])
  return lines as Held[]
}

/** Threads of a pool that nobody needed before; one that is lost each time would be 16 of them. */
const LATE = 8

/** The pool is exact; allocators and V8 keep some of what they had. */
function expectFlat(held: Held[], warm: number, growthBytes: number): void {
  const [first, last] = [held[warm - 1]!, held.at(-1)!]
  for (const { poolBytes, lentBytes, borrowedBytes, pending } of held) {
    expect([poolBytes, lentBytes, borrowedBytes, pending]).toEqual([0, 0, 0, 0])
  }
  expect(last.threads).toBeLessThanOrEqual(first.threads + LATE)
  expect(last.descriptors).toBeLessThanOrEqual(first.descriptors + LATE)
  expect(last.anonymousBytes - first.anonymousBytes).toBeLessThan(growthBytes)
}

test('24 repetitions of open, write, finish, read and close in a process', async () => {
  const held = await heldAfter('24')
  expect(held.map(({ rows }) => rows)).toEqual(Array(24).fill(100_000))
  // 16 MiB are written and read each time: 256 MiB would be there if nothing were given back.
  expectFlat(held, 8, 64 << 20)
}, 300_000)

test('200 of them in workers', async () => {
  const held = await heldAfter('200', 'workers')
  expect(held.map(({ rows }) => rows)).toEqual(
    Array.from({ length: 10 }, (_, tenth) => (tenth + 1) * 20 * 20_000),
  )
  // A worker's heap and library are 5 MiB at least, its rows 3: 160 of them would be 1.2 GiB.
  expectFlat(held, 2, 128 << 20)
}, 300_000)
