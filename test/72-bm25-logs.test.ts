import { Binary, vectorFromArray } from 'apache-arrow'
import { readBm25Log, writeBm25Log } from '../lib/binlog/index.js'
import { Bm25Stats } from '../lib/data/index.js'
import { createCollectionSchema, type FieldSchema } from '../lib/schema/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { rejection } from './support/rejection'
import { temporaryDirectory } from './support/temporary'

const chunks = new LocalChunkManager({ rootPath: temporaryDirectory('bm25-logs') })
/** Rows 2, tokens 5, and token 7 in one row (case 30). */
const CASE_30 = '00000000020000000000000005000000000000000700000001000000'
const FACTS = { logId: 9, timestampFrom: 10, timestampTo: 30n }

function sparseField(): FieldSchema {
  const { fields } = createCollectionSchema({
    name: 'c',
    fields: [
      { name: 'key', dataType: 'Int64', isPrimaryKey: true },
      { name: 'words', dataType: 'SparseFloatVector' },
    ],
  })
  return fields[1]!
}

test('statistics are read as case 30 has them, written again and described', async () => {
  await chunks.write('given', Buffer.from(CASE_30, 'hex'))
  const stats = await readBm25Log(chunks, 'given')
  expect([stats.numRow, stats.numToken, [...stats.rowsWithToken]]).toEqual([2, 5, [[7, 1]]])
  const log = await writeBm25Log(chunks, 'bm25_stats/1/2/3/101/9', stats, FACTS)
  expect(log).toEqual({
    entriesNum: 2,
    timestampFrom: 10n,
    timestampTo: 30n,
    logPath: 'bm25_stats/1/2/3/101/9',
    logSize: 28,
    logId: 9n,
    memorySize: 28,
    fieldNullCounts: new Map(),
  })
  const written = await chunks.read(log.logPath)
  expect(Buffer.from(written).toString('hex')).toBe(CASE_30)
})

test('statistics of rows come back, and merge', async () => {
  const vector = (...pairs: [number, number][]) =>
    Buffer.concat(
      pairs.map(([token, count]) => {
        const bytes = Buffer.alloc(8)
        bytes.writeUInt32LE(token)
        bytes.writeFloatLE(count, 4)
        return bytes
      }),
    )
  const rows = [vector([7, 2], [4294967294, 1]), vector([7, 1])]
  const stats = new Bm25Stats()
  stats.append(sparseField(), vectorFromArray(rows, new Binary()).data[0]!)
  await writeBm25Log(chunks, 'rows', stats, FACTS)
  const merged = await readBm25Log(chunks, 'rows')
  merged.merge(await readBm25Log(chunks, 'rows'))
  expect([merged.numRow, merged.numToken]).toEqual([4, 8])
  expect(new Map(merged.rowsWithToken)).toEqual(
    new Map([
      [7, 4],
      [4294967294, 2],
    ]),
  )
})

test.each([
  ['half a pair', CASE_30.slice(0, -2), 'FileCorrupted'],
  ['half a head', '00000000', 'FileCorrupted'],
  ['another version', `01${CASE_30.slice(2)}`, 'NotSupported'],
])('%s is an error that names the file', async (_, hex, code) => {
  await chunks.write('broken', Buffer.from(hex, 'hex'))
  const error = await rejection(() => readBm25Log(chunks, 'broken'))
  expect([error.code, error.path]).toEqual([code, 'broken'])
})

test('nothing is written with ids that are none or for an aborted signal', async () => {
  const stats = new Bm25Stats()
  await rejection(() => writeBm25Log(chunks, 'none', stats, { ...FACTS, logId: -1 }))
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  await expect(writeBm25Log(chunks, 'none', stats, { ...FACTS, signal })).rejects.toBe(reason)
  expect(await chunks.exist('none')).toBe(false)
})
