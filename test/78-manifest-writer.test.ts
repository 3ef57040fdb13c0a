/** Data files of manifest writers: when they roll, and what is said of them. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Table } from 'apache-arrow'
import {
  inspectFile,
  ManifestReader,
  type ManifestWriterOptions,
  PackedReader,
  type WriterProgress,
} from '../lib/index.js'
import { EMPTY_MANIFEST } from '../lib/manifest/index.js'
import { BASE, expectSets, keysOf, ManifestPlace, rowsOf } from './support/manifest-writing.js'
import { rejection } from './support/rejection.js'
import { expectSample, sampleBatch, sampleSchema } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('manifest-writer')
let places = 0
const fresh = () => new ManifestPlace(join(directory, String(places++)))

/** Two groups: id, title and score; embedding, 16 bytes a row. */
const TWO: Partial<ManifestWriterOptions> = {
  policy: { kind: 'schemaBased', patterns: ['id|title|score'] },
}
const EMBEDDING_ONLY: Partial<ManifestWriterOptions> = {
  policy: { kind: 'columns', columns: [['embedding'], ['id'], ['title'], ['score']] },
}

describe('what is said of the files', () => {
  test('case 16: file_size and footer_size are those of the real files', async () => {
    const place = fresh()
    const writer = await place.open(TWO)
    for (let first = 0; first < 30_000; first += 10_000) {
      await writer.write(sampleBatch(first, 10_000))
    }
    await writer.close()
    const written = writer.getWrittenManifest()
    expect(keysOf(written)).toEqual(place.keys)
    for (const [index, { files, format }] of written.columnGroups.entries()) {
      expect(format).toBe('parquet')
      expect(files).toHaveLength(1)
      const [{ path, startIndex, endIndex, properties }] = files as [(typeof files)[number]]
      const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
      expect(path).toMatch(new RegExp(`^${BASE}/_data/${index}_${uuid}\\.parquet$`))
      expect([startIndex, endIndex]).toEqual([0, 30_000])
      const bytes = readFileSync(place.file(path))
      expect(properties).toEqual({
        file_size: String(bytes.length),
        footer_size: String(bytes.readUInt32LE(bytes.length - 8) + 8),
      })
    }
    await expectSets(place, writer, 30_000)
  })

  test('case 52, quirk 16: an encrypted file says no footer size, its key metadata is whole', async () => {
    const place = fresh()
    const key = new Uint8Array(16).fill(7)
    const encryption = { key, keyMetadata: 'encryption_meta_data' }
    const writer = await place.open({ ...TWO, encryption })
    await writer.write(sampleBatch(0, 100))
    await writer.close()
    const { columnGroups } = writer.getWrittenManifest()
    const asked: string[] = []
    for (const { files } of columnGroups) {
      const [{ path, properties }] = files as [(typeof files)[number]]
      expect(properties).toEqual({ file_size: String(statSync(place.file(path)).size) })
      expect(readFileSync(place.file(path)).subarray(-4).toString()).toBe('PARE')
    }
    const reader = await PackedReader.open({
      paths: columnGroups.map(({ files }) => place.file(files[0]!.path)),
      schema: sampleSchema(),
      keyRetriever: (metadata) => {
        asked.push(Buffer.from(metadata).toString())
        return key
      },
    })
    expectSample((await reader.toTable()).batches, 100)
    expect(new Set(asked)).toEqual(new Set(['encryption_meta_data']))
  })

  test('options of the files reach the files', async () => {
    const place = fresh()
    const columns = { title: { codec: 'snappy' } } as const
    const userMetadata = { origin: 'test' }
    const writer = await place.open({
      columnNames: 'fieldId',
      columns,
      userMetadata,
      rowGroupBytes: 4096,
    })
    await writer.write(sampleBatch(0, 1000))
    await writer.close()
    const [path] = keysOf(writer.getWrittenManifest())
    const { metadata, rowGroups, chunks } = await inspectFile(place.file(path!))
    expect(metadata.get('origin')).toBe('test')
    expect(rowGroups.length).toBeGreaterThan(3)
    const codecs = chunks.map(({ column, codec }) => [column, codec])
    expect(codecs).toContainEqual(['101', 'SNAPPY'])
    expect(codecs).toContainEqual(['100', 'ZSTD'])
  })

  test('the manifest is there after close, and not before', async () => {
    const writer = await fresh().open()
    await writer.write(sampleBatch(0, 1))
    const error = await rejection(() => writer.getWrittenManifest())
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toContain('Expected a closed PackedRecordManifestWriter')
    await writer.close()
    expect(writer.getWrittenManifest()).toBe(writer.getWrittenManifest())
  })
})

