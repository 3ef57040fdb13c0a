import type { StorageConfig } from '../../config/index.js'
import {
  expectBoolean,
  expectFunction,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectSignal,
  expectText,
  resolveStorageConfig,
  unexpected,
} from '../../config/index.js'
import { CODECS, type CodecName } from '../compression.js'
import { LAYOUTS, type Layout } from '../layouts.js'
import { type Candidate, candidatesOf, type TuneLevel } from './candidates.js'

/** What a recommendation is to be good at; see {@link TuneOptions.goal}. */
export const TUNE_GOALS = ['size', 'balanced', 'speed'] as const
/** One of {@link TUNE_GOALS}: what a recommendation is for. */
export type TuneGoal = (typeof TUNE_GOALS)[number]

/** How far `tuneFiles` is. */
export interface TuneProgress {
  /** Writes with the reads of them that are done, warm-ups among them. */
  done: number
  /** Of how many. */
  total: number
  /** What comes next; undefined at the end. */
  next: string | undefined
}

/** Options of `tuneFiles`. A name that is not listed here is InvalidArgument. */
export interface TuneOptions {
  /** One file per column group, all or some of a segment: what `PackedReader` opens. */
  paths: readonly string[]
  /** Where the paths are; the local disk by default. */
  storage?: StorageConfig
  /** Take plain Parquet as well. */
  lenient?: boolean
  /** Every layout by default. */
  layouts?: readonly Layout[]
  /** zstd, lz4, snappy and uncompressed by default. */
  codecs?: readonly CodecName[]
  /**
   * Each codec that has a level is tried with all of these that it has; by default zstd with 1, 3, 9
   * and `'auto'` (see `AutoCompression`), the others with their own default.
   */
  levels?: readonly TuneLevel[]
  /** Most rows of the sample; by default as many as `sampleBytes` holds. */
  rows?: number
  /** Most Arrow bytes of the sample, about, which is held in memory; 64 MiB by default. */
  sampleBytes?: number
  /** Measured rounds of all trials; 3 by default. One that is not measured goes before them. */
  rounds?: number
  /**
   * `'size'`: the smallest files. `'speed'`: the least time for a write and a read. `'balanced'`
   * (default): the least time for a write, a read, and moving the files twice at 100 MB/s.
   */
  goal?: TuneGoal
  /** Folder of the trials' files, which are removed; the system's temporary folder by default. */
  scratch?: string
  /** Aborting rejects with the signal's reason and removes the files. */
  signal?: AbortSignal
  /** Called before the first and after each write and read. An exception of it ends the tuning. */
  onProgress?: (progress: TuneProgress) => void
}

/** Checked options. */
export interface TuneSettings {
  paths: string[]
  storage: StorageConfig | undefined
  lenient: boolean
  candidates: readonly Candidate[]
  rows: number
  sampleBytes: number
  rounds: number
  goal: TuneGoal
  scratch: string | undefined
  signal: AbortSignal | undefined
  onProgress: ((progress: TuneProgress) => void) | undefined
}

const WHERE = 'tuneFiles'
/** Those that say what is tried and how, whoever asks: a program or the command line. */
export const TUNE_SETTINGS = [
  'lenient',
  'layouts',
  'codecs',
  'levels',
  'rows',
  'sampleBytes',
  'rounds',
  'goal',
  'scratch',
] as const
const KNOWN = ['paths', 'storage', ...TUNE_SETTINGS, 'signal', 'onProgress'] as const
const DEFAULT_CODECS = ['zstd', 'lz4', 'snappy', 'uncompressed'] as const
const DEFAULT_SAMPLE_BYTES = 64 << 20
const DEFAULT_ROUNDS = 3
const MOST_ROUNDS = 1000
const MOST_LEVEL = 22

/** @throws PackedError InvalidArgument; no file is open yet. */
export function resolveTuneSettings(value: unknown): TuneSettings {
  const options = expectObject(value, `the options of ${WHERE}`)
  expectKnownKeys(options, KNOWN, WHERE)
  const { paths, scratch } = options
  if (!Array.isArray(paths) || paths.length === 0) {
    throw unexpected('a non-empty array of paths', 'paths', paths)
  }
  resolveStorageConfig(options.storage)
  return {
    paths: paths.map((path, index) => expectText(path, `paths[${index}]`)),
    storage: options.storage as StorageConfig | undefined,
    lenient: expectBoolean(options.lenient, 'lenient', false),
    candidates: candidatesOf({
      layouts: expectNames(options.layouts, 'layouts', LAYOUTS),
      codecs: expectNames(options.codecs, 'codecs', CODECS, DEFAULT_CODECS),
      levels: options.levels === undefined ? undefined : expectLevels(options.levels),
    }),
    rows: expectInteger(options.rows, 'rows', { min: 1, fallback: Number.MAX_SAFE_INTEGER }),
    sampleBytes: expectInteger(options.sampleBytes, 'sampleBytes', {
      min: 1,
      fallback: DEFAULT_SAMPLE_BYTES,
    }),
    rounds: expectInteger(options.rounds, 'rounds', {
      min: 1,
      max: MOST_ROUNDS,
      fallback: DEFAULT_ROUNDS,
    }),
    goal: expectOneOf(options.goal, 'goal', TUNE_GOALS, 'balanced'),
    scratch: scratch === undefined ? undefined : expectText(scratch, 'scratch'),
    signal: expectSignal(options.signal, 'signal'),
    onProgress: expectFunction(options.onProgress, 'onProgress'),
  }
}

/** Names out of `known`, each once; `fallback` when undefined. */
function expectNames<T extends string>(
  value: unknown,
  name: string,
  known: readonly T[],
  fallback: readonly T[] = known,
): readonly T[] {
  if (value === undefined) return fallback
  const names = expectItems(value, name)
  return [...new Set(names.map((item, index) => expectOneOf(item, `${name}[${index}]`, known)))]
}

/** Each once, `'auto'` behind the numbers. */
function expectLevels(value: unknown): TuneLevel[] {
  const items = expectItems(value, 'levels')
  const levels = items.flatMap((item, index) =>
    item === 'auto' ? [] : expectInteger(item, `levels[${index}]`, { max: MOST_LEVEL }),
  )
  const sorted = [...new Set(levels)].sort((left, right) => left - right)
  return items.includes('auto') ? [...sorted, 'auto'] : sorted
}

function expectItems(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value
  throw unexpected('a non-empty array', name, value)
}
