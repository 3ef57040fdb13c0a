/** What a worker refuses, waits for, and ends with. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeData, RecordBatch, Schema, Struct } from 'apache-arrow'
import { createCollectionSchema } from '../lib/schema/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { LocalMetaStore } from '../lib/sync/index.js'
import { keysOf, NOTES, notes, numbers, openWorker, rowsIn, rowsStored } from './support/ingest.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const base = temporaryDirectory('ingest-use')
let directories = 0
const fresh = () => join(base, String(directories++))
const MIB = 2 ** 20
/** Of this many rows a message of {@link NOTES} has about 256 KiB. */
const QUARTER = 4400

describe('opening', () => {
  test('a directory that somebody has is refused with the name of who has it', async () => {
    const directory = fresh()
    const worker = await openWorker(directory)
    const error = await rejection(() => openWorker(directory))
    expect(error).toMatchObject({ code: 'Conflict', path: directory })
    expect(error.message).toContain(`process ${process.pid} on`)
    await worker.write({ source: 's', sequence: 1, rows: notes(0, 1) })
    await worker.close()
    const again = await openWorker(directory)
    await again.close()
    expect(keysOf(await rowsIn(directory))).toEqual([0])
  })

  test.each([
    ['another type', { name: 'title', dataType: 'JSON', nullable: true }, 'type VarChar'],
    ['no null', { name: 'title', dataType: 'VarChar', maxLength: 256 }, 'nullable true'],
    ['another name', { name: 'text', dataType: 'VarChar', maxLength: 256, nullable: true }, 'name'],
  ] as const)('a schema with %s is refused with the name of the field', async (_, field, text) => {
    const directory = fresh()
    await (await openWorker(directory)).close()
    const { fields } = NOTES
    const schema = createCollectionSchema({
      name: 'notes',
      fields: [{ name: 'id', dataType: 'Int64', isPrimaryKey: true }, field, fields[2]!],
    })
    const error = await rejection(() => openWorker(directory, { schema }))
    expect(error).toMatchObject({ code: 'InvalidSchema', field: 'title' })
    expect(error.message).toContain(`Expected ${text}`)
    await (await openWorker(directory)).close()
  })

  test('what cannot be opened leaves the directory free', async () => {
    const directory = fresh()
    const code = async (options: object) =>
      (await rejection(() => openWorker(directory, options))).code
    expect(await code({ schema: undefined })).toBe('InvalidArgument')
    expect(await code({ partitionId: 99 })).toBe('NotFound')
    expect(await code({ storageVersion: 4 })).toBe('NotSupported')
    expect(await code({ storageVersion: 2, useManifest: true })).toBe('InvalidArgument')
    expect(await code({ memoryBytes: 10 })).toBe('InvalidArgument')
    expect(await code({ memory: MIB })).toBe('InvalidArgument')
    expect(await code({ metaStore: {}, metaDirectory: 'meta' })).toBe('InvalidArgument')
    const reason = new Error('no time')
    await expect(openWorker(directory, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const worker = await openWorker(directory, { channelName: 'first' })
    await worker.close()
    expect(await code({ channelName: 'second' })).toBe('InvalidArgument')
    await (await openWorker(directory)).close()
  })

  test('a metadata store that is gone, or another one, is no new beginning', async () => {
    const directory = fresh()
    const worker = await openWorker(directory)
    await worker.write({ source: 's', sequence: 1, rows: notes(0, 1) })
    await worker.close({ flush: false })
    const elsewhere = await rejection(() => openWorker(directory, { metaDirectory: fresh() }))
    expect(elsewhere).toMatchObject({ code: 'MetadataCorrupted', path: directory })
    rmSync(join(directory, 'meta'), { recursive: true })
    const gone = await rejection(() => openWorker(directory))
    expect(gone).toMatchObject({ code: 'MetadataCorrupted', path: directory })
    expect(gone.message).toContain('the store is lost')
  })

  test('a channel of one store is one worker’s, also when that one is closed', async () => {
    const options = { metaDirectory: fresh(), channelName: 'orders' }
    const directory = fresh()
    await (await openWorker(directory, options)).close()
    const error = await rejection(() => openWorker(fresh(), options))
    expect(error.code).toBe('Conflict')
    expect(error.message).toContain(directory)
    await (await openWorker(directory, options)).close()
  })

  test('workers of one store fill one collection side by side', async () => {
    const metaDirectory = fresh()
    const chunkManager = new LocalChunkManager({ rootPath: fresh() })
    const metaStore = await LocalMetaStore.open(metaDirectory)
    const workers = await Promise.all(
      [0, 1].map(() => openWorker(fresh(), { metaStore, chunkManager })),
    )
    const [one, two] = workers.map((worker) => worker.status())
    expect(one!.collectionId).toBe(two!.collectionId)
    expect(one!.channelName).not.toBe(two!.channelName)
    await Promise.all(
      workers.map((worker, at) =>
        worker.write({ source: 's', sequence: 1, rows: notes(at * 10, 5) }),
      ),
    )
    await Promise.all(workers.map((worker) => worker.close()))
    await metaStore.close()
    const rows = await rowsStored({ metaDirectory, chunkManager })
    expect(keysOf(rows)).toEqual([...numbers(0, 5), ...numbers(10, 5)])
  })
})

describe('writing', () => {
  test('what is refused is not there, and stands in nobody’s way', async () => {
    const directory = fresh()
    const worker = await openWorker(directory)
    const rows = notes(0, 2)
    const short = new Schema(rows.schema.fields.slice(0, 2))
    const children = rows.data.children.slice(0, 2)
    const data = makeData({ type: new Struct(short.fields), length: 2, nullCount: 0, children })
    const codes = await Promise.all(
      [
        { rows: new RecordBatch(short, data) },
        { rows, partitionId: 99 },
        { rows, deletes: ['text'] },
        { rows, source: '' },
      ].map(async (more) => {
        const message = { source: 's', sequence: 1, ...more }
        return (await rejection(() => worker.write(message as never))).code
      }),
    )
    expect(codes).toEqual(['InvalidSchema', 'NotFound', 'TypeMismatch', 'InvalidArgument'])
    expect(worker.lastSequence('s')).toBeUndefined()
    expect((await worker.write({ source: 's', sequence: 1, rows })).repeated).toBe(false)
    expect(worker.status()).toMatchObject({ state: 'running', rows: 2, lastError: undefined })
    await worker.close()
    expect(keysOf(await rowsIn(directory))).toEqual([0, 1])
  })

  test('messages wait in call order while the memory is in use', async () => {
    const directory = fresh()
    const worker = await openWorker(directory, { memoryBytes: MIB })
    const forRows = worker.status().memoryBytes
    let most = 0
    const order: number[] = []
    const rows = QUARTER / 2
    const writes = numbers(0, 48).map(async (at) => {
      await worker.write({ source: 's', sequence: at, rows: notes(at * rows, rows) })
      order.push(at)
      most = Math.max(most, worker.status().bufferBytes)
    })
    await Promise.all(writes)
    expect(order).toEqual(numbers(0, 48))
    expect(forRows).toBeLessThan(MIB)
    expect(most).toBeGreaterThan(MIB / 2)
    expect(most).toBeLessThanOrEqual(forRows)
    await worker.close()
    expect(keysOf(await rowsIn(directory))).toEqual(numbers(0, 24 * QUARTER))
  })

  test('a message that is larger than the memory goes alone', async () => {
    const directory = fresh()
    const worker = await openWorker(directory, { memoryBytes: MIB })
    await worker.write({ source: 's', sequence: 1, rows: notes(0, 10) })
    await worker.write({ source: 's', sequence: 2, rows: notes(10, 6 * QUARTER) })
    await worker.write({ source: 's', sequence: 3, rows: notes(90_000, 10) })
    expect(worker.status().bufferBytes).toBeLessThan(MIB)
    await worker.close()
    expect((await rowsIn(directory)).length).toBe(6 * QUARTER + 20)
  })

  test('one that waits can be aborted, and those behind it go on', async () => {
    const directory = fresh()
    const worker = await openWorker(directory, { memoryBytes: MIB })
    await worker.write({ source: 's', sequence: 1, rows: notes(0, 3 * QUARTER) })
    const controller = new AbortController()
    const { signal } = controller
    const waiting = worker.write({ source: 's', sequence: 2, rows: notes(50_000, QUARTER), signal })
    const behind = worker.write({ source: 't', sequence: 1, rows: notes(90_000, 1) })
    const reason = new Error('changed my mind')
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    expect((await behind).repeated).toBe(false)
    expect(worker.lastSequence('s')).toBe(1n)
    const aborted = worker.write({ source: 's', sequence: 2, rows: notes(0, 1), signal })
    await expect(aborted).rejects.toBe(reason)
    await worker.close()
    expect(keysOf(await rowsIn(directory))).toEqual([...numbers(0, 3 * QUARTER), 90_000])
  })
})

describe('a schema that gains fields', () => {
  const later = (...fields: object[]) =>
    createCollectionSchema({
      name: 'notes',
      fields: [...NOTES.fields, ...fields] as never,
    })
  const LANG = { name: 'lang', dataType: 'VarChar', maxLength: 9, defaultValue: 'de' }
  const STARS = { name: 'stars', dataType: 'Int32', nullable: true }

  test.each([true, false])(
    'rows of before have its default (flushed before: %p)',
    async (flush) => {
      const directory = fresh()
      const worker = await openWorker(directory)
      await worker.write({ source: 's', sequence: 1, rows: notes(0, 2) })
      if (flush) await worker.flush()
      const schema = later(LANG, STARS)
      await Promise.all([
        worker.updateSchema(schema),
        worker.write({ source: 's', sequence: 2, rows: notes(2, 2) }),
      ])
      await worker.updateSchema(schema)
      expect(worker.schema.fields.map(({ name }) => name)).toEqual([
        'id',
        'title',
        'v',
        'lang',
        'stars',
      ])
      await worker.close({ flush: false })
      const again = await openWorker(directory, { schema })
      await again.write({ source: 's', sequence: 3, rows: notes(4, 1) })
      await again.close()
      const rows = await rowsIn(directory, again.schema)
      expect(keysOf(rows)).toEqual(numbers(0, 5))
      expect(rows.map(({ lang, stars }) => [lang, stars])).toEqual(
        numbers(0, 5).map(() => ['de', null]),
      )
      const error = await rejection(() => openWorker(directory))
      expect(error).toMatchObject({ code: 'InvalidSchema', field: 'lang' })
    },
  )

  test('a field that rows of before could not have is refused', async () => {
    const worker = await openWorker(fresh())
    const schema = later({ name: 'must', dataType: 'Int32' })
    const error = await rejection(() => worker.updateSchema(schema))
    expect(error).toMatchObject({ code: 'InvalidSchema', field: 'must' })
    expect(worker.schema.fields).toHaveLength(3)
    await worker.close()
  })
})

describe('ending', () => {
  test('a closed worker says so, and is closed once', async () => {
    const worker = await openWorker(fresh())
    const closing = worker.close()
    expect(worker.close({ flush: false })).toBe(closing)
    await closing
    const calls = [
      () => worker.write({ source: 's', sequence: 1 }),
      () => worker.flush(),
      () => worker.updateSchema(NOTES),
      () => worker.drop(),
    ]
    for (const call of calls) expect(await rejection(call)).toMatchObject({ code: 'Closed' })
    expect(worker.status().state).toBe('closed')
    expect(worker.lastSequence('s')).toBeUndefined()
  })

  test('what is being accepted when it closes is accepted, what waits is refused', async () => {
    const directory = fresh()
    const worker = await openWorker(directory, { memoryBytes: MIB })
    const first = worker.write({ source: 's', sequence: 1, rows: notes(0, 3 * QUARTER) })
    const second = worker.write({ source: 's', sequence: 2, rows: notes(50_000, 3 * QUARTER) })
    const refused = rejection(() => second)
    await worker.close()
    expect((await first).repeated).toBe(false)
    expect(await refused).toMatchObject({ code: 'Closed' })
    expect((await rowsIn(directory)).length).toBe(3 * QUARTER)
  })

  test('what no repetition mends ends it, and the next one has everything', async () => {
    const directory = fresh()
    mkdirSync(directory)
    const segments = join(directory, 'segments')
    writeFileSync(segments, 'a file where the folder should be')
    const worker = await openWorker(directory)
    await worker.write({ source: 's', sequence: 1, rows: notes(0, 3) })
    const error = await rejection(() => worker.flush())
    expect(worker.status()).toMatchObject({ state: 'failed', lastError: error })
    expect(await rejection(() => worker.write({ source: 's', sequence: 2 }))).toBe(error)
    expect(await rejection(() => worker.flush())).toBe(error)
    await worker.close({ flush: false })
    rmSync(segments)
    const again = await openWorker(directory)
    expect(again.recovered.messages).toBe(1)
    await again.close()
    expect(keysOf(await rowsIn(directory))).toEqual([0, 1, 2])
  })
})
