/** Reading one version of a manifest: projections, windows, rows by position, chunks. */
import { copyFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Int32, Int64, makeVector, Schema, Utf8 } from 'apache-arrow'
import { PackedRecordManifestWriter, PackedWriter } from '../lib/index.js'
import {
  EMPTY_MANIFEST,
  type Manifest,
  ManifestReader,
  type ManifestReaderOptions,
} from '../lib/manifest/index.js'
import { namesOf, numbersOf, ReadablePlace, range, withFiles } from './support/manifest-reading.js'
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
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('manifest-reader')
let places = 0
const fresh = () => new ReadablePlace(join(directory, String(places++)))

/** Files of 300, 200 and 100 rows in both groups. */
const SETS = [300, 200, 100]
const ROWS = 600
let place: ReadablePlace
beforeAll(async () => {
  place = fresh()
  await place.append(SETS)
})

const schemaOf = (...names: string[]) => {
  const known = [
    ...sampleSchema().fields,
    field('missing', new Int32()),
    field('other', new Utf8(), 9),
  ]
  return new Schema(names.map((name) => known.find((one) => one.name === name)!))
}
const fails = async (options: Partial<ManifestReaderOptions>, from = place) =>
  await rejection(() => from.read(options))

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

describe('files', () => {
  test('case 48: only the rows of the windows, whose chunks are as much smaller', async () => {
    const whole = await place.manifest()
    const windows = [
      [10, 300],
      [199, 200],
      [0, 50],
    ] as const
    const manifest = withFiles(whole, (_, index) => {
      return { startIndex: windows[index]![0], endIndex: windows[index]![1] }
    })
    const rows = [...range(10, 300), 499, ...range(500, 550)]
    const reader = await place.read({ manifest })
    expect([reader.numRows, reader.version]).toEqual([rows.length, -1])
    const table = await reader.toTable()
    expect(numbersOf(table, 'id')).toEqual(rows)
    expect([...table.getChild('title')!]).toEqual(rows.map(sampleTitle))
    expect(numbersOf(await reader.take([290, 0, 340]), 'id')).toEqual([499, 10, 549])
    const chunks = await reader.chunkReader(1)
    expect(chunks.rowsPerChunk).toEqual([290, 1, 50])
    expect((await chunks.getChunk(1)).getChild('title')!.get(0)).toBe(sampleTitle(499))
    await Promise.all([chunks.close(), reader.close()])
  })

  test.each([
    [0, 0],
    [5, 5],
    [6, 5],
    [-2, 5],
    [-1, 5],
  ])('a window [%d, %d) has no rows', async (startIndex, endIndex) => {
    const manifest = withFiles(await place.manifest(), () => ({ startIndex, endIndex }))
    const error = await fails({ manifest })
    expect([error.code, error.path]).toEqual([
      'InvalidArgument',
      manifest.columnGroups[0]!.files[0]!.path,
    ])
  })

  test('a window that nobody has counted is the file', async () => {
    const manifest = withFiles(await place.manifest(), (_, index) =>
      index === 1 ? { startIndex: -1, endIndex: -1 } : {},
    )
    const reader = await place.read({ manifest })
    expectSample((await reader.toTable()).batches, ROWS)
  })

  test('a window that the file does not have, groups of other rows: errors that name files', async () => {
    const whole = await place.manifest()
    const longer = withFiles(whole, (_, index) => (index === 2 ? { endIndex: 101 } : {}))
    const [first, second] = whole.columnGroups.map(({ files }) => files)
    const error = await fails({ manifest: longer })
    expect([error.code, error.path]).toEqual(['FileCorrupted', first![2]!.path])
    const uneven = withFiles(whole, (_, index, group) =>
      index === 2 && group === 1 ? { endIndex: 99 } : {},
    )
    const other = await fails({ manifest: uneven })
    expect(other.code).toBe('FileCorrupted')
    for (const text of ['600', '599', first![0]!.path, second![0]!.path]) {
      expect(other.message).toContain(text)
    }
  })

  test('a format that is not Parquet is named with its file, unless nothing of it is read', async () => {
    const whole = await place.manifest()
    const columnGroups = whole.columnGroups.map((group, index) =>
      index === 1 ? { ...group, format: 'vortex' } : group,
    )
    const manifest: Manifest = { ...whole, columnGroups }
    const error = await fails({ manifest })
    const { path } = whole.columnGroups[1]!.files[0]!
    expect([error.code, error.path]).toEqual(['NotSupported', path])
    expect(error.message).toContain('vortex')
    const reader = await place.read({ manifest, columns: ['id'] })
    expect(numbersOf(await reader.toTable(), 'id')).toEqual(range(0, ROWS))
    expect((await rejection(() => reader.chunkReader(1, { columns: ['title'] }))).code).toBe(
      'NotSupported',
    )
    await reader.close()
  })

  test('an address in another store is not read from this one', async () => {
    const manifest = withFiles(await place.manifest(), () => ({ path: 's3://bucket/a.parquet' }))
    expect((await fails({ manifest })).code).toBe('NotSupported')
  })

  test('case 51: of a writer that never wrote there are no rows, with a schema', async () => {
    const own = fresh()
    const writer = await own.open()
    await writer.close()
    const manifest = { ...EMPTY_MANIFEST, ...writer.getWrittenManifest() }
    expect(manifest.columnGroups).toEqual([])
    const reader = await own.read({ manifest, schema: sampleSchema(), columns: ['title', 'id'] })
    const table = await reader.toTable()
    expect([reader.numRows, table.numRows, namesOf(table)]).toEqual([0, 0, ['title', 'id']])
    expect((await reader.take([])).numRows).toBe(0)
    await rejection(() => reader.take([0]))
    await rejection(() => reader.chunkReader(0))
    expect((await fails({ manifest }, own)).code).toBe('InvalidArgument')
    // A segment without any manifest is version 0, which is the same.
    const none = await own.read({ schema: sampleSchema() })
    expect([none.version, none.numRows, await none.readNext()]).toEqual([0, 0, null])
  })

  test('case 52: the retriever is asked for exactly the key metadata of the writer', async () => {
    const own = fresh()
    const key = Buffer.from('footer_key_16B__')
    const encryption = { key, keyMetadata: 'encryption_meta_data' }
    await own.append([100, 50], {
      encryption,
      policy: {
        kind: 'columns',
        columns: [
          ['id', 'title'],
          ['score', 'embedding'],
        ],
      },
    })
    const asked: string[] = []
    const keyRetriever = (metadata: Uint8Array) => {
      asked.push(Buffer.from(metadata).toString())
      return key
    }
    const reader = await own.read({ keyRetriever })
    expect(asked).toEqual(['encryption_meta_data'])
    expect(numbersOf(await reader.take([149, 3]), 'id')).toEqual([149, 3])
    const chunks = await reader.chunkReader(0)
    expect(numbersOf(await chunks.getChunk(1), 'id')).toEqual(range(100, 150))
    expectSample((await reader.toTable()).batches, 150)
    // Whatever the manifest says of the footer of an encrypted file.
    const manifest = withFiles(reader.manifest, (file) => ({
      properties: { ...file.properties, footer_size: '1' },
    }))
    const hinted = await own.read({ manifest, keyRetriever })
    expectSample((await hinted.toTable()).batches, 150)
    expect((await fails({}, own)).code).toBe('Encryption')
    await Promise.all([chunks.close(), reader.close(), hinted.close()])
  })

  test.each([
    ['no size at all', () => ({})],
    ['a footer of no bytes', (size: string) => ({ file_size: size, footer_size: '0' })],
    ['a footer hint that is too small', (size: string) => ({ file_size: size, footer_size: '9' })],
    ['a footer as large as the file', (size: string) => ({ file_size: size, footer_size: size })],
    [
      'a footer larger than the file',
      (size: string) => ({ file_size: size, footer_size: '999999999' }),
    ],
    ['sizes that are no numbers', () => ({ file_size: 'x', footer_size: '-1' })],
    ['another size', () => ({ file_size: '13', footer_size: '99' })],
  ])('case 54: %s', async (_, properties) => {
    const manifest = withFiles(await place.manifest(), (file) => ({
      properties: properties(file.properties.file_size!),
    }))
    const reader = await place.read({ manifest })
    expect(numbersOf(await reader.take([599, 1]), 'id')).toEqual([599, 1])
    expectSample((await reader.toTable()).batches, ROWS)
  })

  test('case 55: a footer that could not be read is asked for again by the next call', async () => {
    const own = fresh()
    await own.append([10, 10])
    const reader = await own.read({ columns: ['id'] })
    const [, second] = reader.manifest.columnGroups[0]!.files
    const file = own.file(second!.path)
    renameSync(file, `${file}-away`)
    const both = await Promise.all([12, 13].map((row) => rejection(() => reader.take([row]))))
    expect(both.map(({ code, path }) => [code, path])).toEqual([
      ['NotFound', second!.path],
      ['NotFound', second!.path],
    ])
    expect(numbersOf(await reader.take([3]), 'id')).toEqual([3])
    renameSync(`${file}-away`, file)
    expect(numbersOf(await reader.take([12]), 'id')).toEqual([12])
    await reader.close()
  })

  test('files of a group that differ in a column are named with it', async () => {
    const own = fresh()
    await own.append([10, 10])
    const whole = await own.manifest()
    const [, second] = whole.columnGroups[0]!.files
    const schema = new Schema([field('id', new Utf8(), 100), field('score', new Int64(), 102)])
    const path = own.file('other')
    const writer = await PackedWriter.open({
      schema,
      groups: [{ id: 0, path, fields: ['id', 'score'] }],
    })
    await writer.write(
      batchOf(schema, [sampleBatch(0, 1).getChild('title')!, makeVector(BigInt64Array.of(1n))]),
    )
    await writer.finish()
    copyFileSync(path, own.file(second!.path))
    const manifest = withFiles(whole, (file, index) =>
      index === 1 ? { ...file, endIndex: 1, properties: {} } : file,
    )
    const error = await fails({ manifest, columns: ['id'] }, own)
    expect([error.code, error.path, error.field]).toEqual(['TypeMismatch', second!.path, 'id'])
  })

  test('a file that is not there is named', async () => {
    const own = fresh()
    await own.append([10, 10])
    const [, second] = (await own.manifest()).columnGroups[1]!.files
    rmSync(own.file(second!.path))
    const error = await fails({}, own)
    expect([error.code, error.path]).toEqual(['NotFound', second!.path])
  })
})

