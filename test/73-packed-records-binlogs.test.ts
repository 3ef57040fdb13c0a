import { join } from 'node:path'
import {
  type BinlogRecordReaderOptions,
  type FieldBinlog,
  openBinlogRecordReader,
  V1RecordWriter,
} from '../lib/binlog/index.js'
import { PackedRecordWriter, VisibilityFilter } from '../lib/packed/index.js'
import {
  type ArrowRecord,
  type CollectionSchema,
  createCollectionSchema,
  withSystemFields,
} from '../lib/schema/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import {
  RECORD_GROUPS,
  recordCollection,
  recordCount,
  recordOf,
  recordTitle,
  valuesOf,
} from './support/records.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const root = temporaryDirectory('binlog-records')
const storage = { rootPath: root }
const location = { root: 'files', collectionId: 1, partitionId: 2, segmentId: 3 }
let nextLog = 10

/** Chunks of consecutive rows of the sample as the logs of a segment. */
async function writeLogs(...rows: number[]): Promise<FieldBinlog[]> {
  const schema = recordCollection()
  const logs = RECORD_GROUPS.map(({ id, fieldIds }) => {
    const binlogs: FieldBinlog['binlogs'][number][] = []
    return { fieldId: id, binlogs, childFields: fieldIds, format: '' }
  })
  let start = 0
  for (const entriesNum of rows) {
    const ids = RECORD_GROUPS.map(() => BigInt(nextLog++))
    const keys = RECORD_GROUPS.map(({ id }, index) => `files/insert_log/1/2/3/${id}/${ids[index]}`)
    const paths = keys.map((key) => join(root, key))
    const writer = await PackedRecordWriter.open({ schema, paths, columnGroups: RECORD_GROUPS })
    await writer.write(recordOf(start, entriesNum))
    await writer.close()
    for (const [index, { id }] of RECORD_GROUPS.entries()) {
      logs[index]!.binlogs.push({
        entriesNum,
        timestampFrom: writer.timestampRange!.from,
        timestampTo: writer.timestampRange!.to,
        logPath: keys[index]!,
        logSize: writer.writtenCompressed.get(id)!,
        logId: ids[index]!,
        memorySize: writer.writtenUncompressed.get(id)!,
        fieldNullCounts: new Map(),
      })
    }
    start += entriesNum
  }
  return logs
}

async function readAll(
  logs: readonly FieldBinlog[],
  schema: CollectionSchema,
  options: BinlogRecordReaderOptions = { storage },
): Promise<ArrowRecord[]> {
  const reader = await openBinlogRecordReader(logs, schema, options)
  const records: ArrowRecord[] = []
  for (let record = await reader.next(); record !== null; record = await reader.next()) {
    records.push(record)
  }
  await reader.close()
  return records
}

const numbers = (rows: number) => Array.from({ length: rows }, (_, row) => row)
const keys = (rows: number) => numbers(rows).map((row) => BigInt(row) * 2n)

function collectionOf(...fields: object[]): CollectionSchema {
  const key = { fieldId: 100, name: 'id', dataType: 'Int64' as const, isPrimaryKey: true }
  return withSystemFields(
    createCollectionSchema({ name: 'records', fields: [key, ...(fields as (typeof key)[])] }),
  )
}

