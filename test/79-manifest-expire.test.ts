/** Old versions go, the oldest first; nothing that a kept version names is lost. */
import { once } from 'node:events'
import { truncateSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expireManifests, ManifestStore, manifestKey } from '../lib/manifest/index.js'
import { LocalChunkManager, openChunkManager } from '../lib/storage/index.js'
import { startScript } from './support/child.js'
import { baseOf, ManifestGarbage, manifestsOf } from './support/manifest-garbage.js'
import { groupOf } from './support/manifest-parts.js'
import { describeWithServers, startVersitygw, storageAt } from './support/object-servers.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('manifest-expire')
let trees = 0
const BASE = baseOf(3)
const at = (name: string | number) => `${BASE}/_data/${name}.parquet`
const NOW = { olderThanMs: 0, workersStopped: true }

/** Versions 1 to `count`; version N names file N (column c) and all that are in column id. */
async function versions(count: number): Promise<ManifestGarbage> {
  const place = new ManifestGarbage(join(directory, String(trees++)))
  await place.commit(BASE, (one) => one.addColumnGroup(groupOf('id', { first: 10 }, BASE)))
  for (let version = 2; version <= count; version++) {
    await place.commit(BASE, (one) =>
      one.dropColumn('c').addColumnGroup(groupOf('c', { [version]: 10 }, BASE)),
    )
  }
  await sleep(2) // times of files are finer than those of the clock
  return place
}

/** Each version as if written `hours` ago. */
function writtenHoursAgo({ root }: ManifestGarbage, hours: readonly number[]): void {
  for (const [index, ago] of hours.entries()) {
    const time = new Date(Date.now() - ago * 3_600_000)
    utimesSync(join(root, manifestKey(BASE, index + 1)), time, time)
  }
}

const optionsOf = ({ root }: ManifestGarbage) => ({
  chunkManager: new LocalChunkManager({ rootPath: root }),
  basePath: BASE,
})

test('the newest stay, and what only old ones named is told', async () => {
  const place = await versions(5)
  const options = { ...optionsOf(place), keep: 2, ...NOW }
  const dry = await expireManifests(options)
  expect(dry).toMatchObject({
    dryRun: true,
    expired: [{ version: 1 }, { version: 2 }, { version: 3 }],
    kept: [4, 5],
    unreadable: [],
    unreferenced: [at(2), at(3)],
  })
  expect(place.keys).toEqual(manifestsOf(BASE, 1, 2, 3, 4, 5))
  const done = await expireManifests({ ...options, dryRun: false })
  expect(done).toEqual({ ...dry, dryRun: false })
  expect(place.keys).toEqual(manifestsOf(BASE, 4, 5))
  const again = await expireManifests({ ...options, dryRun: false })
  expect(again).toMatchObject({ expired: [], kept: [4, 5], unreferenced: [] })
  const store = new ManifestStore(place.chunkManager, BASE)
  expect(await store.versions()).toEqual([4, 5])
  expect(await place.commit(BASE, (one) => one.dropColumn('c'))).toBe(6)
})

test.each([
  [{ keep: 1 }, [6]],
  [{ keep: 100 }, [1, 2, 3, 4, 5, 6]],
  [{ keep: 2, protect: [4] }, [4, 5, 6]],
  [{ keep: 2, protect: [5, 3, 99] }, [3, 4, 5, 6]],
  [{ keep: 4, protect: [-1, 0] }, [3, 4, 5, 6]],
  [{ keep: 1, protect: new Set([1]) }, [1, 2, 3, 4, 5, 6]],
])('%j', async (which, kept) => {
  const place = await versions(6)
  const result = await expireManifests({ ...optionsOf(place), ...NOW, ...which, dryRun: false })
  expect(result.kept).toEqual(kept)
  expect(place.keys).toEqual(manifestsOf(BASE, ...kept))
})

test('the age of a version counts from when the next one took its place', async () => {
  const place = await versions(4)
  writtenHoursAgo(place, [1000, 900, 30, 1])
  const options = { ...optionsOf(place), olderThanMs: 48 * 3_600_000 }
  // Version 2 was the latest until 30 hours ago: somebody may have opened it then.
  expect(await expireManifests(options)).toMatchObject({ kept: [2, 3, 4] })
  const day = { ...options, olderThanMs: 24 * 3_600_000 }
  expect(await expireManifests(day)).toMatchObject({ kept: [3, 4] })
  expect(await expireManifests({ ...day, keep: 3 })).toMatchObject({ kept: [2, 3, 4] })
  writtenHoursAgo(place, [1000, 900, 800, 700])
  expect(await expireManifests(day)).toMatchObject({ kept: [4] })
})

test('without an age a minute is the least', async () => {
  const place = await versions(3)
  const { kept } = await expireManifests({ ...optionsOf(place), keep: 1 })
  expect(kept).toEqual([1, 2, 3])
  writtenHoursAgo(place, [1, 1, 0])
  expect(await expireManifests({ ...optionsOf(place), keep: 1 })).toMatchObject({ kept: [2, 3] })
})

test('a version that would stay and cannot be read keeps all; one that would go does not', async () => {
  const place = await versions(4)
  truncateSync(join(place.root, manifestKey(BASE, 2)), 30)
  writtenHoursAgo(place, [4, 3, 2, 1])
  const options = { ...optionsOf(place), ...NOW, dryRun: false }
  expect(await rejection(() => expireManifests({ ...options, keep: 3 }))).toMatchObject({
    code: 'MetadataCorrupted',
    path: manifestKey(BASE, 2),
  })
  expect(place.keys).toHaveLength(4)
  expect(await expireManifests({ ...options, keep: 2 })).toMatchObject({
    unreadable: [2],
    unreferenced: [],
    kept: [3, 4],
  })
  expect(place.keys).toEqual(manifestsOf(BASE, 3, 4))
})

