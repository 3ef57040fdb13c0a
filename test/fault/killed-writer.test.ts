/** Writers killed at random moments: whatever stands at a final path is whole. */
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordBatch } from 'apache-arrow'
import { PackedReader } from '../../lib/index.js'
import { startScript } from '../support/child.js'
import { textOf } from '../support/numbered-rows.cjs'
import { Random } from '../support/random.cjs'
import { filesBelow, temporaryDirectory } from '../support/temporary.js'

const WRITES = 200
const INTERRUPTED = 30
const ROWS = 2000
const SEED = 7
const SETS_PER_CHILD = 100_000

const directory = temporaryDirectory('killed')

/** Start a writer and kill it some time after it began. */
async function killOne(firstSet: number, afterMs: number): Promise<void> {
  const args = [directory, String(firstSet), String(ROWS)]
  const child = startScript('write-until-killed.cjs', args)
  const ended = once(child, 'close')
  await Promise.race([once(child.stdout!, 'data'), ended])
  await sleep(afterMs)
  child.kill('SIGKILL')
  expect((await ended)[1]).toBe('SIGKILL')
}

function checkKeys(batch: RecordBatch, set: number, from: number): void {
  const keys = batch.getChild('pk')!
  const texts = batch.getChild('text')!
  for (let i = 0; i < batch.numRows; i++) {
    const row = from + i
    if (keys.get(i) !== BigInt(set) * 1_000_000n + BigInt(row) || texts.get(i) !== textOf(set, row))
      throw new Error(`set ${set}: row ${row} is wrong`)
  }
}

/** Read everything; footers are cross-checked at open. */
async function verify(paths: string[], set: number): Promise<void> {
  const reader = await PackedReader.open({ paths })
  let rows = 0
  for await (const batch of reader) {
    if (batch.getChild('pk') !== null) checkKeys(batch, set, rows)
    rows += batch.numRows
  }
  expect(rows).toBe(ROWS)
  expect(reader.numRows).toBe(ROWS)
}

test(`${WRITES} writes, killed at random: every file at a final path verifies`, async () => {
  const random = new Random(SEED)
  for (let child = 0; child < 100; child++) {
    await killOne(child * SETS_PER_CHILD, 5 + random.below(300))
    if (child >= 30 && readdirSync(directory).length >= WRITES) break
  }
  const sets = readdirSync(directory)
  const partial = filesBelow(directory).filter((path) => path.endsWith('.partial'))
  expect(sets.length).toBeGreaterThanOrEqual(WRITES)
  expect(partial.length).toBeGreaterThanOrEqual(INTERRUPTED)
  let whole = 0
  for (const set of sets) {
    const paths = ['0', '102'].map((name) => join(directory, set, name)).filter(existsSync)
    for (const path of paths) await verify([path], Number(set))
    if (paths.length === 2) await verify(paths, Number(set))
    whole += paths.length
  }
  expect(whole).toBeGreaterThan(0)
}, 240_000)
