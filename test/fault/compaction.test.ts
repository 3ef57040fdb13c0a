/**
 * Compactions that are killed, at every stage and at random moments, and that run out of room: rows
 * are what they were, in the old segments or in the new ones, and what is left is garbage.
 */
import { once } from 'node:events'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { InsertData } from '../../lib/data/index.js'
import { createCollectionSchema, withSystemFields } from '../../lib/schema/index.js'
import { collectGarbage } from '../../lib/sync/index.js'
import { type Ended, outcomeOf, startScript } from '../support/child.js'
import { CompactionPlace } from '../support/compaction.js'
import { Random } from '../support/random.cjs'
import { rejection } from '../support/rejection.js'
import { deletes } from '../support/segments.js'
import { mountSmallDisk } from '../support/small-disk.js'
import { filesBelow, temporaryDirectory } from '../support/temporary.js'

const LONG = process.env.ARROW_PACKED_LONG === '1'
const KILLS = LONG ? 200 : 24
const SEED = Number(process.env.ARROW_PACKED_SEED ?? Date.now() % 1_000_000)
const SEGMENTS = 4
const ROWS = 1500
const DIM = 64

const directory = temporaryDirectory('compaction-crash')

const SCHEMA = createCollectionSchema({
  name: 'numbered',
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true },
    { name: 'embedding', dataType: 'FloatVector', dim: DIM },
    { name: 'title', dataType: 'VarChar', maxLength: 100 },
  ],
})

/** Keys from `first` on, backwards, so that an order changes them; written at 10. */
function numbered(first: number): InsertData {
  const keys = Array.from({ length: ROWS }, (_, row) => first + ROWS - 1 - row)
  return InsertData.fromColumns(withSystemFields(SCHEMA), {
    RowID: BigInt64Array.from(keys, BigInt),
    Timestamp: new BigInt64Array(ROWS).fill(10n),
    id: BigInt64Array.from(keys, BigInt),
    embedding: new Uint8Array(
      Float32Array.from({ length: ROWS * DIM }, (_, at) => keys[Math.floor(at / DIM)]! + at / 7)
        .buffer,
    ),
    title: keys.map((key) => `title ${key}`),
  })
}

/** A place with more and more rows, and what should be there. */
class Victim {
  readonly expected = new Set<number>()
  #next = 0

  constructor(public place: CompactionPlace) {}

