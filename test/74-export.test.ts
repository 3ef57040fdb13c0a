import { readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  Binary,
  type Data,
  FixedSizeBinary,
  Int32,
  Int64,
  type List,
  makeData,
  Vector,
  vectorFromArray,
} from 'apache-arrow'
import type { FieldBinlog } from '../lib/binlog/index.js'
import { PackedReader } from '../lib/index.js'
import {
  type CollectionSchema,
  convertToArrowSchema,
  createCollectionSchema,
  DataType,
  encodeScalarField,
  type FieldSchema,
  SimpleArrowRecord,
} from '../lib/schema/index.js'
import { bulkColumn } from '../lib/segment/export-columns.js'
import { wktOf } from '../lib/segment/export-geometry.js'
import { exportForMilvusImport } from '../lib/segment/export-milvus-import.js'
import type { MilvusImportRequest } from '../lib/segment/export-request.js'
import { locateSegment } from '../lib/segment/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { batchOver, recordCollection, recordCount, recordOf } from './support/records.js'
import { rejection } from './support/rejection.js'
import { BOOKS, columnOf, deletes, segmentIn, twoChunks } from './support/segments.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const root = temporaryDirectory('export')
let count = 0
const numbers = (rows: number) => Array.from({ length: rows }, (_, row) => row)

/** Logs that hold their own key as text. */
async function placeLogs(
  directory: string,
  groups: ReadonlyMap<bigint, readonly string[]>,
): Promise<FieldBinlog[]> {
  const logs: FieldBinlog[] = []
  for (const [fieldId, keys] of groups) {
    for (const key of keys) {
      await mkdir(dirname(join(directory, key)), { recursive: true })
      writeFileSync(join(directory, key), key)
    }
    const binlogs = keys.map((logPath) => ({
      entriesNum: 1,
      timestampFrom: 1n,
      timestampTo: 2n,
      logPath,
      logSize: logPath.length,
      logId: 0n,
      memorySize: 0,
      fieldNullCounts: new Map<bigint, number>(),
    }))
    logs.push({ fieldId, binlogs, childFields: [], format: '' })
  }
  return logs
}

const ids = { collectionId: 1n, partitionId: 2n, segmentId: 3n }

async function backup(
  groups: [bigint, string[]][],
  deletes: string[] = [],
  more: object = {},
): Promise<{ request: MilvusImportRequest; copied: Record<string, string> }> {
  const directory = join(root, String(count++))
  const target = join(root, String(count++))
  await mkdir(target)
  const binlogs = await placeLogs(directory, new Map(groups))
  const deltalogs = await placeLogs(directory, new Map([[100n, deletes]]))
  const request = await exportForMilvusImport({
    form: 'backup',
    collectionName: 'things',
    segments: [{ ...ids, storageVersion: 2, binlogs, deltalogs }],
    source: new LocalChunkManager({ rootPath: directory }),
    target: new LocalChunkManager({ rootPath: target }),
    prefix: 'export/a',
    ...more,
  })
  const copied = filesBelow(target).map((file): [string, string] => [
    file.slice(target.length + 1),
    readFileSync(file, 'utf8'),
  ])
  return { request, copied: Object.fromEntries(copied.sort()) }
}

