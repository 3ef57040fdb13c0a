import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  Binary,
  type Data,
  FixedSizeBinary,
  Int64,
  type List,
  makeData,
  vectorFromArray,
} from 'apache-arrow'
import { LocalChunkManager, PackedReader } from '../lib/index.js'
import {
  type CollectionSchema,
  convertToArrowSchema,
  createCollectionSchema,
  DataType,
  encodeScalarField,
  SimpleArrowRecord,
} from '../lib/schema/index.js'
import { exportForMilvusImport } from '../lib/segment/export-milvus-import.js'
import { batchOver, recordCollection, recordCount, recordOf } from './support/records.js'
import { rejection } from './support/rejection.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const root = temporaryDirectory('export-bulk')
let count = 0
const numbers = (rows: number) => Array.from({ length: rows }, (_, row) => row)

function bytesColumn(...values: (Uint8Array | null)[]): Data {
  return vectorFromArray(values, new Binary()).data[0]!
}

describe('export in the form of the bulk writer', () => {
  async function exported(schema: CollectionSchema, records: SimpleArrowRecord[], more = {}) {
    const rootPath = join(root, String(count++))
    const request = await exportForMilvusImport({
      form: 'bulk',
      collectionName: 'things',
      schema,
      records,
      prefix: 'out',
      target: new LocalChunkManager({ rootPath }),
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
    expect(Array.from(first!.getChild('vector')!.get(1) as Iterable<number>)).toEqual([4, 5, 6, 7])
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
    const schema = createCollectionSchema({
      name: 'things',
      fields: [
        { fieldId: 100, name: 'id', dataType: 'Int64', isPrimaryKey: true },
        { fieldId: 150, name: 'gone', dataType: 'Int32' },
      ],
    })
    const error = await rejection(() => exported(schema, [recordOf(0, 2)]))
    expect(error).toMatchObject({ code: 'InvalidArgument', field: 'gone' })
    expect(filesBelow(root).filter((file) => file.includes(`${count - 1}/out`))).toEqual([])
  })

  test('a failure takes back the files before it, and leaves what stood there', async () => {
    const failing = async function* () {
      yield recordOf(0, 100)
      throw new Error('no more')
    }
    const options = { fileBytes: 1, records: failing() }
    await expect(exported(recordCollection(), [], options)).rejects.toThrow('no more')
    expect(filesBelow(join(root, String(count - 1)))).toEqual([])

    const rootPath = join(root, 'taken')
    mkdirSync(join(rootPath, 'out'), { recursive: true })
    writeFileSync(join(rootPath, 'out', '2.parquet'), 'mine')
    const target = new LocalChunkManager({ rootPath })
    const records = [recordOf(0, 100), recordOf(100, 100)]
    const taken = await rejection(() =>
      exported(recordCollection(), records, { fileBytes: 1, target }),
    )
    expect(taken.code).toBe('AlreadyExists')
    expect(filesBelow(rootPath).map((file) => readFileSync(file, 'utf8'))).toEqual(['mine'])
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
})
