/** What the footer of one file says, as tables of text. */
import {
  columnCompression,
  type PackedColumnChunk,
  type PackedFileInfo,
} from '../../packed/index.js'
import { formatCount, formatRatio, formatSaving, formatTable } from '../table.js'

const SHOWN_VALUE_LENGTH = 100

export function describe(info: PackedFileInfo): string {
  const keys = [...info.metadata].map(([key, value]) => [`  ${key}`, shorten(value)])
  return [
    `${info.path}\n`,
    formatTable(
      [{ title: '  file' }, { title: '' }],
      [
        ['  layout', info.group < 0 ? info.layout : `${info.layout}, column group ${info.group}`],
        ['  rows', formatCount(info.rows)],
        ['  row groups', rowGroupText(info)],
        ['  bytes', `${formatCount(info.fileBytes)}, footer ${formatCount(info.footerBytes)}`],
        ['  written by', `${info.createdBy}, Parquet ${info.formatVersion}`],
      ],
    ),
    columnTable(info),
    keys.length === 0 ? '' : formatTable([{ title: '  footer key' }, { title: 'value' }], keys),
  ].join('')
}

function rowGroupText({ rowGroups }: PackedFileInfo): string {
  const rows = rowGroups.map((rowGroup) => rowGroup.rows)
  if (rows.length === 0) return '0'
  const range = [...new Set([Math.min(...rows), Math.max(...rows)])].map(formatCount).join(' to ')
  return `${formatCount(rows.length)} of ${range} rows`
}

/** One line per leaf column, its chunks summed up. */
function columnTable(info: PackedFileInfo): string {
  const columns = columnCompression(info)
  if (columns.length === 0) return ''
  const nulls = nullsOf(info.chunks)
  const rows = columns.map((column) => [
    `  ${column.column}`,
    column.physicalType,
    column.encodings.join(' '),
    column.codecs.join(' '),
    formatCount(column.compressedBytes),
    formatCount(column.uncompressedBytes),
    formatRatio(column.uncompressedBytes, column.compressedBytes),
    formatSaving(column.uncompressedBytes, column.compressedBytes),
    nullText(nulls.get(column.column)),
  ])
  const texts = ['  column', 'type', 'encodings', 'codec'].map((title) => ({ title }))
  const numbers = ['compressed', 'uncompressed', 'compressed/uncompressed', 'saving', 'nulls'].map(
    (title) => ({ title, align: 'right' as const }),
  )
  return formatTable([...texts, ...numbers], rows)
}

/** Nulls of every column; NaN where one of its chunks does not say. */
function nullsOf(chunks: readonly PackedColumnChunk[]): Map<string, number> {
  const nulls = new Map<string, number>()
  for (const { column, nullCount } of chunks) {
    nulls.set(column, (nulls.get(column) ?? 0) + (nullCount ?? Number.NaN))
  }
  return nulls
}

function nullText(nulls = Number.NaN): string {
  return Number.isNaN(nulls) ? '-' : formatCount(nulls)
}

function shorten(value: string): string {
  const text = value.replace(/\p{Cc}/gu, '·')
  if (text.length <= SHOWN_VALUE_LENGTH) return text
  return `${text.slice(0, SHOWN_VALUE_LENGTH)}… (${formatCount(text.length)} characters)`
}
