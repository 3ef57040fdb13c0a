/** Every insert log of segments with every data type, as pyarrow reads it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableToIPC } from 'apache-arrow'
import fc from 'fast-check'
import { allFields } from '../../lib/schema/index.js'
import { SegmentReader } from '../../lib/segment/index.js'
import { inputOf, type SegmentCase, segmentCase } from '../support/arbitrary-segment.js'
import { describeWithPyarrow, Oracle } from '../support/python.js'
import { segmentIn } from '../support/segments.js'
import { temporaryDirectory } from '../support/temporary.js'

const SEED = Number(process.env.ARROW_PACKED_SEED ?? 20260131)
const CASES = 30

describeWithPyarrow('random segments', () => {
  const directory = temporaryDirectory('segment-files')
  const oracle = new Oracle()
  afterAll(() => oracle.close())
  let cases = 0
  const files = { 0: 0, 2: 0 }

  async function checkCase(given: SegmentCase): Promise<void> {
    const { schema, storageVersion } = given
    const root = join(directory, String(cases++))
    const { data } = inputOf(given)
    const { chunkManager, info } = await segmentIn(root, data, { schema, storageVersion })
    const { binlogs } = info
    const reader = await SegmentReader.open({ schema, binlogs, chunkManager, systemFields: true })
    const ipc = join(root, 'read.arrows')
    writeFileSync(ipc, tableToIPC(await reader.toTable(), 'stream'))
    const names = new Map(allFields(schema).map(({ fieldId, name }) => [fieldId, name]))
    let offset = 0
    for (const [chunk, { rowCount: rows }] of data.entries()) {
      const logs = binlogs.map(({ fieldId, binlogs: list }) => {
        return { name: names.get(fieldId), path: join(root, list[chunk]!.logPath) }
      })
      const paths = logs.map(({ path }) => path)
      const found =
        storageVersion === 2
          ? await oracle.ask('sameAsIpc', { ipc, offset, rows, paths })
          : await oracle.ask('sameBinlogs', { ipc, offset, rows, logs })
      expect(found).toEqual([])
      offset += rows
      files[storageVersion] += paths.length
    }
  }

  test(`the files of ${CASES} of them hold what SegmentReader gives (seed ${SEED})`, async () => {
    await fc.assert(fc.asyncProperty(segmentCase, checkCase), { numRuns: CASES, seed: SEED })
    expect(files[0]).toBeGreaterThan(1000)
    expect(files[2]).toBeGreaterThan(300)
  }, 180_000)
})
