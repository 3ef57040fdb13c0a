/** Reading one version of a manifest: windows, footers, keys and formats of the files it names. */
import { copyFileSync, renameSync, rmSync } from 'node:fs'
import { Int64, makeVector, Schema, Utf8 } from 'apache-arrow'
import { PackedWriter } from '../lib/index.js'
import { EMPTY_MANIFEST, type Manifest } from '../lib/manifest/index.js'
import {
  namesOf,
  numbersOf,
  ROWS,
  range,
  readablePlaces,
  withFiles,
} from './support/manifest-reading.js'
import { rejection } from './support/rejection.js'
import {
  batchOf,
  expectSample,
  field,
  sampleBatch,
  sampleSchema,
  sampleTitle,
} from './support/sample.js'

const { place, fresh, fails } = readablePlaces('manifest-reader-files')

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
