/** What the garbage collector gives back (docs/ownership.md 3 and 6), in a process with --expose-gc. */
import { join } from 'node:path'
import { makeVector, Table } from 'apache-arrow'
import { PackedWriter } from '../lib/index.js'
import { runNode } from './support/run-node.js'
import { temporaryDirectory } from './support/temporary.js'

const BATCHES = 40
const BATCH_ROWS = 8192
const MAX_OUTSTANDING_BYTES = 8 << 20
/** pk and embedding of one batch; text is small or wide, depending on the rows. */
const BATCH_BYTES_AT_MOST = BATCH_ROWS * (8 + 32 * 4 + 40)

/** What a process holds outside of its heap besides batches: half of one pass. */
const EXTERNAL_BYTES_AT_MOST = 128 << 20

interface Collected {
  kept: { most: number; rows: number; last: number }
  lentBytes: number
  borrowedBytes: number
  files: [number, number]
  warnings: string[]
}

const directory = temporaryDirectory('gc')
const readings = temporaryDirectory('collections')
const columns = temporaryDirectory('compiled')
let collected: Collected

beforeAll(async () => {
  const run = await runNode('collect.cjs', [directory], { flags: ['--expose-gc'] })
  expect([run.code, run.signal]).toEqual([0, null])
  collected = run.lines[0] as Collected
})

test('collecting every batch never hangs and lends no more than the bound', () => {
  const { most, rows, last } = collected.kept
  expect([rows, last]).toEqual([BATCHES * BATCH_ROWS, BATCHES * BATCH_ROWS - 1])
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThan(MAX_OUTSTANDING_BYTES + BATCH_BYTES_AT_MOST)
})

test('dropped batches give their bytes back', () => {
  expect([collected.lentBytes, collected.borrowedBytes]).toEqual([0, 0])
})

test('a forgotten writer removes its files and says so', () => {
  expect(collected.files).toEqual([2, 1])
  expect(collected.warnings).toContain('ARROW_PACKED_UNCLOSED')
})

test('what is lent causes few collections of the whole heap, and all of it is given back', async () => {
  const run = await runNode('count-collections.cjs', [readings], {
    flags: ['--expose-gc'],
  })
  expect([run.code, run.signal]).toEqual([0, null])
  const { copied, lent, mapped, left } = run.lines[0] as {
    copied: number
    lent: number
    mapped: number
    left: { lentBytes: number; external: number }
  }
  // The collector counts bytes of its own in full: so often it runs for as much as was lent.
  expect(copied).toBeGreaterThan(0)
  expect(lent).toBeLessThan(copied / 2)
  // Of 256 MiB that are mapped no collection is due before the credit is used up.
  expect(mapped).toBeLessThanOrEqual(lent + 1)
  expect(left.lentBytes).toBe(0)
  expect(left.external).toBeLessThan(EXTERNAL_BYTES_AT_MOST)
})

test('what makes batches stays compiled when none of them is left', async () => {
  const path = join(columns, 'columns')
  const names = Array.from({ length: 20 }, (_, i) => `c${i}`)
  const vectors = names.map((name, i) => {
    const values = i % 2 === 0 ? Int32Array.of(1, 2, 3) : Float64Array.of(1, 2, 3)
    return [name, makeVector(values)] as const
  })
  const table = new Table(Object.fromEntries(vectors))
  const groups = [{ id: 0, path, fields: names }]
  await using writer = await PackedWriter.open({ schema: table.schema, groups, fieldIds: 'auto' })
  await writer.write(table)
  await writer.finish()

  const run = await runNode('keep-compiled.cjs', [path], { flags: ['--expose-gc'] })
  expect([run.code, run.signal]).toEqual([0, null])
  expect(run.lines[0]).toEqual({ before: true, after: true })
})
