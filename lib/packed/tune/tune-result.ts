import type { AutoCompression, CodecName, Compression } from '../compression.js'
import type { Layout } from '../layouts.js'
import type { TuneLevel } from './candidates.js'
import type { TuneGoal } from './tune-options.js'

/** Wall-clock times of one thing over the measured rounds. */
export interface TuneSpeed {
  /** The middle one; the mean of the two in the middle where rounds are even in number. */
  medianMs: number
  leastMs: number
  mostMs: number
  /** Arrow bytes of the sample over `medianMs`. */
  bytesPerSecond: number
}

/** What one choice of settings came to. */
export interface TuneTrial {
  /** `fast zstd 3`: layout, codec and level. */
  name: string
  layout: Layout
  codec: CodecName
  /** `'auto'`: by the kind of column. null: the codec's own default, or it has no levels. */
  level: TuneLevel | null
  /** True for what a `PackedWriter` does when nothing is said. */
  isDefault: boolean
  /** For `PackedWriter.open`, beside schema and paths. */
  options: { layout: Layout; compression: Compression | AutoCompression }
  /** All files of the sample, footers included. */
  fileBytes: number
  /** `fileBytes` over the Arrow bytes of the sample: less is better. */
  ratio: number
  /** `1 - ratio`; 0 where the rows take no Arrow bytes. */
  saving: number
  /** From opening the writer until `finish` has published the files. */
  write: TuneSpeed
  /** From opening the reader until every column of every row was decoded into a batch. */
  read: TuneSpeed
  /** A write and the read after it. */
  roundTrip: TuneSpeed
}

/** The trial to choose for one goal. */
export interface TuneRecommendation {
  goal: TuneGoal
  trial: TuneTrial
  /** One sentence, without a full stop. */
  reason: string
}

/** What `tuneFiles` found out. */
export interface TuneResult {
  paths: string[]
  /** Rows of the files. */
  rows: number
  sample: {
    rows: number
    /** Runs of rows, spread evenly over the files; within one, rows are as they are stored. */
    blocks: number
    /** What the rows take in Arrow memory. */
    arrowBytes: number
  }
  /** The files as they are now. */
  stored: {
    fileBytes: number
    /** Their share of the sample, over its Arrow bytes; exact where the sample is all rows. */
    ratio: number
    saving: number
  }
  /** Measured rounds; one that does not count went before them. */
  rounds: number
  /** In the order of layouts, codecs and levels. */
  trials: TuneTrial[]
  /** The one for `goal`. */
  recommendation: TuneRecommendation
  /** The one for each goal. */
  recommendations: Readonly<Record<TuneGoal, TuneRecommendation>>
  machine: { cpu: string; cores: number; node: string; platform: string }
  /** When it ended, as ISO 8601. */
  date: string
}