describe('openBinlogRecordReader over StorageV2', () => {
  test('case 45: chunk by chunk, groups in any order and left as they were', async () => {
    const logs = (await writeLogs(4, 3)).reverse()
    const order = logs.map(({ fieldId }) => fieldId)
    const records = await readAll(logs, recordCollection())
    expect(records.map(({ numRows }) => numRows)).toEqual([4, 3])
    expect(valuesOf(records, 100n)).toEqual(keys(7))
    expect(valuesOf(records, 102n)).toEqual(numbers(7).map(recordCount))
    expect(logs.map(({ fieldId }) => fieldId)).toEqual(order)
  })

  test('case 45: no logs at all are a reader at its end', async () => {
    expect(await readAll([], recordCollection())).toEqual([])
    const empty = (await writeLogs()).map((group) => ({ ...group }))
    expect(await readAll(empty, recordCollection())).toEqual([])
  })

  test('case 45: unequal numbers of logs name every group and its count', async () => {
    const logs = await writeLogs(2, 2)
    const ragged = logs.map((group) =>
      group.fieldId === 101n ? { ...group, binlogs: group.binlogs.slice(1) } : group,
    )
    const error = await rejection(() => readAll(ragged, recordCollection()))
    expect(error.code).toBe('MetadataCorrupted')
    expect(error.message).toContain('group 0: 2, group 1: 2, group 101: 1')
  })

  test('unequal rows in a chunk name every group and its rows', async () => {
    const logs = await writeLogs(2, 2)
    const [first, ...rest] = logs
    const binlogs = [first!.binlogs[0]!, { ...first!.binlogs[1]!, entriesNum: 9 }]
    const error = await rejection(() =>
      readAll([{ ...first!, binlogs }, ...rest], recordCollection()),
    )
    expect(error.code).toBe('MetadataCorrupted')
    expect(error.message).toContain('in chunk 1 but received group 0: 9, group 1: 2, group 101: 2')
  })

  test('a group that is listed twice is an error', async () => {
    const logs = await writeLogs(2)
    const error = await rejection(() => readAll([...logs, logs[0]!], recordCollection()))
    expect(error.message).toContain('group 0 twice')
  })

  test('case 46: a field in no group is its default or null, an unknown child field is ignored', async () => {
    const logs = await writeLogs(3)
    const schema = collectionOf(
      { fieldId: 103, name: 'title', dataType: 'VarChar', maxLength: 100 },
      { fieldId: 110, name: 'added', dataType: 'Int64', nullable: true },
      { fieldId: 111, name: 'rated', dataType: 'Float', nullable: true, defaultValue: 0.5 },
    )
    const records = await readAll(logs, schema)
    expect(valuesOf(records, 103n)).toEqual(numbers(3).map(recordTitle))
    expect(valuesOf(records, 110n)).toEqual([null, null, null])
    expect(valuesOf(records, 111n)).toEqual([0.5, 0.5, 0.5])
    expect(records[0]!.fieldIdToColumn.has(102n)).toBe(false)
  })

  test('only fields that no group has: the rows are still counted', async () => {
    const logs = await writeLogs(3, 2)
    const schema = collectionOf({ fieldId: 110, name: 'added', dataType: 'Int32', nullable: true })
    const records = await readAll(logs, schema, { storage, columns: ['added'] })
    expect(valuesOf(records, 110n)).toEqual([null, null, null, null, null])
  })

  test('case 47: the vector alone, whatever else the list holds', async () => {
    const logs = await writeLogs(3)
    const vectors = await readAll(logs, recordCollection(), { storage, columns: ['vector'] })
    const row = (index: number) => Float32Array.of(0, 1, 2, 3).map((value) => value + 4 * index)
    expect(valuesOf(vectors, 101n)).toEqual(
      numbers(3).map((index) => Buffer.from(row(index).buffer).toString('hex')),
    )
    expect(vectors[0]!.fieldIdToColumn.size).toBe(1)
  })

  test('case 47: files of groups that nobody asked for are not opened', async () => {
    const logs = await writeLogs(3)
    const gone = logs.map((group) =>
      group.fieldId === 1n
        ? { ...group, binlogs: group.binlogs.map((log) => ({ ...log, logPath: 'files/gone' })) }
        : group,
    )
    const columns = [101n, 100n]
    expect(valuesOf(await readAll(gone, recordCollection(), { storage, columns }), 100n)).toEqual(
      keys(3),
    )
    const error = await rejection(() => readAll(gone, recordCollection()))
    expect(error.code).toBe('NotFound')
  })

  test('logs without child fields, as an import builds them, are told apart by their files', async () => {
    const logs = (await writeLogs(3, 1)).map((group) => ({ ...group, childFields: [] }))
    const chunkManager = new LocalChunkManager({ rootPath: root })
    const records = await readAll(logs, recordCollection(), { chunkManager })
    expect(valuesOf(records, 103n)).toEqual(numbers(4).map(recordTitle))
    const unknown = logs.map((group) => ({
      ...group,
      binlogs: group.binlogs.map((log) => ({ ...log, entriesNum: 0 })),
    }))
    expect(valuesOf(await readAll(unknown, recordCollection()), 100n)).toEqual(keys(4))
  })

  test('logs that have an id and no path are found by the location of the segment', async () => {
    const logs = (await writeLogs(3)).map((group) => ({
      ...group,
      binlogs: group.binlogs.map((log) => ({ ...log, logPath: '' })),
    }))
    const records = await readAll(logs, recordCollection(), { storage, location })
    expect(valuesOf(records, 100n)).toEqual(keys(3))
    const error = await rejection(() => readAll(logs, recordCollection()))
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toMatch(/logPath or a location/)
  })

  test('a struct array is there wholly or not at all', async () => {
    const element = {
      dataType: 'Array' as const,
      elementType: 'Int32' as const,
      typeParams: { max_capacity: 9 },
    }
    const schema = withSystemFields(
      createCollectionSchema({
        name: 'records',
        fields: [{ fieldId: 100, name: 'id', dataType: 'Int64', isPrimaryKey: true }],
        structArrayFields: [
          {
            fieldId: 120,
            name: 'parts',
            nullable: true,
            fields: [
              { fieldId: 121, name: 'a', nullable: true, ...element },
              { fieldId: 122, name: 'b', nullable: true, ...element },
            ],
          },
        ],
      }),
    )
    const logs = await writeLogs(2)
    expect(valuesOf(await readAll(logs, schema), 121n)).toEqual([null, null])
    const half = logs.map((group) =>
      group.fieldId === 1n ? { ...group, childFields: [...group.childFields, 121n] } : group,
    )
    const error = await rejection(() => readAll(half, schema))
    expect(error).toMatchObject({ code: 'MetadataCorrupted', field: 'parts' })
    expect(error.message).toContain('"b" is absent')
  })

  test('refuses other storage versions, misspelled options and what is no list', async () => {
    const logs = await writeLogs(1)
    const open = (options: object) => openBinlogRecordReader(logs, recordCollection(), options)
    expect((await rejection(() => open({ storageVersion: 3 }))).code).toBe('NotSupported')
    expect((await rejection(() => open({ storageVersion: -1 }))).code).toBe('InvalidArgument')
    const misspelled = await rejection(() => open({ column: ['id'] }))
    expect(misspelled.message).toMatch(/Did you mean "columns"/)
    const none = null as unknown as FieldBinlog[]
    expect((await rejection(() => openBinlogRecordReader(none, recordCollection()))).code).toBe(
      'InvalidArgument',
    )
  })
})

