/**
 * An ingest worker that is killed again and again, at every stage and at random moments: in the
 * end every accepted row is there once, and no deleted one.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SegmentedLog } from '../../lib/ingest/log/index.js'
import { listsOfManifest, manifestOfSegment, SegmentReader } from '../../lib/segment/index.js'
import { LocalChunkManager } from '../../lib/storage/index.js'
import {
  LocalMetaStore,
  MetaCatalog,
  type SegmentMeta,
  type SegmentToRead,
} from '../../lib/sync/index.js'
import { STAGES } from '../../lib/telemetry/index.js'
import { outcomeOf, startScript } from '../support/child.js'
import { rowsAfter, SOURCES, sourceOf } from '../support/numbered-stream.cjs'
import { Random } from '../support/random.cjs'
import { temporaryDirectory } from '../support/temporary.js'

const LONG = process.env.ARROW_PACKED_LONG === '1'
const KILLS = LONG ? 300 : 30
const SEED = Number(process.env.ARROW_PACKED_SEED ?? Date.now() % 1_000_000)
/** Directories, each with a history of its own, at the same time. */
const VICTIMS = 3
/** Messages ahead of a round, more than are written before most kills. */
const ROUND_MESSAGES = 100
const CHILD_TIMEOUT_MS = 120_000
const TIMEOUT_MS = LONG ? 3_600_000 : 300_000
/** So small that a round syncs, rotates and truncates many times. */
const SMALL = {
  insertBufferBytes: 8 << 10,
  deleteBufferBytes: 256,
  segmentRows: 400,
  syncPeriodMs: 300,
  logSegmentBytes: 64 << 10,
  fsyncIntervalMs: 20,
}

const directory = temporaryDirectory('ingest-crash')

/** How a child ends: at a stage, the `hit`-th time, or some time after its start. */
interface Plan {
  readonly stage?: string
  readonly hit?: number
  readonly afterMs?: number
}

/** All stages again and again, every third kill at a random moment instead. */
class Plans {
  readonly #random: Random
  readonly #stages: Plan[] = []
  #made = 0

  constructor(random: Random) {
    this.#random = random
  }

  next(): Plan {
    this.#made += 1
    if (this.#made % 3 === 0) return { afterMs: 300 + this.#random.below(1000) }
    if (this.#stages.length === 0) {
      this.#stages.push(...STAGES.map((stage) => ({ stage, hit: 1 + this.#random.below(6) })))
    }
    return this.#stages.shift()!
  }

  /** A stage that was not reached as often as it should comes again, the first time counts. */
  missed({ stage }: Plan): void {
    if (stage !== undefined) this.#stages.unshift({ stage, hit: 1 })
  }
}

/** A worker's directory with the history of its kills. */
class Victim {
  readonly directory: string
  readonly #random: Random
  /** Last message of every source that a child said was accepted. */
  readonly #accepted = Array.from({ length: SOURCES }, () => -1)
  /** Messages that were to be written so far. */
  end = 0

  constructor(home: string, random: Random) {
    this.directory = home
    this.#random = random
  }

  /** Go on with the stream; true when the child was killed. */
  async run({ afterMs, ...stage }: Plan): Promise<boolean> {
    // From where it is, not from where it should be: else the last round has most of the work.
    this.end = Math.max(this.end, ...this.#accepted.map((number) => number + ROUND_MESSAGES + 1))
    const options = {
      ...SMALL,
      ...stage,
      directory: this.directory,
      end: this.end,
      fsync: this.#random.pick(['always', 'interval', 'never']),
      storageVersion: this.#storageVersion(stage.stage),
    }
    const child = startScript('ingest-until-killed.cjs', [JSON.stringify(options)])
    if (afterMs !== undefined) void sleep(afterMs).then(() => child.kill('SIGKILL'))
    const sinceMs = performance.now()
    const { code, signal, lines } = await outcomeOf(child, CHILD_TIMEOUT_MS)
    // One that hangs is killed, too, but not as planned.
    expect(performance.now() - sinceMs).toBeLessThan(CHILD_TIMEOUT_MS)
    this.#check(lines)
    if (signal === 'SIGKILL') return true
    const last = lines.at(-1)
    expect({ code, options, last }).toEqual({ code: 0, options, last: { done: true } })
    return false
  }

  /** One that comes to the stage; a manifest has stages of its own. */
  #storageVersion(stage: string | undefined): number {
    if (stage?.startsWith('sync.manifest.')) return 3
    return this.#random.pick(stage?.startsWith('packed.') ? [2, 3] : [0, 2, 3])
  }

