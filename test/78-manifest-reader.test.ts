/** Reading one version of a manifest: which columns, rows by position, chunks. */
import { Int32, Int64, makeVector, Schema, Utf8 } from 'apache-arrow'
import { PackedRecordManifestWriter } from '../lib/index.js'
import { EMPTY_MANIFEST } from '../lib/manifest/index.js'
import {
  namesOf,
  numbersOf,
  ROWS,
  range,
  readablePlaces,
  SETS,
} from './support/manifest-reading.js'
import { BASE } from './support/manifest-writing.js'
import { rejection } from './support/rejection.js'
import {
  batchOf,
  expectSample,
  field,
  sampleBatch,
  sampleSchema,
  sampleScore,
  sampleTitle,
} from './support/sample.js'

const { place, fresh, fails } = readablePlaces('manifest-reader')

const schemaOf = (...names: string[]) => {
  const known = [
    ...sampleSchema().fields,
    field('missing', new Int32()),
    field('other', new Utf8(), 9),
  ]
  return new Schema(names.map((name) => known.find((one) => one.name === name)!))
}

describe('columns', () => {
  test('all of them, in the order of the groups, without a schema', async () => {
    const reader = await place.read()
    expect(namesOf(reader)).toEqual(['id', 'score', 'title', 'embedding'])
    expect([reader.numRows, reader.version]).toEqual([ROWS, 1])
    expectSample((await reader.toTable()).batches, ROWS)
    expect(await reader.readNext()).toBeNull()
    expect(await reader.readNext()).toBeNull()
    await reader.close()
  })

  test('case 40: reordered schema and reordered columns, names and values right everywhere', async () => {
    const schema = schemaOf('title', 'embedding', 'score', 'id')
    const columns = ['title', 'id', 'embedding', 'score']
    const reader = await place.read({ schema, columns })
    const rows = range(0, ROWS)
    const taken = await reader.take([599, 0, 300])
    expect(namesOf(taken)).toEqual(columns)
    expect(numbersOf(taken, 'id')).toEqual([599, 0, 300])
    expect(numbersOf(taken, 'score')).toEqual([599, 0, 300].map(sampleScore))
    expect([...taken.getChild('title')!]).toEqual([599, 0, 300].map(sampleTitle))
    const chunks = await reader.chunkReader(0)
    expect(namesOf(chunks)).toEqual(['id', 'score'])
    const second = await chunks.getChunk(1)
    expect(numbersOf(second, 'id')).toEqual(rows.slice(300, 500))
    expect(numbersOf(second, 'score')).toEqual(rows.slice(300, 500).map(sampleScore))
    await chunks.close()
    const table = await reader.toTable()
    expect(namesOf(table)).toEqual(columns)
    expectSample(table.batches, ROWS)
    await reader.close()
  })

  test('case 41: names that look like ids are names', async () => {
    const own = fresh()
    const names = ['100', '0', '1']
    const schema = new Schema(names.map((name, i) => field(name, new Int64(), [0, 1, 100][i]!)))
    const writer = await own.open({
      schema,
      policy: { kind: 'columns', columns: [['100'], ['0', '1']] },
    })
    const column = (first: number) => makeVector(BigInt64Array.from([first, first + 1], BigInt))
    await writer.write(batchOf(schema, [column(10), column(20), column(30)]))
    await writer.close()
    const manifest = { ...EMPTY_MANIFEST, ...writer.getWrittenManifest() }
    // The schema of the reader says other ids than the files: names decide.
    const other = new Schema(names.map((name, i) => field(name, new Int64(), [1, 100, 0][i]!)))
    for (const given of [undefined, schema, other]) {
      const options = given === undefined ? {} : { schema: given }
      const reader = await own.read({ manifest, columns: ['1', '100', '0'], ...options })
      const expected = { '1': [30, 31], '100': [10, 11], '0': [20, 21] }
      const chunks = await reader.chunkReader(1)
      for (const rows of [await reader.toTable(), await reader.take([0, 1])]) {
        expect(namesOf(rows)).toEqual(['1', '100', '0'])
        for (const [name, values] of Object.entries(expected)) {
          expect(numbersOf(rows, name)).toEqual(values)
        }
      }
      const chunk = await chunks.getChunk(0)
      expect(namesOf(chunk)).toEqual(['1', '0'])
      expect([numbersOf(chunk, '1'), numbersOf(chunk, '0')]).toEqual([
        [30, 31],
        [20, 21],
      ])
      await Promise.all([chunks.close(), reader.close()])
    }
  })

  test('case 42: columns that are not stored are nulls in place', async () => {
    const schema = schemaOf('missing', 'id', 'title', 'other')
    const columns = ['id', 'missing', 'title', 'other']
    const reader = await place.read({ schema, columns })
    expect(reader.schema.fields.map(({ nullable }) => nullable)).toEqual([false, true, true, true])
    for (const rows of [await reader.toTable(), await reader.take(range(0, ROWS))]) {
      expect(namesOf(rows)).toEqual(columns)
      expect(numbersOf(rows, 'id')).toEqual(range(0, ROWS))
      expect([...rows.getChild('title')!]).toEqual(range(0, ROWS).map(sampleTitle))
      expect(rows.getChild('missing')!.nullCount).toBe(ROWS)
      expect(rows.getChild('other')!.nullCount).toBe(ROWS)
    }
    await reader.close()
  })

  test('nothing of what is asked for is stored: the rows are there all the same', async () => {
    const reader = await place.read({ schema: schemaOf('missing', 'id'), columns: ['missing'] })
    const table = await reader.toTable()
    expect([table.numRows, table.getChild('missing')!.nullCount]).toEqual([ROWS, ROWS])
    const filled = await place.read({
      schema: schemaOf('missing', 'id'),
      columns: ['missing'],
      defaults: { missing: 7 },
    })
    expect(numbersOf(await filled.take([3, 1]), 'missing')).toEqual([7, 7])
    await Promise.all([reader.close(), filled.close()])
  })

  test('case 43: a name that is there twice or not in the schema fails scan, take and chunks', async () => {
    const schema = schemaOf('id', 'title')
    const reader = await place.read({ schema })
    const bare = await place.read()
    for (const columns of [
      ['id', 'id'],
      ['id', 'score'],
    ]) {
      const name = columns[1]!
      for (const error of [
        await fails({ schema, columns }),
        await rejection(() => reader.take([0], { columns })),
        await rejection(() => reader.chunkReader(0, { columns })),
      ]) {
        expect(error.code).toBe('InvalidArgument')
        expect(error.message).toContain(`"${name}"`)
      }
    }
    const columns = ['nowhere']
    expect((await fails({ columns })).message).toContain('nowhere')
    expect((await rejection(() => bare.take([0], { columns }))).message).toContain('nowhere')
    await rejection(() => bare.chunkReader(0, { columns }))
    await rejection(() => reader.take([0], { column: ['id'] } as object))
    expect((await fails({ column: ['id'] } as object)).message).toContain('"columns"')
    // An empty choice is none.
    expect(namesOf(await reader.take([0], { columns: [] }))).toEqual(['id', 'title'])
    await Promise.all([reader.close(), bare.close()])
  })

  test('a call may choose other columns than the reader', async () => {
    const reader = await place.read({ columns: ['id'] })
    const taken = await reader.take([5, 4], { columns: ['score', 'title'] })
    expect(namesOf(taken)).toEqual(['score', 'title'])
    expect(numbersOf(taken, 'score')).toEqual([5, 4].map(sampleScore))
    expect(namesOf(await reader.chunkReader(1, { columns: ['title'] }))).toEqual(['title'])
    expect(numbersOf(await reader.toTable(), 'id')).toEqual(range(0, ROWS))
    await reader.close()
  })
})

