import { type Command, Option } from 'commander'
import { INPUT_FORMATS, type InputFormat } from '../ingest/index.js'
import { parseBytes, parseCount, splitList, splitPairs } from './arguments.js'
import { UsageError } from './failure.js'
import { LOG_LEVELS, type LogLevel } from './log-lines.js'
import { addOutOption, type WorkerPlaceOptions } from './worker-place.js'

const ERROR_ACTIONS = ['stop', 'skip', 'file'] as const
const FSYNCS = ['always', 'interval', 'never'] as const

/** What the options of {@link addIngestOptions} become. */
export interface IngestCommandOptions extends WorkerPlaceOptions {
  dir: string
  format?: InputFormat
  types?: [name: string, type: string][]
  schema?: string
  primaryKey?: string
  collection?: string
  map?: [column: string, field: string][]
  watch: boolean
  onError: (typeof ERROR_ACTIONS)[number]
  errorFile?: string
  fsync?: (typeof FSYNCS)[number]
  memory?: number
  segmentRows?: number
  segmentBytes?: number
  manifest: boolean
  metricsPort?: number
  metricsHost: string
  logLevel: LogLevel
  json: boolean
}

export function addIngestOptions(command: Command): Command {
  const choice = (flags: string, text: string, choices: readonly string[]): Option =>
    new Option(flags, text).choices(choices)
  addOutOption(
    command
      .requiredOption('--dir <dir>', "the worker's own directory: its log, and its lock")
      .option(
        '--meta <dir>',
        'metadata store, which several workers may share (default: in --dir)',
      ),
  )
    .addOption(
      choice('--format <format>', 'of every input (default: its extension)', INPUT_FORMATS),
    )
    .option('--types <name:type,...>', 'types of text columns, to infer a collection', splitPairs)
    .option(
      '--schema <file>',
      'the collection as JSON; else it is known, or inferred from the first input',
    )
    .option(
      '--primary-key <column>',
      'of a collection that is inferred (default: id, pk, or one that is made)',
    )
    .option('--collection <name>', 'name of the collection (default: that of the schema or input)')
    .option('--map <column=field,...>', 'columns that are named otherwise than fields', splitMap)
    .option('--watch', 'take in a directory, and what appears in it until interrupted', false)
    .addOption(
      choice('--on-error <what>', 'with a row that cannot be taken', ERROR_ACTIONS).default('stop'),
    )
    .option('--error-file <file>', 'where --on-error file puts rows, as NDJSON')
  return addTuningOptions(command, choice)
}

function addTuningOptions(
  command: Command,
  choice: (flags: string, text: string, choices: readonly string[]) => Option,
): Command {
  return command
    .addOption(
      choice('--fsync <when>', 'accepted rows are forced to disk (default: always)', FSYNCS),
    )
    .option('--memory <bytes>', 'for rows and the work on them (default: 256M)', parseBytes)
    .option('--segment-rows <n>', 'rows at which a segment is closed', parseCount)
    .option('--segment-bytes <bytes>', 'Arrow bytes at which one is closed', parseBytes)
    .option('--manifest', 'list the files of new segments in manifests (StorageV3)', false)
    .option('--metrics-port <n>', 'serve /metrics, /healthz and /status; 0: any port', parseCount)
    .option('--metrics-host <host>', 'address for --metrics-port', '127.0.0.1')
    .addOption(
      choice('--log-level <level>', 'of JSON lines on standard error', LOG_LEVELS).default('warn'),
    )
    .option('--json', 'print the summary as JSON', false)
}

function splitMap(text: string): [column: string, field: string][] {
  return splitList(text).map((pair) => {
    const equals = pair.indexOf('=')
    if (equals > 0 && equals < pair.length - 1) {
      return [pair.slice(0, equals), pair.slice(equals + 1)]
    }
    throw new UsageError(`Expected column=field for --map but received "${pair}"`)
  })
}

/** What options say together. @throws UsageError. */
export function checkIngestOptions(inputs: readonly string[], options: IngestCommandOptions): void {
  if ((options.onError === 'file') !== (options.errorFile !== undefined)) {
    throw new UsageError('Expected --on-error file and --error-file <file> together')
  }
  if (options.watch && (inputs.length !== 1 || inputs[0] === '-')) {
    throw new UsageError(`Expected one directory with --watch but received ${inputs.join(' ')}`)
  }
  if (options.schema !== undefined && options.primaryKey !== undefined) {
    throw new UsageError('Expected either --schema or --primary-key but received both')
  }
}
