/** Who owns which memory, and that it is given back exactly once (docs/ownership.md 1 to 3). */
import { join } from 'node:path'
import { FixedSizeBinary, Int64, makeData, type RecordBatch } from 'apache-arrow'
import { flattenBatch, flattenSchema } from '../lib/cdata/index.js'
import { exportRecordBatch, importRecordBatch } from '../lib/cdata/public.js'
import { allocate, memoryUsage, PackedReader, PackedWriter } from '../lib/index.js'
import { callSync, type NativeBatch } from '../lib/native/index.js'
import { columnOf, oneColumn } from './support/bridge.js'
import { rejection } from './support/rejection.js'
import { runNode } from './support/run-node.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('ownership')
const ROWS = 20_000
const FIELD_ID = new Map([['PARQUET:field_id', '100']])

function numbers(buffer: ArrayBufferLike = new ArrayBuffer(ROWS * 8)): BigInt64Array {
  const values = new BigInt64Array(buffer as ArrayBuffer)
  for (let i = 0; i < values.length; i++) values[i] = BigInt(i)
  return values
}

function wideBatch(values = numbers()): RecordBatch {
  return oneColumn(makeData({ type: new Int64(), data: values }), FIELD_ID)
}

let files = 0

async function openWriter(batch: RecordBatch) {
  const path = join(directory, `file-${files++}`)
  const groups = [{ id: 0, path, fields: ['column'] }]
  return { path, writer: await PackedWriter.open({ schema: batch.schema, groups }) }
}

async function readBack(path: string): Promise<bigint[]> {
  const reader = await PackedReader.open({ paths: [path] })
  const values: bigint[] = []
  for await (const batch of reader) values.push(...(columnOf(batch) as Iterable<bigint>))
  await reader.close()
  return values
}

/** Through the addon itself, so that the owner is at hand. */
function importWithOwner(batch: RecordBatch, copy = false): NativeBatch {
  const exported = exportRecordBatch(batch)
  const policy = { copy, maxOutstandingBytes: 1e12, creditBytes: 0 }
  const imported = callSync((addon) =>
    addon.cdataImport(exported.array, exported.schema, policy),
  ).batch
  exported.release()
  return imported
}

const release = (batch: NativeBatch) => callSync((addon) => addon.batchRelease(batch.owner))

