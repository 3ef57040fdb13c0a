/** Rows of manifest writers: whatever is written comes out of the files. */
import { join } from 'node:path'
import { makeData, Schema, Table, Utf8View, Vector } from 'apache-arrow'
import { exportRecordBatch } from '../lib/cdata/public.js'
import { type ManifestWriterOptions, PackedReader, SimpleArrowRecord } from '../lib/index.js'
import { expectSets, keysOf, ManifestPlace, rowsOf } from './support/manifest-writing.js'
import { views } from './support/random-values.js'
import { batchOf, field, sampleBatch } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('manifest-writer-rows')
let places = 0
const fresh = () => new ManifestPlace(join(directory, String(places++)))

/** Two groups: id, title and score; embedding, 16 bytes a row. */
const TWO: Partial<ManifestWriterOptions> = {
  policy: { kind: 'schemaBased', patterns: ['id|title|score'] },
}
const EMBEDDING_ONLY: Partial<ManifestWriterOptions> = {
  policy: { kind: 'columns', columns: [['embedding'], ['id'], ['title'], ['score']] },
}

describe('rows', () => {
  test('case 51: a writer that got no row has no group and has made no file', async () => {
    const place = fresh()
    const never = await place.open(TWO)
    await never.close()
    expect(never.getWrittenManifest()).toEqual({ columnGroups: [] })
    const empty = await place.open(TWO)
    await empty.write(sampleBatch(0, 0))
    await empty.write(new SimpleArrowRecord(sampleBatch(0, 0)))
    await empty.close()
    expect(empty.getWrittenManifest()).toEqual({ columnGroups: [] })
    expect(place.keys).toEqual([])
  })

  test('records, batches and tables, whatever the order of their columns', async () => {
    const place = fresh()
    const writer = await place.open(TWO)
    await writer.write(new SimpleArrowRecord(sampleBatch(0, 10)))
    await writer.write(new Table([sampleBatch(10, 10)]))
    await writer.write(sampleBatch(20, 10).select(['score', 'embedding', 'title', 'id']))
    await writer.write(
      new SimpleArrowRecord(sampleBatch(30, 10).select(['title', 'embedding', 'id', 'score'])),
    )
    await writer.write(await exportRecordBatch(sampleBatch(40, 10)))
    await writer.close()
    await expectSets(place, writer, 50)
  })

  test('slices count by their own rows and nulls stay nulls', async () => {
    const place = fresh()
    const writer = await place.open({ ...EMBEDDING_ONLY, rollingBytes: 16 * 20 })
    const large = sampleBatch(0, 5000)
    await writer.write(large.slice(0, 10))
    await writer.write(large.slice(10, 20))
    await writer.write(large.slice(20, 25))
    await writer.close()
    expect(rowsOf(writer.getWrittenManifest())[0]).toEqual([20, 5])
    await expectSets(place, writer, 25)

    const nulls = await place.open()
    const titles = sampleBatch(2, 1)
    await nulls.write(titles)
    await nulls.close()
    const [path] = keysOf(nulls.getWrittenManifest())
    const reader = await PackedReader.open({ paths: [place.file(path!)], columns: ['title'] })
    expect((await reader.toTable()).getChild('title')?.toArray()).toEqual([null])
  })

  test('columns of types that no collection has count by their buffers', async () => {
    const place = fresh()
    const text = new Utf8View()
    const schema = new Schema([field('text', text, 100)])
    const values = Array.from(
      { length: 100 },
      (_, row) => `a text of more than twelve bytes ${row}`,
    )
    const writer = await place.open({ schema, rollingBytes: 100 * 16 })
    const data = makeData({
      type: text,
      length: values.length,
      nullCount: 0,
      ...views(values.map((value) => Buffer.from(value))),
    })
    await writer.write(batchOf(schema, [new Vector([data])]))
    await writer.close()
    expect(writer.getWrittenUncompressed()).toBeGreaterThanOrEqual(100 * 16)
    expect(rowsOf(writer.getWrittenManifest())).toEqual([[100]])
    const [path] = keysOf(writer.getWrittenManifest())
    const reader = await PackedReader.open({ paths: [place.file(path!)] })
    expect([...(await reader.toTable()).getChild('text')!]).toEqual(values)
  })

  test('calls that overlap run in order', async () => {
    const place = fresh()
    const writer = await place.open({ rollingBytes: 0 })
    const calls = [
      writer.write(sampleBatch(0, 10)),
      writer.write(sampleBatch(10, 10)),
      writer.flush(),
      writer.write(sampleBatch(20, 10)),
      writer.close(),
    ]
    await Promise.all(calls)
    expect(rowsOf(writer.getWrittenManifest())).toEqual([[20, 10]])
    await expectSets(place, writer, 30)
  })

  test('two writers of one base have files of their own', async () => {
    const place = fresh()
    const writers = [await place.open(TWO), await place.open(TWO)]
    await Promise.all(writers.map((writer) => writer.write(sampleBatch(0, 10))))
    await writers[0]!.close()
    await writers[1]!.abort()
    expect(place.keys).toEqual(keysOf(writers[0]!.getWrittenManifest()))
    await expectSets(place, writers[0]!, 10)
  })
})
