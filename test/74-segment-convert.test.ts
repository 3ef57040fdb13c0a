/** Rewriting segments: the same rows, deletes and terms in another form. */
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readBinlog } from '../lib/binlog/index.js'
import {
  type ConvertSegmentOptions,
  convertSegment,
  locateSegment,
  type SegmentProgress,
  verifySegment,
} from '../lib/segment/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { rejection } from './support/rejection.js'
import { BOOKS, deletes, rowsOfSegment, segmentIn, twoChunks } from './support/segments.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('segment-convert')
let trees = 0
const tree = () => join(directory, String(trees++))

async function source(storageVersion: 0 | 2) {
  const root = tree()
  const { chunkManager } = await segmentIn(root, twoChunks(), {
    storageVersion,
    deletes: deletes([1n, 60], [5n, 50]),
  })
  const segment = await locateSegment({ chunkManager, segmentId: 3 })
  return { root, chunkManager, segment }
}

/** A converted copy in a tree of its own, found there by its number. */
async function converted(
  from: Awaited<ReturnType<typeof source>>,
  options: Partial<ConvertSegmentOptions> = {},
) {
  const root = tree()
  const chunkManager = new LocalChunkManager({ rootPath: root })
  const info = await convertSegment({ source: from, target: { chunkManager }, ...options })
  const segment = await locateSegment({ chunkManager, segmentId: info.segmentId })
  return { root, chunkManager, segment, info }
}

const everything = ({ chunkManager, segment }: Awaited<ReturnType<typeof source>>) =>
  rowsOfSegment({ schema: BOOKS, binlogs: segment.binlogs, chunkManager, systemFields: true })

const visible = ({ chunkManager, segment }: Awaited<ReturnType<typeof source>>) =>
  rowsOfSegment({ schema: BOOKS, ...segmentLists(segment), chunkManager, columns: ['id'] })

const segmentLists = ({ binlogs, deltalogs }: Awaited<ReturnType<typeof source>>['segment']) => ({
  binlogs,
  deltalogs,
})

test('progress counts the rows; an exception of it ends the conversion without a trace', async () => {
  const from = await source(2)
  const seen: SegmentProgress[] = []
  const { info } = await converted(from, { onProgress: (progress) => void seen.push(progress) })
  expect(seen.at(-1)).toEqual({ rows: info.numRows, totalRows: from.segment.numRows })
  const root = tree()
  const stop = new Error('stop')
  const failed = convertSegment({
    source: from,
    target: { chunkManager: new LocalChunkManager({ rootPath: root }) },
    onProgress: () => {
      throw stop
    },
  })
  await expect(failed).rejects.toBe(stop)
  expect(filesBelow(root)).toEqual([])
})

test.each([
  [0, 2],
  [2, 0],
  [2, 2],
] as const)(
  'from version %d to %d: every row and delete, sound by its own check',
  async (from, to) => {
    const before = await source(from)
    const after = await converted(before, { storageVersion: to })
    expect(after.segment).toMatchObject({ storageVersion: to, numRows: 5, segmentId: 3n })
    const rows = await everything(after)
    expect(rows).toHaveLength(5)
    expect(rows).toEqual(await everything(before))
    expect(rows[2]).toMatchObject({ RowID: 3n, Timestamp: 30n, pages: null, title: 'title 3' })
    expect((await visible(after)).map(({ id }) => id)).toEqual([2n, 3n, 4n, 5n])
    const { chunkManager, segment } = after
    expect(await verifySegment({ chunkManager, segment })).toMatchObject({
      ok: true,
      rows: 5,
      notChecked: [],
    })
  },
)

test('a new number is in paths and in the files', async () => {
  const before = await source(2)
  const { chunkManager, segment, root } = await converted(before, {
    ...{ storageVersion: 0, segmentId: 8, firstLogId: 500 },
  })
  const keys = filesBelow(root).map((file) => relative(root, file))
  expect(keys.every((key) => /\/1\/2\/8[/.]/.test(key))).toBe(true)
  const logs = segment.binlogs.flatMap(({ binlogs }) => binlogs)
  expect(logs.map(({ logId }) => logId)).toEqual([500n, 501n, 502n, 503n, 504n, 505n])
  const { descriptor } = await readBinlog(chunkManager, logs[0]!.logPath)
  expect(descriptor).toMatchObject({ segmentId: 8n, collectionId: 1n, partitionId: 2n })
  const deleteLog = segment.deltalogs[0]!.binlogs[0]!
  expect((await readBinlog(chunkManager, deleteLog.logPath)).descriptor.segmentId).toBe(8n)
})

test('a segment without sidecar is converted by a given schema', async () => {
  const { chunkManager } = await source(0)
  const segment = await locateSegment({ chunkManager, segmentId: 3, sidecar: false })
  const target = { chunkManager: new LocalChunkManager({ rootPath: tree() }) }
  const options = { source: { chunkManager, segment }, target }
  expect(await rejection(() => convertSegment(options))).toMatchObject({ code: 'InvalidSchema' })
  const info = await convertSegment({ ...options, schema: BOOKS })
  expect(info).toMatchObject({ storageVersion: 2, numRows: 5 })
})

test('chunks as large as asked for', async () => {
  const { info } = await converted(await source(2), { chunkBytes: 1 })
  expect(info.binlogs[0]!.binlogs.map(({ entriesNum }) => entriesNum)).toEqual([3, 2])
})

describe('nothing is left of a conversion that fails', () => {
  test('not as many rows as the metadata says', async () => {
    const { chunkManager, segment } = await source(0)
    const root = tree()
    const error = await rejection(() =>
      convertSegment({
        source: { chunkManager, segment: { ...segment, numRows: 6 } },
        target: { chunkManager: new LocalChunkManager({ rootPath: root }) },
      }),
    )
    expect(error).toMatchObject({ code: 'InvalidData' })
    expect(error.message).toContain('Expected 6 rows of segment 3')
    expect(filesBelow(root)).toEqual([])
  })

  test('a signal in the middle', async () => {
    const { chunkManager, segment } = await source(2)
    const root = tree()
    const controller = new AbortController()
    const target = new LocalChunkManager({ rootPath: root })
    const write = target.write.bind(target)
    target.write = (...args) => {
      controller.abort(new Error('enough'))
      return write(...args)
    }
    const converting = convertSegment({
      ...{ source: { chunkManager, segment }, target: { chunkManager: target } },
      signal: controller.signal,
    })
    await expect(converting).rejects.toThrow('enough')
    expect(existsSync(root)).toBe(false)
  })

  test('the number is taken: not a file is touched', async () => {
    const { root, chunkManager, segment } = await source(0)
    const files = filesBelow(root).map((file) => [file, readFileSync(file, 'hex')])
    const options = { source: { chunkManager, segment }, target: { chunkManager } }
    expect(await rejection(() => convertSegment(options))).toMatchObject({ code: 'AlreadyExists' })
    expect(filesBelow(root).map((file) => [file, readFileSync(file, 'hex')])).toEqual(files)
    const info = await convertSegment({ ...options, segmentId: 4n })
    expect(existsSync(join(root, info.binlogs[0]!.binlogs[0]!.logPath))).toBe(true)
  })
})
