/** Segments in a bucket: written, found, read, checked, converted and exported as on a disk. */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { RecordBatch } from 'apache-arrow'
import { buildDeltaLogPath, readDeleteLog, writeDeleteLog } from '../lib/binlog/index.js'
import type { StorageConfig } from '../lib/config/index.js'
import { PackedReader } from '../lib/packed/index.js'
import { SimpleArrowRecord, withSystemFields } from '../lib/schema/index.js'
import {
  convertSegment,
  deriveSchema,
  exportForMilvusImport,
  type LocatedSegment,
  locateSegment,
  SegmentReader,
  SegmentWriter,
  segmentStats,
  verifySegment,
  writeSegment,
} from '../lib/segment/index.js'
import {
  type ChunkManager,
  LocalChunkManager,
  openChunkManager,
  storageMetrics,
} from '../lib/storage/index.js'
import { columnChecksum } from './support/column-checksum.js'
import { fixtureCases, fixturePaths } from './support/fixtures.js'
import { noServers, startVersitygw, storageAt, type TestServer } from './support/object-servers.js'
import { rejection } from './support/rejection.js'
import {
  BOOKS,
  columnOf,
  counter,
  deletes,
  IDS,
  rowsOfSegment,
  segmentIn,
  twoChunks,
} from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('remote-segments')
let server: TestServer
let trees = 0

if (noServers !== undefined) console.warn(`segments in a bucket are not tested: ${noServers}`)
const describeRemote = noServers === undefined ? describe : describe.skip

const local = () => join(directory, String(trees++))
/** A tree of its own in the bucket, with letters in its name that a request has to escape. */
const remote = (): StorageConfig =>
  storageAt(server.port, { rootPath: `trees/ä +%/${trees++}`, multipartPartBytes: 5 << 20 })

async function keysOf(chunks: ChunkManager): Promise<string[]> {
  const keys: string[] = []
  for await (const { path } of chunks.walk('')) keys.push(path)
  return keys
}

/** The same segment in a bucket and on a disk. */
async function both(storageVersion: 0 | 2) {
  const options = { storageVersion, deletes: deletes([1n, 60], [5n, 50]) }
  const { chunkManager, info } = await segmentIn(local(), twoChunks(), options)
  const storage = remote()
  const written = await writeSegment({
    schema: BOOKS,
    storage,
    ids: IDS,
    allocateId: counter(),
    data: twoChunks(),
    ...options,
  })
  return { storage, disk: chunkManager, info, written }
}

const rowsAt = (storage: StorageConfig, { binlogs, deltalogs }: LocatedSegment) =>
  rowsOfSegment({ schema: BOOKS, binlogs, deltalogs, storage, systemFields: true })

beforeAll(async () => {
  if (noServers === undefined) server = await startVersitygw(join(directory, 'server'))
})
afterAll(() => server?.stop())

