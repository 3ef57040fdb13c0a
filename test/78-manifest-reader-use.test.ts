/** Use of a reader of a manifest: versions, options, signals, closing, memory. */
import { ManifestReader } from '../lib/manifest/index.js'
import { numbersOf, ROWS, readablePlaces } from './support/manifest-reading.js'
import { BASE } from './support/manifest-writing.js'
import { rejection } from './support/rejection.js'
import { expectSample } from './support/sample.js'

const { place, fresh, fails } = readablePlaces('manifest-reader-use')

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
