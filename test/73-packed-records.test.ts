import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Field, type Int32, Int64, makeData, Schema, Utf8, vectorFromArray } from 'apache-arrow'
import { inspectFile, PackedReader } from '../lib/index.js'
import { PackedRecordReader, PackedRecordWriter } from '../lib/packed/index.js'
import { truePath } from '../lib/packed/packed-record-writer-options.js'
import {
  type ArrowRecord,
  convertToArrowSchema,
  FIELD_ID_KEY,
  SimpleArrowRecord,
} from '../lib/schema/index.js'
import {
  batchOver,
  RECORD_GROUPS,
  recordCollection,
  recordColumns,
  recordOf,
  recordTitle,
  valuesOf,
} from './support/records.js'
import { rejection } from './support/rejection.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const root = temporaryDirectory('packed-records')
let count = 0

/** Fresh paths for the groups of the sample. */
function freshPaths(groups: readonly { id: bigint }[] = RECORD_GROUPS): string[] {
  const directory = join(root, String(count++))
  return groups.map(({ id }) => join(directory, String(id)))
}

async function openWriter(paths: string[], more = {}): Promise<PackedRecordWriter> {
  const schema = recordCollection()
  return PackedRecordWriter.open({ schema, paths, columnGroups: RECORD_GROUPS, ...more })
}

async function readBack(paths: string[], more = {}): Promise<SimpleArrowRecord[]> {
  const schema = recordCollection()
  const reader = await PackedRecordReader.open({ schema, paths: [paths], ...more })
  const records: SimpleArrowRecord[] = []
  for await (const record of reader) records.push(record)
  await reader.close()
  return records
}

/** A writer of one column in one group. */
async function writeColumn(
  field: Field,
  ...records: ArrowRecord[]
): Promise<{ writer: PackedRecordWriter; path: string }> {
  const group = { id: 0n, fieldIds: [100n], columns: [0] }
  const [path] = freshPaths([group]) as [string]
  const schema = new Schema([field])
  const writer = await PackedRecordWriter.open({ schema, paths: [path], columnGroups: [group] })
  for (const record of records) await writer.write(record)
  await writer.close()
  return { writer, path }
}

const identified = (name: string, type: Int32 | Int64 | Utf8, id = 100, nullable = true) =>
  new Field(name, type, nullable, new Map([[FIELD_ID_KEY, String(id)]]))