describe('export in the form of a backup', () => {
  test('copies logs into the folders of one partition, and names them in the request', async () => {
    const { request, copied } = await backup(
      [
        [0n, ['files/insert_log/1/2/3/0/11', 'files/insert_log/1/2/3/0/21']],
        [101n, ['files/insert_log/1/2/3/101/12', 'files/insert_log/1/2/3/101/22']],
      ],
      ['files/delta_log/1/2/3/31', 'files/delta_log/1/-1/9/32'],
      { endTimestamp: 99n, startTimestamp: 5, skipDiskQuotaCheck: true, timeout: '300s' },
    )
    expect(copied).toEqual({
      'export/a/delta_log/1/2/3/31': 'files/delta_log/1/2/3/31',
      'export/a/delta_log/1/2/3/32': 'files/delta_log/1/-1/9/32',
      'export/a/insert_log/1/2/3/0/11': 'files/insert_log/1/2/3/0/11',
      'export/a/insert_log/1/2/3/0/21': 'files/insert_log/1/2/3/0/21',
      'export/a/insert_log/1/2/3/101/12': 'files/insert_log/1/2/3/101/12',
      'export/a/insert_log/1/2/3/101/22': 'files/insert_log/1/2/3/101/22',
    })
    expect(request).toEqual({
      collectionName: 'things',
      partitionName: '',
      files: [['export/a/insert_log/1/2/', 'export/a/delta_log/1/2/']],
      options: {
        backup: 'true',
        storage_version: '2',
        start_ts: '5',
        end_ts: '99',
        skip_disk_quota_check: 'true',
        timeout: '300s',
      },
    })
  })

  test('without deletes there is one folder; StorageV1 is not said', async () => {
    const segments = [{ ...ids, storageVersion: 0, binlogs: [] as FieldBinlog[] }]
    const { request } = await backup([], [], { segments, partitionName: 'p', dbName: 'db' })
    expect(request).toEqual({
      dbName: 'db',
      collectionName: 'things',
      partitionName: 'p',
      files: [['export/a/insert_log/1/2/']],
      options: { backup: 'true' },
    })
  })

  test('logs whose names do not sort as text in chunk order are renamed', async () => {
    const { copied } = await backup([
      [0n, ['s/9', 's/10', 's/11']],
      [101n, ['t/19', 't/20', 't/21']],
    ])
    const inserts = Object.entries(copied).map(([key, text]) => [key.slice(26), text])
    expect(inserts).toEqual([
      ['0/10', 's/9'],
      ['0/11', 's/10'],
      ['0/12', 's/11'],
      ['101/19', 't/19'],
      ['101/20', 't/20'],
      ['101/21', 't/21'],
    ])
  })

  test('refuses segments of two storage versions, and groups of unequal length', async () => {
    const empty = { ...ids, binlogs: [] as FieldBinlog[] }
    const segments = [
      { ...empty, storageVersion: 0 },
      { ...empty, storageVersion: 2 },
    ]
    const mixed = await rejection(() => backup([], [], { segments }))
    expect(mixed.message).toMatch(/received 0 and 2/)
    const ragged = await rejection(() =>
      backup([
        [0n, ['a/1', 'a/2']],
        [101n, ['b/1']],
      ]),
    )
    expect(ragged.code).toBe('MetadataCorrupted')
    const form = await rejection(() => backup([], [], { form: 'bak' }))
    expect(form.message).toMatch(/'backup' \| 'bulk' for form/)
  })
})

test.each([0, 2] as const)(
  'a segment of version %d that was exported with its deletes reads as before',
  async (storageVersion) => {
    const directory = join(root, String(count++))
    const { chunkManager, info } = await segmentIn(directory, twoChunks(), {
      storageVersion,
      deletes: deletes([1n, 60]),
      sidecar: false,
    })
    const target = new LocalChunkManager({ rootPath: join(root, String(count++)) })
    const request = await exportForMilvusImport({
      form: 'backup',
      collectionName: 'books',
      segments: [info],
      source: chunkManager,
      target,
      prefix: 'export',
    })
    expect(request.files).toEqual([['export/insert_log/1/2/', 'export/delta_log/1/2/']])
    const exported = await locateSegment({ chunkManager: target, root: 'export', segmentId: 3 })
    const rows = async ({ binlogs, deltalogs }: typeof info, chunks: LocalChunkManager) =>
      columnOf('id', { schema: BOOKS, binlogs, deltalogs, chunkManager: chunks })
    const before = await rows(info, chunkManager)
    expect(before).toHaveLength(4)
    expect(await rows(exported, target)).toEqual(before)
  },
)

function collection(...fields: object[]): CollectionSchema {
  type Init = Parameters<typeof createCollectionSchema>[0]
  const key = { fieldId: 100, name: 'id', dataType: 'Int64', isPrimaryKey: true }
  return createCollectionSchema({ name: 'things', fields: [key, ...fields] } as Init)
}

/** The field beside the key, and a column of it in the form of the bulk writer. */
function bulk(init: object, data: Data): unknown[] {
  const field = collection({ fieldId: 101, name: 'v', ...init }).fields[1] as FieldSchema
  return Array.from(new Vector([bulkColumn(field, data)]), plain)
}

