/** Long work leaves the JavaScript thread alone (docs/ownership.md 4). */
import { join } from 'node:path'
import { PackedReader, PackedWriter } from '../lib/index.js'
import { NUMBERED_SCHEMA, numberedBatch } from './support/numbered-rows.cjs'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('event-loop')
const ROWS = 200_000

/** Times a timer fired while `work` was going on. */
async function ticksDuring(work: () => Promise<unknown>): Promise<number> {
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  await work()
  clearInterval(timer)
  return ticks
}

const WHOLE = { rowGroupBytes: 1 << 30, bufferBytes: 1 << 30 }

function openWriter(path: string, sizes: object) {
  return PackedWriter.open({
    schema: NUMBERED_SCHEMA,
    groups: [{ id: 0, path, fields: ['pk', 'text', 'embedding'] }],
    compression: { codec: 'zstd', level: 9 },
    vectors: { codec: 'zstd', level: 9 },
    ...sizes,
  })
}

test('timers fire during a long write, a long finish, and long reads', async () => {
  const batch = numberedBatch(0, 0, ROWS)
  const writer = await openWriter(join(directory, 'pieces'), {})
  expect(await ticksDuring(() => writer.write(batch))).toBeGreaterThan(10)
  await writer.finish()

  // One row group: `write` only keeps the rows, so that all of the encoding is left to `finish`.
  const path = join(directory, 'whole')
  const whole = await openWriter(path, WHOLE)
  await whole.write(batch)
  expect(await ticksDuring(() => whole.finish())).toBeGreaterThan(10)

  const reader = await PackedReader.open({ paths: [path], batchRows: ROWS, bufferBytes: 1 << 30 })
  let rows = 0
  const ticks = await ticksDuring(async () => {
    for await (const { numRows } of reader) rows += numRows
  })
  expect(rows).toBe(ROWS)
  expect(ticks).toBeGreaterThan(0)
  await reader.close()
})