describe('memory lent to a write', () => {
  test('lends wide buffers and gives them back when the write ends', async () => {
    const batch = wideBatch()
    const { path, writer } = await openWriter(batch)
    const before = memoryUsage().borrowedBytes
    const written = writer.write(batch)
    await Promise.resolve()
    const during = memoryUsage().borrowedBytes
    await written
    expect(during - before).toBe(ROWS * 8)
    expect(memoryUsage().borrowedBytes).toBe(before)
    numbers(columnOf(batch).data[0]!.values.buffer).fill(-1n) // ours again
    await writer.finish()
    expect(await readBack(path)).toEqual([...numbers()])
  })

  test('copy: true lends nothing', async () => {
    const batch = wideBatch()
    const { writer } = await openWriter(batch)
    const before = memoryUsage().borrowedBytes
    const written = writer.write(batch, { copy: true })
    await Promise.resolve()
    expect(memoryUsage().borrowedBytes).toBe(before)
    await written
    await writer.close()
  })

  test('copy: true copies at the call, even behind other writes', async () => {
    const batches = [wideBatch(), wideBatch(), wideBatch()]
    const { path, writer } = await openWriter(batches[0]!)
    const written = batches.map((batch) => {
      const promise = writer.write(batch, { copy: true })
      numbers(columnOf(batch).data[0]!.values.buffer).fill(-1n) // ours from here on
      return promise
    })
    await Promise.all(written)
    await writer.finish()
    expect(await readBack(path)).toEqual([...numbers(), ...numbers(), ...numbers()])
  })

  test('addresses of wide value buffers do not change', () => {
    const values = numbers()
    const exported = exportRecordBatch(wideBatch(values))
    const received = columnOf(importRecordBatch(exported))
    exported.release()
    values[17] = -17n
    expect(received.get(17)).toBe(-17n)
    ;(received.data[0]!.values as BigInt64Array)[18] = -18n
    expect(values[18]).toBe(-18n)
  })

  test('small buffers are copied at the call', () => {
    const values = new BigInt64Array([1n, 2n, 3n])
    const exported = exportRecordBatch(wideBatch(values))
    values.fill(0n)
    expect([...columnOf(importRecordBatch(exported))]).toEqual([1n, 2n, 3n])
    exported.release()
  })

  test('detached, resizable and shared buffers', async () => {
    const detached = wideBatch()
    structuredClone(0, { transfer: [columnOf(detached).data[0]!.values.buffer] })
    expect(await rejection(() => exportRecordBatch(detached))).toMatchObject({
      code: 'Detached',
      field: 'column',
    })

    type Resizable = new (length: number, options: { maxByteLength: number }) => ArrayBuffer
    const resizable = new (ArrayBuffer as unknown as Resizable)(ROWS * 8, {
      maxByteLength: ROWS * 16,
    })
    for (const buffer of [resizable, new SharedArrayBuffer(ROWS * 8)]) {
      const values = numbers(buffer)
      const before = memoryUsage().borrowedBytes
      const exported = exportRecordBatch(wideBatch(values))
      expect(memoryUsage().borrowedBytes).toBe(before)
      values.fill(0n)
      expect(columnOf(importRecordBatch(exported)).get(ROWS - 1)).toBe(BigInt(ROWS - 1))
      exported.release()
    }
  })

  test('a write of a detached buffer fails and leaves nothing', async () => {
    const batch = wideBatch()
    const { path, writer } = await openWriter(batch)
    structuredClone(0, { transfer: [columnOf(batch).data[0]!.values.buffer] })
    expect((await rejection(() => writer.write(batch))).code).toBe('Detached')
    await writer.close()
    expect(filesBelow(directory).filter((file) => file.includes(path))).toEqual([])
  })

  test('a buffer detached during a write fails it', async () => {
    const batch = wideBatch()
    const { path, writer } = await openWriter(batch)
    const before = memoryUsage().borrowedBytes // imported batches that nobody collected yet
    const written = rejection(() => writer.write(batch))
    while (memoryUsage().borrowedBytes === before) await Promise.resolve()
    // The clone keeps the memory, so that only the rule is broken and not the process.
    const { buffer } = columnOf(batch).data[0]!.values
    const taken = structuredClone(buffer, { transfer: [buffer] })
    expect((await written).code).toBe('Detached')
    expect(taken.byteLength).toBe(ROWS * 8)
    expect((await rejection(() => writer.finish())).code).toBe('Closed')
    await writer.close()
    expect(filesBelow(directory).filter((file) => file.includes(path))).toEqual([])
  })

  test('memory of allocate() may be taken away during a write', async () => {
    const values = numbers(allocate(ROWS * 8))
    const batch = wideBatch(values)
    const { path, writer } = await openWriter(batch)
    const before = memoryUsage().borrowedBytes
    const written = writer.write(batch)
    while (memoryUsage().borrowedBytes === before) await Promise.resolve()
    const { buffer } = values as { buffer: { transfer?: () => ArrayBuffer } }
    if (buffer.transfer === undefined) process.stdout.write('no ArrayBuffer.transfer: not taken\n')
    buffer.transfer?.()
    await written
    await writer.finish()
    expect(await readBack(path)).toEqual([...numbers()])
  })
})

