/** Whose memory the bytes of records and the records of bytes are, and what an abort does. */
import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { deserializeRecord, memoryUsage, serializeRecord } from '../lib/index.js'
import { rejection } from './support/rejection.js'
import { expectSample, sampleBatch, sampleSchema } from './support/sample.js'

const schema = sampleSchema()
const sampleBytes = (rows: number) => serializeRecord(sampleBatch(0, rows), schema)

describe('memory of records', () => {
  const borrowed = () => memoryUsage().borrowedBytes

  test('is lent until the promise settles', async () => {
    const batch = sampleBatch(0, 20_000)
    const before = borrowed()
    const serializing = serializeRecord(batch, schema)
    expect(borrowed() - before).toBeGreaterThan(20_000 * 8)
    const bytes = await serializing
    expect(borrowed()).toBe(before)
    ;(batch.getChild('id')!.data[0]!.values as BigInt64Array).fill(-1n)

    const reading = deserializeRecord(bytes, schema)
    expect(borrowed() - before).toBe(bytes.length)
    const read = await reading
    expect(borrowed()).toBe(before)
    bytes.fill(0)
    expectSample([read], 20_000)
  })

  test('of detached, shared and resizable buffers', async () => {
    const detached = sampleBatch(0, 20_000)
    structuredClone(0, { transfer: [detached.getChild('id')!.data[0]!.values.buffer] })
    expect(await rejection(() => serializeRecord(detached, schema))).toMatchObject({
      code: 'Detached',
      field: 'id',
    })
    const bytes = await sampleBytes(20_000)
    const own = bytes.slice()
    structuredClone(0, { transfer: [own.buffer] })
    // A detached view is one of no bytes; the addon tells.
    expect(await rejection(() => deserializeRecord(own, schema))).toMatchObject({
      code: 'Detached',
    })
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
    shared.set(bytes)
    const reading = deserializeRecord(shared, schema)
    shared.fill(0)
    expectSample([await reading], 20_000)
  })

  test('that is taken away meanwhile fails the call', async () => {
    const batch = sampleBatch(0, 200_000)
    const serializing = rejection(() => serializeRecord(batch, schema, { level: 9 }))
    structuredClone(0, { transfer: [batch.getChild('id')!.data[0]!.values.buffer] })
    expect(await serializing).toMatchObject({ code: 'Detached' })
    const bytes = (await sampleBytes(200_000)).slice()
    const reading = rejection(() => deserializeRecord(bytes, schema))
    structuredClone(0, { transfer: [bytes.buffer] })
    expect(await reading).toMatchObject({ code: 'Detached' })
  })

  test('copy: true lends nothing', async () => {
    const bytes = await sampleBytes(50_000)
    const before = memoryUsage().lentBytes
    const copied = await deserializeRecord(bytes, schema, { copy: true })
    // Less where batches of other tests were collected meanwhile.
    expect(memoryUsage().lentBytes).toBeLessThanOrEqual(before)
    expectSample([copied], 50_000)
  })
})

describe('an aborted signal', () => {
  const reason = new Error('no longer wanted')

  test('before, during and after', async () => {
    const bytes = await sampleBytes(10)
    const aborted = AbortSignal.abort(reason)
    await expect(serializeRecord(sampleBatch(0, 1), schema, { signal: aborted })).rejects.toBe(
      reason,
    )
    await expect(deserializeRecord(bytes, schema, { signal: aborted })).rejects.toBe(reason)

    const controller = new AbortController()
    const { signal } = controller
    const batch = sampleBatch(0, 400_000)
    const serializing = serializeRecord(batch, schema, { level: 19, signal })
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    await sleep(5)
    controller.abort(reason)
    await expect(serializing).rejects.toBe(reason)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)

    const later = new AbortController()
    await deserializeRecord(bytes, schema, { signal: later.signal })
    expect(getEventListeners(later.signal, 'abort')).toHaveLength(0)
    later.abort()
  })
})
