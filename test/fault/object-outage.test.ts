/** A store that is away for half a minute, with the times that everybody has by default. */
import { setTimeout as sleep } from 'node:timers/promises'
import { PackedReader, PackedWriter } from '../../lib/index.js'
import { openObjectStore, storageMetrics } from '../../lib/storage/index.js'
import { MortalStore } from '../support/network-faults.js'
import { BUCKET, describeWithServers, storageAt } from '../support/object-servers.js'
import { temporaryDirectory } from '../support/temporary.js'
import {
  expectWide,
  expectWideAt,
  WIDE_SCHEMA,
  wideBatches,
  wideGroups,
  widePaths,
  writeWide,
} from '../support/wide-segment.js'

const OUTAGE_MS = 30_000

describeWithServers('an outage of 30 s', () => {
  const directory = temporaryDirectory('outage')
  let store: MortalStore
  beforeAll(async () => {
    store = await MortalStore.start(directory)
  })
  afterAll(() => store.kill())

  test('is outlived by writes, reads and lists, which count their retries', async () => {
    const storage = storageAt(store.port, { multipartPartBytes: 5 << 20 })
    await writeWide('before', storage)
    const reader = await PackedReader.open({ paths: widePaths('before'), storage })
    const groups = wideGroups('during')
    const writer = await PackedWriter.open({ schema: WIDE_SCHEMA, groups, storage })
    const objects = await openObjectStore(storage)
    const name = `127.0.0.1:${store.port}/${BUCKET}`
    const retries = () => storageMetrics().find((each) => each.filesystem === name)?.retries ?? 0
    const before = retries()

    await store.kill()
    const revived = sleep(OUTAGE_MS).then(() => store.revive())
    const list = async () => {
      const found: string[] = []
      for await (const { path } of objects.list('before/')) found.push(path)
      return found
    }
    const write = async () => {
      await writer.writeAll(wideBatches())
      await writer.finish()
    }
    const [found] = await Promise.all([list(), expectWide(reader), write(), revived])
    expect(found).toEqual(widePaths('before'))
    await reader.close()
    await expectWideAt('during', storage)
    // Each of the three asked again and again: pauses are 5 s at most.
    expect(retries() - before).toBeGreaterThanOrEqual(3 * 5)
  }, 120_000)
})
