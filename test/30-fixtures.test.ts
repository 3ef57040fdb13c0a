import { join } from 'node:path'
import {
  type Field,
  FixedSizeBinary,
  Int64,
  type RecordBatch,
  Schema,
  Table,
  Utf8,
} from 'apache-arrow'
import { PackedReader, type PackedReaderOptions } from '../lib/index.js'
import { columnChecksum } from './support/column-checksum.js'
import { type ExpectedColumn, FIXTURES, fixtureCases, fixturePaths } from './support/fixtures.js'
import { rejection } from './support/rejection.js'
import { field } from './support/sample.js'

const cases = fixtureCases()
// fixtureCases prints where it looked.
const describeFixtures = cases === null ? describe.skip : describe
const caseOf = (name: string) => cases!.find(([candidate]) => candidate === name)![1]

const BUFFERS = [16 << 20, 1 << 20, 64 << 10]

async function readAll(options: PackedReaderOptions) {
  const reader = await PackedReader.open(options)
  const batches: RecordBatch[] = []
  for await (const batch of reader) batches.push(batch)
  await reader.close()
  return { reader, batches, rows: batches.reduce((sum, batch) => sum + batch.numRows, 0) }
}

/** Types as expected.json names them. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  Int8: 'int8',
  Int16: 'int16',
  Int32: 'int32',
  Int64: 'int64',
  Float32: 'float',
  Float64: 'double',
  Utf8: 'string',
  Binary: 'binary',
  Bool: 'bool',
}

const typeName = (type: unknown): string =>
  TYPE_NAMES[String(type)] ?? String(type).replace('FixedSizeBinary', 'fixed_size_binary')

const fieldIdText = ({ metadata }: Field): string | undefined => metadata.get('PARQUET:field_id')

function expectColumns(
  schema: Schema,
  batches: readonly RecordBatch[],
  columns: readonly ExpectedColumn[],
): void {
  const found = schema.fields.map(({ name, type, nullable, metadata }) => ({
    name,
    type: typeName(type),
    nullable,
    field_id: metadata.get('PARQUET:field_id'),
    ...columnChecksum(batches, name),
  }))
  const expected = columns.map(({ name, type, nullable, field_id, nulls, sha256 }) => ({
    name,
    type,
    nullable,
    field_id: String(field_id),
    nulls,
    sha256,
  }))
  // The files' own schema has groups in path order, expected.json the order of the case.
  const byId = (columns: typeof expected) =>
    columns.sort((left, right) => Number(left.field_id) - Number(right.field_id))
  expect(byId(found as typeof expected)).toEqual(byId(expected))
}

describeFixtures('files of Milvus', () => {
  const names = cases?.map(([name]) => name) ?? []

  test.each(names.flatMap((name) => BUFFERS.map((bytes) => [name, bytes] as const)))(
    '%s reads equal with a buffer of %d bytes',
    async (name, bufferBytes) => {
      const fixture = caseOf(name)
      const paths = fixturePaths(fixture)
      const { reader, batches, rows } = await readAll({ paths, bufferBytes })
      expect(rows).toBe(fixture.rows)
      expect(reader.numRows).toBe(fixture.rows)
      const inPathOrder = fixture.files[0]!.kv.group_field_id_list!.split(/[,;]/)
      expect(reader.schema.fields.map(fieldIdText)).toEqual(inPathOrder)
      expectColumns(reader.schema, batches, fixture.columns)
    },
  )

  test.each(names)('%s: footer keys and row groups', async (name) => {
    const fixture = caseOf(name)
    const reader = await PackedReader.open({ paths: fixturePaths(fixture) })
    reader.files.forEach((file, index) => {
      const { kv, row_groups } = fixture.files[index]!
      expect(Object.fromEntries(file.metadata)).toEqual(kv)
      expect(file.rowGroups.map(({ rows }) => rows)).toEqual(row_groups)
      expect(file).toMatchObject({ group: index, layout: 'packed' })
    })
    expect(Object.fromEntries(reader.metadata)).toEqual(fixture.files[0]!.kv)
    expect(reader.rowGroups).toHaveLength(fixture.files.flatMap((file) => file.row_groups).length)
    await reader.close()
  })

  test.each(BUFFERS)(
    'fields that the files do not have are nulls, at %d bytes',
    async (bufferBytes) => {
      const fixture = caseOf('evolution.head')
      const { columns } = fixture.read_with_missing!
      const paths = fixturePaths(fixture)
      const own = await PackedReader.open({ paths })
      await own.close()
      const schema = new Schema([
        ...own.schema.fields,
        field('added_i64', new Int64(), 150, true),
        field('added_str', new Utf8(), 151, true),
        field('added_vec', new FixedSizeBinary(32), 152, true),
      ])
      const { reader, batches } = await readAll({ paths, schema, bufferBytes })
      expectColumns(reader.schema, batches, columns)
    },
  )

  test.each(BUFFERS)('a projection in another order, at %d bytes', async (bufferBytes) => {
    const fixture = caseOf('evolution.head')
    const { fields, columns, rows } = fixture.read_projection!
    const paths = fixturePaths(fixture)
    const byName = await readAll({ paths, columns: fields, bufferBytes })
    expect(byName.reader.schema.names).toEqual(columns)
    expect(byName.rows).toBe(rows)
    const ids = fields.map((name) => fixture.columns.find((column) => column.name === name)!)
    const byId = await readAll({ paths, columns: ids.map((column) => Number(column.field_id)) })
    for (const { reader, batches } of [byName, byId]) {
      expectColumns(reader.schema, batches, ids)
    }
  })

  test('paths in any order give the values of their own fields', async () => {
    const fixture = caseOf('row-groups.head')
    const paths = fixturePaths(fixture).reverse()
    const { batches } = await readAll({ paths, bufferBytes: 1 })
    for (const { name, sha256 } of fixture.columns) {
      expect(columnChecksum(batches, name).sha256).toBe(sha256)
    }
  })

  test('a field of a group whose path is missing is one clear error', async () => {
    const fixture = caseOf('multi-group.head')
    const paths = fixturePaths(fixture).slice(0, 1)
    const schema = new Schema([field('s', new Utf8(), 107, true)])
    const error = await rejection(() => PackedReader.open({ paths, schema }))
    expect(error.message).toContain('s')
  })
})

describeFixtures('files of the manifest format (loon), in lenient mode', () => {
  const data = (name: string) => join(FIXTURES, 'loon', 'seg', '_data', name)
  const segments: [number, string[]][] = [
    [
      3000,
      [
        '0_71550259-743e-42bd-9e56-088cf3d60185.parquet',
        '1_87dae349-15b6-47ff-ae0c-89d1075805b6.parquet',
        '2_5240945f-0649-4b10-bca9-4e77e98bea80.parquet',
      ],
    ],
    [
      200,
      [
        '0_a559232b-852d-4df9-96fc-9761bbdcd5af.parquet',
        '1_1642e3df-c41d-45e9-af7b-801b591fdc49.parquet',
        '2_707ff62c-8197-4a7f-ab0b-f97034f16c75.parquet',
      ],
    ],
  ]

  test.each(segments)('%d rows, joined', async (rows, names) => {
    const { reader, batches } = await readAll({ paths: names.map(data), lenient: true })
    expect(reader.numRows).toBe(rows)
    expect(reader.schema.names).toEqual(['RowID', 'Timestamp', 'pk', 's', 'sn', 'fvec'])
    const table = new Table(batches)
    const pk = table.getChild('pk')!
    const rowId = table.getChild('RowID')!
    for (const row of [0, 1, rows - 1]) {
      expect(rowId.get(row)).toBe(rowId.get(0) + BigInt(row))
      expect(pk.get(row)).toBe(pk.get(0) + BigInt(row))
    }
    expect(batches.reduce((sum, batch) => sum + batch.numRows, 0)).toBe(rows)
  })

  test('are MetadataCorrupted in strict mode, naming the key', async () => {
    const error = await rejection(() => PackedReader.open({ paths: segments[0]![1].map(data) }))
    expect(error.code).toBe('MetadataCorrupted')
    expect(error.message).toContain('group_field_id_list')
  })
})
