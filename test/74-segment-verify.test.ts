/** Checking a segment against its metadata: every rule finds what breaks it, and only that. */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FieldBinlog, PrimaryKeyStats, serializePrimaryKeyStats } from '../lib/binlog/index.js'
import { createCollectionSchema, DataType } from '../lib/schema/index.js'
import {
  type LocatedSegment,
  locateSegment,
  type SegmentProgress,
  verifySegment,
} from '../lib/segment/index.js'
import type { LocalChunkManager } from '../lib/storage/index.js'
import { rejection } from './support/rejection.js'
import { BOOKS, chunk, deletes, segmentIn, TITLES, twoChunks } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('segment-verify')
let trees = 0

interface Subject {
  root: string
  chunkManager: LocalChunkManager
  segment: LocatedSegment
}

async function subject(storageVersion: 0 | 2 = 2): Promise<Subject> {
  const root = join(directory, String(trees++))
  const { chunkManager } = await segmentIn(root, twoChunks(), {
    storageVersion,
    deletes: deletes([1n, 60], [2n, 55]),
  })
  return { root, chunkManager, segment: await locateSegment({ chunkManager, segmentId: 3 }) }
}

type ListName = 'binlogs' | 'statslogs' | 'deltalogs'

/** The same metadata with the first log of one list changed. */
function withLog(
  segment: LocatedSegment,
  name: ListName,
  index: number,
  change: Partial<FieldBinlog['binlogs'][number]>,
): LocatedSegment {
  return withList(segment, name, index, ({ binlogs: [first, ...others] }) => ({
    binlogs: [{ ...first!, ...change }, ...others],
  }))
}

function withList(
  segment: LocatedSegment,
  name: ListName,
  index: number,
  change: (list: FieldBinlog) => Partial<FieldBinlog>,
): LocatedSegment {
  const lists = segment[name].map((list, at) =>
    at === index ? { ...list, ...change(list) } : list,
  )
  return { ...segment, [name]: lists }
}

/** What a check finds, without the paths. */
async function found({ chunkManager }: Subject, segment: LocatedSegment) {
  const { ok, problems } = await verifySegment({ chunkManager, segment })
  expect(ok).toBe(problems.length === 0)
  return problems.map(({ rule, field, expected, received }) => [rule, field, expected, received])
}

test('a group of which every log is lost is named, where only footers know of it', async () => {
  const { root, chunkManager } = await subject(2)
  rmSync(join(root, 'insert_log/1/2/3/101'), { recursive: true })
  const segment = await locateSegment({ chunkManager, segmentId: 3, sidecar: false })
  const { ok, problems } = await verifySegment({ chunkManager, segment, schema: BOOKS })
  expect(ok).toBe(false)
  expect(problems).toContainEqual({
    rule: 'groupFieldIdList',
    path: 'insert_log/1/2/3/101',
    expected: 'logs of column group 2 (101)',
    received: 'none',
  })
})

test.each([0, 2] as const)('progress of version %d ends at all rows', async (version) => {
  const { chunkManager, segment } = await subject(version)
  const seen: SegmentProgress[] = []
  const onProgress = (progress: SegmentProgress) => void seen.push(progress)
  await verifySegment({ chunkManager, segment, onProgress })
  expect(seen.length).toBeGreaterThan(1)
  expect(seen.map(({ rows }) => rows)).toEqual(
    [...seen.map(({ rows }) => rows)].sort((a, b) => a - b),
  )
  expect(seen.at(-1)).toEqual({ rows: 5, totalRows: 5 })
  const wrong = { chunkManager, segment, onProgress: 1 as never }
  expect(await rejection(() => verifySegment(wrong))).toMatchObject({ code: 'InvalidArgument' })
})

test.each([0, 2] as const)('a sound segment of version %d is OK', async (version) => {
  const { chunkManager, segment } = await subject(version)
  expect(await verifySegment({ chunkManager, segment })).toEqual({
    ok: true,
    logs: version === 2 ? 10 : 16,
    rows: 5,
    problems: [],
    notChecked: [],
  })
  const bare = await locateSegment({ chunkManager, segmentId: 3, sidecar: false })
  const result = await verifySegment({ chunkManager, segment: bare, schema: BOOKS })
  expect(result).toMatchObject({ ok: true, rows: 5 })
  expect(result.notChecked).toHaveLength(1)
})

test('binlogs are taken in the order of their ids', async () => {
  const { chunkManager, segment } = await subject(0)
  const turned = withList(segment, 'binlogs', 3, ({ binlogs }) => ({
    binlogs: [...binlogs].reverse(),
  }))
  expect(await verifySegment({ chunkManager, segment: turned })).toMatchObject({
    ok: true,
    rows: 5,
  })
})

