import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float16,
  Float32,
  Int8,
  Int64,
  List,
  makeData,
  makeVector,
  RecordBatch,
  Schema,
  Struct,
  Table,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow'
import { exportRecordBatch } from '../lib/cdata/public.js'
import {
  allocate,
  inspectFile,
  memoryUsage,
  PackedReader,
  PackedWriter,
  toVectorColumn,
  vectorsOf,
  type WriterProgress,
} from '../lib/index.js'
import { batchOf, expectSample, field, sampleBatch, sampleSchema } from './support/sample.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const root = temporaryDirectory('writer')
let count = 0
const fresh = (): string => join(root, String(count++))

async function readAll(paths: readonly string[]): Promise<RecordBatch[]> {
  const reader = await PackedReader.open({ paths })
  const batches: RecordBatch[] = []
  for await (const batch of reader) batches.push(batch)
  await reader.close()
  return batches
}

describe('PackedWriter', () => {
  test('writes groups that read back equal, and says what they became', async () => {
    const directory = fresh()
    const writer = await PackedWriter.open({ schema: sampleSchema(), directory })
    await writer.write(sampleBatch(0, 1000))
    await writer.write(sampleBatch(1000, 500))
    expect(filesBelow(root).filter((file) => file === join(directory, '0'))).toEqual([])
    const { rows, groups } = await writer.finish()
    await writer.close()

    expect(rows).toBe(1500)
    expect(groups).toMatchObject([
      { id: 0n, path: `${directory}/0`, fields: ['id', 'title', 'score'], rows: 1500 },
      { id: 103n, path: `${directory}/103`, fields: ['embedding'], fieldIds: [103n], rows: 1500 },
    ])
    expect(groups[0]?.nullCounts.title).toBe(500)
    for (const group of groups) {
      const info = await inspectFile(group.path)
      expect(group.fileBytes).toBe(statSync(group.path).size)
      expect(group.footerBytes).toBe(readFileSync(group.path).readUInt32LE(group.fileBytes - 8) + 8)
      expect(group.rowGroups).toBe(info.rowGroups.length)
      const compressed = info.rowGroups.reduce(
        (sum, { compressedBytes }) => sum + compressedBytes,
        0,
      )
      expect(group.compressedBytes).toBe(compressed)
      const decoded = info.rowGroups.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
      expect(group.uncompressedBytes).toBe(decoded)
    }
    expectSample(await readAll(groups.map(({ path }) => path)), 1500)
    expect(filesBelow(directory)).toHaveLength(2)
  })

  test('takes own groups by name and id, in the order asked for', async () => {
    const directory = fresh()
    const writer = await PackedWriter.open({
      schema: sampleSchema(),
      groups: [
        { id: 7, path: join(directory, 'v'), fields: [103n, 100] },
        { path: join(directory, 's'), fields: ['score', 'title'] },
      ],
    })
    await writer.write(sampleBatch(0, 10))
    const { groups } = await writer.finish()
    expect(groups.map(({ id, fields }) => [id, fields])).toEqual([
      [7n, ['embedding', 'id']],
      [1n, ['score', 'title']],
    ])
    const info = await inspectFile(join(directory, 'v'))
    expect(info.metadata.get('group_field_id_list')).toBe('103,100;102,101')
    expectSample(await readAll(groups.map(({ path }) => path)), 10)
  })

  test('10,000 awaited one-row writes', async () => {
    const directory = fresh()
    const poolBefore = memoryUsage().poolBytes
    const bufferBytes = 1 << 20
    const writer = await PackedWriter.open({ schema: sampleSchema(), directory, bufferBytes })
    let most = 0
    for (let row = 0; row < 10_000; row += 100) {
      const batch = sampleBatch(row, 100)
      for (let i = 0; i < 100; i++) await writer.write(batch.slice(i, i + 1))
      most = Math.max(most, writer.progress.bufferedBytes)
    }
    const { groups } = await writer.finish()
    expect(most).toBeLessThanOrEqual(bufferBytes)
    expectSample(await readAll(groups.map(({ path }) => path)), 10_000)
    expect(memoryUsage().poolBytes - poolBefore).toBeLessThan(16 << 20)
  })

  test.each([
    ['no batches', []],
    ['batches without rows', [sampleBatch(0, 0), sampleBatch(0, 0)]],
  ])('%s make valid files without rows', async (_, batches) => {
    const directory = fresh()
    const writer = await PackedWriter.open({ schema: sampleSchema(), directory })
    await writer.writeAll(batches)
    const { rows, groups } = await writer.finish()
    expect(rows).toBe(0)
    const paths = groups.map(({ path }) => path)
    expect(paths.map((path) => existsSync(path))).toEqual([true, true])
    expect(await readAll(paths)).toEqual([])
  })

  test('concurrent writes are written in call order', async () => {
    const directory = fresh()
    const writer = await PackedWriter.open({ schema: sampleSchema(), directory })
    const calls = Array.from({ length: 50 }, (_, i) => writer.write(sampleBatch(i * 20, 20)))
    const finished = writer.finish()
    const closed = writer.close()
    await Promise.all(calls)
    const { groups } = await finished
    await closed
    expectSample(await readAll(groups.map(({ path }) => path)), 1000)
  })

  test('takes Tables, iterables, async iterables and exported C Data', async () => {
    const directory = fresh()
    const writer = await PackedWriter.open({ schema: sampleSchema(), directory })
    await writer.write(new Table([sampleBatch(0, 10), sampleBatch(10, 5)]))
    await writer.writeAll([sampleBatch(15, 5), new Table([sampleBatch(20, 5)])])
    await writer.writeAll(
      (async function* () {
        yield sampleBatch(25, 5)
        yield sampleBatch(30, 5)
      })(),
    )
    const exported = exportRecordBatch(sampleBatch(35, 5))
    await writer.write({ array: exported.array, schema: exported.schema })
    exported.release()
    const { groups } = await writer.finish()
    expectSample(await readAll(groups.map(({ path }) => path)), 40)
  })

  test('matches columns by name, whatever their order', async () => {
    const directory = fresh()
    const schema = sampleSchema()
    const writer = await PackedWriter.open({ schema, directory })
    const { data } = sampleBatch(0, 20)
    const fields = [...schema.fields].reverse()
    const children = [...data.children].reverse()
    const type = new Struct(fields)
    const struct = makeData({ type, length: 20, nullCount: 0, children })
    await writer.write(new RecordBatch(new Schema(fields), struct))
    const { groups } = await writer.finish()
    expectSample(await readAll(groups.map(({ path }) => path)), 20)
  })

  test('reports progress after each write and after finish', async () => {
    const reports: WriterProgress[] = []
    const writer = await PackedWriter.open({
      schema: sampleSchema(),
      directory: fresh(),
      onProgress: (progress) => reports.push(progress),
    })
    await writer.write(sampleBatch(0, 100))
    await writer.write(sampleBatch(100, 100))
    await writer.finish()
    expect(reports.map(({ rows }) => rows)).toEqual([100, 200, 200])
    expect(reports[1]!.bytesIn).toBeGreaterThan(reports[0]!.bytesIn)
    expect(reports[2]!.bytesOut).toBeGreaterThan(0)
    expect(reports[2]).toMatchObject({ bufferedBytes: 0, rowGroups: 2 })
  })

  test('replaces files only when asked to', async () => {
    const directory = fresh()
    for (const rows of [10, 20]) {
      const writer = await PackedWriter.open({
        schema: sampleSchema(),
        directory,
        ifExists: 'replace',
      })
      await writer.write(sampleBatch(0, rows))
      await writer.finish()
    }
    expectSample(await readAll([`${directory}/0`, `${directory}/103`]), 20)
  })

  test('keeps user metadata in order, beside the keys of the format', async () => {
    const directory = fresh()
    const writer = await PackedWriter.open({
      schema: sampleSchema(),
      directory,
      groups: 'single',
      userMetadata: new Map([
        ['zeta', '数据'],
        ['alpha', ''],
      ]),
    })
    await writer.finish()
    const { metadata } = await inspectFile(`${directory}/0`)
    expect([...metadata.keys()]).toEqual([
      'group_field_id_list',
      'zeta',
      'alpha',
      'row_group_metadata',
      'storage_version',
    ])
    expect(metadata.get('zeta')).toBe('数据')
  })

  test('codecs, encodings and compatibility are what was chosen', async () => {
    const directory = fresh()
    const codecOf = async (name: string, column: string) => {
      const { chunks } = await inspectFile(`${directory}/${name}`)
      return chunks.find((chunk) => chunk.column === column)!
    }
    const writer = await PackedWriter.open({
      schema: sampleSchema(),
      directory,
      compression: 'gzip',
      columns: { score: { codec: 'brotli', level: 2, encoding: 'plain' } },
      compatibility: 'milvus-2.6',
    })
    await writer.write(sampleBatch(0, 1000))
    await writer.finish()
    expect((await codecOf('0', 'id')).codec).toBe('GZIP')
    expect(await codecOf('0', 'score')).toMatchObject({ codec: 'BROTLI', hasDictionary: false })
    expect((await codecOf('103', 'embedding')).codec).toBe('GZIP')
  })

  test('an arena from allocate() is written like any other memory', async () => {
    const directory = fresh()
    const rows = 4096
    const values = new BigInt64Array(allocate(rows * 8))
    values.forEach((_, row) => {
      values[row] = BigInt(row * 3)
    })
    const schema = new Schema([field('n', new Int64(), 100)])
    const writer = await PackedWriter.open({ schema, directory })
    await writer.write(batchOf(schema, [makeVector(values)]))
    await writer.finish()
    const [batch] = await readAll([`${directory}/0`])
    expect(batch?.getChildAt(0)?.get(4095)).toBe(12285n)
  })

  test('empty strings, nulls and one row larger than the buffer', async () => {
    const directory = fresh()
    const schema = new Schema([field('t', new Utf8(), 100, true)])
    const writer = await PackedWriter.open({ schema, directory, bufferBytes: 1, rowGroupBytes: 1 })
    const texts = ['', null, 'x'.repeat(3 << 20), 'y']
    await writer.write(batchOf(schema, [vectorFromArray(texts, new Utf8())]))
    await writer.finish()
    const batches = await readAll([`${directory}/0`])
    const read = batches.flatMap((batch) => [...batch.getChildAt(0)!])
    expect(read.map((text) => text?.length)).toEqual([0, undefined, 3 << 20, 1])
  })

  test('vectors go in as bytes, fixed lists or lists, and come out as one matrix', async () => {
    const directory = fresh()
    const rows = 3
    const values = Float32Array.of(0, 1, 2, 3, 4, 5)
    const item = new Field('item', new Float32(), false)
    const schema = new Schema([
      field('bytes', new FixedSizeBinary(8), 100),
      field('fixed', new FixedSizeList(2, item), 101),
      field('loose', new List(item), 102),
      field('small', new FixedSizeList(2, new Field('item', new Int8(), false)), 103),
      field('half', new FixedSizeList(2, new Field('item', new Float16(), false)), 104),
    ])
    const child = makeVector(values).data[0]!
    const valueOffsets = Int32Array.of(0, 2, 4, 6)
    const loose = makeData({
      type: new List(item),
      length: rows,
      nullCount: 0,
      valueOffsets,
      child,
    })
    const bits = Uint16Array.of(0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500)
    const writer = await PackedWriter.open({ schema, directory, columns: { loose: { dim: 2 } } })
    await writer.write(
      batchOf(schema, [
        toVectorColumn(values, 2, { as: 'fixed_size_binary' }),
        toVectorColumn(values, 2),
        new Vector([loose]),
        toVectorColumn(Int8Array.from(values), 2),
        toVectorColumn(bits, 2),
      ]),
    )
    const { groups } = await writer.finish()
    expect(groups.map(({ id }) => id)).toEqual([100n, 101n, 102n, 103n, 104n])
    const [batch] = await readAll(groups.map(({ path }) => path))
    const elements = {
      bytes: 'float32',
      fixed: 'float32',
      loose: 'float32',
      small: 'int8',
      half: 'float16',
    } as const
    for (const [name, element] of Object.entries(elements)) {
      expect(String(batch!.getChild(name)!.type)).toMatch(/^FixedSizeBinary/)
      const matrix = vectorsOf(batch!, name, { element })
      expect(matrix).toMatchObject({ dim: 2, rows })
      expect([...matrix.data]).toEqual([...values])
    }
  })
})