describeRemote.each([0, 2] as const)('a segment of version %d in a bucket', (version) => {
  test('has the same files, metadata and rows as one on a disk', async () => {
    const { storage, disk, info, written } = await both(version)
    const chunks = await openChunkManager(storage)
    expect(await keysOf(chunks)).toEqual(await keysOf(disk))
    expect(written).toEqual(info)
    const found = await locateSegment({ storage, segmentId: 3 })
    expect(found).toEqual(await locateSegment({ chunkManager: disk, segmentId: 3 }))
    const lists = { binlogs: found.binlogs, deltalogs: found.deltalogs }
    const options = { schema: BOOKS, ...lists, systemFields: true }
    const rows = await rowsOfSegment({ ...options, storage })
    expect(rows.map(({ id }) => id)).toEqual([2n, 3n, 4n, 5n])
    expect(rows).toEqual(await rowsOfSegment({ ...options, chunkManager: disk }))
    const some = { ...options, systemFields: false, columns: ['title', 101], readTimestamp: 35n }
    expect(await rowsOfSegment({ ...some, chunkManager: chunks })).toEqual(
      await rowsOfSegment({ ...some, chunkManager: disk }),
    )
  })

  test('is described from its files alone, and sound', async () => {
    const { storage, disk } = await both(version)
    const options = { segmentId: 3, sidecar: false }
    const segment = await locateSegment({ storage, ...options })
    const onDisk = await locateSegment({ chunkManager: disk, ...options })
    expect(segment).toEqual(onDisk)
    expect(segmentStats(segment)).toEqual(segmentStats(onDisk))
    const chunkManager = await openChunkManager(storage)
    const schemaAt = (chunks: ChunkManager) => deriveSchema(segment, { chunkManager: chunks })
    if (version === 2) expect(await schemaAt(chunkManager)).toEqual(await schemaAt(disk))
    const verified = await verifySegment({ storage, segment, schema: BOOKS })
    expect(verified).toMatchObject({ ok: true, rows: 5 })
    expect(verified).toEqual(
      await verifySegment({ chunkManager: disk, segment: onDisk, schema: BOOKS }),
    )
    const sidecar = await locateSegment({ storage, segmentId: 3 })
    expect(await verifySegment({ storage, segment: sidecar })).toMatchObject({
      ok: true,
      rows: 5,
      notChecked: [],
    })
  })

  test('obeys the deletes of L0 segments', async () => {
    const { storage } = await both(version)
    const chunks = await openChunkManager(storage)
    for (const [partitionId, segmentId, key] of [
      [2n, 70n, 2n],
      [-1n, 71n, 3n],
      [9n, 72n, 4n],
    ] as const) {
      const path = buildDeltaLogPath('', 1n, partitionId, segmentId, 5000n + segmentId)
      const ids = { collectionId: 1n, partitionId, segmentId, logId: 5000n + segmentId }
      await writeDeleteLog(chunks, path, deletes([key, 90]), ids)
      expect((await readDeleteLog(chunks, path)).keys).toEqual(BigInt64Array.of(key))
    }
    const { binlogs, deltalogs, l0Deltalogs } = await locateSegment({ storage, segmentId: 3 })
    expect(l0Deltalogs).toHaveLength(2)
    const options = { schema: BOOKS, binlogs, deltalogs, l0Deltalogs, storage }
    expect(await columnOf('id', options)).toEqual([4n, 5n])
    expect(await columnOf('id', { ...options, readTimestamp: 80n })).toEqual([2n, 3n, 4n, 5n])
  })

  test('is converted there and back, from a bucket to a disk and the other way', async () => {
    const { storage, disk } = await both(version)
    const segment = await locateSegment({ storage, segmentId: 3 })
    const other = version === 0 ? 2 : 0
    const second = remote()
    await convertSegment({
      source: { storage, segment },
      target: { storage: second },
      storageVersion: other,
    })
    const moved = await locateSegment({ storage: second, segmentId: 3 })
    expect(moved).toMatchObject({ storageVersion: other, numRows: 5 })
    const third = { rootPath: local() }
    await convertSegment({
      source: { storage: second, segment: moved },
      target: { storage: third },
      storageVersion: version,
    })
    const back = await locateSegment({ storage: third, segmentId: 3 })
    const rows = await rowsAt({ rootPath: disk.rootPath }, segment)
    expect(rows).toHaveLength(4)
    expect(await rowsAt(second, moved)).toEqual(rows)
    expect(await rowsAt(third, back)).toEqual(rows)
    for (const [place, found] of [
      [second, moved],
      [third, back],
    ] as const) {
      expect(await verifySegment({ storage: place, segment: found })).toMatchObject({ ok: true })
    }
  })

  test('is written once, and nothing is left of one that fails or is aborted', async () => {
    const { storage } = await both(version)
    const chunks = await openChunkManager(storage)
    const before = await keysOf(chunks)
    const options = { schema: BOOKS, storage, allocateId: counter(), storageVersion: version }
    const again = () => writeSegment({ ...options, ids: IDS, data: twoChunks() })
    expect(await rejection(again)).toMatchObject({ code: 'AlreadyExists' })
    const ids = { ...IDS, segmentId: 4n }
    async function* failing() {
      yield* twoChunks()
      throw new Error('the source ended')
    }
    await expect(writeSegment({ ...options, ids, data: failing() })).rejects.toThrow('source ended')
    expect(await keysOf(chunks)).toEqual(before)
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const writer = new SegmentWriter({
      schema: BOOKS,
      chunkManager: chunks,
      ids,
      allocateId: counter(),
      storageVersion: version,
      signal: controller.signal,
    })
    const [first, second] = await recordsOf(storage)
    await writer.write(first!)
    await writer.endChunk()
    await writer.write(second!)
    controller.abort(reason)
    await expect(writer.endChunk()).rejects.toBe(reason)
    expect(await keysOf(chunks)).toEqual(before)
  })

  test('that is damaged is told apart by its check', async () => {
    const { storage } = await both(version)
    const chunks = await openChunkManager(storage)
    const segment = await locateSegment({ storage, segmentId: 3 })
    const path = segment.binlogs.at(-1)!.binlogs[1]!.logPath
    const whole = await chunks.read(path)
    await chunks.write(path, whole.slice(0, -5))
    const cut = await verifySegment({ storage, segment })
    expect(cut.problems.map((problem) => [problem.path, problem.rule])).toContainEqual([
      path,
      'logSize',
    ])
    const lists = { binlogs: segment.binlogs, deltalogs: [] }
    const error = await rejection(() => rowsOfSegment({ schema: BOOKS, ...lists, storage }))
    expect([error.code, error.path]).toEqual(['FileCorrupted', path])
    await chunks.remove(path)
    const missing = await verifySegment({ storage, segment })
    expect(missing.problems).toMatchObject([{ path, rule: 'exists' }])
    const absent = await rejection(() => rowsOfSegment({ schema: BOOKS, ...lists, storage }))
    expect([absent.code, absent.path]).toEqual(['NotFound', path])
  })

  test('is exported as a backup within its bucket, to a disk, and back again', async () => {
    const { storage } = await both(version)
    const source = await openChunkManager(storage)
    const segment = await locateSegment({ storage, segmentId: 3 })
    const options = {
      form: 'backup',
      collectionName: 'books',
      segments: [segment],
      prefix: 'export',
    } as const
    const request = await exportForMilvusImport({ ...options, source })
    const disk = new LocalChunkManager({ rootPath: local() })
    expect(await exportForMilvusImport({ ...options, source, target: disk })).toEqual(request)
    const elsewhere = await openChunkManager(remote())
    expect(await exportForMilvusImport({ ...options, source, target: elsewhere })).toEqual(request)
    const copied = await keysOf(disk)
    expect(copied.length).toBe(segment.binlogs.length * 2 + 1)
    const exported = (await keysOf(source)).filter((key) => key.startsWith('export/'))
    expect([exported, await keysOf(elsewhere)]).toEqual([copied, copied])
    for (const key of copied) {
      const [original] = [...segment.binlogs, ...segment.deltalogs]
        .flatMap(({ binlogs }) => binlogs)
        .filter(({ logPath }) => basename(logPath) === basename(key))
      const bytes = await source.read(original!.logPath)
      for (const chunks of [source, disk, elsewhere]) {
        expect(Buffer.compare(await chunks.read(key), bytes)).toBe(0)
      }
    }
    await disk.multiRemove(copied.slice(1))
    const again = () => exportForMilvusImport({ ...options, source, target: disk })
    expect(await rejection(again)).toMatchObject({ code: 'AlreadyExists', path: copied[0] })
    expect(await keysOf(disk)).toEqual(copied.slice(0, 1))
  })
})