test('text for keys, without statistics', async () => {
  const rows = ['b', 'ä', '😀', ''].map((title, index) => ({
    ...{ RowID: index, Timestamp: 5, title },
    embedding: Float32Array.of(1, 2, 3, 4),
  }))
  const root = join(directory, 'titles')
  const { chunkManager } = await segmentIn(root, [chunk(TITLES, rows)], { schema: TITLES })
  const segment = await locateSegment({ chunkManager, segmentId: 3 })
  expect(await verifySegment({ chunkManager, segment })).toMatchObject({ ok: true, rows: 4 })
  const bare = { ...segment, statslogs: [] }
  const { ok, notChecked } = await verifySegment({ chunkManager, segment: bare })
  expect({ ok, notChecked }).toEqual({
    ok: true,
    notChecked: ['keys against bloom filters (no statistics)'],
  })
})

describe('metadata that does not agree with the logs', () => {
  test('rows of a log', async () => {
    const target = await subject()
    const wrong = withLog(target.segment, 'binlogs', 1, { entriesNum: 4 })
    expect(await found(target, wrong)).toContainEqual(['entries', '1', '3', '4'])
  })

  test('rows of the segment', async () => {
    const target = await subject()
    const wrong = { ...target.segment, numRows: 6 }
    expect(await found(target, wrong)).toEqual([['numRows', undefined, '6', '5']])
  })

  test('timestamps: exact in StorageV2, a range around the rows in StorageV1', async () => {
    const v2 = await subject(2)
    const wrong = { timestampFrom: 9n, timestampTo: 31n }
    expect(await found(v2, withLog(v2.segment, 'binlogs', 2, wrong))).toEqual([
      ['timestampFrom', '101', '9', '10'],
      ['timestampTo', '101', '31', '30'],
    ])
    const v1 = await subject(0)
    expect(await found(v1, withLog(v1.segment, 'binlogs', 2, wrong))).toEqual([])
    const narrow = { timestampFrom: 11n, timestampTo: 29n }
    expect(await found(v1, withLog(v1.segment, 'binlogs', 2, narrow))).toEqual([
      ['timestampFrom', '100', 'at most 10', '11'],
      ['timestampTo', '100', 'at least 30', '29'],
    ])
  })

  test('null counts', async () => {
    const target = await subject()
    const fieldNullCounts = new Map([
      [102n, 2],
      [103n, 0],
    ])
    const wrong = withLog(target.segment, 'binlogs', 1, { fieldNullCounts })
    expect(await found(target, wrong)).toEqual([['fieldNullCounts', '102', '2', '1']])
  })

  test('sizes, of every kind of log', async () => {
    const target = await subject()
    for (const name of ['binlogs', 'statslogs', 'deltalogs'] as const) {
      const { logSize } = target.segment[name][0]!.binlogs[0]!
      const wrong = withLog(target.segment, name, 0, { logSize: logSize + 1 })
      expect(await found(target, wrong)).toEqual([
        ['logSize', String(target.segment[name][0]!.fieldId), `${logSize + 1}`, `${logSize}`],
      ])
    }
  })

  test('decoded bytes for sizes, when that is what they are', async () => {
    const { chunkManager, segment } = await subject()
    const wrong = withLog(segment, 'binlogs', 0, { logSize: 1 })
    const options = { chunkManager, segment: wrong, logSize: 'uncompressed' } as const
    expect(await verifySegment(options)).toMatchObject({ ok: true })
  })

  test('fewer logs of one group', async () => {
    const target = await subject()
    const wrong = withList(target.segment, 'binlogs', 2, ({ binlogs }) => ({
      binlogs: binlogs.slice(0, 1),
    }))
    const rules = (await found(target, wrong)).map(([rule, field]) => [rule, field])
    expect(rules).toContainEqual(['logs', '101'])
  })

  test('which group a field is in', async () => {
    const target = await subject()
    const twice = withList(target.segment, 'binlogs', 2, () => ({ childFields: [101n, 102n] }))
    const problems = await found(target, twice)
    expect(problems).toContainEqual(['childFields', '102', 'only group 1', 'also group 101'])
    expect(problems).toContainEqual(['childFields', '102', 'a column of field 102', '101'])
    const absent = withList(target.segment, 'binlogs', 1, () => ({ childFields: [102n] }))
    expect(await found(target, absent)).toContainEqual(['childFields', '103', '102', '102,103'])
  })

  test('deletes: rows and timestamps', async () => {
    const target = await subject()
    const more = withLog(target.segment, 'deltalogs', 0, { entriesNum: 3 })
    expect(await found(target, more)).toEqual([['entries', undefined, '3', '2']])
    const narrow = withLog(target.segment, 'deltalogs', 0, { timestampTo: 59n })
    expect(await found(target, narrow)).toEqual([
      ['timestamps', undefined, 'deletes from 55 to 59', '60'],
    ])
  })
})