describe('release happens exactly once', () => {
  test('when nobody took the contents over', async () => {
    const before = memoryUsage()
    const exported = exportRecordBatch(wideBatch())
    expect(memoryUsage().borrowedBytes).toBe(before.borrowedBytes + ROWS * 8)
    exported.release()
    exported.release()
    expect(memoryUsage().borrowedBytes).toBe(before.borrowedBytes)
    for (const kind of ['array', 'schema'] as const) {
      const again = rejection(() => callSync((addon) => addon.cdataFree(kind, exported[kind])))
      expect((await again).code).toBe('InvalidArgument')
    }
  })

  test('when they were: the struct is empty, the batch keeps the memory', () => {
    const before = memoryUsage()
    const imported = importWithOwner(wideBatch())
    expect(imported.lentBytes).toBe(ROWS * 8)
    expect(memoryUsage().borrowedBytes).toBe(before.borrowedBytes + ROWS * 8)
    expect(memoryUsage().lentBytes).toBe(before.lentBytes + ROWS * 8)
    const view = imported.buffers[1]!
    release(imported)
    release(imported)
    expect(view.byteLength).toBe(0)
    expect(memoryUsage().borrowedBytes).toBe(before.borrowedBytes)
    expect(memoryUsage().lentBytes).toBe(before.lentBytes)
  })

  test('when everything was copied', () => {
    const before = memoryUsage()
    const imported = importWithOwner(wideBatch(), true)
    expect(imported.lentBytes).toBe(0)
    expect(memoryUsage().borrowedBytes).toBe(before.borrowedBytes)
    expect(memoryUsage().lentBytes).toBe(before.lentBytes)
    release(imported)
    expect(new BigInt64Array(imported.buffers[1]!.buffer)[5]).toBe(5n)
  })

  test('when a check fails half-way', async () => {
    const before = memoryUsage()
    const batch = wideBatch()
    const flat = flattenBatch(batch)
    const error = await rejection(() =>
      callSync((addon) =>
        addon.cdataExport(addon.importSchema(flattenSchema(batch.schema)), { ...flat, rows: 3 }),
      ),
    )
    expect(error.code).toBe('InvalidData')
    expect(memoryUsage().borrowedBytes).toBe(before.borrowedBytes)
    expect(memoryUsage().poolBytes).toBe(before.poolBytes)
  })

  test('pool bytes return to the start', async () => {
    const type = new FixedSizeBinary(3)
    const batch = oneColumn(makeData({ type, data: new Uint8Array(300) }), FIELD_ID)
    const before = memoryUsage().poolBytes
    for (let i = 0; i < 100; i++) release(importWithOwner(batch))
    expect(memoryUsage().poolBytes).toBe(before)
  })
})

describe('memory lent by a read', () => {
  test('a batch written while it is lent, and released meanwhile', async () => {
    const source = await openWriter(wideBatch())
    await source.writer.write(wideBatch())
    await source.writer.finish()
    const reader = await PackedReader.open({ paths: [source.path] })
    const batch = (await reader.readNext())!
    const copy = await openWriter(batch)
    await copy.writer.write(batch)
    reader.release(batch)
    await copy.writer.finish()
    await reader.close()
    expect((await readBack(copy.path))[99]).toBe(99n)
  })

  test('above the bound batches are copied', () => {
    const policy = { copy: false, maxOutstandingBytes: memoryUsage().lentBytes + 1, creditBytes: 0 }
    const exported = [exportRecordBatch(wideBatch()), exportRecordBatch(wideBatch())]
    const [first, second] = exported.map(
      ({ array, schema }) => callSync((addon) => addon.cdataImport(array, schema, policy)).batch,
    )
    expect([first!.lentBytes, second!.lentBytes]).toEqual([ROWS * 8, 0])
    release(first!)
    for (const { release } of exported) release()
  })

  test('without external buffers', async () => {
    const path = join(directory, 'no-external')
    const run = await runNode('no-external.cjs', [path], { env: { ARROW_PACKED_NO_EXTERNAL: '1' } })
    expect(run.code).toBe(0)
    expect(run.lines).toEqual([{ rows: ROWS, equal: true, lentBytes: 0, allocated: 64 }])
  })
})
