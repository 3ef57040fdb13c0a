import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PackedError } from '../../errors/index.js'
import { storageError } from '../../storage/index.js'
import { PackedReader } from '../reader.js'
import { PackedWriter } from '../writer.js'
import type { Candidate } from './candidates.js'
import type { Sample } from './sample.js'
import type { TuneSettings } from './tune-options.js'
import type { TuneSpeed } from './tune-result.js'

/** What the rounds of one candidate came to. */
export interface Measurement {
  candidate: Candidate
  fileBytes: number
  write: TuneSpeed
  read: TuneSpeed
  roundTrip: TuneSpeed
}

/** One write, and the read of what it wrote. */
interface Run {
  writeMs: number
  readMs: number
  fileBytes: number
}

/**
 * Write and read the sample with every candidate, round after round: what slows the machine down
 * for a while then slows all of them. Every other round goes through them backwards, so that none
 * always follows the same one. The first round does not count: it loads code, grows memory pools
 * and proves that everything reads back whole.
 *
 * Files are in the page cache when they are read, and are not forced to the disk: what is measured
 * is encoding and decoding, not the disk. No more than one candidate's files are there at a time.
 */
export async function measure(sample: Sample, settings: TuneSettings): Promise<Measurement[]> {
  const { candidates, rounds, onProgress, signal } = settings
  const home = await makeHome(settings.scratch ?? tmpdir())
  const runs = new Map<Candidate, Run[]>(candidates.map((candidate) => [candidate, []]))
  const turns = turnsOf(candidates, 1 + rounds)
  try {
    for (const [done, { candidate, round }] of turns.entries()) {
      onProgress?.({ done, total: turns.length, next: candidate.name })
      const run = await runOnce(candidate, { sample, home, signal })
      if (round > 0) runs.get(candidate)!.push(run)
    }
    onProgress?.({ done: turns.length, total: turns.length, next: undefined })
  } finally {
    await rm(home, { recursive: true, force: true })
  }
  return [...runs].map(([candidate, measured]) => summary(candidate, measured, sample))
}

async function makeHome(scratch: string): Promise<string> {
  try {
    return await mkdtemp(join(scratch, 'arrow-packed-tune-'))
  } catch (error) {
    throw storageError(error, scratch)
  }
}

function turnsOf(
  candidates: readonly Candidate[],
  rounds: number,
): { candidate: Candidate; round: number }[] {
  return Array.from({ length: rounds }, (_, round) => {
    const order = round % 2 === 0 ? candidates : [...candidates].reverse()
    return order.map((candidate) => ({ candidate, round }))
  }).flat()
}

interface RunPlace {
  sample: Sample
  home: string
  signal: AbortSignal | undefined
}

async function runOnce(candidate: Candidate, place: RunPlace): Promise<Run> {
  const { sample, home, signal } = place
  const groups = sample.groups.map((fields, id) => ({ id, path: join(home, String(id)), fields }))
  const paths = groups.map(({ path }) => path)
  try {
    const started = performance.now()
    const fileBytes = await write(candidate, { ...place, groups })
    const written = performance.now()
    const rows = await read(paths, signal)
    const readMs = performance.now() - written
    if (rows !== sample.rows) {
      const message = `Expected ${sample.rows} rows of ${candidate.name} but read ${rows}`
      throw new PackedError('Internal', message)
    }
    return { writeMs: written - started, readMs, fileBytes }
  } finally {
    await Promise.all(paths.map((path) => rm(path, { force: true })))
  }
}

async function write(
  { options }: Candidate,
  {
    sample,
    groups,
    signal,
  }: RunPlace & { groups: { id: number; path: string; fields: string[] }[] },
): Promise<number> {
  const writer = await PackedWriter.open({
    schema: sample.schema,
    fieldIds: 'auto',
    groups,
    ...options,
    ...(signal === undefined ? {} : { signal }),
  })
  try {
    for (const batch of sample.batches) await writer.write(batch)
    const result = await writer.finish()
    return result.groups.reduce((sum, { fileBytes }) => sum + fileBytes, 0)
  } finally {
    await writer.close()
  }
}

async function read(paths: string[], signal: AbortSignal | undefined): Promise<number> {
  const reader = await PackedReader.open({
    paths,
    releasePrevious: true,
    ...(signal === undefined ? {} : { signal }),
  })
  let rows = 0
  try {
    for await (const batch of reader) rows += batch.numRows
  } finally {
    await reader.close()
  }
  return rows
}

function summary(candidate: Candidate, runs: readonly Run[], { arrowBytes }: Sample): Measurement {
  const speed = (time: (run: Run) => number): TuneSpeed => speedOf(runs.map(time), arrowBytes)
  return {
    candidate,
    fileBytes: runs[0]!.fileBytes,
    write: speed(({ writeMs }) => writeMs),
    read: speed(({ readMs }) => readMs),
    roundTrip: speed(({ writeMs, readMs }) => writeMs + readMs),
  }
}

/** At least one time, in any order. */
export function speedOf(timesMs: readonly number[], bytes: number): TuneSpeed {
  const sorted = [...timesMs].sort((left, right) => left - right)
  const middle = (sorted.length - 1) / 2
  const medianMs = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2
  return {
    medianMs,
    leastMs: sorted[0]!,
    mostMs: sorted.at(-1)!,
    bytesPerSecond: (1000 * bytes) / medianMs,
  }
}
