/** Column groups and null counts of whole segments (cases 9, 11 and 14). */
import { join } from 'node:path'
import {
  createCollectionSchema,
  type FieldGroup,
  frozenSplit,
  withSystemFields,
} from '../lib/schema/index.js'
import type { SegmentInfo } from '../lib/segment/index.js'
import { BOOKS, book, chunk, columnOf, counter, IDS, segmentIn } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const root = temporaryDirectory('cases-groups')
let trees = 0
const tree = () => join(root, String(trees++))

/** 100 key, 101 vector, 102 number, 103 text. */
const NOTES = createCollectionSchema({
  name: 'notes',
  fields: [
    { name: 'id', dataType: 'Int64', isPrimaryKey: true },
    { name: 'v', dataType: 'FloatVector', dim: 4 },
    { name: 'n', dataType: 'Int32' },
    { name: 'text', dataType: 'VarChar', maxLength: 4096 },
  ],
})

/** Two rows whose texts have `bytes` bytes. */
const notes = (first: number, bytes: number) =>
  chunk(
    NOTES,
    [first, first + 1].map((id) => ({
      ...{ RowID: id, Timestamp: id, id, v: [id, 0, 0, 1], n: id },
      text: 'x'.repeat(bytes),
    })),
  )

const text = (info: SegmentInfo) =>
  info.binlogs.map(({ fieldId, childFields }) => `${fieldId}:${childFields.join()}`).join(' ')

/** The groups that a segment has, as those of its next sync. */
const groupsOf = (info: SegmentInfo): FieldGroup[] =>
  frozenSplit(
    info.binlogs.map(({ fieldId, childFields }) => ({ id: fieldId, fieldIds: childFields })),
    withSystemFields(NOTES),
  )

// In memory a text of n bytes counts n + 16, and a column one byte more.
test.each([
  ['1024 bytes', 1008, '0:0,1,100 1:102 101:101 103:103'],
  ['1023 bytes', 1007, '0:0,1,100 1:102,103 101:101'],
])('case 9: a column of %s per row in memory', async (_, bytes, groups) => {
  const { info } = await segmentIn(tree(), [notes(1, bytes)], { schema: NOTES })
  expect(text(info)).toBe(groups)
})

test('case 11: groups stay when a column grows, in one write and in the next', async () => {
  const directory = tree()
  const first = await segmentIn(directory, [notes(1, 20), notes(3, 2000)], { schema: NOTES })
  expect(text(first.info)).toBe('0:0,1,100 1:102,103 101:101')
  expect(first.info.binlogs.map(({ binlogs }) => binlogs.length)).toEqual([2, 2, 2])

  const groups = groupsOf(first.info)
  const options = { schema: NOTES, groups, allocateId: counter(5000n), sidecar: false }
  const ids = { ...IDS, segmentId: 4n }
  const second = await segmentIn(directory, [notes(5, 2000)], { ...options, ids })
  expect(text(second.info)).toBe(text(first.info))
  const free = await segmentIn(tree(), [notes(5, 2000)], { schema: NOTES })
  expect(text(free.info)).toBe('0:0,1,100 1:102 101:101 103:103')

  const lists = first.info.binlogs.map((list, index) => ({
    ...list,
    binlogs: [...list.binlogs, ...second.info.binlogs[index]!.binlogs],
  }))
  const { chunkManager } = first
  expect(await columnOf('n', { schema: NOTES, binlogs: lists, chunkManager })).toEqual([
    ...[1, 2, 3, 4, 5, 6],
  ])
})

test.each([0, 2] as const)('case 14: two nulls of five in storage version %d', async (version) => {
  const pages = [10, null, 30, null, 50]
  const rows = pages.map((value, index) => ({ ...book(index + 1, index + 1), pages: value }))
  const options = { storageVersion: version }
  const { info, chunkManager } = await segmentIn(tree(), [chunk(BOOKS, rows)], options)
  const counts = info.binlogs.flatMap(({ binlogs }) => [...binlogs[0]!.fieldNullCounts])
  expect(new Map(counts).get(102n)).toBe(2)
  expect(new Map(counts).get(103n)).toBe(0)
  const { binlogs } = info
  expect(await columnOf('pages', { schema: BOOKS, binlogs, chunkManager })).toEqual(pages)
})
