/** What the footers of a segment's files say: names, field ids and keys (cases 25 and 26). */
import { join } from 'node:path'
import { hybridTimestamp } from '../lib/binlog/index.js'
import { inspectFile, PackedRecordReader, PackedRecordWriter } from '../lib/packed/index.js'
import { convertToArrowSchema, createCollectionSchema, FIELD_ID_KEY } from '../lib/schema/index.js'
import {
  RECORD_GROUPS,
  recordCollection,
  recordCount,
  recordOf,
  recordTitle,
  valuesOf,
} from './support/records.js'
import { chunk, segmentIn } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const root = temporaryDirectory('cases-files')

describe('case 25: names of columns', () => {
  const written = async (useFieldId: boolean): Promise<string[]> => {
    const paths = RECORD_GROUPS.map(({ id }) => join(root, String(useFieldId), String(id)))
    const schema = convertToArrowSchema(recordCollection(), useFieldId)
    const writer = await PackedRecordWriter.open({ schema, paths, columnGroups: RECORD_GROUPS })
    await writer.write(recordOf(0, 10))
    await writer.close()
    return paths
  }

  test.each([
    [false, ['RowID', 'Timestamp', 'id', 'count', 'title', 'vector']],
    [true, ['0', '1', '100', '102', '103', '101']],
  ])('by field id: %s; the reader goes by the field id in the file', async (useFieldId, names) => {
    const paths = await written(useFieldId)
    const files = await Promise.all(paths.map((path) => inspectFile(path)))
    const fields = files.flatMap(({ schema }) => schema.fields)
    expect(fields.map(({ name }) => name)).toEqual(names)
    expect(fields.map(({ metadata }) => metadata.get(FIELD_ID_KEY))).toEqual([
      ...['0', '1', '100', '102', '103', '101'],
    ])

    const reader = await PackedRecordReader.open({ schema: recordCollection(), paths: [paths] })
    const record = (await reader.next())!
    await reader.close()
    const rows = Array.from({ length: 10 }, (_, row) => row)
    expect(valuesOf([record], 100n)).toEqual(rows.map((row) => BigInt(row) * 2n))
    expect(valuesOf([record], 102n)).toEqual(rows.map(recordCount))
    expect(valuesOf([record], 103n)).toEqual(rows.map(recordTitle))
  })
})

test('case 26: every file of a segment has the keys of the whole', async () => {
  const schema = createCollectionSchema({
    name: 'points',
    fields: [
      { name: 'id', dataType: 'Int64', isPrimaryKey: true },
      { name: 'v', dataType: 'FloatVector', dim: 4 },
    ],
  })
  const rows = [1, 2, 3].map((id) => ({ RowID: id, Timestamp: 10 + id, id, v: [id, 0, 0, 1] }))
  const directory = join(root, 'keys')
  const { info } = await segmentIn(directory, [chunk(schema, rows)], { schema })
  expect(info.binlogs.map(({ fieldId, childFields }) => [fieldId, childFields])).toEqual([
    [0n, [0n, 1n, 100n]],
    [101n, [101n]],
  ])
  for (const { binlogs } of info.binlogs) {
    const { metadata } = await inspectFile(join(directory, binlogs[0]!.logPath))
    expect(metadata.get('group_field_id_list')).toBe('0,1,100;101')
    expect(metadata.get('storage_version')).toBe('1.0.0')
    // One row group of 3 rows from row 0, whatever its bytes.
    expect(metadata.get('row_group_metadata')).toMatch(/^[1-9]\d*\|3\|0$/)
  }
})

test('a hybrid timestamp is milliseconds in all but its lowest 18 bits', () => {
  expect(hybridTimestamp(0)).toBe(0n)
  expect(hybridTimestamp(1)).toBe(262144n)
  expect(hybridTimestamp(1_700_000_000_000)).toBe(445644800000000000n)
})