/** Two records of BOOKS. */
async function recordsOf(storage: StorageConfig): Promise<SimpleArrowRecord[]> {
  const { binlogs } = await locateSegment({ storage, segmentId: 3 })
  const reader = await SegmentReader.open({ schema: BOOKS, binlogs, storage, systemFields: true })
  const records: SimpleArrowRecord[] = []
  for await (const batch of reader) records.push(new SimpleArrowRecord(batch))
  return records
}

describeRemote('sizes in the metadata', () => {
  const requests = (storage: StorageConfig) =>
    storageMetrics().find(({ filesystem }) => filesystem.startsWith(storage.address!))!.requests

  /** The segment with other sizes of its insert logs. */
  const sized = ({ binlogs }: LocatedSegment, sizeOf: (bytes: number) => number) =>
    binlogs.map((list) => ({
      ...list,
      binlogs: list.binlogs.map((log) => ({ ...log, logSize: sizeOf(log.logSize) })),
    }))

  test('save a request per file', async () => {
    const { storage } = await both(2)
    const segment = await locateSegment({ storage, segmentId: 3 })
    const read = async (binlogs: LocatedSegment['binlogs']) => {
      const before = requests(storage)
      const rows = await rowsOfSegment({ schema: BOOKS, binlogs, storage })
      expect(rows).toHaveLength(5)
      return requests(storage) - before
    }
    const files = segment.binlogs.length * 2
    expect(await read(segment.binlogs)).toBe(files)
    expect(await read(sized(segment, () => 0))).toBe(2 * files)
  })

  test.each([
    ['too small', (bytes: number) => bytes - 3],
    ['a little too large', (bytes: number) => bytes + 3],
    ['far too large', (bytes: number) => bytes * 100],
    ['of a file that would need a request for its footer', (bytes: number) => bytes + 300_000],
  ])('that are %s only cost a second try', async (_, sizeOf) => {
    const { storage } = await both(2)
    const segment = await locateSegment({ storage, segmentId: 3 })
    const rows = await rowsOfSegment({
      schema: BOOKS,
      binlogs: sized(segment, sizeOf),
      storage: { ...storage, retryTimeoutMs: 5000 },
    })
    expect(rows.map(({ id }) => id)).toEqual([1n, 2n, 3n, 4n, 5n])
  })
})

