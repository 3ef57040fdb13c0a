import {
  expectFunction,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectSignal,
} from '../../config/index.js'
import type { CollectionSchema } from '../../schema/index.js'
import { type PipelineMeter, UNMETERED } from '../../telemetry/index.js'
import type { ColumnMap } from './assign-columns.js'
import type { InputFormat } from './input-format.js'
import type { InputPlace } from './input-place.js'
import type { Packet, PacketLimits } from './packet.js'
import { expectOnError, type OnError } from './poison-rows.js'

/** What {@link runIngest} needs of a worker (`IngestWorker` has it). */
export interface IngestTarget {
  readonly schema: CollectionSchema
  /** The last sequence that was accepted of a source; undefined of one that is new. */
  lastSequence(source: string): bigint | undefined
  /** Accept rows; a sequence that is not beyond the last is dropped as repeated. */
  write(message: {
    source: string
    sequence: bigint
    rows?: Packet['rows']
    signal?: AbortSignal | undefined
  }): Promise<{ readonly repeated: boolean }>
}

/** One file, or standard input. */
export interface IngestInput {
  /** A path, or where a file of another store is. */
  readonly place: InputPlace | string
  /** The extension's by default. */
  readonly format?: InputFormat | undefined
  /**
   * The name under which the worker remembers how far the input was read; see {@link sourceOf}
   * for the default.
   */
  readonly source?: string | undefined
}

/** How far one input was read. */
export interface SourceProgress {
  readonly source: string
  /** Rows, and bytes of text or Arrow data, that were accepted in this run. */
  readonly rows: number
  readonly bytes: number
  /** Rows that could not be written. */
  readonly poison: number
  /** Where reading began, 0 at the beginning, and how far rows are accepted. */
  readonly resumedAt: bigint
  readonly sequence: bigint
}

/** What a run has done so far. */
export interface IngestProgress {
  readonly rows: number
  readonly bytes: number
  readonly poison: number
  readonly elapsedMs: number
  /** Of the whole run. */
  readonly rowsPerSecond: number
  readonly bytesPerSecond: number
  /** The input that is being read. */
  readonly current: SourceProgress
}

/** What a run has done. */
export interface IngestSummary extends Omit<IngestProgress, 'current'> {
  /** The signal ended it: there may be rows that were not read. */
  readonly aborted: boolean
  readonly sources: readonly SourceProgress[]
}

/** Options of {@link runIngest}. */
export interface IngestOptions {
  /** Columns that feed a field of another name; null leaves a column out. */
  map?: ColumnMap | undefined
  /** A row that is malformed or does not fit ends the run (default), or is left out. */
  onError?: OnError | undefined
  /** Most rows of a message; 8,192 by default. */
  batchRows?: number | undefined
  /** Bytes at which a message ends; 8 MiB by default. */
  batchBytes?: number | undefined
  /** Called after every message. */
  onProgress?: ((progress: IngestProgress) => void) | undefined
  /** Nothing is counted by default. */
  meter?: PipelineMeter | undefined
  /** Stops reading. What is being accepted is waited for. */
  signal?: AbortSignal | undefined
}

const KNOWN = ['map', 'onError', 'batchRows', 'batchBytes', 'onProgress', 'meter', 'signal']
const BATCH_ROWS = 8192
const BATCH_BYTES = 8 << 20

/** {@link IngestOptions} with everything settled. */
export interface IngestSettings extends PacketLimits {
  map: ColumnMap
  onError: OnError
  onProgress: ((progress: IngestProgress) => void) | undefined
  meter: PipelineMeter
  signal: AbortSignal | undefined
}

/** @throws PackedError InvalidArgument. */
export function resolveIngestOptions(value: unknown): IngestSettings {
  const options = expectObject(value, 'the options of runIngest')
  expectKnownKeys(options, KNOWN, 'runIngest')
  const given = options as IngestOptions
  return {
    map: expectObject(given.map ?? {}, 'map') as ColumnMap,
    onError: expectOnError(given.onError),
    batchRows: expectInteger(given.batchRows, 'batchRows', { min: 1, fallback: BATCH_ROWS }),
    batchBytes: expectInteger(given.batchBytes, 'batchBytes', { min: 1, fallback: BATCH_BYTES }),
    onProgress: expectFunction(given.onProgress, 'onProgress'),
    meter: given.meter ?? UNMETERED,
    signal: expectSignal(given.signal, 'signal'),
  }
}
