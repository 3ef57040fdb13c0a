/** Rows by primary key and by position against what a scan by the definition gives. */
import { join } from 'node:path'
import fc from 'fast-check'
import { rowsOf } from '../lib/data/index.js'
import { createManifest, SegmentReader } from '../lib/segment/index.js'
import { inputOf, type SegmentCase, segmentCase, visibleRows } from './support/arbitrary-segment.js'
import type { Row } from './support/every-type.js'
import { segmentIn } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const SEED = Number(process.env.ARROW_PACKED_SEED ?? 20260131)
const directory = temporaryDirectory('segment-get-property')
let round = 0

/** The row that a key has: of the visible ones the newest, of several of them the last. */
function newestRows(given: SegmentCase): Map<unknown, Row> {
  const newest = new Map<unknown, Row>()
  for (const row of visibleRows(given)) {
    const best = newest.get(row.pk)
    if (best === undefined || (best.Timestamp as bigint) <= (row.Timestamp as bigint)) {
      newest.set(row.pk, row)
    }
  }
  return newest
}

const property = fc.asyncProperty(
  segmentCase,
  fc.constantFrom(0, 2, 3),
  fc.infiniteStream(fc.nat()),
  fc.boolean(),
  async (given, version, numbers, statistics) => {
    const { schema, readTimestamp, chunks } = given
    const { chunkManager, info } = await segmentIn(join(directory, `case-${round++}`), [], {
      schema,
      storageVersion: version === 0 ? 0 : 2,
      ...inputOf(given),
    })
    const { binlogs, deltalogs, statslogs } = info
    const logs =
      version === 3
        ? { manifestPath: (await createManifest({ chunkManager, segment: info })).manifestPath }
        : { binlogs, deltalogs, statslogs }
    const bound = readTimestamp === undefined ? {} : { readTimestamp }
    await using reader = await SegmentReader.open({
      ...{ schema, chunkManager, systemFields: true },
      ...logs,
      ...bound,
    })
    const all = chunks.flat()
    const pick = (): number => numbers.next().value!
    const stranger = typeof all[0]!.pk === 'bigint' ? 12345n : 'nobody at all'
    const keys = Array.from({ length: 1 + (pick() % 8) }, () =>
      pick() % 4 === 0 ? stranger : (all[pick() % all.length]!.pk as bigint | string),
    )
    const newest = newestRows(given)
    const found = await reader.get(keys, { statistics })
    const expected = keys.flatMap((key) => newest.get(key) ?? [])
    const { table } = found
    expect(table.batches.flatMap((batch) => [...rowsOf(batch, schema, { copy: true })])).toEqual(
      expected,
    )
    expect(found.positions.map((position) => all[position])).toEqual(expected)
    expect([...found.rows].map((row) => row >= 0)).toEqual(keys.map((key) => newest.has(key)))
    expect(found.missing).toEqual([...new Set(keys)].filter((key) => !newest.has(key)))
    expect(found.problems).toEqual([])

    const rows = Array.from({ length: pick() % 6 }, () => pick() % all.length)
    const taken = await reader.take(rows, { hidden: 'include' })
    expect(taken.batches.flatMap((batch) => [...rowsOf(batch, schema, { copy: true })])).toEqual(
      rows.map((row) => all[row]),
    )
    const visible = new Set(visibleRows(given))
    const shown = await reader.take(rows, { hidden: 'skip' })
    expect(shown.batches.flatMap((batch) => [...rowsOf(batch, schema, { copy: true })])).toEqual(
      rows.map((row) => all[row]!).filter((row) => visible.has(row)),
    )
  },
)

test('get equals a scan, take the rows that were written', async () => {
  await fc.assert(property, { numRuns: 40, seed: SEED })
}, 120_000)