test('every version has exactly the rows that were committed by then', async () => {
  const own = fresh()
  const versions = [await own.append([10]), await own.append([20, 5]), await own.append([1])]
  expect(versions).toEqual([1, 2, 3])
  for (const [version, rows] of [
    [1, 10],
    [2, 35],
    [3, 36],
    [-1, 36],
  ] as const) {
    const reader = await own.read({ version })
    expect([reader.version, reader.numRows]).toEqual([version === -1 ? 3 : version, rows])
    expectSample((await reader.toTable()).batches, rows)
    await reader.close()
  }
  const error = await fails({ version: 4 }, own)
  expect([error.code, error.path]).toEqual(['NotFound', `${BASE}/_metadata/manifest-4.avro`])
})

test('a manifest that is written while it is read changes nothing for the reader', async () => {
  const own = fresh()
  await own.append([10, 10])
  const reader = await own.read({ batchRows: 5 })
  expect((await reader.readNext())!.numRows).toBe(5)
  await own.append([10])
  let rows = 5
  for await (const batch of reader) rows += batch.numRows
  expect([rows, reader.numRows, reader.version]).toEqual([20, 20, 1])
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

describe('use', () => {
  test('options are checked before anything is read', async () => {
    const codes = [
      await fails({ basePath: undefined } as never),
      await fails({ version: -2 }),
      await fails({ schema: 7 as never }),
      await fails({ columns: 'id' as never }),
      await fails({ columns: [7] as never }),
      await fails({ manifest: {} as never }),
      await rejection(() => ManifestReader.open({ basePath: BASE })),
    ]
    expect(codes.map(({ code }) => code)).toEqual(codes.map(() => 'InvalidArgument'))
  })

  test('a chunk manager that the addon cannot read from is NotSupported', async () => {
    const { chunkManager } = place
    const blind = new Proxy(chunkManager, {
      get(target, key) {
        const value = key === 'storage' ? undefined : Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    expect((await fails({ chunkManager: blind })).code).toBe('NotSupported')
    const reader = await place.read({ chunkManager: blind, storage: { rootPath: place.root } })
    expectSample((await reader.toTable()).batches, ROWS)
  })

  test('an aborted signal ends it with its reason, before and while it reads', async () => {
    const reason = new Error('enough')
    await expect(place.read({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const reader = await place.read({ signal: controller.signal, batchRows: 10 })
    await reader.readNext()
    controller.abort(reason)
    await expect(reader.readNext()).rejects.toBe(reason)
    await expect(reader.take([0])).rejects.toBe(reason)
    await expect(reader.chunkReader(0)).rejects.toBe(reason)
    await reader.close()
  })

  test('closing waits for what runs, may be repeated and refuses what comes later', async () => {
    const reader = await place.read({ batchRows: 100 })
    const running = Promise.all([reader.readNext(), reader.take([1]), reader.readNext()])
    const [closed, again] = [reader.close(), reader.close()]
    expect((await running).map((rows) => rows!.numRows)).toEqual([100, 1, 100])
    await Promise.all([closed, again])
    for (const late of [
      () => reader.readNext(),
      () => reader.take([0]),
      () => reader.take([0], { columns: ['id'] }),
      () => reader.chunkReader(0),
    ]) {
      expect((await rejection(late)).code).toBe('Closed')
    }
    await using other = await place.read()
    for await (const batch of other) {
      expect(batch.numRows).toBeGreaterThan(0)
      break
    }
    expect((await rejection(() => other.readNext())).code).toBe('Closed')
  })

  test('batches outlive the reader and give their memory back', async () => {
    const reader = await place.read({ columns: ['id'] })
    const batch = (await reader.readNext())!
    await reader.close()
    expect(numbersOf(batch, 'id').slice(0, 3)).toEqual([0, 1, 2])
    const chunks = await (await place.read()).chunkReader(0)
    const chunk = await chunks.getChunk(0)
    chunks.release(chunk)
    expect((await rejection(() => chunks.release(batch))).code).toBe('InvalidArgument')
  })
})
