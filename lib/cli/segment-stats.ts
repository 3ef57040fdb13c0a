import { Command } from 'commander'
import { stringifyExact } from '../config/index.js'
import {
  type GroupStats,
  type LogTotals,
  type SegmentStats,
  segmentStats,
} from '../segment/index.js'
import { toStdout } from './output.js'
import { addSegmentOptions, findSegment, type SegmentOptions, schemaOf } from './segment-target.js'
import { formatCount, formatRatio, formatSaving, formatTable, type TableColumn } from './table.js'
import { hybridTimeText } from './time-text.js'

const STORAGE = {
  0: 'V1, one binlog per field',
  2: 'V2, column groups',
  3: 'V3, column groups of a manifest',
}

interface SegmentStatsOptions extends SegmentOptions {
  json: boolean
}

const SHOWN_FIELDS = 60

export function segmentStatsCommand(signal: AbortSignal): Command {
  return addSegmentOptions(new Command('stats').description('sum up rows, logs and bytes'))
    .option('--json', 'print everything as JSON', false)
    .action(async (id: bigint, _, command: Command) => {
      const options = command.optsWithGlobals<SegmentStatsOptions>()
      const target = await findSegment(id, options, signal)
      const schema = options.schema === undefined ? undefined : await schemaOf(target, options)
      const { segment } = target
      const stats = segmentStats(schema === undefined ? segment : { ...segment, schema })
      await toStdout([options.json ? `${stringifyExact(plain(stats), 2)}\n` : describe(stats)])
    })
}

function plain({ groups, ...stats }: SegmentStats): unknown {
  return {
    ...stats,
    groups: groups.map(({ nullCounts, ...group }) => ({
      ...group,
      nullCounts: Object.fromEntries(nullCounts),
    })),
  }
}

function describe(stats: SegmentStats): string {
  const { collectionId, partitionId, segmentId, storageVersion, timestampFrom, timestampTo } = stats
  const range =
    timestampFrom === undefined || timestampTo === undefined
      ? '-'
      : `${hybridTimeText(timestampFrom)} to ${hybridTimeText(timestampTo)}`
  const facts = [
    ['segment', String(segmentId)],
    ['collection, partition', `${collectionId}, ${partitionId}`],
    ['storage', STORAGE[storageVersion]],
    ['metadata', stats.source === 'sidecar' ? 'from _segment/' : 'from the files'],
    ['rows', formatCount(stats.rows)],
    ['timestamps', range],
  ]
  const table = formatTable([{ title: '' }, { title: '' }], facts).replace(/^\n/, '')
  return `${table}\n${groupTable(stats.groups)}\n${logTable(stats)}`
}

const NUMBERS: TableColumn[] = [
  'logs',
  'entries',
  'Arrow bytes',
  'file bytes',
  'file/Arrow',
  'saving',
].map((title) => ({ title, align: 'right' }))

function groupTable(groups: readonly GroupStats[]): string {
  const rows = groups.map((group) => [
    String(group.id),
    ...numbersOf(group),
    shorten(group.fields.join(' ')),
  ])
  return formatTable([{ title: 'group', align: 'right' }, ...NUMBERS, { title: 'fields' }], rows)
}

function logTable(stats: SegmentStats): string {
  const rows: [string, LogTotals][] = [
    ['insert', stats.insert],
    ['primary-key statistics', stats.primaryKeyStats],
    ['BM25 statistics', stats.bm25Stats],
    ['deletes', stats.deletes],
    ['deletes of L0 segments', stats.l0Deletes],
  ]
  const shown = rows.filter(([, { logs }]) => logs > 0)
  return formatTable(
    [{ title: 'kind' }, ...NUMBERS],
    shown.map(([kind, totals]) => [kind, ...numbersOf(totals)]),
  )
}

/** What files alone do not say is a dash. */
function numbersOf({ logs, entries, memoryBytes, logBytes }: LogTotals): string[] {
  return [
    formatCount(logs),
    entries === 0 ? '-' : formatCount(entries),
    memoryBytes === 0 ? '-' : formatCount(memoryBytes),
    formatCount(logBytes),
    memoryBytes === 0 ? '-' : formatRatio(memoryBytes, logBytes),
    memoryBytes === 0 ? '-' : formatSaving(memoryBytes, logBytes),
  ]
}

function shorten(text: string): string {
  return text.length <= SHOWN_FIELDS ? text : `${text.slice(0, SHOWN_FIELDS - 1)}…`
}
