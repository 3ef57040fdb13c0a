/** Files we write carry what Milvus's own carry: keys, ids, encodings, codecs, statistics, values. */
import { join } from 'node:path'
import {
  Field,
  FixedSizeList,
  Float32,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
} from 'apache-arrow'
import { PackedReader, PackedWriter } from '../../lib/index.js'
import {
  type ChunkFacts,
  type FixtureCase,
  type FixtureFile,
  fixtureCases,
  fixturePath,
} from '../support/packed-fixtures.js'
import { describeWithPyarrow, Oracle } from '../support/python.js'
import { temporaryDirectory } from '../support/temporary.js'

interface FileFacts {
  keys: string[]
  values: Record<string, string>
  formatVersion: string
  rows: number[]
  fields: { name: string; id: string; nullable: boolean; metadataKeys: string[] }[]
  chunks: (ChunkFacts & { pageIndex: boolean })[][]
}

/** What we do on purpose: dense vectors are PLAIN, since a dictionary of unique values only costs. */
function expectedChunk(real: ChunkFacts): ChunkFacts & { pageIndex: boolean } {
  if (real.physical !== 'FIXED_LEN_BYTE_ARRAY') return { ...real, pageIndex: false }
  return { ...real, encodings: ['PLAIN', 'RLE'], dictionary: false, pageIndex: false }
}

/** Rows and offsets of `row_group_metadata`; its byte counts are estimates. */
function rowsAndOffsets(text: string): string[] {
  return text
    .split(';')
    .filter((record) => record !== '')
    .map((record) => record.replace(/^\d+\|/, ''))
}

async function rewrite(fixture: FixtureCase, directory: string): Promise<string[]> {
  const reader = await PackedReader.open({
    paths: fixture.files.map(({ name }) => fixturePath(name)),
  })
  const groups = fixture.spec.groups.map((fields, id) => ({
    id,
    path: join(directory, String(id)),
    fields,
  }))
  const writer = await PackedWriter.open({
    schema: reader.schema,
    groups,
    compatibility: fixture.writer === 'v2508' ? 'milvus-2.6' : 'current',
    userMetadata: fixture.spec.user_metadata ?? {},
  })
  try {
    await writer.writeAll(reader)
    await writer.finish()
  } finally {
    await writer.close()
    await reader.close()
  }
  return groups.map(({ path }) => path)
}

function expectSameKeys(ours: FileFacts, real: FixtureFile, fixture: FixtureCase): void {
  const user = Object.keys(fixture.spec.user_metadata ?? {})
  expect(ours.keys).toEqual([
    'group_field_id_list',
    ...user,
    'row_group_metadata',
    'storage_version',
  ])
  const { row_group_metadata: ourRecords, ...ourValues } = ours.values
  const { row_group_metadata: realRecords, ...realValues } = real.kv
  expect(ourValues).toEqual(realValues)
  expect(rowsAndOffsets(ourRecords!)).toEqual(rowsAndOffsets(realRecords!))
}

function expectSameColumns(ours: FileFacts, names: string[], fixture: FixtureCase): void {
  const expected = names.map((name) => {
    const column = fixture.spec.columns.find((candidate) => candidate.name === name)!
    return {
      name,
      id: String(column.field_id),
      nullable: column.nullable ?? false,
      metadataKeys: ['PARQUET:field_id'],
    }
  })
  expect(ours.fields).toEqual(expected)
}

describeWithPyarrow('files that we write', () => {
  const directory = temporaryDirectory('written')
  const oracle = new Oracle()
  afterAll(() => oracle.close())

  // Without fixtures the table is empty, which jest refuses.
  const cases = fixtureCases('written files against those of Milvus')
  if (cases.length > 0) {
    test.each(cases)('%s: the same facts and values as the real files', async (name, fixture) => {
      const paths = await rewrite(fixture, join(directory, name))
      for (const [index, real] of fixture.files.entries()) {
        const ours = await oracle.ask<FileFacts>('facts', { path: paths[index] })
        expect(ours.formatVersion).toBe(real.format_version)
        expectSameKeys(ours, real, fixture)
        expectSameColumns(ours, fixture.spec.groups[index]!, fixture)
        expect(ours.rows).toEqual(real.row_groups)
        for (const chunks of ours.chunks) expect(chunks).toEqual(real.chunks.map(expectedChunk))
      }
      const right = fixture.files.map((file) => fixturePath(file.name))
      expect(await oracle.ask('sameFiles', { left: right, right: paths })).toEqual([])
    })
  }

  test('a vector given as a list is one FIXED_LEN_BYTE_ARRAY with its field id', async () => {
    const dim = 3
    const id = (value: number) => new Map([['PARQUET:field_id', String(value)]])
    const list = new FixedSizeList(dim, new Field('item', new Float32(), false))
    const schema = new Schema([
      new Field('pk', new Int64(), false, id(100)),
      new Field('embedding', list, false, id(101)),
    ])
    const floats = makeData({ type: new Float32(), data: Float32Array.of(1, 2, 3, 4, 5, 6) })
    const children = [
      makeData({ type: new Int64(), data: BigInt64Array.of(7n, 8n) }),
      makeData({ type: list, length: 2, nullCount: 0, child: floats }),
    ]
    const rows = makeData({ type: new Struct(schema.fields), length: 2, nullCount: 0, children })
    const path = join(directory, 'vector')
    const writer = await PackedWriter.open({
      schema,
      groups: [{ id: 0, path, fields: ['pk', 'embedding'] }],
    })
    await writer.write(new RecordBatch(schema, rows))
    await writer.finish()
    await writer.close()
    const facts = await oracle.ask<FileFacts>('facts', { path })
    expect(facts.values.group_field_id_list).toBe('100,101')
    expect(facts.fields.map((field) => field.id)).toEqual(['100', '101'])
    expect(facts.chunks[0]![1]).toEqual({
      column: 'embedding',
      physical: 'FIXED_LEN_BYTE_ARRAY',
      codec: 'UNCOMPRESSED',
      encodings: ['PLAIN', 'RLE'],
      dictionary: false,
      statistics: false,
      pageIndex: false,
    })
  })
})