describe('rolling', () => {
  test('case 50: size 0 is one file per flush, the total size is one file', async () => {
    const place = fresh()
    const flushed = await place.open({ ...TWO, rollingBytes: 0 })
    for (let first = 0; first < 30; first += 10) {
      await flushed.write(sampleBatch(first, 5))
      await flushed.write(sampleBatch(first + 5, 5))
      await flushed.flush()
      expect(place.keys).toHaveLength(2 * (first / 10 + 1))
    }
    await flushed.close()
    expect(rowsOf(flushed.getWrittenManifest())).toEqual([
      [10, 10, 10],
      [10, 10, 10],
    ])
    await expectSets(place, flushed, 30)

    const other = fresh()
    const total = await other.open({ ...EMBEDDING_ONLY, rollingBytes: 30 * 16 })
    for (let first = 0; first < 30; first += 10) {
      await total.write(sampleBatch(first, 10))
      await total.flush()
    }
    await total.close()
    expect(rowsOf(total.getWrittenManifest())).toEqual([[30], [30], [30], [30]])
    expect(keysOf(total.getWrittenManifest())).toEqual(other.keys)
  })

  test('files end behind the batch that fills the largest, all groups at once', async () => {
    const place = fresh()
    const writer = await place.open({ ...EMBEDDING_ONLY, rollingBytes: 16 * 25 })
    // 10, 20 and 30 rows: 160, 320 and 480 bytes of vectors.
    for (let first = 0; first < 100; first += 10) await writer.write(sampleBatch(first, 10))
    await writer.close()
    expect(rowsOf(writer.getWrittenManifest())).toEqual(Array(4).fill([30, 30, 30, 10]))
    await expectSets(place, writer, 100)
  })

  test('a batch is never cut, a table is at its batches', async () => {
    const place = fresh()
    const writer = await place.open({ rollingBytes: 1 })
    const table = new Table([sampleBatch(0, 7), sampleBatch(7, 0), sampleBatch(7, 3)])
    await writer.write(table)
    await writer.write(sampleBatch(10, 1000))
    await writer.close()
    expect(rowsOf(writer.getWrittenManifest())).toEqual([[7, 3, 1000]])
    await expectSets(place, writer, 1010)
  })

  test('quirk 9: nothing is opened that no row follows', async () => {
    const place = fresh()
    const writer = await place.open({ rollingBytes: 0 })
    await writer.flush()
    await writer.write(sampleBatch(0, 0))
    await writer.flush()
    expect(place.keys).toEqual([])
    await writer.write(sampleBatch(0, 10))
    await writer.flush()
    await writer.flush()
    expect(place.keys).toHaveLength(1)
    await writer.close()
    expect(rowsOf(writer.getWrittenManifest())).toEqual([[10]])
    expect(place.keys).toEqual(keysOf(writer.getWrittenManifest()))
  })

  test('quirk 11: windows are those of each file by itself, which readers put in a row', async () => {
    const place = fresh()
    const writer = await place.open({ ...TWO, rollingBytes: 1 })
    for (let first = 0; first < 60; first += 20) await writer.write(sampleBatch(first, 20))
    await writer.close()
    const { columnGroups } = writer.getWrittenManifest()
    for (const { files } of columnGroups) {
      const windows = files.map(({ startIndex, endIndex }) => [startIndex, endIndex])
      expect(windows).toEqual(Array(3).fill([0, 20]))
    }
    const { chunkManager } = place
    const manifest = { ...EMPTY_MANIFEST, columnGroups }
    const reader = await ManifestReader.open({ chunkManager, manifest, schema: sampleSchema() })
    expectSample((await reader.toTable()).batches, 60)
  })

  test('rows, bytes and progress go on over the files', async () => {
    const seen: WriterProgress[] = []
    const writer = await fresh().open({
      rollingBytes: 0,
      onProgress: (progress) => void seen.push(progress),
    })
    const one = await fresh().open()
    for (let first = 0; first < 300; first += 100) {
      await writer.write(sampleBatch(first, 100))
      await one.write(sampleBatch(first, 100))
      await writer.flush()
    }
    await writer.close()
    await one.close()
    expect(writer.rowCount).toBe(300)
    expect(writer.getWrittenUncompressed()).toBe(one.getWrittenUncompressed())
    // id 8, score 8 and embedding 16 bytes a row; titles, their offsets and validity besides.
    expect(writer.getWrittenUncompressed()).toBeGreaterThan(300 * (8 + 8 + 16 + 4 + 4))
    expect(seen.map(({ rows }) => rows)).toEqual([100, 100, 200, 200, 300, 300])
    expect(seen.at(-1)?.rowGroups).toBe(3)
    const bytes = seen.map(({ bytesOut }) => bytesOut)
    expect(bytes).toEqual([...bytes].sort((left, right) => left - right))
  })
})