test('one that ends half-way leaves an unbroken run, and the next goes on', async () => {
  const place = await versions(6)
  const options = { ...optionsOf(place), keep: 1, ...NOW, dryRun: false }
  const { chunkManager } = options
  const remove = chunkManager.remove.bind(chunkManager)
  const held = new Error('held')
  jest
    .spyOn(chunkManager, 'remove')
    .mockImplementation((path, given) =>
      path === manifestKey(BASE, 3) ? Promise.reject(held) : remove(path, given),
    )
  await expect(expireManifests(options)).rejects.toBe(held)
  expect(place.keys).toEqual(manifestsOf(BASE, 3, 4, 5, 6))
  jest.restoreAllMocks()
  expect((await expireManifests(options)).kept).toEqual([6])
})

test('an aborted signal ends it', async () => {
  const place = await versions(4)
  const controller = new AbortController()
  const options = { ...optionsOf(place), keep: 1, ...NOW, dryRun: false }
  const { chunkManager } = options
  const remove = chunkManager.remove.bind(chunkManager)
  jest.spyOn(chunkManager, 'remove').mockImplementation(async (path, given) => {
    await remove(path, given)
    controller.abort(new Error('enough'))
  })
  const { signal } = controller
  await expect(expireManifests({ ...options, signal })).rejects.toThrow('enough')
  expect(place.keys).toEqual(manifestsOf(BASE, 2, 3, 4))
  await expect(expireManifests({ ...options, signal })).rejects.toThrow('enough')
})

test('a process that is killed while it expires leaves a run up to the latest, and all its files', async () => {
  for (const afterLines of [1, 3, 6]) {
    const place = await versions(12)
    await place.write(at('first'), ...Array.from({ length: 11 }, (_, index) => at(index + 2)))
    const child = startScript('expire-until-killed.cjs', [place.root, BASE])
    const ended = once(child, 'close')
    let text = ''
    const enough = new Promise<void>((resolve) => {
      child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
        if (text.split('\n').length > afterLines) resolve()
      })
    })
    await Promise.race([enough, ended])
    child.kill('SIGKILL')
    await ended
    const store = new ManifestStore(new LocalChunkManager({ rootPath: place.root }), BASE)
    const left = await store.versions()
    expect(left.length).toBeGreaterThan(1)
    expect(left.length).toBeLessThan(12)
    expect(left).toEqual(left.map((_, index) => 12 - left.length + 1 + index))
    place.know(3)
    const { failed } = await place.gcNow({ chunkManager: store.chunkManager })
    expect(failed).toEqual([])
    const files = [at('first'), ...left.map((version) => at(version))]
    expect(place.keys).toEqual([...files, ...manifestsOf(BASE, ...left)].sort())
  }
})

test('commits go on while versions expire', async () => {
  const place = await versions(3)
  const commits = async () => {
    const { chunkManager } = optionsOf(place)
    for (let one = 0; one < 30; one++) {
      await place.commit(
        BASE,
        (transaction) =>
          transaction.dropColumn('c').addColumnGroup(groupOf('c', { [`x${one}`]: 10 }, BASE)),
        { chunkManager },
      )
    }
  }
  let done = false
  const expiries = async () => {
    while (!done) {
      const { kept } = await expireManifests({
        ...optionsOf(place),
        keep: 2,
        ...NOW,
        dryRun: false,
      })
      expect(kept).toEqual(kept.map((_, index) => kept[0]! + index))
    }
  }
  await Promise.all([
    commits().finally(() => {
      done = true
    }),
    expiries(),
  ])
  const store = new ManifestStore(optionsOf(place).chunkManager, BASE)
  expect(await store.latest()).toBe(33)
})

test.each([
  [{}, 'InvalidArgument', /keep or olderThanMs/],
  [{ keep: 0 }, 'InvalidArgument', /an integer >= 1 for keep/],
  [{ olderThanMs: 59_999 }, 'InvalidArgument', /an integer >= 60000 for olderThanMs/],
  [{ keep: 1, protect: 3 }, 'InvalidArgument', /versions for protect/],
  [{ keep: 1, protect: [1.5] }, 'InvalidArgument', /for protect/],
  [{ keep: 1, dryrun: false }, 'InvalidArgument', /Did you mean "dryRun"/],
  [{ keep: 1, basePath: undefined }, 'InvalidArgument', /for basePath/],
  [{ keep: 1, basePath: 'elsewhere' }, 'NotFound', /elsewhere\/_metadata/],
])('%j cannot be meant', async (wrong, code, message) => {
  const place = await versions(1)
  const options = { ...optionsOf(place), ...wrong }
  expect(await rejection(() => expireManifests(options as never))).toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
})

describeWithServers('in a bucket', () => {
  test('versions go there as well', async () => {
    const server = await startVersitygw(join(directory, String(trees++)))
    try {
      const storage = storageAt(server.port, { rootPath: 'files' })
      const chunkManager = await openChunkManager(storage)
      const place = new ManifestGarbage(join(directory, 'unused'))
      for (const name of ['a', 'b', 'c']) {
        await place.commit(
          BASE,
          (one) => one.dropColumn('c').addColumnGroup(groupOf('c', { [name]: 10 }, BASE)),
          { chunkManager },
        )
      }
      const given = { storage, basePath: BASE, keep: 1, ...NOW, dryRun: false }
      expect(await expireManifests(given)).toMatchObject({
        expired: [{ version: 1 }, { version: 2 }],
        unreferenced: [at('a'), at('b')],
      })
      expect(await new ManifestStore(chunkManager, BASE).versions()).toEqual([3])
    } finally {
      await server.stop()
    }
  })
})
