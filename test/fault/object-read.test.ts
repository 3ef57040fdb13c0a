/** Reading while the network or the store fails: every value is right, or the error says why. */
import { PackedReader } from '../../lib/index.js'
import { FaultMatrix, type Outcome } from '../support/fault-matrix.js'
import type { FaultName } from '../support/network-faults.js'
import { describeWithServers } from '../support/object-servers.js'
import { expectWide, widePaths, writeWide } from '../support/wide-segment.js'

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

describeWithServers('reading', () => {
  const matrix = new FaultMatrix()
  beforeAll(async () => {
    await matrix.start()
    await writeWide('seg', matrix.storage)
  })
  afterAll(() => matrix.stop())

  test.each(CELLS)('%s: %s', async (name, outcome) => {
    await matrix.run(
      name,
      outcome,
      () => [],
      async ({ storage, begin }) => {
        // Not much more than the footers is there before the fault begins.
        const options = { paths: widePaths('seg'), storage, bufferBytes: 1 << 20 }
        await using reader = await PackedReader.open(options)
        await begin()
        await expectWide(reader)
      },
    )
  })
})
