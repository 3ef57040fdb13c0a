/** Rows that are accepted are in segments, once, with their deletes. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Table } from 'apache-arrow'
import { InsertData } from '../lib/data/index.js'
import { readSidecar } from '../lib/segment/index.js'
import { chunkManagerAt, LocalChunkManager } from '../lib/storage/index.js'
import { CatalogMetaWriter } from '../lib/sync/index.js'
import {
  keysOf,
  NOTES,
  notes,
  numbers,
  openWorker,
  rowsIn,
  rowsStored,
  titleOf,
  withCatalog,
} from './support/ingest.js'
import { describeWithServers, startVersitygw, storageAt } from './support/object-servers.js'
import type { Values } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const base = temporaryDirectory('ingest-worker')
let directories = 0
const fresh = () => join(base, String(directories++))

const metaOf = <T>(directory: string, use: Parameters<typeof withCatalog<T>>[1]) =>
  withCatalog(join(directory, 'meta'), use)

describe.each([0, 2, 3] as const)('storage version %d', (storageVersion) => {
  test('rows come out as they went in, after a flush', async () => {
    const directory = fresh()
    const worker = await openWorker(directory, { storageVersion })
    const results = [
      await worker.write({ source: 's', sequence: 1, rows: notes(0, 3) }),
      await worker.write({
        source: 's',
        sequence: 2n,
        rows: new Table([notes(3, 2), notes(5, 1)]),
      }),
      await worker.write({
        source: 's',
        sequence: 3,
        rows: InsertData.fromRows(NOTES, [{ id: 6n, title: 'note 6', v: [6, 6, 6, 6] }]),
      }),
    ]
    expect(results.map(({ repeated }) => repeated)).toEqual([false, false, false])
    const ids = results.map(({ position }) => position!.messageId)
    expect(ids[0]! < ids[1]! && ids[1]! < ids[2]!).toBe(true)
    await worker.flush()
    expect(worker.status()).toMatchObject({
      state: 'running',
      rows: 7,
      segments: { growing: 0, sealed: 0, flushing: 0, flushed: 1 },
      backlogMessages: 0,
      bufferBytes: 0,
      checkpoint: results[2]!.position,
      lastError: undefined,
    })
    await worker.close()
    const rows = await rowsIn(directory)
    expect(rows.map(({ id }) => id)).toEqual([0n, 1n, 2n, 3n, 4n, 5n, 6n])
    expect(rows.map(({ title }) => title)).toEqual(numbers(0, 7).map(titleOf))
    expect(rows.map(({ v }) => [...new Float32Array((v as Uint8Array).slice().buffer)])).toEqual(
      numbers(0, 7).map((id) => [id, id, id, id]),
    )
  })

  test('deletes hide rows of earlier messages, and none of their own or later ones', async () => {
    const directory = fresh()
    const worker = await openWorker(directory, { storageVersion })
    await worker.write({ source: 's', sequence: 1, rows: notes(0, 5) })
    await worker.write({ source: 's', sequence: 2, rows: notes(5, 2), deletes: [1, 3n, 5, 99] })
    await worker.write({ source: 's', sequence: 3, rows: notes(3, 1) })
    await worker.write({ source: 's', sequence: 4, deletes: BigInt64Array.of(4n) })
    expect(worker.status().deletes).toBe(5)
    await worker.close()
    expect(keysOf(await rowsIn(directory))).toEqual([0, 2, 3, 5, 6])
  })
})

test('deletes of one partition leave the others alone', async () => {
  const directory = fresh()
  const worker = await openWorker(directory)
  const { collectionId } = worker.status()
  await worker.close()
  const { partitionId } = await metaOf(directory, (catalog) =>
    catalog.createPartition({ collectionId, name: 'other' }),
  )
  const again = await openWorker(directory, { schema: undefined })
  await again.write({ source: 's', sequence: 1, rows: notes(0, 3) })
  await again.write({ source: 's', sequence: 2, rows: notes(10, 3), partitionId })
  await again.write({ source: 's', sequence: 3, deletes: [1, 11], partitionId })
  await again.close()
  expect(keysOf(await rowsIn(directory))).toEqual([0, 1, 2, 10, 12])
})

test('a repeated message is acknowledged and dropped, also after a restart', async () => {
  const directory = fresh()
  const worker = await openWorker(directory)
  const write = (sequence: number, first: number, target = worker) =>
    target.write({ source: 's', sequence, rows: notes(first, 1) })
  const [first, twin] = await Promise.all([write(5, 0), write(5, 0)])
  expect([first.repeated, twin.repeated]).toEqual([false, true])
  expect((await write(4, 1)).repeated).toBe(true)
  expect((await worker.write({ source: 't', sequence: 1, rows: notes(2, 1) })).repeated).toBe(false)
  expect(worker.lastSequence('s')).toBe(5n)
  expect(worker.status()).toMatchObject({ rows: 2, repeats: 2 })
  await worker.close()

  const again = await openWorker(directory)
  expect([again.lastSequence('s'), again.lastSequence('t')]).toEqual([5n, 1n])
  expect(again.lastSequence('u')).toBeUndefined()
  expect((await write(5, 0, again)).repeated).toBe(true)
  expect((await write(6, 3, again)).repeated).toBe(false)
  await again.close()
  expect(keysOf(await rowsIn(directory))).toEqual([0, 2, 3])
})

test('a message without rows and deletes raises the sequence, and that stays', async () => {
  const directory = fresh()
  const worker = await openWorker(directory)
  await worker.write({ source: 's', sequence: 7 })
  await worker.write({ source: 't', sequence: 8, rows: notes(0, 0), deletes: [] })
  await worker.close()
  const again = await openWorker(directory)
  expect([again.lastSequence('s'), again.lastSequence('t')]).toEqual([7n, 8n])
  await again.close({ flush: false })
})

test('without a flush rows wait in the log, and the next worker has them', async () => {
  const directory = fresh()
  const worker = await openWorker(directory)
  await worker.write({ source: 's', sequence: 1, rows: notes(0, 4) })
  await worker.write({ source: 's', sequence: 2, rows: notes(4, 4), deletes: [2] })
  await worker.close({ flush: false })
  expect(await rowsIn(directory)).toEqual([])
  const again = await openWorker(directory, { schema: undefined })
  expect(again.recovered).toEqual({ messages: 2, tornBytes: 0 })
  expect(again.lastSequence('s')).toBe(2n)
  await again.write({ source: 's', sequence: 3, rows: notes(8, 1) })
  await again.close()
  expect(keysOf(await rowsIn(directory))).toEqual([0, 1, 3, 4, 5, 6, 7, 8])
})

test('segments are closed before they pass their bounds, and go on after a restart', async () => {
  const directory = fresh()
  const options = { segmentRows: 10 }
  const worker = await openWorker(directory, options)
  for (const [at, rows] of [4, 4, 4].entries()) {
    await worker.write({ source: 's', sequence: at, rows: notes(at * 4, rows) })
  }
  await worker.write({ source: 's', sequence: 3, rows: notes(100, 25) })
  await worker.write({ source: 's', sequence: 4, rows: notes(200, 6) })
  await worker.close({ flush: false })
  const again = await openWorker(directory, options)
  await again.write({ source: 's', sequence: 5, rows: notes(206, 4) })
  await again.write({ source: 's', sequence: 6, rows: notes(210, 1) })
  await again.close()
  const segments = await metaOf(directory, (catalog) => catalog.segments())
  expect(segments.map(({ state, numRows }) => [state, numRows])).toEqual(
    [8, 4, 25, 10, 1].map((rows) => ['Flushed', rows]),
  )
  expect(keysOf(await rowsIn(directory))).toEqual([
    ...numbers(0, 12),
    ...numbers(100, 25),
    ...numbers(200, 11),
  ])
})

test('writes that overlap are accepted in call order', async () => {
  const directory = fresh()
  const worker = await openWorker(directory, { fsync: 'always' })
  const results = await Promise.all(
    numbers(0, 50).map((at) => worker.write({ source: 's', sequence: at, rows: notes(at, 1) })),
  )
  const ids = results.map(({ position }) => position!.messageId)
  expect(ids).toEqual([...ids].sort((left, right) => Number(left - right)))
  const times = results.map(({ timestamp }) => timestamp!)
  expect(new Set(times).size).toBe(50)
  await worker.close()
  expect((await rowsIn(directory)).map(({ id }) => Number(id))).toEqual(numbers(0, 50))
})

test('rows keep their values however often the memory that they are in is used again', async () => {
  const directory = fresh()
  const messages = 30
  const size = 5000
  const worker = await openWorker(directory, { memoryBytes: 1 << 20, insertBufferBytes: 1 << 18 })
  await Promise.all(
    numbers(0, messages).map((sequence) =>
      worker.write({ source: 's', sequence, rows: notes(sequence * size, size) }),
    ),
  )
  await worker.close()
  const rows = await rowsIn(directory)
  expect(keysOf(rows)).toEqual(numbers(0, messages * size))
  const isWrong = ({ id, title, v }: Values) => {
    const vector = new Float32Array((v as Uint8Array).slice().buffer)
    return title !== titleOf(Number(id)) || !vector.every((value) => value === Number(id))
  }
  expect(rows.find(isWrong)).toBeUndefined()
})

test('memory of the caller may change once a message is accepted', async () => {
  const directory = fresh()
  const worker = await openWorker(directory)
  const batch = notes(1, 2)
  await worker.write({ source: 's', sequence: 1, rows: batch })
  ;(batch.data.children[0]!.values as BigInt64Array).fill(77n)
  await worker.close()
  expect(keysOf(await rowsIn(directory))).toEqual([1, 2])
})

test('a flush may be called twice, with nothing to do, and while writes go on', async () => {
  const directory = fresh()
  const worker = await openWorker(directory)
  await worker.flush()
  const writes = numbers(0, 20).map((at) =>
    worker.write({ source: 's', sequence: at, rows: notes(at, 1) }),
  )
  await Promise.all([worker.flush(), worker.flush(), ...writes])
  await worker.flush()
  expect(worker.status()).toMatchObject({ rows: 20, backlogMessages: 0 })
  await worker.close()
  expect(keysOf(await rowsIn(directory))).toEqual(numbers(0, 20))
})

test('a flushed segment has its metadata beside its files, unless told not to', async () => {
  const [kept, left] = [fresh(), fresh()]
  for (const directory of [kept, left]) {
    const worker = await openWorker(directory, { sidecar: directory === kept })
    await worker.write({ source: 's', sequence: 1, rows: notes(0, 3) })
    await worker.close()
  }
  const [segment] = await metaOf(kept, (catalog) => catalog.segments())
  const chunkManager = new LocalChunkManager({ rootPath: join(kept, 'segments') })
  const info = await readSidecar(chunkManager, '', segment!)
  expect(info).toMatchObject({ numRows: 3, binlogs: segment!.binlogs })
  expect(info!.schema!.fields.map(({ name }) => name)).toEqual(['id', 'title', 'v'])
  expect(existsSync(join(left, 'segments', '_segment'))).toBe(false)
})

test('a dropped channel leaves no row, no log, and a directory for another one', async () => {
  const directory = fresh()
  const worker = await openWorker(directory)
  await worker.write({ source: 's', sequence: 1, rows: notes(0, 3) })
  await worker.flush()
  await worker.write({ source: 's', sequence: 2, rows: notes(3, 3), deletes: [1] })
  const { channelName } = worker.status()
  await worker.drop()
  expect(worker.status().state).toBe('closed')
  await worker.close()
  expect(existsSync(join(directory, 'log'))).toBe(false)
  expect(await rowsIn(directory)).toEqual([])
  const channel = await metaOf(directory, (catalog) => catalog.channel(channelName))
  expect(channel).toMatchObject({ dropped: true })
  const again = await openWorker(directory)
  expect(again.status().channelName).not.toBe(channelName)
  await again.write({ source: 's', sequence: 1, rows: notes(7, 1) })
  await again.close()
  expect(keysOf(await rowsIn(directory))).toEqual([7])
})

test('a drop that was cut off is brought to its end by the next worker', async () => {
  const directory = fresh()
  const worker = await openWorker(directory)
  await worker.write({ source: 's', sequence: 1, rows: notes(0, 3) })
  const { channelName } = worker.status()
  await worker.close({ flush: false })
  await metaOf(directory, (catalog) => new CatalogMetaWriter(catalog).dropChannel(channelName))
  const again = await openWorker(directory)
  expect(again.recovered.messages).toBe(0)
  expect(again.lastSequence('s')).toBeUndefined()
  expect(again.status().channelName).not.toBe(channelName)
  await again.close()
  expect(await rowsIn(directory)).toEqual([])
})

describeWithServers('a bucket', () => {
  test('takes segments as a disk does', async () => {
    const directory = fresh()
    const server = await startVersitygw(join(directory, 'server'))
    try {
      const storage = storageAt(server.port, { rootPath: 'files' })
      const worker = await openWorker(directory, { storage })
      await worker.write({ source: 's', sequence: 1, rows: notes(0, 100) })
      await worker.write({ source: 's', sequence: 2, rows: notes(100, 5), deletes: [50] })
      await worker.close()
      const chunkManager = await chunkManagerAt({ storage })
      const rows = await rowsStored({ metaDirectory: join(directory, 'meta'), chunkManager })
      expect(keysOf(rows)).toEqual(numbers(0, 105).filter((id) => id !== 50))
    } finally {
      await server.stop()
    }
  })
})
