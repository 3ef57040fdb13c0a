import { rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { Field, Int32, Int64, Schema } from 'apache-arrow'
import { inspectFile, PackedRecordReader, PackedRecordWriter } from '../lib/packed/index.js'
import {
  type CollectionSchema,
  convertToArrowSchema,
  createCollectionSchema,
  FIELD_ID_KEY,
  type SimpleArrowRecord,
  withSystemFields,
} from '../lib/schema/index.js'
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

const root = temporaryDirectory('record-chunks')
let count = 0

/** Chunks of consecutive rows of the sample; paths by chunk and group. */
async function writeChunks(...rows: number[]): Promise<string[][]> {
  const schema = recordCollection()
  const chunks: string[][] = []
  let start = 0
  for (const chunkRows of rows) {
    const directory = join(root, String(count++))
    const paths = RECORD_GROUPS.map(({ id }) => join(directory, String(id)))
    const writer = await PackedRecordWriter.open({ schema, paths, columnGroups: RECORD_GROUPS })
    await writer.write(recordOf(start, chunkRows))
    await writer.close()
    start += chunkRows
    chunks.push(paths)
  }
  return chunks
}

async function readAll(reader: PackedRecordReader): Promise<SimpleArrowRecord[]> {
  const records: SimpleArrowRecord[] = []
  for await (const record of reader) records.push(record)
  await reader.close()
  return records
}

const numbers = (rows: number) => Array.from({ length: rows }, (_, row) => row)
const keys = (rows: number) => numbers(rows).map((row) => BigInt(row) * 2n)

/** The sample after `extra` and `price` were added and `count` was dropped. */
function evolved(): CollectionSchema {
  return withSystemFields(
    createCollectionSchema({
      name: 'records',
      fields: [
        { fieldId: 100, name: 'id', dataType: 'Int64', isPrimaryKey: true },
        { fieldId: 101, name: 'vector', dataType: 'FloatVector', dim: 4 },
        { fieldId: 103, name: 'title', dataType: 'VarChar', typeParams: { max_length: 100 } },
        { fieldId: 104, name: 'extra', dataType: 'VarChar', maxLength: 9, nullable: true },
        { fieldId: 105, name: 'price', dataType: 'Int32', nullable: true, defaultValue: 7 },
        { fieldId: 106, name: 'tags', dataType: 'JSON', nullable: true, defaultValue: '{"a":1}' },
      ],
    }),
  )
}

describe('PackedRecordReader', () => {
  test('case 45: two chunks of three groups give rows in chunk order, then null again and again', async () => {
    const paths = await writeChunks(7, 5)
    const reader = await PackedRecordReader.open({ schema: recordCollection(), paths })
    const records: SimpleArrowRecord[] = []
    for (let record = await reader.next(); record !== null; record = await reader.next()) {
      records.push(record)
    }
    expect(await reader.next()).toBeNull()
    expect(await reader.next()).toBeNull()
    expect(records.map(({ numRows }) => numRows)).toEqual([7, 5])
    expect(valuesOf(records, 100n)).toEqual(keys(12))
    expect(valuesOf(records, 102n)).toEqual(numbers(12).map(recordCount))
    expect(valuesOf(records, 103n)).toEqual(numbers(12).map(recordTitle))
    const closing = reader.close()
    expect(reader.close()).toBe(closing)
    await closing
    expect((await rejection(() => reader.next())).code).toBe('Closed')
    expect(valuesOf(records, 100n)).toEqual(keys(12))
  })

  test('without chunks it is at its end', async () => {
    const reader = await PackedRecordReader.open({ schema: recordCollection(), paths: [] })
    expect(await reader.next()).toBeNull()
    expect(reader.schema.fields.map(({ name }) => name)).toContain('vector')
    await reader.close()
  })

  test('case 46: added fields are their default or null, dropped ones are ignored', async () => {
    const paths = await writeChunks(3, 2)
    const records = await readAll(await PackedRecordReader.open({ schema: evolved(), paths }))
    expect(valuesOf(records, 103n)).toEqual(numbers(5).map(recordTitle))
    expect(valuesOf(records, 104n)).toEqual([null, null, null, null, null])
    expect(valuesOf(records, 105n)).toEqual([7, 7, 7, 7, 7])
    const json = Buffer.from('{"a":1}').toString('hex')
    expect(valuesOf(records, 106n)).toEqual(Array(5).fill(json))
    expect(records[0]!.column(102n)).toBeUndefined()
  })

  test('defaults of the caller go before those of the collection', async () => {
    const paths = await writeChunks(2)
    const options = { schema: evolved(), paths, defaults: { extra: 'x' } }
    const records = await readAll(await PackedRecordReader.open(options))
    expect(valuesOf(records, 104n)).toEqual(['x', 'x'])
    expect(valuesOf(records, 105n)).toEqual([null, null])
  })

  test('case 47: columns by name or id, in the order asked for, over every path', async () => {
    const paths = await writeChunks(4)
    const options = { schema: recordCollection(), paths, columns: [101n, 'title', 100] }
    const reader = await PackedRecordReader.open(options)
    expect(reader.schema.fields.map(({ name }) => name)).toEqual(['vector', 'title', 'id'])
    const records = await readAll(reader)
    const floats = (row: number) =>
      Buffer.from(Float32Array.of(0, 1, 2, 3).map((i) => row * 4 + i).buffer)
    expect(valuesOf(records, 101n)).toEqual(numbers(4).map((row) => floats(row).toString('hex')))
    expect(valuesOf(records, 103n)).toEqual(numbers(4).map(recordTitle))
    expect(valuesOf(records, 100n)).toEqual(keys(4))
  })

  test('an Arrow schema of field ids reads under its own names', async () => {
    const paths = await writeChunks(3)
    const schema = new Schema([
      new Field('anything', new Int64(), false, new Map([[FIELD_ID_KEY, '100']])),
    ])
    const records = await readAll(await PackedRecordReader.open({ schema, paths }))
    expect(records[0]!.schema.fields.map(({ name }) => name)).toEqual(['anything'])
    expect(valuesOf(records, 100n)).toEqual(keys(3))
  })

  test('case 25: columns under their names, or under their ids, are found by field id', async () => {
    const schema = convertToArrowSchema(recordCollection(), true)
    const directory = join(root, String(count++))
    const paths = RECORD_GROUPS.map(({ id }) => join(directory, String(id)))
    const writer = await PackedRecordWriter.open({ schema, paths, columnGroups: RECORD_GROUPS })
    await writer.write(recordOf(0, 3))
    await writer.close()
    const files = await Promise.all(paths.map((path) => inspectFile(path)))
    expect(files.map((file) => file.schema.fields.map(({ name }) => name))).toEqual([
      ['0', '1', '100'],
      ['102', '103'],
      ['101'],
    ])
    const chunks = [paths, ...(await writeChunks(2))]
    const options = { schema: recordCollection(), paths: chunks, columns: ['title'] }
    const records = await readAll(await PackedRecordReader.open(options))
    expect(valuesOf(records, 103n)).toEqual([0, 1, 2, 0, 1].map(recordTitle))
  })

  test('case 26: every file has the same list of groups', async () => {
    const columnGroups = [
      { id: 0n, fieldIds: [0n, 1n, 100n, 102n, 103n], columns: [] },
      { id: 101n, fieldIds: [101n], columns: [3] },
    ]
    const paths = columnGroups.map(({ id }) => join(root, `case-26-${id}`))
    const schema = recordCollection()
    const writer = await PackedRecordWriter.open({ schema, paths, columnGroups })
    await writer.write(recordOf(0, 3))
    await writer.close()
    for (const path of paths) {
      const { metadata } = await inspectFile(path)
      expect(metadata.get('group_field_id_list')).toBe('0,1,100,102,103;101')
      expect(metadata.get('storage_version')).toBe('1.0.0')
    }
  })

  test('a chunk that is missing fails when its turn comes, naming the path, and never ends', async () => {
    const paths = await writeChunks(3, 3)
    rmSync(paths[1]![2]!)
    const reader = await PackedRecordReader.open({ schema: recordCollection(), paths })
    expect((await reader.next())?.numRows).toBe(3)
    const error = await rejection(() => reader.next())
    expect(error).toMatchObject({ code: 'NotFound', path: paths[1]![2] })
    expect(await rejection(() => reader.next())).toBe(error)
    await reader.close()
  })

  test('a truncated chunk is an error, not an end', async () => {
    const paths = await writeChunks(3, 3)
    truncateSync(paths[1]![1]!, 100)
    const reader = await PackedRecordReader.open({ schema: recordCollection(), paths })
    await reader.next()
    const error = await rejection(() => reader.next())
    expect(error).toMatchObject({ code: 'FileCorrupted', path: paths[1]![1] })
    await reader.close()
  })

  test('a type that a chunk does not have names field and chunk', async () => {
    const paths = await writeChunks(3)
    const fields = convertToArrowSchema(recordCollection()).fields.map((field) =>
      field.name === 'title' ? new Field('title', new Int32(), false, field.metadata) : field,
    )
    const error = await rejection(() =>
      PackedRecordReader.open({ schema: new Schema(fields), paths }),
    )
    expect(error.code).toBe('TypeMismatch')
    expect(error.field).toBe('title')
    expect(paths[0]).toContain(error.path)
  })

  test.each<[string, object, RegExp]>([
    [
      'chunks of unequal width',
      { paths: [['a', 'b'], ['c']] },
      /2 paths as in the first chunk for paths\[1\]/,
    ],
    ['an empty chunk', { paths: [[]] }, /non-empty array of paths for paths\[0\]/],
    ['a flat list', { paths: ['a', 'b'] }, /paths\[0\]/],
    ['an unknown column', { columns: ['titel'] }, /columns\[0\] but received "titel"/],
    [
      'an unknown default',
      { defaults: { nobody: 1 } },
      /names of fields of the schema for defaults/,
    ],
    ['a misspelled option', { column: [] }, /Did you mean "columns"/],
  ])('refuses %s', async (_, more, message) => {
    const options = { schema: recordCollection(), paths: [], ...more }
    const error = await rejection(() => PackedRecordReader.open(options))
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toMatch(message)
  })

  test('an abort between two chunks rejects with its reason', async () => {
    const paths = await writeChunks(3, 3)
    const controller = new AbortController()
    const { signal } = controller
    const reader = await PackedRecordReader.open({ schema: recordCollection(), paths, signal })
    await reader.next()
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(reader.next()).rejects.toBe(reason)
    await reader.close()
  })

  test('calls that overlap give the records in order, then null, then Closed', async () => {
    const paths = await writeChunks(3, 2)
    const reader = await PackedRecordReader.open({ schema: recordCollection(), paths })
    const calls = [reader.next(), reader.next(), reader.next()]
    const closing = reader.close()
    const late = rejection(() => reader.next())
    const records = await Promise.all(calls)
    expect(records.map((record) => record?.numRows ?? null)).toEqual([3, 2, null])
    await closing
    expect((await late).code).toBe('Closed')
  })

  test('leaving a loop closes the reader', async () => {
    const paths = await writeChunks(3, 3)
    const reader = await PackedRecordReader.open({ schema: recordCollection(), paths })
    for await (const record of reader) {
      expect(record.numRows).toBe(3)
      break
    }
    expect((await rejection(() => reader.next())).code).toBe('Closed')
  })
})
