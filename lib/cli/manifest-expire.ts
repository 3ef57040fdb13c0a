import { Command, InvalidArgumentError } from 'commander'
import { parseManifestPath } from '../binlog/index.js'
import { stringifyExact } from '../config/index.js'
import { type ExpiredManifests, expireManifests } from '../manifest/index.js'
import { MetaCatalog } from '../sync/index.js'
import { parseAge, parseCount } from './arguments.js'
import { UsageError } from './failure.js'
import {
  addManifestOptions,
  type ManifestOptions,
  manifestStoreOf,
  manifestTarget,
} from './manifest-target.js'
import { plural } from './manifest-text.js'
import { toStdout } from './output.js'
import { formatCount, formatTable } from './table.js'
import { addWorkerOptions, openMetaStore, type WorkerPlaceOptions } from './worker-place.js'

interface ManifestExpireOptions extends ManifestOptions, WorkerPlaceOptions {
  keep?: number
  /** Milliseconds. */
  olderThan?: number
  protect: number[]
  delete: boolean
  workersStopped: boolean
  json: boolean
}

/** A day: longer than anybody reads. */
const DEFAULT_AGE_MS = 864e5

/** Removes old versions; `packed gc` removes what only those named. */
export function manifestExpireCommand(signal: AbortSignal): Command {
  const command = new Command('expire').description(
    'find old versions of a manifest, and remove them with --delete; data files are left to gc',
  )
  return addWorkerOptions(addManifestOptions(command))
    .option('--keep <n>', 'the newest versions, as many as this, stay', parseCount)
    .option('--older-than <age>', 'only versions that were replaced before: 30m, 12h, 7d', parseAge)
    .option('--protect <n,n>', 'these, and what came after them, stay', parseVersions, [])
    .option('--delete', 'remove them; without it they are only printed', false)
    .option('--workers-stopped', 'your word that nobody commits: ages under 1m are taken', false)
    .option('--json', 'print as JSON', false)
    .action((base: string, _, run: Command) =>
      expire(base, run.optsWithGlobals<ManifestExpireOptions>(), signal),
    )
}

function parseVersions(text: string): number[] {
  if (/^\d+(,\d+)*$/.test(text)) return text.split(',').map(parseCount)
  throw new InvalidArgumentError(`Expected versions with commas between but received "${text}"`)
}

async function expire(
  base: string,
  options: ManifestExpireOptions,
  signal: AbortSignal,
): Promise<void> {
  const { keep, olderThan } = options
  if (keep === undefined && olderThan === undefined) {
    throw new UsageError('Expected --keep <n> or --older-than <age> but received neither')
  }
  const { chunkManager, basePath } = manifestStoreOf(await manifestTarget(base, options))
  const named = await namedByMeta(basePath, options)
  const result = await expireManifests({
    chunkManager,
    basePath,
    ...(keep === undefined ? {} : { keep }),
    olderThanMs: olderThan ?? DEFAULT_AGE_MS,
    protect: [...options.protect, ...named],
    dryRun: !options.delete,
    workersStopped: options.workersStopped,
    signal,
  })
  await toStdout([options.json ? `${stringifyExact(result, 2)}\n` : text(result)])
}

/** Versions that the metadata store of a worker names; none without one. */
async function namedByMeta(basePath: string, options: WorkerPlaceOptions): Promise<number[]> {
  if (options.dir === undefined && options.meta === undefined) return []
  const store = await openMetaStore(options)
  try {
    const segments = await new MetaCatalog(store).segments()
    const named = segments.map(({ manifestPath }) => parseManifestPath(manifestPath))
    return named.flatMap((path) => {
      const isMeant = path !== undefined && isSameBase(path.basePath, basePath)
      return isMeant ? [path.version] : []
    })
  } finally {
    await store.close()
  }
}

/** The one may have a bucket or a root in front that the other has not. */
function isSameBase(one: string, other: string): boolean {
  return one === other || one.endsWith(`/${other}`) || other.endsWith(`/${one}`)
}

function text({ dryRun, expired, kept, unreadable, unreferenced }: ExpiredManifests): string {
  const rows = expired.map(({ version, sizeBytes, modifiedMs, path }) => [
    String(version),
    formatCount(sizeBytes),
    new Date(modifiedMs).toISOString(),
    unreadable.includes(version) ? `${path} (cannot be read)` : path,
  ])
  const right = (title: string) => ({ title, align: 'right' as const })
  const columns = [right('version'), right('bytes'), { title: 'written' }, { title: 'manifest' }]
  const table = rows.length === 0 ? '' : formatTable(columns, rows)
  const done = dryRun ? 'nothing removed (--delete removes)' : `${formatCount(rows.length)} removed`
  const files = plural(unreferenced.length, 'file')
  const left = rows.length === 0 ? '' : `, ${files} that only they name`
  return `${table}${plural(rows.length, 'version')} of ${rows.length + kept.length} expired${left}, ${done}\n`
}
