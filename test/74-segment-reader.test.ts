/** Rows of segments, as they are at a timestamp. */
import { join } from 'node:path'
import { SegmentReader } from '../lib/segment/index.js'
import { book, BOOKS, chunk, columnOf, deletes, IDS, segmentIn } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('segment-reader')
let trees = 0
const tree = () => join(directory, String(trees++))

test.each([0, 2] as const)('storage version %d: rows in the order of chunks', async (storageVersion) => {
  const data = [[1, 2, 3], [4, 5]].map((ids) => chunk(BOOKS, ids.map((id) => book(id, id * 10))))
  const { chunkManager, info } = await segmentIn(tree(), data, { storageVersion })
  const reader = await SegmentReader.open({ schema: BOOKS, binlogs: info.binlogs, chunkManager })
  expect(reader.numRows).toBe(5)
  expect(reader.schema.fields.map(({ name }) => name)).toEqual(['id', 'embedding', 'pages', 'title'])
  const table = await reader.toTable()
  expect([...table.getChild('id')!]).toEqual([1n, 2n, 3n, 4n, 5n])
  expect([...table.getChild('pages')!]).toEqual([10, 20, null, 40, 50])
})
