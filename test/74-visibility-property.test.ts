/** Any rows, any deletes, any read timestamp: what a segment shows is what visibility means. */
import { join } from 'node:path'
import fc from 'fast-check'
import { BOOKS, chunk, columnOf, deletes, segmentIn } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const root = temporaryDirectory('visibility-property')
let trees = 0
const tree = () => join(root, String(trees++))

/** Few keys and few timestamps, so that they meet. */
const pair = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 9 }))
const history = fc.record({
  rows: fc.array(pair, { minLength: 1, maxLength: 12 }),
  removed: fc.array(pair, { maxLength: 8 }),
  readTimestamp: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
  storageVersion: fc.constantFrom(0 as const, 2 as const),
})

test('what is visible is what its definition says, row by row', async () => {
  let hidden = 0
  const property = fc.asyncProperty(history, async (given) => {
    const { rows, removed, readTimestamp, storageVersion } = given
    const values = rows.map(([id, timestamp], row) => ({
      ...{ RowID: row, Timestamp: timestamp, id, pages: row, title: '' },
      embedding: [id, 0, 0, 0],
    }))
    const { info, chunkManager } = await segmentIn(tree(), [chunk(BOOKS, values)], {
      storageVersion,
      deletes: deletes(...removed.map(([key, time]): [bigint, number] => [BigInt(key), time])),
    })
    const now = readTimestamp ?? Infinity
    const visible = rows.flatMap(([id, timestamp], row) => {
      const times = removed.filter(([key, time]) => key === id && time <= now)
      return timestamp <= now && times.every(([, time]) => time <= timestamp) ? [row] : []
    })
    hidden += rows.length - visible.length
    const { binlogs, deltalogs } = info
    const options = { schema: BOOKS, binlogs, deltalogs, chunkManager }
    const at = readTimestamp === undefined ? options : { ...options, readTimestamp }
    expect(await columnOf('pages', at)).toEqual(visible)
  })
  await fc.assert(property, { numRuns: 60 })
  expect(hidden).toBeGreaterThan(20)
}, 60_000)