describe('openBinlogRecordReader', () => {
  test('rows that are not visible are left out, their columns need not be asked for', async () => {
    const logs = await writeLogs(5, 5)
    const filter = new VisibilityFilter(1007n)
    await filter.addDeletes(BigInt64Array.of(2n, 8n), BigInt64Array.of(1006n, 1002n))
    const visibility = filter.native(100n, 1n)
    const records = await readAll(logs, recordCollection(), {
      storage,
      visibility,
      columns: ['title'],
    })
    // Row 1 was deleted after it was written, row 4 before; rows 8 and 9 are too young.
    expect(valuesOf(records, 103n)).toEqual([0, 2, 3, 4, 5, 6, 7].map(recordTitle))
    expect(records[0]!.fieldIdToColumn.size).toBe(1)
  })

  test('logs of StorageV1 are known by their first bytes and give the same records', async () => {
    const schema = recordCollection()
    const chunkManager = new LocalChunkManager({ rootPath: root })
    const writer = await V1RecordWriter.open({
      schema,
      chunkManager,
      location: { ...location, segmentId: 4 },
      logIds: () => nextLog++,
    })
    await writer.write(recordOf(0, 6))
    await writer.close()
    const logs = writer.fieldBinlogs
    const packed = await readAll(await writeLogs(6), schema)
    for (const options of [{ chunkManager }, { storage }, { chunkManager, storageVersion: 0 }]) {
      const records = await readAll(logs, schema, options)
      for (const { fieldId } of schema.fields) {
        expect(valuesOf(records, fieldId)).toEqual(valuesOf(packed, fieldId))
      }
    }
    const [record] = await readAll(logs, schema, { chunkManager, columns: [102n] })
    expect([...record!.fieldIdToColumn.keys()]).toEqual([102n])
    const wrong = await rejection(() => readAll(logs, schema, { chunkManager, storageVersion: 2 }))
    expect(wrong.code).toBe('MetadataCorrupted')
  })
})
