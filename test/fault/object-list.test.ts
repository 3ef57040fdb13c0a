/** Listing while the network or the store fails: every key, once and in order, or an error. */
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { openObjectStore } from '../../lib/storage/index.js'
import { FaultMatrix, type Outcome } from '../support/fault-matrix.js'
import type { FaultName } from '../support/network-faults.js'
import { BUCKET, describeWithServers } from '../support/object-servers.js'

const KEYS = Array.from({ length: 60 }, (_, i) => `list/${String(i).padStart(4, '0')}`)

const CELLS: [FaultName, Outcome][] = [
  ['latency', 'passes'],
  ['bandwidth', 'passes'],
  ['reset once', 'recovers'],
  ['reset for good', ['Network']],
  ['truncated upload', 'passes'],
  ['truncated download', 'recovers'],
  ['blackhole', ['Timeout']],
  ['server killed', ['Network']],
  ['server killed and restarted', 'recovers'],
]

describeWithServers('listing', () => {
  const matrix = new FaultMatrix()
  beforeAll(async () => {
    await matrix.start()
    for (const Key of KEYS) {
      await matrix.direct.client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'x' }))
    }
  })
  afterAll(() => matrix.stop())

  test.each(CELLS)('%s: %s', async (name, outcome) => {
    await matrix.run(
      name,
      outcome,
      () => [],
      async ({ storage, begin }) => {
        const store = await openObjectStore(storage)
        await begin()
        const found: string[] = []
        for await (const { path } of store.list('list/')) found.push(path)
        expect(found).toEqual(KEYS)
      },
    )
  })
})
