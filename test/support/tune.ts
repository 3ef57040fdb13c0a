/** Segments to try settings on, and a result with figures that are easy to check. */
import type { RecordBatch } from 'apache-arrow'
import type { TuneResult, TuneSpeed, TuneTrial } from '../../lib/index.js'
import { PackedWriter } from '../../lib/index.js'
import { sampleBatch, sampleSchema } from './sample.js'

/** The rows of `sampleBatch` in two files: their paths and their bytes. */
export async function sampleSegment(
  directory: string,
  rows: number,
): Promise<{ paths: string[]; fileBytes: number }> {
  return segmentOf(directory, [sampleBatch(0, rows)])
}

export async function segmentOf(
  directory: string,
  batches: readonly RecordBatch[],
): Promise<{ paths: string[]; fileBytes: number }> {
  const schema = batches[0]?.schema ?? sampleSchema()
  await using writer = await PackedWriter.open({ schema, directory, fieldIds: 'auto' })
  for (const batch of batches) await writer.write(batch)
  const { groups } = await writer.finish()
  return {
    paths: groups.map(({ path }) => path),
    fileBytes: groups.reduce((sum, group) => sum + group.fileBytes, 0),
  }
}

const ARROW_BYTES = 10_000_000

/** Ten millions of bytes in `ms`, a tenth faster and slower in other rounds. */
function speed(ms: number): TuneSpeed {
  return {
    medianMs: ms,
    leastMs: 0.9 * ms,
    mostMs: 1.1 * ms,
    bytesPerSecond: (1000 * ARROW_BYTES) / ms,
  }
}

type Facts = Pick<TuneTrial, 'layout' | 'codec' | 'level' | 'fileBytes'> & {
  writeMs: number
  readMs: number
}

function compressionOf(
  codec: TuneTrial['codec'],
  level: TuneTrial['level'],
): TuneTrial['options']['compression'] {
  if (level === 'auto') return { codec: 'zstd', level }
  return level === null ? { codec } : { codec, level }
}

export function trialOf({ layout, codec, level, fileBytes, writeMs, readMs }: Facts): TuneTrial {
  const ratio = fileBytes / ARROW_BYTES
  return {
    name: [layout, codec, ...(level === null ? [] : [level])].join(' '),
    layout,
    codec,
    level,
    isDefault: layout === 'milvus' && codec === 'zstd' && level === 3,
    options: { layout, compression: compressionOf(codec, level) },
    fileBytes,
    ratio,
    saving: 1 - ratio,
    write: speed(writeMs),
    read: speed(readMs),
    roundTrip: speed(writeMs + readMs),
  }
}

/** The default; one that is smaller; one that is faster; one that is worse than the default. */
export const TRIALS: readonly TuneTrial[] = [
  { layout: 'milvus', codec: 'zstd', level: 3, fileBytes: 4_000_000, writeMs: 60, readMs: 40 },
  { layout: 'milvus', codec: 'zstd', level: 9, fileBytes: 3_000_000, writeMs: 800, readMs: 40 },
  { layout: 'milvus', codec: 'gzip', level: null, fileBytes: 4_100_000, writeMs: 500, readMs: 90 },
  { layout: 'fast', codec: 'lz4', level: null, fileBytes: 6_000_000, writeMs: 15, readMs: 10 },
].map((facts) => trialOf(facts as Facts))

/** Around {@link TRIALS}; recommended are, by goal: the second, the first, the last one. */
export function resultOf(changes: Partial<TuneResult> = {}): TuneResult {
  const [usual, small, , fast] = TRIALS as [TuneTrial, TuneTrial, TuneTrial, TuneTrial]
  const recommendations = {
    size: { goal: 'size', trial: small, reason: 'the smallest files' },
    balanced: { goal: 'balanced', trial: usual, reason: 'the least time' },
    speed: { goal: 'speed', trial: fast, reason: 'the least time to write and read' },
  } as const
  return {
    paths: ['seg/0', 'seg/101'],
    rows: 1_000_000,
    sample: { rows: 200_000, blocks: 16, arrowBytes: ARROW_BYTES },
    stored: { fileBytes: 25_000_000, ratio: 0.5, saving: 0.5 },
    rounds: 3,
    trials: [...TRIALS],
    recommendation: recommendations.balanced,
    recommendations,
    machine: { cpu: 'Abacus', cores: 2, node: 'v20.17.0', platform: 'linux 6.1' },
    date: '2026-01-02T03:04:05.678Z',
    ...changes,
  }
}
