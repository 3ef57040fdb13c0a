import { Command } from 'commander'
import { stringifyExact } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import {
  type CompactionGroupReport,
  type CompactionProgress,
  type CompactionReport,
  compactSegments,
  MetaCatalog,
} from '../sync/index.js'
import { parseBigId, parseBytes, parseCount, parseTimestamp, splitList } from './arguments.js'
import { compactBase } from './compact-manifest.js'
import { progressText } from './compaction-progress.js'
import { UsageError } from './failure.js'
import { toStdout } from './output.js'
import { progressBar } from './progress-bar.js'
import { formatCount, formatTable } from './table.js'
import {
  addOutOption,
  addWorkerOptions,
  openMetaStore,
  segmentsTree,
  type WorkerPlaceOptions,
} from './worker-place.js'

const HELP = `
Whole segments of a partition become one, or several of at most --max-rows and
--max-bytes; deleted rows are left out. One transaction of the metadata store
puts the new ones in the place of the old ones: interrupted or killed before it,
a compaction has changed nothing, and packed gc finds what it left. packed gc
removes the files of old segments, too, once they are dropped as long as
--older-than says. Workers may go on meanwhile: segments that still get rows are
left alone.`

interface CompactOptions extends WorkerPlaceOptions {
  collection?: string
  partition?: string
  segments?: bigint[]
  base?: string
  schema?: string
  readTs?: bigint
  sort: boolean
  maxRows?: number
  maxBytes?: number
  sortMemory?: number
  dryRun: boolean
  json: boolean
}

/** Merges segments of a metadata store. */
export function segmentCompactCommand(signal: AbortSignal): Command {
  const command = new Command('compact').description(
    'merge small segments of a metadata store, without the rows that are deleted',
  )
  return addOutOption(addWorkerOptions(command))
    .option('--collection <name>', 'name or id (default: the only one of the store)')
    .option('--partition <name>', 'name or id (default: every one by itself)')
    .option('--segments <id,...>', 'exactly these (default: those that gain by it)', parseIds)
    .option('--base <key>', 'a segment without a store: the folder of its manifest, below --out')
    .option('--schema <file>', 'with --base: the collection as JSON')
    .option(
      '--read-ts <ts>',
      'keep deletes that are younger: a hybrid timestamp or a time',
      parseTimestamp,
    )
    .option('--sort', 'order rows by primary key', false)
    .option('--sort-memory <bytes>', 'to sort in (default: 1G)', parseBytes)
    .option('--max-rows <n>', 'of a new segment (default: no limit)', parseCount)
    .option('--max-bytes <bytes>', 'of a new segment, decoded (default: 512M)', parseBytes)
    .option('--dry-run', 'only print what would be merged, with rows before and after', false)
    .option('--json', 'print as JSON', false)
    .addHelpText('after', HELP)
    .action((_, run: Command) => compact(run.optsWithGlobals<CompactOptions>(), signal))
}

function parseIds(text: string): bigint[] {
  return splitList(text).map(parseBigId)
}

async function compact(options: CompactOptions, signal: AbortSignal): Promise<void> {
  const chunkManager = await segmentsTree(options)
  if (options.base !== undefined) return compactBase(chunkManager, options, signal)
  const store = await openMetaStore(options)
  const progress = await progressBar<CompactionProgress>('looking for segments', (now) => ({
    done: now.rowsWritten,
    total: now.rows,
    text: progressText(now),
  }))
  try {
    const catalog = new MetaCatalog(store)
    const { segments, readTs, sort, sortMemory, maxRows, maxBytes, dryRun } = options
    const report = await compactSegments({
      catalog,
      chunkManager,
      ...(await idsOf(catalog, options)),
      sort,
      dryRun,
      signal,
      onProgress: progress.update,
      ...(segments === undefined ? {} : { segmentIds: segments }),
      ...(readTs === undefined ? {} : { readTimestamp: readTs }),
      ...(sortMemory === undefined ? {} : { sortBytes: sortMemory }),
      ...(maxRows === undefined ? {} : { maxRows }),
      ...(maxBytes === undefined ? {} : { maxBytes }),
    })
    progress.end()
    await toStdout([options.json ? `${stringifyExact(report, 2)}\n` : text(report)])
  } finally {
    progress.end()
    await store.close()
  }
}

/** @throws PackedError NotFound naming what there is; UsageError where several could be meant. */
async function idsOf(
  catalog: MetaCatalog,
  { collection, partition }: CompactOptions,
): Promise<{ collectionId: bigint; partitionId?: bigint }> {
  const collections = await catalog.collections()
  const names = collections.map(({ name }) => name).join(', ')
  if (collection === undefined && collections.length > 1) {
    throw new UsageError(`Expected --collection <name>, one of ${names}, but received none`)
  }
  const found =
    collection === undefined
      ? collections[0]
      : collections.find((known) => isNamed(collection, known.name, known.collectionId))
  if (found === undefined) throw unknown('collection', names, collection)
  const { collectionId } = found
  if (partition === undefined) return { collectionId }
  const partitions = await catalog.partitions(collectionId)
  const chosen = partitions.find((known) => isNamed(partition, known.name, known.partitionId))
  const known = partitions.map(({ name }) => name).join(', ')
  if (chosen === undefined) throw unknown('partition', known, partition)
  return { collectionId, partitionId: chosen.partitionId }
}

function isNamed(text: string, name: string, id: bigint): boolean {
  return text === name || text === String(id)
}

function unknown(kind: string, known: string, received = 'an empty store'): PackedError {
  const message = `Expected a ${kind} of the store (${known}) but received "${received}"`
  return new PackedError('NotFound', message)
}

function text({ dryRun, groups }: CompactionReport): string {
  if (groups.length === 0) return 'nothing to compact\n'
  const number = (title: string) => ({ title, align: 'right' as const })
  const columns = [
    { title: '' },
    number('segment'),
    number('rows'),
    number('logs'),
    number('bytes'),
    { title: 'why' },
  ]
  const rowOf = (mark: string, segment: CompactionGroupReport['to'][number], why = '') => [
    mark,
    String(segment.segmentId),
    formatCount(segment.rows),
    formatCount(segment.logs),
    formatCount(segment.bytes),
    why,
  ]
  return groups
    .map((group) => {
      const rows = [
        ...group.from.map((source) => rowOf('old', source, source.reasons.join(', '))),
        ...group.to.map((target) => rowOf('new', target)),
      ]
      return `${headline(group, dryRun)}\n${formatTable(columns, rows)}`
    })
    .join('\n')
}

function headline(group: CompactionGroupReport, dryRun: boolean): string {
  const { partitionId, channelName, from, to, rowsBefore, rowsAfter, droppedDeletes } = group
  const segments = (count: number): string => `${count} ${count === 1 ? 'segment' : 'segments'}`
  const rows = `${formatCount(rowsBefore)} rows before, ${formatCount(rowsAfter)} after`
  const facts = dryRun
    ? [`would compact ${segments(from.length)}`, rows]
    : [`${segments(from.length)} became ${to.length}`, rows]
  const spent = droppedDeletes.length
  if (spent > 0) facts.push(`${segments(spent)} of deletes dropped`)
  return `partition ${partitionId}, channel ${channelName}: ${facts.join(', ')}`
}