  /** Nothing that was accepted before may be missing. */
  #check(lines: readonly unknown[]): void {
    for (const line of lines as { resumed?: number[]; accepted?: number }[]) {
      line.resumed?.forEach((number, source) => {
        expect(number).toBeGreaterThanOrEqual(this.#accepted[source]!)
      })
      if (line.accepted === undefined) continue
      const source = line.accepted % SOURCES
      this.#accepted[source] = Math.max(this.#accepted[source]!, line.accepted)
    }
  }
}

async function visibleRows(segments: readonly SegmentToRead[], rootPath: string) {
  const chunkManager = new LocalChunkManager({ rootPath })
  const rows = new Map<number, string>()
  let count = 0
  for (const { schema, binlogs, deltalogs, l0Deltalogs, manifestPath } of segments) {
    const logs = { binlogs, deltalogs, l0Deltalogs, manifestPath }
    const reader = await SegmentReader.open({ schema, ...logs, chunkManager })
    for await (const batch of reader) {
      const keys = batch.getChild('id')!
      const titles = batch.getChild('title')!
      for (let row = 0; row < batch.numRows; row++) rows.set(Number(keys.get(row)), titles.get(row))
      count += batch.numRows
    }
    await reader.close()
  }
  return { rows, count }
}

/** Keys of all files that the metadata names, itself or through manifests. */
async function pathsOf(segments: readonly SegmentMeta[], rootPath: string): Promise<string[]> {
  const chunkManager = new LocalChunkManager({ rootPath })
  const lists = await Promise.all(
    segments.map(async (segment) => {
      const found = await manifestOfSegment(segment, chunkManager)
      return found === undefined ? segment : listsOfManifest(found.manifest)
    }),
  )
  return lists
    .flatMap(({ binlogs, statslogs, deltalogs, bm25logs }) =>
      [binlogs, statslogs, deltalogs, bm25logs].flatMap((lists) => lists ?? []),
    )
    .flatMap(({ binlogs }) => binlogs.map(({ logPath }) => logPath))
}

/** After the end of the stream: what is in segments, and what is left of the log. */
async function verify({ directory: home, end }: Victim): Promise<void> {
  const store = await LocalMetaStore.open(join(home, 'meta'))
  const catalog = new MetaCatalog(store)
  const [channel] = await catalog.channels()
  const { collectionId, channelName, sequences, checkpoint } = channel!
  const root = join(home, 'segments')
  const { rows, count } = await visibleRows(await catalog.segmentsToRead(collectionId), root)
  const expected = rowsAfter(end)
  expect([...rows].filter(([key, title]) => expected.get(key) !== title)).toEqual([])
  expect([...expected].filter(([key]) => !rows.has(key))).toEqual([])
  expect(count).toBe(expected.size)

  const segments = await catalog.segments({ channelName })
  expect(segments.filter(({ state }) => state !== 'Flushed')).toEqual([])
  const paths = await pathsOf(segments, root)
  expect(new Set(paths).size).toBe(paths.length)
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])

  expect(Object.fromEntries(sequences)).toEqual({
    [sourceOf(end - 2)]: BigInt(end - 2),
    [sourceOf(end - 1)]: BigInt(end - 1),
  })
  expect(readdirSync(join(home, 'log'))).toHaveLength(1)
  const log = await SegmentedLog.open({ directory: join(home, 'log'), channelName })
  expect(checkpoint!.messageId).toBe(log.recovered.lastMessageId)
  await log.close()
  await store.close()
}

const NAME = `${KILLS} kills (seed ${SEED}): every accepted row once, no deleted row`

test(
  NAME,
  async () => {
    const random = new Random(SEED)
    const plans = new Plans(random)
    const killedAt = new Map<string, number>()
    let kills = 0
    const isEnough = () => kills >= KILLS && STAGES.every((stage) => killedAt.has(stage))
    const torment = async (_: unknown, index: number): Promise<void> => {
      const victim = new Victim(join(directory, String(index)), random)
      while (!isEnough()) {
        const plan = plans.next()
        if (!(await victim.run(plan))) {
          plans.missed(plan)
          continue
        }
        kills += 1
        const where = plan.stage ?? 'any moment'
        killedAt.set(where, (killedAt.get(where) ?? 0) + 1)
      }
      expect(await victim.run({})).toBe(false)
      await verify(victim)
    }
    await Promise.all(Array.from({ length: VICTIMS }, torment))
    const places = JSON.stringify(Object.fromEntries(killedAt))
    process.stdout.write(`seed ${SEED}: ${kills} kills, ${places}\n`)
  },
  TIMEOUT_MS,
)
