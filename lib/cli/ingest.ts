import { Command } from 'commander'
import { CompressionMonitor } from '../codec/index.js'
import { stringifyExact } from '../config/index.js'
import { isPackedError } from '../errors/index.js'
import {
  type IngestInput,
  type IngestSummary,
  IngestWorker,
  type IngestWorkerOptions,
  inputFormat,
  runIngest,
  serveWorker,
  type WorkerStatus,
  watchDirectory,
} from '../ingest/index.js'
import type { CollectionSchema } from '../schema/index.js'
import {
  combineMeters,
  otelMeter,
  type PipelineMeter,
  prometheusMeter,
} from '../telemetry/index.js'
import { asUsage } from './failure.js'
import {
  addIngestOptions,
  checkIngestOptions,
  type IngestCommandOptions,
} from './ingest-options.js'
import { showProgress } from './ingest-progress.js'
import { inferredCollection } from './ingest-schema.js'
import { logLines } from './log-lines.js'
import { toStdout } from './output.js'
import { placeOf } from './place.js'
import { schemaFromFile } from './schema-file.js'
import { StorageSource } from './storage-source.js'
import { formatCount } from './table.js'
import { metaDirectoryOf, segmentsTree } from './worker-place.js'

const HELP = `
Killed at any moment, the same command goes on where it was: no row is lost or
comes twice. Standard input (-) has no replay: a run that was killed cannot say
what it took, and the next one takes all that it is given.

SIGTERM or an interrupt stops reading, brings what was accepted into segments,
and ends with 0; a second one ends at once.`

/** Whoever looks at metrics does so every few seconds. */
const COMPRESSION_INTERVAL_MS = 1000

/** Brings the rows of inputs into segments. */
export function ingestCommand(signal: AbortSignal): Command {
  const command = new Command('ingest')
    .description('bring rows into segments of a collection, exactly once')
    .argument('<input...>', 'Arrow IPC, Parquet, NDJSON, CSV or TSV; - is standard input')
    .addHelpText('after', HELP)
  return addIngestOptions(command).action((inputs: string[], _, run: Command) =>
    ingest(inputs, run.optsWithGlobals<IngestCommandOptions>(), signal),
  )
}

async function ingest(
  texts: readonly string[],
  options: IngestCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  checkIngestOptions(texts, options)
  const inputs = await inputsOf(texts, options)
  const { metricsPort, metricsHost: host } = options
  const metrics = metricsPort === undefined ? undefined : await prometheusMeter()
  const otel = await otelMeter()
  const meter = metrics === undefined ? otel : combineMeters(otel, metrics)
  const worker = await openWorker(inputs, options, { meter, signal })
  const monitor = new CompressionMonitor({ meter, intervalMs: COMPRESSION_INTERVAL_MS })
  try {
    const server =
      metrics === undefined || metricsPort === undefined
        ? undefined
        : await serveWorker({ worker, metrics, port: metricsPort, host })
    if (server !== undefined) process.stderr.write(`packed: serving ${server.url}/metrics\n`)
    const endProgress = await showProgress(() => worker.status())
    try {
      const summary = await run(worker, inputs, options, signal)
      // Not with the signal: what was accepted is to be in segments then, too.
      await worker.close()
      await toStdout([report(summary, worker.status(), options.json)])
    } finally {
      endProgress()
      await server?.close()
    }
  } finally {
    await giveUp(worker)
    monitor.close()
  }
}

/** After a failure: what is accepted waits in the log where it cannot be brought further now. */
async function giveUp(worker: IngestWorker): Promise<void> {
  const flush = worker.status().state === 'running'
  await worker.close({ flush }).catch(() => {})
}

async function inputsOf(
  texts: readonly string[],
  { format, watch, ...options }: IngestCommandOptions,
): Promise<IngestInput[]> {
  const source = new StorageSource(options)
  const inputs: IngestInput[] = []
  for (const text of texts) {
    const place = await placeOf(text, source, 'local')
    if (!watch) asUsage(() => inputFormat(place.path, format))
    inputs.push({ place, format })
  }
  return inputs
}

async function run(
  worker: IngestWorker,
  inputs: readonly IngestInput[],
  options: IngestCommandOptions,
  signal: AbortSignal,
): Promise<IngestSummary> {
  const { format, onError, errorFile, map = [], watch } = options
  const [directory] = inputs.map(({ place }) => (typeof place === 'string' ? place : place.path))
  return runIngest(worker, watch ? watchDirectory(directory!, { format, signal }) : inputs, {
    map: Object.fromEntries(map),
    onError: onError === 'file' ? { file: errorFile! } : onError,
    signal,
  })
}

async function openWorker(
  inputs: readonly IngestInput[],
  options: IngestCommandOptions,
  { meter, signal }: { meter: PipelineMeter; signal: AbortSignal },
): Promise<IngestWorker> {
  const settings: IngestWorkerOptions = {
    directory: options.dir,
    metaDirectory: metaDirectoryOf(options),
    chunkManager: await segmentsTree(options),
    meter,
    logger: logLines(options.logLevel, (line) => process.stderr.write(line)),
    ...given('collectionName', options.collection),
    ...given('fsync', options.fsync),
    ...given('memoryBytes', options.memory),
    ...given('segmentRows', options.segmentRows),
    ...given('segmentBytes', options.segmentBytes),
    ...(options.manifest ? { useManifest: true } : {}),
  }
  if (options.schema !== undefined) {
    const schema = await schemaFromFile(options.schema, new StorageSource(options))
    return IngestWorker.open({ ...settings, schema })
  }
  return (await openKnown(settings)) ?? openInferred(inputs, settings, options, signal)
}

function given<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [Key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [Key in Name]: Value })
}

/** The worker of a directory that knows its collection; undefined for one that needs a schema. */
async function openKnown(settings: IngestWorkerOptions): Promise<IngestWorker | undefined> {
  try {
    return await IngestWorker.open(settings)
  } catch (error) {
    if (isPackedError(error) && error.code === 'InvalidArgument') return undefined
    throw error
  }
}

async function openInferred(
  inputs: readonly IngestInput[],
  settings: IngestWorkerOptions,
  options: IngestCommandOptions,
  signal: AbortSignal,
): Promise<IngestWorker> {
  const { schema, report: lines } = await inferredCollection(inputs, options, signal)
  const worker = await IngestWorker.open({ ...settings, schema })
  process.stderr.write(inferredText(schema, lines))
  return worker
}

function inferredText({ name }: CollectionSchema, lines: readonly string[]): string {
  return `packed: inferred collection ${name}:\n${lines.map((line) => `  ${line}\n`).join('')}`
}

function report(summary: IngestSummary, status: WorkerStatus, json: boolean): string {
  const { collectionId, segments } = status
  if (json) return `${stringifyExact({ ...summary, collectionId, segments }, 2)}\n`
  const { rows, poison, elapsedMs, rowsPerSecond, bytesPerSecond, aborted } = summary
  const facts = [
    `${formatCount(rows)} rows in ${(elapsedMs / 1000).toFixed(1)} s`,
    `${formatCount(Math.round(rowsPerSecond))} rows/s`,
    `${(bytesPerSecond / 1e6).toFixed(1)} MB/s`,
    ...(poison > 0 ? [`${formatCount(poison)} refused`] : []),
    `${formatCount(segments.flushed)} segments`,
    ...(aborted ? ['interrupted'] : []),
  ]
  return `${facts.join(', ')}\n`
}