describe('PackedRecordWriter', () => {
  test('writes chunks in order, keeps sizes, rows, nulls and times per group', async () => {
    const paths = freshPaths()
    const writer = await openWriter(paths)
    await writer.write(recordOf(0, 3))
    await writer.write(recordOf(3, 2))
    expect(writer.writtenCompressed.size).toBe(0)
    expect(filesBelow(root).filter((file) => paths.includes(file))).toEqual([])
    await writer.close()

    expect(writer.rowCount).toBe(5)
    expect([...writer.writtenPaths]).toEqual([
      [0n, paths[0]],
      [1n, paths[1]],
      [101n, paths[2]],
    ])
    for (const [index, { id }] of RECORD_GROUPS.entries()) {
      expect(writer.writtenCompressed.get(id)).toBe(statSync(paths[index]!).size)
      expect((await inspectFile(paths[index]!)).rows).toBe(5)
    }
    expect([...writer.nullCounts]).toEqual([
      [0n, 0],
      [1n, 0],
      [100n, 0],
      [102n, 1],
      [103n, 0],
      [101n, 0],
    ])
    expect(writer.timestampRange).toEqual({ from: 1000n, to: 1004n })
    const records = await readBack(paths)
    expect(valuesOf(records, 100n)).toEqual([0n, 2n, 4n, 6n, 8n])
    expect(valuesOf(records, 102n)).toEqual([0, 3, 6, 9, null])
    expect(valuesOf(records, 103n)).toEqual([0, 1, 2, 3, 4].map(recordTitle))
  })

  test('case 7: the time range is that of the Timestamp column', async () => {
    const columns = recordColumns(0, 3)
    columns.set(1n, vectorFromArray([30n, 10n, 20n], new Int64()).data[0]!)
    const schema = convertToArrowSchema(recordCollection())
    const writer = await openWriter(freshPaths())
    await writer.write(new SimpleArrowRecord(batchOver(schema, [...columns.values()])))
    await writer.close()
    expect(writer.timestampRange).toEqual({ from: 10n, to: 30n })
  })

  test('cases 15 and 16: decoded bytes count validity, offsets, and only the rows of a slice', async () => {
    const field = identified('v', new Int64())
    const schema = new Schema([field])
    const one = (data: ReturnType<typeof makeData>) =>
      new SimpleArrowRecord(batchOver(schema, [data]))
    const values = BigInt64Array.of(1n, 2n, 3n, 4n, 5n)
    const bare = makeData({ type: new Int64(), length: 5, nullCount: 0, data: values })
    const nullBitmap = Uint8Array.of(0b11111)
    const valid = makeData({ type: new Int64(), length: 5, nullCount: 0, data: values, nullBitmap })
    const written = async (data: ReturnType<typeof makeData>) =>
      (await writeColumn(field, one(data))).writer.getWrittenUncompressed()
    expect(await written(bare)).toBe(40)
    expect(await written(valid)).toBe(41)

    const many = vectorFromArray(
      Array.from({ length: 1000 }, (_, i) => BigInt(i)),
      new Int64(),
    )
    const { writer, path } = await writeColumn(field, one(many.data[0]!.slice(1, 2)))
    expect(writer.getWrittenUncompressed()).toBe(16)
    const reader = await PackedReader.open({ paths: [path] })
    expect(Array.from((await reader.readNext())!.getChildAt(0)!)).toEqual([1n, 2n])
    await reader.close()
  })

  test('case 17: the stored bytes differ from the decoded ones of compressible data', async () => {
    const texts = vectorFromArray(Array(5000).fill('the same text again'), new Utf8())
    const field = identified('v', new Utf8())
    const record = new SimpleArrowRecord(batchOver(new Schema([field]), [texts.data[0]!]))
    const { writer, path } = await writeColumn(field, record)
    const stored = writer.writtenCompressed.get(0n)
    expect(stored).toBe(statSync(path).size)
    expect(writer.writtenUncompressed.get(0n)).toBe(writer.getWrittenUncompressed())
    expect(stored!).toBeLessThan(writer.getWrittenUncompressed() / 10)
  })

  test('case 19: takes columns by field id, in any order and under any name', async () => {
    const columns = [...recordColumns(0, 4)].reverse()
    const whole = convertToArrowSchema(recordCollection())
    const fields = columns.map(([id]) => {
      const field = whole.fields.find(({ metadata }) => metadata.get(FIELD_ID_KEY) === String(id))!
      return new Field(`column ${id}`, field.type, field.nullable, field.metadata)
    })
    const batch = batchOver(
      new Schema(fields),
      columns.map(([, data]) => data),
    )
    const paths = freshPaths()
    const writer = await openWriter(paths)
    await writer.write(new SimpleArrowRecord(batch))
    await writer.close()
    const { schema, metadata } = await inspectFile(paths[1]!)
    expect(schema.fields.map(({ name }) => name)).toEqual(['count', 'title'])
    expect(schema.fields.map((field) => field.metadata.get(FIELD_ID_KEY))).toEqual(['102', '103'])
    expect(metadata.get('group_field_id_list')).toBe('0,1,100;102,103;101')
    expect(valuesOf(await readBack(paths), 103n)).toEqual([0, 1, 2, 3].map(recordTitle))
  })

  test.each<[string, (columns: ReturnType<typeof recordColumns>) => void, string]>([
    ['a missing column', (columns) => columns.delete(102n), 'InvalidSchema'],
    [
      'a column of another type',
      (columns) => columns.set(102n, vectorFromArray([1n, 2n, 3n], new Int64()).data[0]!),
      'TypeMismatch',
    ],
    [
      'a short column',
      (columns) => columns.set(102n, columns.get(102n)!.slice(0, 2)),
      'InvalidData',
    ],
  ])('cases 18 and 19: %s fails before anything is written', async (_, spoil, code) => {
    const columns = recordColumns(0, 3)
    spoil(columns)
    const schema = convertToArrowSchema(recordCollection())
    const record: ArrowRecord = {
      schema,
      numRows: 3,
      fieldIdToColumn: new Map([...columns.keys()].map((id, index) => [id, index])),
      column: (fieldId) => columns.get(fieldId),
      toBatch: () => {
        throw new Error('not asked for')
      },
    }
    const paths = freshPaths()
    const writer = await openWriter(paths)
    const error = await rejection(() => writer.write(record))
    expect(error).toMatchObject({ code, field: 'count' })
    expect(writer.getWrittenUncompressed()).toBe(0)
    expect(writer.rowCount).toBe(0)
    await writer.close()
    expect(paths.filter((path) => existsSync(path))).toEqual([])
  })

  test('case 20: as many paths as groups, or nothing is created', async () => {
    const paths = freshPaths()
    for (const given of [paths.slice(0, 2), [...paths, 'more']]) {
      const error = await rejection(() => openWriter(given))
      expect(error.code).toBe('InvalidArgument')
      expect(error.message).toMatch(/3 paths, one per column group, for paths/)
    }
    expect(filesBelow(root).filter((file) => file.startsWith(join(paths[0]!, '..')))).toEqual([])
  })

  test.each<[string, object, RegExp]>([
    ['no groups', { columnGroups: [] }, /non-empty array of groups/],
    ['an empty group', { columnGroups: [{ id: 0n, fieldIds: [] }] }, /columnGroups\[0\].fieldIds/],
    [
      'columns that are not those of the field ids',
      {
        columnGroups: [
          { id: 0n, fieldIds: [0n, 1n, 100n], columns: [0, 1, 5] },
          ...RECORD_GROUPS.slice(1),
        ],
      },
      /positions of its field ids \(0,1,2\) for columnGroups\[0\].columns/,
    ],
    [
      'a field in no group',
      { columnGroups: RECORD_GROUPS.slice(0, 2), paths: ['a', 'b'] },
      /"vector" in none/,
    ],
    ['an unknown option', { columnGroup: [] }, /Did you mean "columnGroups"/],
    ['the copy option of another class', { copy: true }, /known option/],
    ['encryption twice', { encryption: {}, pluginContext: {} }, /no encryption beside/],
  ])('refuses %s', async (_, more, message) => {
    const error = await rejection(() => openWriter(freshPaths(), more))
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toMatch(message)
  })

  test('refuses a group of another file format', async () => {
    const columnGroups = RECORD_GROUPS.map((group) => ({ ...group, format: 'vortex' }))
    const error = await rejection(() => openWriter(freshPaths(), { columnGroups }))
    expect(error.code).toBe('NotSupported')
  })

  test('close publishes once, and is the same promise for every caller', async () => {
    const paths = freshPaths()
    const writer = await openWriter(paths)
    await writer.write(recordOf(0, 10))
    const closing = writer.close()
    expect(writer.close()).toBe(closing)
    await closing
    await writer[Symbol.asyncDispose]()
    expect(paths.every((path) => existsSync(path))).toBe(true)
    expect((await rejection(() => writer.write(recordOf(0, 1)))).code).toBe('Closed')
  })

  test('calls that overlap run in the order of the calls, close last', async () => {
    const paths = freshPaths()
    const writer = await openWriter(paths)
    const writes = [recordOf(0, 300), recordOf(300, 0), recordOf(300, 300)].map((record) =>
      writer.write(record),
    )
    const closing = writer.close()
    const late = rejection(() => writer.write(recordOf(0, 1)))
    await Promise.all([...writes, closing])
    expect((await late).code).toBe('Closed')
    expect(writer.rowCount).toBe(600)
    const keys = Array.from({ length: 600 }, (_, row) => BigInt(row) * 2n)
    expect(valuesOf(await readBack(paths), 100n)).toEqual(keys)
  })

  test('a buffer that was transferred away fails the write', async () => {
    const record = recordOf(0, 3)
    const { buffer } = record.column(101n)!.values as Uint8Array<ArrayBuffer>
    structuredClone(buffer, { transfer: [buffer] })
    const paths = freshPaths()
    const writer = await openWriter(paths)
    expect((await rejection(() => writer.write(record))).code).toBe('Detached')
    await writer.close()
    expect(paths.filter((path) => existsSync(path))).toEqual([])
  })

  test('without a row every group is an empty file', async () => {
    const paths = freshPaths()
    const writer = await openWriter(paths)
    await writer.close()
    expect(writer.rowCount).toBe(0)
    expect(writer.timestampRange).toBeUndefined()
    expect(await readBack(paths)).toEqual([])
  })

  test('a failed write removes everything; close then has nothing to say', async () => {
    const paths = freshPaths()
    const writer = await openWriter(paths)
    await writer.write(recordOf(0, 100))
    const broken = recordColumns(0, 2)
    broken.delete(103n)
    const schema = new Schema(
      convertToArrowSchema(recordCollection()).fields.filter(({ name }) => name !== 'title'),
    )
    const record = new SimpleArrowRecord(batchOver(schema, [...broken.values()]))
    const failure = await rejection(() => writer.write(record))
    const later = await rejection(() => writer.write(recordOf(0, 1)))
    expect(later.code).toBe('Closed')
    expect(later.cause).toBe(failure)
    await writer.close()
    await writer.close()
    expect(filesBelow(root).filter((file) => paths.includes(file))).toEqual([])
  })

  test('a failure to publish is what close says, to every caller', async () => {
    const paths = freshPaths()
    const writer = await openWriter(paths)
    await writer.write(recordOf(0, 10))
    mkdirSync(join(paths[2]!, '..'), { recursive: true })
    writeFileSync(paths[2]!, 'in the way')
    expect((await rejection(() => writer.close())).code).toBe('AlreadyExists')
    expect((await rejection(() => writer.close())).code).toBe('AlreadyExists')
    expect(filesBelow(join(paths[0]!, '..'))).toEqual([paths[2]])
  })

  test('a block that is left by an exception publishes nothing', async () => {
    const paths = freshPaths()
    const leave = async () => {
      const writer = await openWriter(paths)
      try {
        await writer.write(recordOf(0, 10))
        throw new RangeError('left')
      } finally {
        await writer[Symbol.asyncDispose]()
      }
    }
    await expect(leave()).rejects.toThrow(new RangeError('left'))
    expect(paths.filter((path) => existsSync(path))).toEqual([])
  })

  test('an abort rejects the write with its reason and removes the files', async () => {
    const paths = freshPaths()
    const controller = new AbortController()
    const writer = await openWriter(paths, { signal: controller.signal })
    await writer.write(recordOf(0, 10))
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(writer.write(recordOf(10, 10))).rejects.toBe(reason)
    await writer.close()
    expect(paths.filter((path) => existsSync(path))).toEqual([])
  })

  test('writes encrypted files from a plugin context', async () => {
    const key = Buffer.alloc(16, 7)
    const pluginContext = { key, keyMetadata: 'edek', encryptionZone: 9, collectionId: 5 }
    const paths = freshPaths()
    const writer = await openWriter(paths, { pluginContext })
    await writer.write(recordOf(0, 10))
    await writer.close()
    const asked: string[] = []
    const keyRetriever = (metadata: Uint8Array) => {
      asked.push(Buffer.from(metadata).toString())
      return key
    }
    const records = await readBack(paths, { keyRetriever })
    expect(valuesOf(records, 100n)).toHaveLength(10)
    expect(asked).toEqual(['9_5_edek'])
    expect((await rejection(() => readBack(paths))).code).toBe('Encryption')
    const wrong = () => readBack(paths, { keyRetriever: () => Buffer.alloc(16, 8) })
    expect((await rejection(wrong)).code).toBe('Encryption')
  })

  test.each([
    [{}, 'files/insert_log/1', 'files/insert_log/1'],
    [{ storage: { storageType: 'local' }, bucketName: 'b' }, '/data/1', '/data/1'],
    [{ storage: { storageType: 'remote', bucketName: 'b' } }, 'files/1', 'b/files/1'],
    [
      { storage: { storageType: 'minio', bucketName: 'b' }, bucketName: 'c' },
      '/files/1',
      'c/files/1',
    ],
    [{ storage: { storageType: 'remote' } }, 'b/files/1', 'b/files/1'],
  ])('the true path under %j of %s is %s', (options, path, expected) => {
    expect(truePath(path, options)).toBe(expected)
  })
})
