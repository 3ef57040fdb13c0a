/** Files of pymilvus's bulk writer are read, and ours have its layout. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseExact } from '../../lib/config/index.js'
import { buildRecord, InsertData, rowsOf } from '../../lib/data/index.js'
import { LocalChunkManager, PackedReader } from '../../lib/index.js'
import { type CollectionSchema, createCollectionSchema } from '../../lib/schema/index.js'
import { exportForMilvusImport } from '../../lib/segment/export-milvus-import.js'
import { rowsOfBulk } from '../../lib/segment/import-bulk.js'
import { describeWithPyarrow, pythonEnvironment } from '../support/python.js'
import { temporaryDirectory } from '../support/temporary.js'

const GOLDEN = join(__dirname, '..', 'golden', 'bulk')
const root = temporaryDirectory('bulk-writer')

/** The collection of make_golden_bulk.py. */
function goldenCollection(): CollectionSchema {
  const dim = 8
  return createCollectionSchema({
    name: 'golden',
    enableDynamicField: true,
    fields: [
      { name: 'id', dataType: 'Int64', isPrimaryKey: true },
      { name: 'flag', dataType: 'Bool' },
      { name: 'tiny', dataType: 'Int8' },
      { name: 'small', dataType: 'Int16' },
      { name: 'number', dataType: 'Int32', nullable: true },
      { name: 'single', dataType: 'Float' },
      { name: 'double', dataType: 'Double' },
      { name: 'title', dataType: 'VarChar', maxLength: 100, nullable: true },
      { name: 'document', dataType: 'JSON' },
      { name: 'longs', dataType: 'Array', elementType: 'Int64', maxCapacity: 5 },
      { name: 'words', dataType: 'Array', elementType: 'VarChar', maxCapacity: 5, maxLength: 20 },
      { name: 'vector', dataType: 'FloatVector', dim },
      { name: 'bits', dataType: 'BinaryVector', dim },
      { name: 'half', dataType: 'Float16Vector', dim },
      { name: 'brain', dataType: 'BFloat16Vector', dim },
      { name: 'bytes', dataType: 'Int8Vector', dim },
      { name: 'sparse', dataType: 'SparseFloatVector' },
      { name: '$meta', dataType: 'JSON', isDynamic: true },
    ],
    structArrayFields: [
      {
        name: 'parts',
        fields: [
          { name: 'parts[page]', dataType: 'Array', elementType: 'Int32', maxCapacity: 4 },
          {
            name: 'parts[word]',
            dataType: 'Array',
            elementType: 'VarChar',
            maxCapacity: 4,
            maxLength: 20,
          },
          {
            name: 'parts[point]',
            dataType: 'ArrayOfVector',
            elementType: 'FloatVector',
            dim: 2,
            maxCapacity: 4,
          },
        ],
      },
    ],
  })
}

async function goldenData(): Promise<InsertData> {
  const schema = goldenCollection()
  const paths = [join(GOLDEN, 'rows.parquet')]
  const reader = await PackedReader.open({ paths, lenient: true })
  const data = new InsertData(schema)
  for await (const batch of reader) data.appendRows(rowsOfBulk(batch, schema))
  await reader.close()
  return data
}

/** A row of rows.json: what the writer was given. */
interface GoldenRow extends Record<string, unknown> {
  bits: number[]
  sparse: Record<string, number>
  parts: Record<string, unknown>[]
  extra: string
}

function goldenRows(): GoldenRow[] {
  return parseExact(readFileSync(join(GOLDEN, 'rows.json'), 'utf8')) as GoldenRow[]
}

/** A row of rows.json as `rowsOf` gives it. */
function expectedRow({ extra, parts, bits, sparse, ...row }: GoldenRow): Record<string, unknown> {
  const packed = bits.reduce((byte, bit, index) => byte | (bit << (7 - index)), 0)
  return {
    ...row,
    id: BigInt(row.id as number),
    longs: (row.longs as number[]).map(BigInt),
    bits: [packed],
    sparse: Object.entries(sparse).map(([index, value]) => [Number(index), value]),
    $meta: { extra },
    'parts[page]': parts.map(({ page }) => page),
    'parts[word]': parts.map(({ word }) => word),
    'parts[point]': parts.map(({ point }) => point),
  }
}

/** Numbers of 16-bit floats given as their bits. */
const fromBfloat16 = (bits: number) => new Float32Array(Uint32Array.of(bits << 16).buffer)[0]
const fromFloat16 = (bits: number) => {
  const exponent = (bits >> 10) & 31
  const fraction = (bits & 1023) / 1024
  const size = exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15)
  return bits >> 15 === 0 ? size : -size
}

/** Typed arrays and maps as arrays, 16-bit floats as numbers. */
function plainRow(row: Record<string, unknown>): Record<string, unknown> {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain)
    const isList = ArrayBuffer.isView(value) || value instanceof Map
    return isList ? Array.from(value as unknown as Iterable<unknown>) : value
  }
  return {
    ...Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
    half: Array.from(row.half as Uint16Array, fromFloat16),
    brain: Array.from(row.brain as Uint16Array, fromBfloat16),
  }
}

test("pymilvus's own file becomes an InsertData with its values", async () => {
  const data = await goldenData()
  const got = [...rowsOf(buildRecord(data.schema, [data]), data.schema)]
  expect(got.map(plainRow)).toEqual(goldenRows().map(expectedRow))
  expect(data.rowCount).toBe(12)
})

/** Types and values of two files; JSON text counts by what it says. */
const COMPARE = `
import json, sys
import pyarrow.parquet as pq
made, golden = (pq.read_table(path) for path in sys.argv[1:3])
names = [field.name for field in golden.schema]
assert sorted(made.column_names) == sorted(names), made.column_names
def values(table, name):
    column = table.column(name).to_pylist()
    return [json.loads(v) for v in column] if name in ('document', 'sparse', '$meta') else column
for name in names:
    ours, theirs = made.schema.field(name), golden.schema.field(name)
    assert ours.type == theirs.type, (name, ours.type, theirs.type)
    assert values(made, name) == values(golden, name), name
print(made.num_rows, len(names))
`

describeWithPyarrow('the bulk form of an export', () => {
  test("has the columns, types and values of pymilvus's own file", async () => {
    const data = await goldenData()
    const request = await exportForMilvusImport({
      form: 'bulk',
      collectionName: 'golden',
      schema: data.schema,
      records: [buildRecord(data.schema, [data])],
      prefix: 'out',
      target: new LocalChunkManager({ rootPath: root }),
    })
    const [[path]] = request.files as [[string]]
    const golden = join(GOLDEN, 'rows.parquet')
    const run = spawnSync('python3', ['-c', COMPARE, join(root, path), golden], {
      env: pythonEnvironment(),
      encoding: 'utf8',
    })
    expect(run.stderr).toBe('')
    expect(run.stdout).toBe('12 19\n')
  })
})
