/** The line that a terminal shows, and the lines of the log. */

import { progressLine, Rates } from '../lib/cli/ingest-progress.js'
import { logLines } from '../lib/cli/log-lines.js'
import { PackedError } from '../lib/errors/index.js'
import type { WorkerStatus } from '../lib/ingest/index.js'

const STATUS: WorkerStatus = {
  state: 'running',
  channelName: 'channel-1',
  collectionId: 1n,
  rows: 0,
  bytes: 0,
  deletes: 0,
  repeats: 0,
  segments: { growing: 1, sealed: 1, flushing: 1, flushed: 4 },
  bufferBytes: 12_340_000,
  memoryBytes: 256e6,
  backlogMessages: 1234,
  logBytes: 0,
  checkpoint: undefined,
  lastError: undefined,
}

test('the line shows rows, rates, segments, memory and backlog', () => {
  const rates = new Rates()
  const line = (rows: number, ms: number, more: Partial<WorkerStatus> = {}) =>
    progressLine({ ...STATUS, rows, bytes: rows * 1000, ...more }, rates, ms)
  expect(line(0, 0)).toBe(
    '0 rows | 0 rows/s | 0.0 MB/s | segments 4 flushed, 3 open | ' +
      'memory 12.3 of 256.0 MB | backlog 1,234',
  )
  expect(line(10_000, 2000)).toMatch(/^10,000 rows \| 5,000 rows\/s \| 5\.0 MB\/s \| /)
  // Only the last seconds count.
  expect(line(10_000, 7000)).toMatch(/^10,000 rows \| 0 rows\/s \| 0\.0 MB\/s \| /)
  expect(line(10_000, 7000, { state: 'stalled' })).toMatch(/ \| stalled$/)
})

test('log lines are those of pino, from the wanted level on', () => {
  const lines: string[] = []
  const logger = logLines('warn', (line) => lines.push(line))
  logger.debug({}, 'no')
  logger.info({}, 'no')
  const error = new PackedError('NoSpace', 'full')
  logger.warn({ segmentId: 2n ** 60n, err: error }, 'stalled')
  logger.error({ err: new TypeError('odd') }, 'failed')
  expect(lines).toHaveLength(2)
  expect(lines[0]).toMatch(/"segmentId":1152921504606846976,.*\n$/)
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      level: 40,
      time: expect.any(Number),
      err: { type: 'NoSpace', message: 'full' },
      msg: 'stalled',
    },
    { level: 50, err: { type: 'TypeError', message: 'odd' }, msg: 'failed' },
  ])
  logLines('silent', (line) => lines.push(line)).error({}, 'no')
  expect(lines).toHaveLength(2)
})
