import {
  expectId,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectText,
} from '../../config/index.js'
import { type Logger, type PipelineMeter, SILENT, UNMETERED } from '../../telemetry/index.js'
import { expectShortName } from './file-header.js'

const FSYNC = ['always', 'interval', 'never'] as const
const LEAST_SEGMENT_BYTES = 64 << 10

/** When what is appended is forced to the disk; see {@link SegmentedLog}. */
export type LogFsync = (typeof FSYNC)[number]

/** Options of `SegmentedLog.open`. */
export interface SegmentedLogOptions {
  /** Of its own, made where it is missing; one log at a time may be open on it. */
  directory: string
  /** At most 3000 bytes. */
  channelName: string
  /** The highest position that anybody knows: new messages come above it. 0 by default. */
  after?: bigint | undefined
  /** What 'accepted' means. 'always' by default. */
  fsync?: LogFsync | undefined
  /** Of 'interval': how long an accepted message may be in memory alone. 1000 by default. */
  fsyncIntervalMs?: number | undefined
  /** Size from which on a new file is begun. 64 MiB by default. */
  segmentBytes?: number | undefined
  /** Nothing is said by default. */
  logger?: Logger | undefined
  /** Nothing is counted by default. */
  meter?: PipelineMeter | undefined
}

const KEYS: readonly (keyof SegmentedLogOptions)[] = [
  'directory',
  'channelName',
  'after',
  'fsync',
  'fsyncIntervalMs',
  'segmentBytes',
  'logger',
  'meter',
]

/** @throws PackedError InvalidArgument. */
export function expectLogOptions(options: SegmentedLogOptions) {
  const known = expectObject(options, 'the options of SegmentedLog.open')
  expectKnownKeys(known, KEYS, 'SegmentedLog.open')
  const channelName = expectText(known.channelName, 'channelName')
  expectShortName(channelName)
  const interval = { min: 1, max: 3_600_000, fallback: 1000 }
  const size = { min: LEAST_SEGMENT_BYTES, fallback: 64 << 20 }
  return {
    directory: expectText(known.directory, 'directory'),
    channelName,
    after: expectId(known.after ?? 0n, 'after'),
    fsync: expectOneOf(known.fsync, 'fsync', FSYNC, 'always'),
    fsyncIntervalMs: expectInteger(known.fsyncIntervalMs, 'fsyncIntervalMs', interval),
    segmentBytes: expectInteger(known.segmentBytes, 'segmentBytes', size),
    logger: options.logger ?? SILENT,
    meter: options.meter ?? UNMETERED,
  }
}

export type CheckedLogOptions = ReturnType<typeof expectLogOptions>
