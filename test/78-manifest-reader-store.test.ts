/** Versions of manifests in a bucket: how little is asked for, and what happens when it does not come. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { StorageConfig } from '../lib/index.js'
import { ManifestReader, type ManifestReaderOptions } from '../lib/manifest/index.js'
import { openChunkManager, storageMetrics } from '../lib/storage/index.js'
import { numbersOf, ReadablePlace, range, withFiles } from './support/manifest-reading.js'
import { BASE } from './support/manifest-writing.js'
import {
  BUCKET,
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers.js'
import { rejection } from './support/rejection.js'
import { expectSample } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('manifest-reader-store')
const FILES = 40
/** To find the latest version of a manifest, and to read it. */
const TO_THE_MANIFEST = 2

describeWithServers('a manifest reader of objects', () => {
  let server: TestServer
  let storage: StorageConfig
  /** The same bucket as a directory. */
  let place: ReadablePlace

  beforeAll(async () => {
    server = await startVersitygw(directory)
    storage = storageAt(server.port)
    place = new ReadablePlace(join(directory, 'data', BUCKET))
    await place.append(Array.from({ length: FILES }, () => 25))
  })
  afterAll(() => server.stop())

  const read = (options: Partial<ManifestReaderOptions> = {}) =>
    ManifestReader.open({ storage, basePath: BASE, ...options })

  /** Requests that native reads have cost while `action` ran. */
  async function requests(action: () => Promise<unknown>): Promise<number> {
    const now = () =>
      storageMetrics().find(({ filesystem }) => filesystem.includes(String(server.port)))
        ?.requests ?? 0
    const before = now()
    await action()
    return now() - before
  }

  test('one request per file whose size is known, of small files for everything', async () => {
    const asked = await requests(async () => {
      const reader = await read()
      expectSample((await reader.toTable()).batches, 25 * FILES)
      await reader.close()
    })
    expect(asked).toBe(TO_THE_MANIFEST + 2 * FILES)
  })

  test('of groups that no column needs nothing', async () => {
    const asked = await requests(async () => {
      const reader = await read({ columns: ['score', 'id'] })
      expect(numbersOf(await reader.toTable(), 'id')).toEqual(range(0, 25 * FILES))
      await reader.close()
    })
    expect(asked).toBe(TO_THE_MANIFEST + FILES)
  })

  test('rows by position ask for the first file, and those that they are in', async () => {
    const reader = await read({ columns: ['id'] })
    const rows = [999, 0, 30, 31]
    const take = async () => expect(numbersOf(await reader.take(rows), 'id')).toEqual(rows)
    expect(await requests(take)).toBe(3)
    expect(await requests(take)).toBe(0)
    await reader.close()
  })

  test('without a size one more', async () => {
    const whole = await place.manifest()
    const manifest = withFiles(whole, () => ({ properties: {} }))
    const asked = await requests(async () => (await read({ manifest })).close())
    expect(asked).toBe(4 * FILES)
  })

  test('case 54: a footer hint that is too small, too large or of another file still reads', async () => {
    for (const footer of ['1', '70000', '1000000000']) {
      const manifest = withFiles(await place.manifest(), ({ properties }) => ({
        properties: { ...properties, footer_size: footer },
      }))
      const reader = await read({ manifest })
      expectSample((await reader.toTable()).batches, 25 * FILES)
      await reader.close()
    }
    const manifest = withFiles(await place.manifest(), () => ({
      properties: { file_size: '5000' },
    }))
    const reader = await read({ manifest })
    expectSample((await reader.toTable()).batches, 25 * FILES)
    await reader.close()
  })

  test('case 55: windows of one file ask for its footer once', async () => {
    const whole = await place.manifest()
    const columnGroups = whole.columnGroups.map(({ files, ...group }) => ({
      ...group,
      files: range(0, 25).map((row) => ({ ...files[0]!, startIndex: row, endIndex: row + 1 })),
    }))
    const asked = await requests(async () => {
      const reader = await read({ manifest: { ...whole, columnGroups }, columns: ['id'] })
      expect(numbersOf(await reader.toTable(), 'id')).toEqual(range(0, 25))
      await reader.close()
    })
    expect(asked).toBe(1)
  })

  test('through a chunk manager, at every version', async () => {
    const own = new ReadablePlace(join(directory, 'data', BUCKET, 'other'))
    await own.append([10])
    await own.append([5])
    const chunkManager = await openChunkManager({ ...storage, rootPath: 'other' })
    for (const [version, rows] of [
      [1, 10],
      [2, 15],
      [-1, 15],
    ] as const) {
      const reader = await ManifestReader.open({ chunkManager, basePath: BASE, version })
      expectSample((await reader.toTable()).batches, rows)
      await reader.close()
    }
  })

  test('an object that is not there is named, and an abort ends the opening', async () => {
    const own = new ReadablePlace(join(directory, 'data', BUCKET, 'gone'))
    await own.append([10, 10, 10])
    const manifest = await own.manifest()
    const { path } = manifest.columnGroups[1]!.files[2]!
    rmSync(own.file(path))
    const place = { storage: { ...storage, rootPath: 'gone' }, manifest }
    const error = await rejection(() => ManifestReader.open(place))
    expect([error.code, error.path]).toEqual(['NotFound', path])
    const controller = new AbortController()
    const opening = read({ signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(opening).rejects.toThrow('enough')
  })
})
