/** Any segments of any types, any deletes, any options: a compaction changes no answer. */
import { join } from 'node:path'
import fc from 'fast-check'
import { InsertData } from '../lib/data/index.js'
import { collectGarbage } from '../lib/sync/index.js'
import { segmentCase } from './support/arbitrary-segment.js'
import { CompactionPlace } from './support/compaction.js'
import type { Row } from './support/every-type.js'
import { deletes } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const SEED = Number(process.env.ARROW_PACKED_SEED ?? 20260131)
const directory = temporaryDirectory('compaction-property')
let round = 0

const options = fc.record({
  readTimestamp: fc.option(fc.integer({ min: 1, max: 21 }), { nil: undefined }),
  sort: fc.boolean(),
  maxRows: fc.constantFrom(1, 2, 3, 1000),
  chunkBytes: fc.constantFrom(1, 1 << 20),
  // Of the rows: the keys have to fit in the half of it.
  sortBytes: fc.constantFrom(40_000, 1 << 20),
  storageVersion: fc.constantFrom(undefined, 0 as const, 2 as const, 3 as const, 3 as const),
})

const history = segmentCase.chain((given) => {
  const rows = given.chunks.flat()
  const time = fc.integer({ min: 1, max: 20 })
  const deletion = fc.tuple(fc.nat(rows.length - 1), time)
  return fc.record({
    given: fc.constant(given),
    options,
    /** Each chunk becomes a segment, in one of the storage versions. */
    versions: fc.array(fc.constantFrom(0 as const, 2 as const), { minLength: 3, maxLength: 3 }),
    own: fc.array(fc.array(deletion, { maxLength: 3 }), { minLength: 3, maxLength: 3 }),
    l0: fc.array(fc.array(deletion, { minLength: 1, maxLength: 4 }), { maxLength: 3 }),
    /** Which of the segments; all that gain by it if none. */
    chosen: fc.subarray([0, 1, 2]),
  })
})

/** In an order that does not depend on where rows are. */
function canonical(rows: readonly Row[]): string[] {
  const plain = (_: string, value: unknown): unknown => {
    if (typeof value === 'bigint') return `${value}n`
    if (ArrayBuffer.isView(value)) {
      const { buffer, byteOffset, byteLength } = value
      return Buffer.from(buffer, byteOffset, byteLength).toString('hex')
    }
    if (value instanceof Map) return [...value]
    if (typeof value !== 'number' || Number.isFinite(value))
      return Object.is(value, -0) ? '-0' : value
    return String(value)
  }
  return rows.map((row) => JSON.stringify(row, plain)).sort()
}

type Key = bigint | string

test('readers find the same rows, at the read timestamp and at all later ones', async () => {
  const counts = { groups: 0, gone: 0, spent: 0 }
  const property = fc.asyncProperty(history, async (drawn) => {
    const { given, chosen } = drawn
    const { schema, chunks } = given
    const rows = chunks.flat()
    const place = await CompactionPlace.open(join(directory, String(round++)), schema)
    try {
      const logOf = (pairs: readonly [number, number][]) =>
        deletes(...pairs.map(([row, time]): [Key, number] => [rows[row]!.pk as Key, time]))
      const segmentIds: bigint[] = []
      for (const [index, chunk] of chunks.entries()) {
        const own = logOf(drawn.own[index]!)
        segmentIds.push(
          await place.addRows([InsertData.fromRows(schema, chunk)], {
            storageVersion: drawn.versions[index]!,
            ...(own.rowCount === 0 ? {} : { deletes: own }),
          }),
        )
      }
      for (const pairs of drawn.l0) await place.addDeletes(logOf(pairs))
      const { readTimestamp, storageVersion, ...others } = drawn.options
      const first = readTimestamp ?? 21
      const times = [...new Set([first, Math.min(first + 1, 21), Math.ceil((first + 21) / 2), 21])]
      const answers = () =>
        Promise.all(times.map(async (time) => canonical(await place.rows(time))))
      const before = await answers()
      const wanted = chosen.filter((index) => index < segmentIds.length)
      const { groups } = await place.compact({
        ...others,
        ...(readTimestamp === undefined ? {} : { readTimestamp }),
        ...(storageVersion === undefined ? {} : { storageVersion }),
        ...(wanted.length === 0 ? {} : { segmentIds: wanted.map((index) => segmentIds[index]!) }),
      })
      expect(await answers()).toEqual(before)
      for (const group of groups) {
        counts.groups += 1
        counts.gone += group.rowsBefore - group.rowsAfter
        counts.spent += group.droppedDeletes.length
        expect(group.to.reduce((sum, target) => sum + target.rows, 0)).toBe(group.rowsAfter)
        for (const { segmentId, rows: count } of group.to) {
          expect(count).toBeLessThanOrEqual(others.maxRows)
          expect(await place.verify(segmentId)).toMatchObject({ ok: true, problems: [] })
        }
      }
      const { catalog, chunkManager } = place
      const now = { dryRun: false, olderThanMs: 0, workersStopped: true }
      await collectGarbage({ catalog, chunkManager, ...now })
      expect(await answers()).toEqual(before)
      // What came out is compacted once more, without any bound.
      await place.compact({ sort: !others.sort, chunkBytes: others.chunkBytes })
      expect(canonical(await place.rows())).toEqual(before.at(-1))
    } finally {
      await place.close()
    }
  })
  await fc.assert(property, { numRuns: 30, seed: SEED })
  expect(counts.groups).toBeGreaterThan(20)
  expect(counts.gone).toBeGreaterThan(5)
  expect(counts.spent).toBeGreaterThan(5)
}, 240_000)