describe('rows by position', () => {
  test('case 45: none of them is a table of no rows with the columns', async () => {
    const reader = await place.read({ columns: ['title', 'id'] })
    const taken = await reader.take([])
    expect([taken.numRows, namesOf(taken)]).toEqual([0, ['title', 'id']])
    await reader.close()
  })

  test('case 46: out of range is an error, any order and duplicates are kept', async () => {
    const reader = await place.read({ columns: ['id'] })
    for (const row of [ROWS, -1, 0.5, 2n ** 60n]) {
      expect((await rejection(() => reader.take([0, row]))).code).toBe('InvalidArgument')
    }
    const rows = [599, 300, 299, 300, 0, 599]
    expect(numbersOf(await reader.take(rows), 'id')).toEqual(rows)
    expect(numbersOf(await reader.take(rows.map(BigInt)), 'id')).toEqual(rows)
    const many = await Promise.all(range(0, 20).map((row) => reader.take([row, 599 - row])))
    expect(many.map((taken) => numbersOf(taken, 'id'))).toEqual(
      range(0, 20).map((row) => [row, 599 - row]),
    )
    await reader.close()
  })
})

describe('chunks', () => {
  test('case 44: those columns that the group has; none is an error', async () => {
    const reader = await place.read({ columns: ['title', 'id'] })
    expect(namesOf(await reader.chunkReader(0))).toEqual(['id'])
    const error = await rejection(() => reader.chunkReader(0, { columns: ['title'] }))
    expect([error.code, error.message]).toEqual([
      'InvalidArgument',
      expect.stringContaining('id, score'),
    ])
    for (const group of [2, -1, 0.5]) await rejection(() => reader.chunkReader(group))
    await reader.close()
  })

  test('say how many rows they have, and which of them rows are in', async () => {
    const reader = await place.read()
    const chunks = await reader.chunkReader(1)
    expect([chunks.numChunks, chunks.numRows, chunks.rowsPerChunk]).toEqual([3, ROWS, SETS])
    expect(chunks.chunks.map(({ rowOffset }) => rowOffset)).toEqual([0, 300, 500])
    expect(chunks.chunks.every(({ memoryBytes }) => memoryBytes > 0)).toBe(true)
    expect(chunks.chunkIndices([599, 0, 500, 299, 300n])).toEqual([2, 0, 1])
    expect(chunks.chunkIndices([])).toEqual([])
    for (const row of [ROWS, -1, 1.5]) {
      expect((await rejection(() => chunks.chunkIndices([row]))).code).toBe('InvalidArgument')
    }
    await Promise.all([chunks.close(), reader.close()])
  })

  test('case 47: several come in the order asked for, as often; none is none, others an error', async () => {
    const reader = await place.read()
    const chunks = await reader.chunkReader(0, { columns: ['id'] })
    const read = await chunks.getChunks([2, 0, 2, 1])
    const expected = [range(500, 600), range(0, 300), range(500, 600), range(300, 500)]
    expect(read.map((chunk) => numbersOf(chunk, 'id'))).toEqual(expected)
    expect(await chunks.getChunks([])).toEqual([])
    for (const index of [-1, 3, 0.5]) {
      expect((await rejection(() => chunks.getChunks([0, index]))).code).toBe('InvalidArgument')
      expect((await rejection(() => chunks.getChunk(index))).code).toBe('InvalidArgument')
    }
    await chunks.close()
    expect((await rejection(() => chunks.getChunk(0))).code).toBe('Closed')
    await reader.close()
  })
})

test('rows of a writer of names by id are read under these', async () => {
  const own = fresh()
  const writer = await PackedRecordManifestWriter.open({
    ...{ schema: sampleSchema(), chunkManager: own.chunkManager, basePath: BASE },
    columnNames: 'fieldId',
  })
  await writer.write(sampleBatch(0, 10))
  await writer.close()
  const manifest = { ...EMPTY_MANIFEST, ...writer.getWrittenManifest() }
  const reader = await own.read({ manifest, columns: ['102', '100'] })
  const table = await reader.toTable()
  expect([numbersOf(table, '100'), numbersOf(table, '102')]).toEqual([
    range(0, 10),
    range(0, 10).map(sampleScore),
  ])
})