  /** Segments that want to be compacted: small, with deletes of their own and of an L0 segment. */
  async refill(): Promise<void> {
    for (let segment = 0; segment < SEGMENTS; segment++) {
      const first = this.#next
      this.#next += ROWS
      const own = deletes([BigInt(first + 1), 20])
      await this.place.addRows([numbered(first)], {
        deletes: own,
        storageVersion: segment % 2 === 0 ? 2 : 0,
      })
      for (let key = first; key < this.#next; key++) this.expected.add(key)
      this.expected.delete(first + 1)
      this.expected.delete(first + 7)
      await this.place.addDeletes(deletes([BigInt(first + 7), 30]))
    }
  }

  async check(): Promise<void> {
    const rows = await this.place.rows()
    expect(rows).toHaveLength(this.expected.size)
    for (const { id, title, embedding } of rows) {
      const key = Number(id)
      const [first] = embedding as Float32Array
      const isRight = this.expected.has(key) && title === `title ${key}` && first! >= key
      if (!isRight) throw new Error(`Expected rows as they were but received key ${key}`)
    }
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
  }

  /** All of the old segments, or all of the new ones. */
  async swapped(before: readonly bigint[]): Promise<boolean> {
    const flushed = await this.place.segments('Flushed')
    const rows = flushed.filter(({ level }) => level === 'L1').map(({ segmentId }) => segmentId)
    const left = before.filter((id) => rows.includes(id))
    expect([0, before.length]).toContain(left.length)
    if (left.length > 0) expect(rows).toHaveLength(before.length)
    return left.length === 0
  }

  async sources(): Promise<bigint[]> {
    const flushed = await this.place.segments('Flushed')
    return flushed.filter(({ level }) => level === 'L1').map(({ segmentId }) => segmentId)
  }

  /** Remove what is garbage; afterwards there is nothing that nobody names. */
  async collect(): Promise<number> {
    const { catalog, chunkManager } = this.place
    const now = { olderThanMs: 0, workersStopped: true }
    const { objects, failed } = await collectGarbage({
      catalog,
      chunkManager,
      dryRun: false,
      ...now,
    })
    expect(failed).toEqual([])
    const root = join(this.place.directory, 'segments')
    const live = new Set((await this.place.segments('Flushed')).map(({ segmentId }) => segmentId))
    const segmentOf = (key: string): bigint =>
      BigInt(/^[^/]+(?:\/-?\d+){2}\/(\d+)/.exec(key)?.[1] ?? 0)
    const keys = filesBelow(root).map((file) => relative(root, file))
    const strangers = keys.filter((key) => !live.has(segmentOf(key)))
    expect(strangers).toEqual([])
    return objects.length
  }
}

const STAGES = [
  ['packed.publish.before', 1],
  ['packed.publish.after', 1],
  ['file.write.before', 2],
  ['file.rename.after', 1],
  // The ids, and the swap.
  ['meta.transaction.before', 1],
  ['meta.transaction.before', 2],
  ['meta.transaction.after', 2],
  ['meta.flush.after', 2],
  // Of StorageV3: first the segment is made known, then its manifest is written.
  ['meta.transaction.after', 3],
  ['file.rename.after', 4],
  ['file.rename.after', 5],
] as const

async function killed(place: CompactionPlace, plan: object, afterMs?: number): Promise<Ended> {
  const { directory: home, collectionId } = place
  const options = { directory: home, collectionId: String(collectionId), ...plan }
  const child = startScript('compact-until-killed.cjs', [JSON.stringify(options)])
  const ended = outcomeOf(child, 60_000)
  if (afterMs !== undefined) {
    await Promise.race([once(child.stdout!, 'data'), ended])
    await sleep(afterMs)
    child.kill('SIGKILL')
  }
  return ended
}

test.each([2, 3] as const)(
  `a compaction to StorageV%i, killed ${KILLS} times`,
  async (storageVersion) => {
    process.stdout.write(`seed ${SEED}\n`)
    const random = new Random(SEED)
    const victim = new Victim(
      await CompactionPlace.open(join(directory, `killed-${storageVersion}`), SCHEMA),
    )
    const counts = { killed: 0, before: 0, after: 0, orphans: 0 }
    await victim.refill()
    for (let round = 0; counts.killed < KILLS && round < 4 * KILLS; round++) {
      const before = await victim.sources()
      const [stage, hit] = STAGES[round % STAGES.length]!
      const sort = random.below(2) === 0
      const isRandom = round % 3 === 2
      const { signal, lines } = isRandom
        ? await killed(victim.place, { sort, storageVersion }, random.below(250))
        : await killed(victim.place, { sort, storageVersion, stage, hit })
      if (signal === 'SIGKILL') counts.killed += 1
      else expect(lines).toEqual(['ready', { groups: 1 }])
      victim.place = await victim.place.reopened()
      await victim.check()
      const isSwapped = await victim.swapped(before)
      if (signal === 'SIGKILL') counts[isSwapped ? 'after' : 'before'] += 1
      if (signal === 'SIGKILL' && !isSwapped && random.below(3) === 0) {
        counts.orphans += await victim.collect()
        await victim.check()
      }
      if (isSwapped) await victim.refill()
    }
    expect(counts.killed).toBe(KILLS)
    expect(counts.before).toBeGreaterThan(KILLS / 4)
    expect(counts.after).toBeGreaterThan(0)
    expect(counts.orphans).toBeGreaterThan(0)
    const { lines } = await killed(victim.place, { sort: true, storageVersion })
    expect(lines).toEqual(['ready', { groups: 1 }])
    victim.place = await victim.place.reopened()
    await victim.collect()
    await victim.check()
    const keys = (await victim.place.rows()).map(({ id }) => Number(id))
    expect(keys).toEqual([...victim.expected].sort((left, right) => left - right))
    await victim.place.close()
  },
  LONG ? 3_600_000 : 300_000,
)

test('a full disk: NoSpace, nothing changed and nothing left; with room again it goes on', async () => {
  const disk = mountSmallDisk(join(directory, 'full'), 24)
  if (disk === undefined) return
  try {
    const victim = new Victim(await CompactionPlace.open(join(disk.home, 'place'), SCHEMA))
    await victim.refill()
    const sources = await victim.sources()
    const files = filesBelow(join(victim.place.directory, 'segments'))
    // The ids come from elsewhere: the store is on the disk, too.
    const ids = await victim.place.catalog.segments()
    let next = 5000n
    const allocator = {
      allocate: async (count: number) => {
        const begin = next
        next += BigInt(count)
        return { begin, end: next }
      },
      allocateTimestamp: async () => next++,
    }
    disk.fill()
    for (const sort of [false, true]) {
      const error = await rejection(() => victim.place.compact({ sort, allocator }))
      expect(error.code).toBe('NoSpace')
      expect(filesBelow(join(victim.place.directory, 'segments'))).toEqual(files)
      expect(await victim.swapped(sources)).toBe(false)
    }
    expect(await victim.place.catalog.segments()).toEqual(ids)
    await victim.check()
    disk.empty()
    expect((await victim.place.compact({ allocator })).groups).toHaveLength(1)
    await victim.check()
    await victim.place.close()
  } finally {
    disk.unmount()
  }
}, 60_000)
