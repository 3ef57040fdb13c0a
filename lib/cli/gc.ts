import { Command } from 'commander'
import { stringifyExact } from '../config/index.js'
import { collectGarbage, type GarbageReport, MetaCatalog } from '../sync/index.js'
import { parseAge } from './arguments.js'
import { toStdout } from './output.js'
import { formatCount, formatTable } from './table.js'
import {
  addOutOption,
  addWorkerOptions,
  openMetaStore,
  segmentsTree,
  type WorkerPlaceOptions,
} from './worker-place.js'

interface GcOptions extends WorkerPlaceOptions {
  /** Milliseconds. */
  olderThan: number
  delete: boolean
  workersStopped: boolean
  json: boolean
}

/** Removes what failed attempts, killed workers and dropped segments left. */
export function gcCommand(signal: AbortSignal): Command {
  const command = new Command('gc').description(
    'find files that no segment of a metadata store names, and remove them with --delete',
  )
  return addOutOption(addWorkerOptions(command))
    .option('--older-than <age>', 'younger ones may still be saved: 30m, 12h, 7d', parseAge, 864e5)
    .option('--delete', 'remove them; without it they are only printed', false)
    .option('--workers-stopped', 'your word that no worker writes: ages under 1m are taken', false)
    .option('--json', 'print as JSON', false)
    .action((_, run: Command) => collect(run.optsWithGlobals<GcOptions>(), signal))
}

async function collect(options: GcOptions, signal: AbortSignal): Promise<void> {
  const chunkManager = await segmentsTree(options)
  const store = await openMetaStore(options)
  try {
    const report = await collectGarbage({
      catalog: new MetaCatalog(store),
      chunkManager,
      olderThanMs: options.olderThan,
      dryRun: !options.delete,
      workersStopped: options.workersStopped,
      signal,
    })
    await toStdout([options.json ? json(report) : table(report)])
    // Of a dry run as well: a manifest that cannot be read hides what there is to find.
    const [failure] = report.failed
    if (failure !== undefined) throw failure.error
  } finally {
    await store.close()
  }
}

function table({ objects, uploads, bytes, dryRun, removed, unknown }: GarbageReport): string {
  const found = objects.length + uploads.length
  const total = `${formatCount(found)} found, ${formatCount(bytes)} bytes, `
  const done = dryRun ? 'nothing removed (--delete removes)' : `${formatCount(removed)} removed`
  const rows = [
    ...objects.map(({ path, sizeBytes, modifiedMs, reason }) => [
      reason,
      formatCount(sizeBytes),
      new Date(modifiedMs).toISOString(),
      path,
    ]),
    ...uploads.map(({ key, startedMs }) => ['upload', '-', new Date(startedMs).toISOString(), key]),
  ]
  const bytesColumn = { title: 'bytes', align: 'right' as const }
  const columns = [{ title: 'why' }, bytesColumn, { title: 'written' }, { title: 'object' }]
  const kept = unknown.map((base) => `${base}: kept, has a manifest but is not in the store\n`)
  return `${rows.length === 0 ? '' : formatTable(columns, rows)}${total}${done}\n${kept.join('')}`
}

function json({ failed, ...report }: GarbageReport): string {
  const failures = failed.map(({ path, error }) => ({ path, message: (error as Error).message }))
  return `${stringifyExact({ ...report, failed: failures }, 2)}\n`
}