describeRemote('a bucket', () => {
  test('gets bulk files for an import, all or none', async () => {
    const { storage } = await both(2)
    const target = await openChunkManager(storage)
    const records = await recordsOf(storage)
    const options = {
      form: 'bulk',
      schema: withSystemFields(BOOKS),
      collectionName: 'books',
      target,
      fileBytes: 1,
    } as const
    const request = await exportForMilvusImport({ ...options, records, prefix: 'bulk' })
    expect(request.files).toEqual([['bulk/1.parquet'], ['bulk/2.parquet']])
    const reader = await PackedReader.open({ paths: ['bulk/1.parquet'], storage, lenient: true })
    const titles = [...(await reader.readNext())!.getChild('title')!]
    expect(titles).toEqual(['title 1', 'title 2', 'title 3'])
    await reader.close()
    async function* failing() {
      yield* records
      throw new Error('the source ended')
    }
    const failed = exportForMilvusImport({ ...options, records: failing(), prefix: 'broken' })
    await expect(failed).rejects.toThrow('the source ended')
    expect((await keysOf(target)).filter((key) => key.startsWith('broken'))).toEqual([])
  })

  test('holds encrypted segments, which need their key to be found, read and rewritten', async () => {
    const storage = remote()
    const key = new Uint8Array(16).fill(3)
    const keyRetriever = () => key
    await writeSegment({
      schema: BOOKS,
      storage,
      ids: IDS,
      allocateId: counter(),
      data: twoChunks(),
      encryption: { key, keyMetadata: 'zone 5' },
    })
    const find = { storage, segmentId: 3, sidecar: false }
    expect(await rejection(() => locateSegment(find))).toMatchObject({ code: 'Encryption' })
    const segment = await locateSegment({ ...find, keyRetriever })
    const options = { schema: BOOKS, binlogs: segment.binlogs, storage }
    expect(await columnOf('id', { ...options, keyRetriever })).toEqual([1n, 2n, 3n, 4n, 5n])
    expect(await rejection(() => columnOf('id', options))).toMatchObject({ code: 'Encryption' })
    const target = { storage: remote() }
    const source = { storage, segment }
    const { binlogs } = await convertSegment({ source, target, schema: BOOKS, keyRetriever })
    expect(await columnOf('id', { schema: BOOKS, binlogs, ...target })).toHaveLength(5)
  })

  test.each([0, 2] as const)(
    'is read with credentials of a function, version %d',
    async (storageVersion) => {
      const { accessKeyId, secretAccessKey, ...place } = remote()
      const keys = { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! }
      const storage = { ...place, credentials: async () => keys }
      const options = { schema: BOOKS, storage, ids: IDS, allocateId: counter(), storageVersion }
      await writeSegment({ ...options, data: twoChunks(), deletes: deletes([1n, 60]) })
      const segment = await locateSegment({ storage, segmentId: 3, sidecar: false })
      expect((await rowsAt(storage, segment)).map(({ id }) => id)).toEqual([2n, 3n, 4n, 5n])
      const verified = await verifySegment({ storage, segment, schema: BOOKS })
      expect(verified).toMatchObject({ ok: true, rows: 5 })
      const wrong = { ...storage, credentials: async () => ({ ...keys, secretAccessKey: 'x' }) }
      const error = await rejection(() => rowsAt(wrong, segment))
      expect(error.code).toBe('PermissionDenied')
      const none = { ...place, credentials: () => Promise.reject(new Error('no one is in')) }
      expect((await rejection(() => rowsAt(none, segment))).code).toBe('PermissionDenied')
    },
  )

  test('says what it has instead of a segment', async () => {
    const storage = remote()
    const error = await rejection(() => locateSegment({ storage, segmentId: 3 }))
    expect([error.code, error.path]).toEqual(['NotFound', 'insert_log'])
    const neither = await rejection(() => locateSegment({ segmentId: 3 }))
    expect(neither.code).toBe('InvalidArgument')
    const absent = { ...storage, bucketName: 'absent' }
    const bucket = await rejection(() => locateSegment({ storage: absent, segmentId: 3 }))
    expect(bucket.code).toBe('NotFound')
    expect(bucket.message).toContain('bucket')
  })
})

const cases = fixtureCases() ?? []

describeRemote('files of Milvus in a bucket', () => {
  const names = cases.map(([name]) => name)
  if (names.length === 0) test.skip('there are none here', () => {})

  /** Names, types and values of what a reader gives. */
  async function contentOf(paths: string[], storage: StorageConfig) {
    const reader = await PackedReader.open({ paths, storage })
    const batches: RecordBatch[] = []
    for await (const batch of reader) batches.push(batch)
    await reader.close()
    const columns = reader.schema.fields.map(({ name, type }) => [
      name,
      String(type),
      columnChecksum(batches, name),
    ])
    return { rows: reader.numRows, rowGroups: reader.rowGroups.length, columns }
  }

  for (const [name, fixture] of cases) {
    test(`${name} reads as on the disk`, async () => {
      const storage = remote()
      const chunks = await openChunkManager(storage)
      const files = fixturePaths(fixture)
      const paths = files.map((file) => basename(file))
      await chunks.multiWrite(
        files.map((file) => ({ path: basename(file), content: readFileSync(file) })),
      )
      const content = await contentOf(paths, storage)
      expect(content.rows).toBe(fixture.rows)
      expect(content).toEqual(await contentOf(files, {}))
    })
  }
})