function plain(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  return Array.from(value as Iterable<unknown>, plain)
}

function bytesColumn(...values: (Uint8Array | null)[]): Data {
  return vectorFromArray(values, new Binary()).data[0]!
}

function wkb(...parts: (number | { f: number })[]): Uint8Array {
  const pieces = parts.map((part) => {
    const bytes = Buffer.alloc(typeof part === 'number' ? 4 : 8)
    if (typeof part === 'number') bytes.writeUInt32LE(part)
    else bytes.writeDoubleLE(part.f)
    return bytes
  })
  return Buffer.concat([Buffer.from([1]), ...pieces])
}

describe('columns in the form of the bulk writer', () => {
  test('dense vectors are lists over the same memory', () => {
    const floats = Float32Array.of(1, 2, 3, 4, 5, 6)
    const data = makeData({
      type: new FixedSizeBinary(8),
      length: 3,
      nullCount: 0,
      data: new Uint8Array(floats.buffer),
    })
    const field = collection({ fieldId: 101, name: 'v', dataType: 'FloatVector', dim: 2 })
      .fields[1]!
    const column = bulkColumn(field, data)
    expect((column.children[0]!.values as Float32Array).buffer).toBe(floats.buffer)
    expect(bulk({ dataType: 'FloatVector', dim: 2 }, data)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ])
    expect(bulk({ dataType: 'FloatVector', dim: 2 }, data.slice(1, 2))).toEqual([
      [3, 4],
      [5, 6],
    ])
    expect(bulk({ dataType: 'Int8Vector', dim: 8 }, data.slice(0, 1))).toEqual([
      [...new Int8Array(floats.buffer, 0, 8)],
    ])
    expect(bulk({ dataType: 'Float16Vector', dim: 4 }, data.slice(0, 1))).toEqual([
      [...new Uint8Array(floats.buffer, 0, 8)],
    ])
  })

  test('nullable dense vectors keep their nulls, sliced or at odd addresses', () => {
    const two = (a: number, b: number) => new Uint8Array(Float32Array.of(a, b).buffer)
    const data = bytesColumn(two(1, 2), null, two(3, 4), null)
    const init = { dataType: 'FloatVector', dim: 2, nullable: true }
    expect(bulk(init, data)).toEqual([[1, 2], null, [3, 4], null])
    expect(bulk(init, data.slice(1, 2))).toEqual([null, [3, 4]])
    const shifted = new Uint8Array(17)
    shifted.set(two(7, 8), 1)
    const valueOffsets = Int32Array.of(1, 9)
    const odd = makeData({
      type: new Binary(),
      length: 1,
      nullCount: 0,
      data: shifted,
      valueOffsets,
    })
    expect(bulk(init, odd)).toEqual([[7, 8]])
  })

  test('JSON and sparse vectors are text', () => {
    const json = bytesColumn(Buffer.from('{"a":1}'), null)
    expect(bulk({ dataType: 'JSON', nullable: true }, json)).toEqual(['{"a":1}', null])
    const sparse = Buffer.alloc(16)
    sparse.writeUInt32LE(5, 0)
    sparse.writeFloatLE(1, 4)
    sparse.writeUInt32LE(4294967295, 8)
    sparse.writeFloatLE(0.5, 12)
    const column = bytesColumn(sparse, new Uint8Array(0))
    expect(bulk({ dataType: 'SparseFloatVector' }, column)).toEqual([
      '{"5":1,"4294967295":0.5}',
      '{}',
    ])
  })

  test('arrays are lists of their elements', () => {
    const element = {
      dataType: 'Array',
      nullable: true,
      typeParams: { max_capacity: 9, max_length: 9 },
    }
    const longs = bytesColumn(
      encodeScalarField(DataType.Int64, [1n, 2n ** 60n]),
      null,
      encodeScalarField(DataType.Int64, []),
    )
    expect(bulk({ ...element, elementType: 'Int64' }, longs)).toEqual([[1n, 2n ** 60n], null, []])
    const words = bytesColumn(encodeScalarField(DataType.VarChar, ['a', 'ü']))
    expect(bulk({ ...element, elementType: 'VarChar' }, words)).toEqual([['a', 'ü']])
  })

  test('times with a zone are ISO 8601 to the microsecond', () => {
    const column = vectorFromArray([0n, 1735682400000001n, -1n, null], new Int64()).data[0]!
    expect(bulk({ dataType: 'Timestamptz', nullable: true }, column)).toEqual([
      '1970-01-01T00:00:00.000000Z',
      '2024-12-31T22:00:00.000001Z',
      '1969-12-31T23:59:59.999999Z',
      null,
    ])
  })

  test.each<[string, Uint8Array]>([
    ['POINT (1 -2.5)', wkb(1, { f: 1 }, { f: -2.5 })],
    ['POINT EMPTY', wkb(1, { f: Number.NaN }, { f: Number.NaN })],
    ['POINT Z (1 2 3)', wkb(1001, { f: 1 }, { f: 2 }, { f: 3 })],
    ['POINT ZM (1 2 3 4)', wkb(0xc0000001, { f: 1 }, { f: 2 }, { f: 3 }, { f: 4 })],
    ['POINT (1 2)', wkb(0x20000001, 4326, { f: 1 }, { f: 2 })],
    ['LINESTRING (0 0, 1 1)', wkb(2, 2, { f: 0 }, { f: 0 }, { f: 1 }, { f: 1 })],
    [
      'POLYGON ((0 0, 1 0, 0 0))',
      wkb(3, 1, 3, { f: 0 }, { f: 0 }, { f: 1 }, { f: 0 }, { f: 0 }, { f: 0 }),
    ],
    [
      'MULTIPOINT ((1 2), (3 4))',
      Buffer.concat([wkb(4, 2), wkb(1, { f: 1 }, { f: 2 }), wkb(1, { f: 3 }, { f: 4 })]),
    ],
    ['GEOMETRYCOLLECTION (POINT (1 2))', Buffer.concat([wkb(7, 1), wkb(1, { f: 1 }, { f: 2 })])],
    ['GEOMETRYCOLLECTION EMPTY', wkb(7, 0)],
  ])('geometry: %s', (text, bytes) => {
    expect(wktOf(bytes)).toBe(text)
  })

  test('bytes that are no geometry name field and row', async () => {
    const column = bytesColumn(wkb(1, { f: 1 }, { f: 2 }), wkb(1, { f: 1 }))
    const error = await rejection(() => bulk({ dataType: 'Geometry' }, column))
    expect(error).toMatchObject({ code: 'InvalidData', field: 'v' })
    expect(error.message).toMatch(/in row 1/)
    const after = Buffer.concat([wkb(7, 0), Buffer.from([0])])
    const more = await rejection(() => bulk({ dataType: 'Geometry' }, bytesColumn(after)))
    expect(more.message).toMatch(/bytes after the geometry/)
  })

  test('half a pair of a sparse vector names field and row', async () => {
    const column = bytesColumn(new Uint8Array(12))
    const error = await rejection(() => bulk({ dataType: 'SparseFloatVector' }, column))
    expect(error).toMatchObject({ code: 'InvalidData', field: 'v' })
  })
})

