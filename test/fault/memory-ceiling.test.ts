/** How much memory large files take: the short form of bench/memory.mjs, which writes 4 GiB. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '../support/temporary.js'

const PROGRAM = join(__dirname, '..', '..', 'bench', 'memory.mjs')
const MEBIBYTES = 512
const ROW_BYTES = 768 * 4 + 8
/** What 4 GiB may take at most. */
const BOUND_MIB = 500

const directory = temporaryDirectory('memory')

interface Phase {
  phase: string
  peakMib: number
  rows: number
  sum: string
}

test(`${MEBIBYTES} MiB through buffers of 64 MiB take less than ${BOUND_MIB} MiB`, () => {
  const out = join(directory, 'out.json')
  const run = spawnSync(process.execPath, [PROGRAM, String(MEBIBYTES), directory, out], {
    encoding: 'utf8',
  })
  expect([run.status, run.stderr]).toEqual([0, ''])
  const phases = JSON.parse(readFileSync(out, 'utf8')) as Phase[]
  expect(phases.map(({ phase }) => phase)).toEqual([
    'write',
    'read',
    'read, mapped',
    'read, dropped',
  ])
  const rows = Math.ceil((MEBIBYTES * 2 ** 20) / ROW_BYTES)
  const sum = String((BigInt(rows) * BigInt(rows - 1)) / 2n)
  for (const one of phases) {
    expect([one.phase, one.rows, one.sum]).toEqual([one.phase, rows, sum])
    // A process of Node alone has more than this: what was sampled is that process.
    expect(one.peakMib).toBeGreaterThan(10)
    if (one.phase !== 'read, dropped') expect(one.peakMib).toBeLessThan(BOUND_MIB)
  }
}, 240_000)
