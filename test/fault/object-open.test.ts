/** Opening readers and writers while the network or the store fails. */
import { PackedReader, PackedWriter } from '../../lib/index.js'
import { FaultMatrix, type Outcome } from '../support/fault-matrix.js'
import type { FaultName } from '../support/network-faults.js'
import { describeWithServers } from '../support/object-servers.js'
import {
  WIDE_ROWS,
  WIDE_SCHEMA,
  wideGroups,
  widePaths,
  writeWide,
} from '../support/wide-segment.js'

const READER: [FaultName, Outcome][] = [
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
// Its questions and their answers are too short to be cut off.
const WRITER = READER.map(([name, outcome]): [FaultName, Outcome] =>
  name === 'truncated download' ? [name, 'passes'] : [name, outcome],
)

describeWithServers('opening', () => {
  const matrix = new FaultMatrix()
  beforeAll(async () => {
    await matrix.start()
    await writeWide('seg', matrix.storage)
  })
  afterAll(() => matrix.stop())

  test.each(READER)('a reader, %s: %s', async (name, outcome) => {
    await matrix.run(
      name,
      outcome,
      () => [],
      async ({ storage, begin }) => {
        await begin()
        const reader = await PackedReader.open({ paths: widePaths('seg'), storage })
        expect(reader.numRows).toBe(WIDE_ROWS)
        await reader.close()
      },
    )
  })

  test.each(WRITER)('a writer, %s: %s', async (name, outcome) => {
    const { prefix } = await matrix.run(name, outcome, widePaths, async (cell) => {
      await cell.begin()
      const groups = wideGroups(cell.prefix)
      const writer = await PackedWriter.open({ schema: WIDE_SCHEMA, groups, storage: cell.storage })
      await writer.close()
    })
    expect(await matrix.direct.keys(`${prefix}/`)).toEqual([])
  })
})
