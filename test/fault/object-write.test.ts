/** Writing while the network or the store fails: whole objects appear, or none. */
import { PackedWriter } from '../../lib/index.js'
import { type Cell, FaultMatrix, type Outcome } from '../support/fault-matrix.js'
import type { FaultName } from '../support/network-faults.js'
import { describeWithServers } from '../support/object-servers.js'
import { rejection } from '../support/rejection.js'
import {
  expectWideAt,
  WIDE_SCHEMA,
  wideBatches,
  wideGroups,
  widePaths,
} from '../support/wide-segment.js'

const CELLS: [FaultName, Outcome][] = [
  ['latency', 'passes'],
  ['bandwidth', 'passes'],
  ['reset once', 'recovers'],
  ['reset for good', ['Network']],
  ['truncated upload', 'recovers'],
  ['truncated upload for good', ['Network']],
  // Its answers are too short to be cut off.
  ['truncated download', 'passes'],
  ['blackhole', ['Timeout']],
  ['server killed', ['Network']],
  ['server killed and restarted', 'recovers'],
]

describeWithServers('writing', () => {
  const matrix = new FaultMatrix()
  beforeAll(() => matrix.start())
  afterAll(() => matrix.stop())

  const open = ({ prefix, storage }: Cell) =>
    PackedWriter.open({ schema: WIDE_SCHEMA, groups: wideGroups(prefix), storage })

  /** After the fault: a whole segment that verifies, or none at all. */
  async function expectWholeOrNone(succeeded: boolean, prefix: string): Promise<void> {
    const found = await matrix.direct.keys(`${prefix}/`)
    if (succeeded || found.length > 0) {
      expect(found).toEqual(widePaths(prefix))
      await expectWideAt(prefix, matrix.storage)
    }
  }

  /** A writer that failed is closed, and says so. */
  async function expectClosed(writer: PackedWriter): Promise<void> {
    expect((await rejection(() => writer.finish())).code).toBe('Closed')
    await writer.close()
  }

  test.each(CELLS)('parts, %s: %s', async (name, outcome) => {
    let writer: PackedWriter | undefined
    const { succeeded, prefix } = await matrix.run(name, outcome, widePaths, async (cell) => {
      writer = await open(cell)
      await cell.begin()
      await writer.writeAll(wideBatches())
      await writer.finish()
    })
    await expectClosed(writer!)
    await expectWholeOrNone(succeeded, prefix)
  })

  test.each(CELLS)('the end, %s: %s', async (name, outcome) => {
    let writer: PackedWriter | undefined
    const { succeeded, prefix } = await matrix.run(name, outcome, widePaths, async (cell) => {
      writer = await open(cell)
      await writer.writeAll(wideBatches())
      await cell.begin()
      await writer.finish()
    })
    await expectClosed(writer!)
    await expectWholeOrNone(succeeded, prefix)
  })
  test('no upload of all these is open 10 s later', async () => {
    expect(await matrix.uploadsLeft()).toBe(0)
  })
})
