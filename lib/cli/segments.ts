import { Command, Option } from 'commander'
import type { FieldBinlog } from '../binlog/index.js'
import { stringifyExact } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { segmentInfoToJson } from '../segment/index.js'
import { MetaCatalog, type SegmentMeta, type SegmentState } from '../sync/index.js'
import { toStdout } from './output.js'
import { formatCount, formatTable } from './table.js'
import { addWorkerOptions, openMetaStore, type WorkerPlaceOptions } from './worker-place.js'

const STATES: readonly SegmentState[] = ['Growing', 'Sealed', 'Flushing', 'Flushed', 'Dropped']

interface SegmentsOptions extends WorkerPlaceOptions {
  collection?: string
  state?: SegmentState
  json: boolean
}

/** Prints what a metadata store knows of its segments. */
export function segmentsCommand(): Command {
  const command = new Command('segments').description('list the segments of a metadata store')
  return addWorkerOptions(command)
    .option('--collection <name>', 'only those of one collection')
    .addOption(new Option('--state <state>', 'only those in a state').choices(STATES))
    .option('--json', 'print as JSON, with all logs and positions', false)
    .action((_, run: Command) => list(run.optsWithGlobals<SegmentsOptions>()))
}

async function list(options: SegmentsOptions): Promise<void> {
  const store = await openMetaStore(options)
  try {
    const catalog = new MetaCatalog(store)
    const segments = await catalog.segments(await filterOf(catalog, options))
    const names = new Map(
      (await catalog.collections()).map(({ collectionId, name }) => [collectionId, name]),
    )
    await toStdout([options.json ? json(segments) : table(segments, names)])
  } finally {
    await store.close()
  }
}

async function filterOf(catalog: MetaCatalog, { collection, state }: SegmentsOptions) {
  const states = state === undefined ? {} : { states: [state] }
  if (collection === undefined) return states
  const found = await catalog.collection(collection)
  if (found !== undefined) return { ...states, collectionId: found.collectionId }
  const known = (await catalog.collections()).map(({ name }) => name).join(', ')
  const message = `Expected a collection of the store (${known}) but received "${collection}"`
  throw new PackedError('NotFound', message)
}

function table(segments: readonly SegmentMeta[], names: ReadonlyMap<bigint, string>): string {
  if (segments.length === 0) return 'no segments\n'
  const number = (title: string) => ({ title, align: 'right' as const })
  const columns = [
    number('segment'),
    { title: 'collection' },
    number('partition'),
    { title: 'level' },
    { title: 'state' },
    number('rows'),
    number('logs'),
    number('bytes'),
    number('deletes'),
  ]
  return formatTable(
    columns,
    segments.map((segment) => [
      String(segment.segmentId),
      names.get(segment.collectionId) ?? String(segment.collectionId),
      String(segment.partitionId),
      segment.level,
      segment.state,
      formatCount(segment.numRows),
      formatCount(logsOf(segment).length),
      formatCount(logsOf(segment).reduce((sum, { logSize }) => sum + logSize, 0)),
      formatCount(entriesOf(segment.deltalogs)),
    ]),
  )
}

function logsOf({ binlogs, statslogs, bm25logs, deltalogs }: SegmentMeta) {
  return [binlogs, statslogs, bm25logs, deltalogs].flat().flatMap((list) => list.binlogs)
}

function entriesOf(lists: readonly FieldBinlog[]): number {
  return lists.flatMap(({ binlogs }) => binlogs).reduce((sum, log) => sum + log.entriesNum, 0)
}

/** In the names of the sidecar, without the schema, which is the collection's. */
function json(segments: readonly SegmentMeta[]): string {
  const plain = segments.map((segment) => ({
    ...segmentInfoToJson({ ...segment, schema: undefined }),
    channel: segment.channelName,
    state: segment.state,
    level: segment.level,
    start_position: segment.startPosition,
    checkpoint: segment.checkpoint,
  }))
  return `${stringifyExact(plain, 2)}\n`
}
