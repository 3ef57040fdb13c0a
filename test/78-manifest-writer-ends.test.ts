/** How manifest writers end: by close, abort, a failure or a signal, and what is left then. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ManifestWriterOptions, SimpleArrowRecord } from '../lib/index.js'
import { BASE, keysOf, ManifestPlace } from './support/manifest-writing.js'
import { rejection } from './support/rejection.js'
import { sampleBatch } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('manifest-writer-ends')
let places = 0
const fresh = () => new ManifestPlace(join(directory, String(places++)))

/** Two groups: id, title and score; embedding. */
const TWO: Partial<ManifestWriterOptions> = {
  policy: { kind: 'schemaBased', patterns: ['id|title|score'] },
}

describe('the end of a writer', () => {
  test('close is idempotent; later calls are Closed', async () => {
    const place = fresh()
    const writer = await place.open()
    await writer.write(sampleBatch(0, 10))
    expect(writer.close()).toBe(writer.close())
    await writer.close()
    await writer.abort()
    expect(place.keys).toEqual(keysOf(writer.getWrittenManifest()))
    expect((await rejection(() => writer.write(sampleBatch(0, 1)))).code).toBe('Closed')
    const error = await rejection(() => writer.flush())
    expect(error).toMatchObject({
      code: 'Closed',
      message:
        'Expected an open PackedRecordManifestWriter for flush() but received one that is closed',
    })
  })

  test('abort leaves nothing, not even files that have rolled, nor folders', async () => {
    const place = fresh()
    const writer = await place.open({ ...TWO, rollingBytes: 1 })
    for (let first = 0; first < 50; first += 10) await writer.write(sampleBatch(first, 10))
    expect(place.keys).toHaveLength(10)
    await writer.abort()
    expect(place.keys).toEqual([])
    expect(writer.orphans).toEqual([])
    await writer.abort()
    await writer.close()
    expect(writer.getWrittenManifest()).toEqual({ columnGroups: [] })
    expect((await rejection(() => writer.write(sampleBatch(0, 1)))).code).toBe('Closed')
  })

  test('a block that is left by an exception leaves nothing', async () => {
    const place = fresh()
    const leave = async () => {
      await using writer = await place.open({ rollingBytes: 0 })
      await writer.write(sampleBatch(0, 10))
      await writer.flush()
      await writer.write(sampleBatch(10, 10))
      throw new RangeError('mine')
    }
    await expect(leave()).rejects.toThrow(new RangeError('mine'))
    expect(place.keys).toEqual([])
  })

  test('files of others stay', async () => {
    const place = fresh()
    const first = await place.open()
    await first.write(sampleBatch(0, 10))
    await first.close()
    const before = place.keys
    const digest = () =>
      createHash('sha1')
        .update(readFileSync(place.file(before[0]!)))
        .digest('hex')
    const hash = digest()
    const second = await place.open({ rollingBytes: 1 })
    await second.write(sampleBatch(0, 10))
    await rejection(() => second.write({} as never))
    expect(place.keys).toEqual(before)
    expect(digest()).toBe(hash)
  })

  test.each([
    ['no batch at all', 7, 'InvalidArgument'],
    ['a batch without a column', sampleBatch(0, 5).select(['id']), 'InvalidArgument'],
    [
      'a record without a column',
      new SimpleArrowRecord(sampleBatch(0, 5).select(['id'])),
      'InvalidSchema',
    ],
  ])('a write that fails takes back what has rolled: %s', async (_, input, code) => {
    const place = fresh()
    const writer = await place.open({ ...TWO, rollingBytes: 1 })
    await writer.write(sampleBatch(0, 10))
    expect(place.keys).toHaveLength(2)
    const waiting = [writer.write(input as never), writer.write(sampleBatch(10, 1)), writer.flush()]
    const [bad, ...later] = await Promise.allSettled(waiting)
    expect(bad).toMatchObject({ status: 'rejected', reason: { code } })
    for (const call of later) {
      expect(call).toMatchObject({ status: 'rejected', reason: { code: 'Closed' } })
    }
    expect(place.keys).toEqual([])
    await writer.close()
    expect(writer.getWrittenManifest()).toEqual({ columnGroups: [] })
  })

  test('a buffer that is detached fails the write', async () => {
    const place = fresh()
    const writer = await place.open({ rollingBytes: 0 })
    await writer.write(sampleBatch(0, 10))
    await writer.flush()
    const batch = sampleBatch(10, 5000)
    const { buffer } = batch.getChild('score')!.data[0]!.values as Float64Array<ArrayBuffer>
    structuredClone(buffer, { transfer: [buffer] })
    expect(await rejection(() => writer.write(batch))).toMatchObject({ code: 'Detached' })
    expect(place.keys).toEqual([])
  })

  test('an exception of onProgress takes everything back', async () => {
    const place = fresh()
    let calls = 0
    const writer = await place.open({
      rollingBytes: 0,
      onProgress: () => {
        calls += 1
        if (calls === 4) throw new RangeError('mine')
      },
    })
    await writer.write(sampleBatch(0, 10))
    await writer.flush()
    await writer.write(sampleBatch(10, 10))
    await expect(writer.flush()).rejects.toThrow(new RangeError('mine'))
    expect(place.keys).toEqual([])
    expect(writer.orphans).toEqual([])
  })

  test('case 53: files that cannot be begun are a failure; close then has no group', async () => {
    const place = fresh()
    mkdirSync(join(place.root, BASE), { recursive: true })
    writeFileSync(join(place.root, BASE, '_data'), 'no folder')
    const writer = await place.open(TWO)
    const error = await rejection(() => writer.write(sampleBatch(0, 10)))
    expect(error.path).toMatch(/_data\/0_.*\.parquet$/)
    await writer.close()
    expect(writer.getWrittenManifest()).toEqual({ columnGroups: [] })
    expect(place.keys).toEqual([join(BASE, '_data')])
  })

  test('what cannot be removed is listed', async () => {
    const place = fresh()
    const stuck = Object.create(place.chunkManager, {
      remove: {
        value: (key: string) =>
          key.includes('/1_') ? Promise.reject(new Error('stuck')) : place.chunkManager.remove(key),
      },
    })
    const writer = await place.open({ ...TWO, rollingBytes: 1, chunkManager: stuck })
    await writer.write(sampleBatch(0, 10))
    await writer.write(sampleBatch(10, 10))
    await writer.abort()
    expect(writer.orphans).toHaveLength(2)
    expect([...writer.orphans].sort()).toEqual(place.keys)
  })
})

