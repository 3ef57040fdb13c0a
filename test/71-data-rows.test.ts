import { join } from 'node:path'
import fc from 'fast-check'
import { buildRecord, InsertData, rowsOf } from '../lib/data/index.js'
import { PackedReader, PackedWriter } from '../lib/index.js'
import type { CollectionSchema } from '../lib/schema/index.js'
import { everyField, type Row } from './support/every-type.js'
import { temporaryDirectory } from './support/temporary.js'

const root = temporaryDirectory('data-rows')

const sample = fc.integer({ min: 1, max: 64 }).chain((dim) => {
  const { schema, row } = everyField(dim)
  return fc.record({
    schema: fc.constant(schema),
    chunks: fc.array(fc.array(row, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 }),
  })
})

describe('rows of every data type', () => {
  test('come back from a record as they went in, from one chunk and from several', () => {
    fc.assert(
      fc.property(sample, ({ schema, chunks }) => {
        const data = chunks.map((rows) => InsertData.fromRows(schema, rows))
        const record = buildRecord(schema, data)
        expect([...rowsOf(record, schema)]).toEqual(chunks.flat())
      }),
      { numRuns: 40 },
    )
  })

  test('come back from packed files, too', async () => {
    const write = async (directory: string, schema: CollectionSchema, chunks: Row[][]) => {
      const record = buildRecord(
        schema,
        chunks.map((rows) => InsertData.fromRows(schema, rows)),
      )
      const writer = await PackedWriter.open({ schema: record.schema, directory, groups: 'milvus' })
      await writer.write(record.toBatch())
      return (await writer.finish()).groups.map(({ path }) => path)
    }
    let round = 0
    const property = fc.asyncProperty(sample, async ({ schema, chunks }) => {
      const paths = await write(join(root, `round-${round++}`), schema, chunks)
      const reader = await PackedReader.open({ paths })
      const rows: Row[] = []
      for await (const batch of reader) rows.push(...rowsOf(batch, schema, { copy: true }))
      await reader.close()
      expect(rows).toEqual(chunks.flat())
    })
    await fc.assert(property, { numRuns: 10 })
  })
})