describe('logs that are not what they should be', () => {
  test('a missing log is named, and nothing else is said', async () => {
    const target = await subject()
    const { logPath } = target.segment.binlogs[2]!.binlogs[1]!
    rmSync(join(target.root, logPath))
    const { chunkManager, segment } = target
    const { problems } = await verifySegment({ chunkManager, segment })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ path: logPath, rule: 'exists', field: '101' })
  })

  test('a file of another group', async () => {
    const target = await subject()
    const [scalars, , vectors] = target.segment.binlogs.map(({ binlogs }) => binlogs[0]!.logPath)
    copyFileSync(join(target.root, scalars!), join(target.root, vectors!))
    const rules = (await found(target, target.segment)).map(([rule, field]) => [rule, field])
    expect(rules).toContainEqual(['logSize', '101'])
    expect(rules).toContainEqual(['childFields', '0'])
  })

  test('a damaged file', async () => {
    const target = await subject()
    const file = join(target.root, target.segment.binlogs[0]!.binlogs[1]!.logPath)
    writeFileSync(file, readFileSync(file).subarray(0, -3))
    const rules = (await found(target, target.segment)).map(([rule]) => rule)
    expect(rules).toContain('logSize')
    expect(rules).toContain('footer')
  })

  test('a binlog of another field', async () => {
    const target = await subject(0)
    const [rowIds, timestamps] = target.segment.binlogs.map(({ binlogs }) => binlogs[0]!.logPath)
    copyFileSync(join(target.root, timestamps!), join(target.root, rowIds!))
    const problems = await found(target, target.segment)
    expect(problems).toContainEqual(['descriptor.fieldId', '0', '0', '1'])
  })

  test('a binlog of another segment', async () => {
    const target = await subject(0)
    const moved = { ...target.segment, segmentId: 4n }
    const problems = await found(target, moved)
    expect(problems).toHaveLength(12)
    expect(problems[0]).toEqual(['descriptor.segmentId', '0', '4', '3'])
  })

  test('a delete log that ends too early', async () => {
    const target = await subject()
    const file = join(target.root, target.segment.deltalogs[0]!.binlogs[0]!.logPath)
    writeFileSync(file, readFileSync(file).subarray(0, -1))
    const rules = (await found(target, target.segment)).map(([rule]) => rule)
    expect(rules).toEqual(['logSize', 'deletes'])
  })
})

describe('statistics that do not agree with the keys', () => {
  /** Replace the statistics of the first chunk by those of other keys. */
  async function withKeys(target: Subject, keys: bigint[], fieldId = 100): Promise<void> {
    const stats = await PrimaryKeyStats.build({
      ...{ fieldId, pkType: DataType.Int64, keys: [BigInt64Array.from(keys)] },
    })
    const log = target.segment.statslogs[0]!.binlogs[0]!
    writeFileSync(join(target.root, log.logPath), serializePrimaryKeyStats(stats))
  }

  const withoutSizes = (problems: unknown[][]) => problems.filter(([rule]) => rule !== 'logSize')

  test('a key that is in no filter, its row named', async () => {
    const target = await subject()
    await withKeys(target, [1n, 3n])
    expect(withoutSizes(await found(target, target.segment))).toEqual([
      ['bloomFilter', 'id', 'every key in a filter', '1 that are in none: "2" (row 1)'],
    ])
  })

  test('least and greatest key', async () => {
    const target = await subject()
    await withKeys(target, [0n, 1n, 2n, 3n, 9n])
    expect(withoutSizes(await found(target, target.segment))).toEqual([
      ['minKey', 'id', '1', '0'],
      ['maxKey', 'id', '5', '9'],
    ])
  })

  test('statistics of another field', async () => {
    const target = await subject()
    await withKeys(target, [1n, 2n, 3n], 101)
    expect(withoutSizes(await found(target, target.segment))[0]).toEqual([
      ...['statsField', undefined, '100', '101'],
    ])
  })

  /** Change the text of the statistics of the first chunk. */
  async function changed(from: string, to: string) {
    const { root, chunkManager, segment } = await subject()
    const file = join(root, segment.statslogs[0]!.binlogs[0]!.logPath)
    const text = readFileSync(file, 'utf8')
    expect(text).toContain(from)
    writeFileSync(file, text.replace(from, to))
    return verifySegment({ chunkManager, segment, logSize: 'uncompressed' })
  }

  test('a filter that cannot be read holds every key: said, but no problem', async () => {
    const { ok, notChecked } = await changed('"bfType":4', '"bfType":9')
    expect(ok).toBe(true)
    expect(notChecked).toEqual([expect.stringContaining('no filter that can be read')])
  })

  test('statistics that are no JSON', async () => {
    const { problems } = await changed('"bf":{', '"bf":{{')
    expect(problems.map(({ rule }) => rule)).toEqual(['statistics', 'bloomFilter', 'minKey'])
  })
})

test('without a schema, and without a primary key, there is nothing to check against', async () => {
  const { chunkManager, segment } = await subject()
  const bare = { ...segment, schema: undefined }
  expect(await rejection(() => verifySegment({ chunkManager, segment: bare }))).toMatchObject({
    code: 'InvalidSchema',
  })
  const schema = createCollectionSchema(
    { name: 'x', fields: [{ name: 'pages', dataType: 'Int32' }] },
    { requirePrimaryKey: false },
  )
  expect(await rejection(() => verifySegment({ chunkManager, segment, schema }))).toMatchObject({
    code: 'InvalidSchema',
  })
})

test('an aborted check rejects with the reason', async () => {
  const { chunkManager, segment } = await subject()
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  await expect(verifySegment({ chunkManager, segment, signal })).rejects.toBe(reason)
})