describe('a signal', () => {
  const aborting = async () => {
    const place = fresh()
    const controller = new AbortController()
    const writer = await place.open({ ...TWO, rollingBytes: 1, signal: controller.signal })
    await writer.write(sampleBatch(0, 10))
    expect(place.keys).toHaveLength(2)
    return { place, controller, writer, reason: new RangeError('enough') }
  }

  test('that is aborted already opens nothing', async () => {
    const reason = new RangeError('enough')
    const signal = AbortSignal.abort(reason)
    await expect(fresh().open({ signal })).rejects.toBe(reason)
  })

  test('fails the calls in flight with its reason and removes what has rolled', async () => {
    const { place, controller, writer, reason } = await aborting()
    const calls = [writer.write(sampleBatch(10, 5000)), writer.flush(), writer.close()]
    controller.abort(reason)
    const [write, flush, close] = await Promise.allSettled(calls)
    expect(write).toEqual({ status: 'rejected', reason })
    expect(flush).toEqual({ status: 'rejected', reason })
    expect(close).toMatchObject({ status: 'fulfilled' })
    expect(place.keys).toEqual([])
    expect(writer.getWrittenManifest()).toEqual({ columnGroups: [] })
  })

  test('between two calls the files go at once, and every later call gives the reason', async () => {
    const { place, controller, writer, reason } = await aborting()
    controller.abort(reason)
    for (let tries = 0; tries < 200 && place.keys.length > 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect(place.keys).toEqual([])
    await expect(writer.write(sampleBatch(10, 1))).rejects.toBe(reason)
    await expect(writer.flush()).rejects.toBe(reason)
    await expect(writer.close()).rejects.toBe(reason)
    await writer.abort()
  })

  test('after close it changes nothing', async () => {
    const { place, controller, writer } = await aborting()
    await writer.close()
    controller.abort()
    await writer.close()
    expect(place.keys).toEqual(keysOf(writer.getWrittenManifest()))
    expect((await rejection(() => writer.flush())).code).toBe('Closed')
  })
})