describe('export in the form of the bulk writer', () => {
  async function exported(schema: CollectionSchema, records: SimpleArrowRecord[], more = {}) {
    const rootPath = join(root, String(count++))
    const request = await exportForMilvusImport({
      form: 'bulk',
      collectionName: 'things',
      schema,
      records,
      prefix: 'out',
      storage: { rootPath },
      ...more,
    })
    const tables = []
    for (const [path] of request.files) {
      const reader = await PackedReader.open({
        paths: [path!],
        storage: { rootPath },
        lenient: true,
      })
      tables.push(await reader.toTable())
      await reader.close()
    }
    return { request, tables }
  }

  test('leaves system fields out, and begins another file after so many bytes', async () => {
    const records = [recordOf(0, 40), recordOf(40, 2), recordOf(42, 0), recordOf(42, 40)]
    const { request, tables } = await exported(recordCollection(), records, { fileBytes: 1500 })
    expect(request).toEqual({
      collectionName: 'things',
      partitionName: '',
      files: [['out/1.parquet'], ['out/2.parquet']],
      options: {},
    })
    expect(tables.map(({ numRows }) => numRows)).toEqual([40, 42])
    const [first] = tables
    expect(first!.schema.fields.map(({ name }) => name)).toEqual(['id', 'vector', 'count', 'title'])
    expect(Array.from(first!.getChild('count')!)).toEqual(numbers(40).map(recordCount))
    expect(plain(first!.getChild('vector')!.get(1))).toEqual([4, 5, 6, 7])
  })

  test('without rows there are no files', async () => {
    const { request } = await exported(recordCollection(), [])
    expect(request.files).toEqual([])
  })

  test('keys that Milvus makes and outputs of functions are left out', async () => {
    const schema = recordCollection()
    const fields = schema.fields.map((field) => ({
      ...field,
      autoId: field.name === 'id',
      isFunctionOutput: field.name === 'vector',
    }))
    const { tables } = await exported({ ...schema, fields }, [recordOf(0, 2)])
    expect(tables[0]!.schema.fields.map(({ name }) => name)).toEqual(['count', 'title'])
  })

  test('a record without a field is an error, and the file does not appear', async () => {
    const schema = collection({ fieldId: 150, name: 'gone', dataType: 'Int32' })
    const error = await rejection(() => exported(schema, [recordOf(0, 2)]))
    expect(error).toMatchObject({ code: 'InvalidArgument', field: 'gone' })
    expect(filesBelow(root).filter((file) => file.includes(`${count - 1}/out`))).toEqual([])
  })

  test('struct arrays are lists of structs under the names that users know', async () => {
    const params = { typeParams: { max_capacity: 9 } }
    const schema = createCollectionSchema({
      name: 'things',
      fields: [{ fieldId: 100, name: 'id', dataType: 'Int64', isPrimaryKey: true }],
      structArrayFields: [
        {
          fieldId: 120,
          name: 'parts',
          fields: [
            {
              fieldId: 121,
              name: 'parts[page]',
              dataType: 'Array',
              elementType: 'Int32',
              ...params,
            },
            {
              fieldId: 122,
              name: 'parts[point]',
              dataType: 'ArrayOfVector',
              elementType: 'FloatVector',
              typeParams: { dim: 2, max_capacity: 9 },
            },
          ],
        },
      ],
    })
    const arrow = convertToArrowSchema(schema)
    const pages = bytesColumn(
      encodeScalarField(DataType.Int32, [1, 2]),
      encodeScalarField(DataType.Int32, []),
      encodeScalarField(DataType.Int32, [3]),
    )
    const vectors = (lengths: number[]) =>
      makeData({
        type: arrow.fields[2]!.type as List<FixedSizeBinary>,
        length: 3,
        nullCount: 0,
        valueOffsets: Int32Array.from([0, ...lengths]),
        child: makeData({
          type: new FixedSizeBinary(8),
          length: 3,
          nullCount: 0,
          data: new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer),
        }),
      })
    const record = (lengths: number[]) => {
      const id = vectorFromArray([1n, 2n, 3n], new Int64()).data[0]!
      return new SimpleArrowRecord(batchOver(arrow, [id, pages, vectors(lengths)]))
    }
    const { tables } = await exported(schema, [record([2, 2, 3])])
    const parts = Array.from(tables[0]!.getChild('parts')!, (row: unknown) =>
      Array.from(row as Iterable<{ page: number; point: Iterable<number> }>, ({ page, point }) => ({
        page,
        point: [...point],
      })),
    )
    expect(parts).toEqual([
      [
        { page: 1, point: [1, 2] },
        { page: 2, point: [3, 4] },
      ],
      [],
      [{ page: 3, point: [5, 6] }],
    ])
    const error = await rejection(() => exported(schema, [record([1, 2, 3])]))
    expect(error).toMatchObject({ code: 'InvalidData', field: 'parts.parts[point]' })
    expect(error.message).toMatch(/in row 0/)
  })

  test('a type that the bulk form does not have is refused by its name', async () => {
    const field = { ...collection().fields[0]!, dataType: DataType.UUID, name: 'u' }
    const column = vectorFromArray([1], new Int32()).data[0]!
    const error = await rejection(() => bulkColumn(field, column))
    expect(error).toMatchObject({ code: 'UnsupportedType', field: 'u' })
    expect(error.message).toMatch(/UUID/)
  })
})
