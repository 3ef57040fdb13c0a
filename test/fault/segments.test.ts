/** Segments under kills and on full disks: what is there is whole, and what failed is not there. */
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  LocalChunkManager,
  locateSegment,
  PackedReader,
  parsePrimaryKeyStats,
  readBinlog,
  readDeleteLog,
  SegmentReader,
  verifySegment,
} from '../../lib/index.js'
import { outcomeOf, startScript } from '../support/child.js'
import { Random } from '../support/random.cjs'
import { filesBelow, temporaryDirectory } from '../support/temporary.js'

const ROWS = 2000
const KILLS = 30
const SEED = 11
const PER_CHILD = 1000

const directory = temporaryDirectory('killed-segments')

async function killOne(root: string, first: number, afterMs: number): Promise<void> {
  const child = startScript('segments-until-killed.cjs', [root, String(first), String(ROWS)])
  const ended = once(child, 'close')
  await Promise.race([once(child.stdout!, 'data'), ended])
  await sleep(afterMs)
  child.kill('SIGKILL')
  expect((await ended)[1]).toBe('SIGKILL')
}

/** A file at a final path reads to its end by itself, whatever became of its segment. */
async function readWhole(root: string, key: string): Promise<void> {
  const chunks = new LocalChunkManager({ rootPath: root })
  const [kind, , , segment] = key.split('/')
  if (kind === 'stats_log') {
    const stats = parsePrimaryKeyStats(await chunks.read(key))
    expect(stats.length).toBeGreaterThan(0)
  } else if (kind === 'delta_log') {
    expect((await readDeleteLog(chunks, key)).rowCount).toBe(1)
  } else if (Number(segment) % 2 === 1) {
    expect((await readBinlog(chunks, key)).events).toHaveLength(1)
  } else {
    const reader = await PackedReader.open({ paths: [join(root, key)] })
    expect((await reader.toTable()).numRows).toBe(ROWS)
  }
}

/** Files at their final paths, and which segments have metadata. */
function stateOf(root: string) {
  const keys = filesBelow(root)
    .map((file) => relative(root, file))
    .filter((key) => !key.startsWith('_segment/') && !/\.partial|\.tmp/.test(key))
  const sidecars = join(root, '_segment/1/2')
  const finished = existsSync(sidecars)
    ? readdirSync(sidecars).filter((name) => /^\d+\.json$/.test(name))
    : []
  const begun = new Set(keys.map((key) => key.split('/')[3]))
  return { keys, finished, isTelling: finished.length > 0 && begun.size > finished.length }
}

test(`writers of segments, killed ${KILLS} times: files are whole, segments with metadata verify`, async () => {
  const root = join(directory, 'killed')
  const chunkManager = new LocalChunkManager({ rootPath: root })
  const random = new Random(SEED)
  // On a slow machine the kills come too early to tell anything: then later ones, and more.
  for (let child = 0; child < KILLS || (child < 4 * KILLS && !stateOf(root).isTelling); child++) {
    const round = 1 + Math.floor(child / KILLS)
    await killOne(root, child * PER_CHILD + 1, 5 + random.below(400 * round))
  }
  const { keys, finished, isTelling } = stateOf(root)
  for (const key of keys) await readWhole(root, key)
  for (const name of finished) {
    const segment = await locateSegment({ chunkManager, segmentId: Number.parseInt(name, 10) })
    expect(await verifySegment({ chunkManager, segment })).toMatchObject({
      ok: true,
      rows: 2 * ROWS,
    })
    const { schema, binlogs, deltalogs } = segment
    const reader = await SegmentReader.open({ schema: schema!, binlogs, deltalogs, chunkManager })
    expect((await reader.toTable()).numRows).toBe(2 * ROWS - 1)
  }
  expect(isTelling).toBe(true)
}, 240_000)

test.each([
  [0, 'column groups'],
  [1, 'binlogs'],
])('segment %d, of %s, on a disk without room: NoSpace and nothing left', async (number) => {
  const outcome = async (home: string, shell?: string): Promise<unknown> => {
    mkdirSync(home, { recursive: true })
    const options = shell === undefined ? {} : { shell }
    const child = startScript('segment-until-full.cjs', [home, String(number), '8000'], options)
    const { code, lines } = await outcomeOf(child, 60_000)
    expect(code).toBe(0)
    return lines[0]
  }
  const limited = await outcome(join(directory, `full-${number}`), 'trap "" XFSZ; ulimit -f 1024')
  expect(limited).toEqual({
    ended: { name: 'PackedError', code: 'NoSpace', retryable: true },
    files: 0,
  })
  expect(await outcome(join(directory, `room-${number}`))).toMatchObject({ ended: null })
})
