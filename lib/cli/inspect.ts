import { Command } from 'commander'
import { stringifyExact } from '../config/index.js'
import { inspectFile, type PackedColumnChunk, type PackedFileInfo } from '../packed/index.js'
import { FIELD_ID_KEY } from '../schema/index.js'
import { toStdout } from './output.js'
import { filePlaces } from './place.js'
import { type StorageOptions, StorageSource } from './storage-source.js'
import { formatCount, formatRatio, formatTable } from './table.js'

const SHOWN_VALUE_LENGTH = 100

interface InspectOptions extends StorageOptions {
  json: boolean
}

export function inspectCommand(signal: AbortSignal): Command {
  return new Command('inspect')
    .description('show what the footers of Parquet files say, packed or not')
    .argument('<file...>')
    .option('--json', 'everything, row group by row group', false)
    .action(async (files: string[], _, command: Command) => {
      const { json, ...options } = command.optsWithGlobals<InspectOptions>()
      const infos: PackedFileInfo[] = []
      for (const place of await filePlaces(files, new StorageSource(options), signal)) {
        const { path, storage, text } = place
        infos.push({ ...(await inspectFile(path, { storage })), path: text })
      }
      const text = json
        ? `${stringifyExact(infos.map(plainInfo), 2)}\n`
        : infos.map(describe).join('\n')
      await toStdout([text])
    })
}

function plainInfo({ metadata, schema, ...facts }: PackedFileInfo): unknown {
  return {
    ...facts,
    metadata: Object.fromEntries(metadata),
    fields: schema.fields.map(({ name, type, nullable, metadata: keys }) => ({
      name,
      type: String(type),
      nullable,
      fieldId: keys.has(FIELD_ID_KEY) ? Number(keys.get(FIELD_ID_KEY)) : null,
    })),
  }
}

function describe(info: PackedFileInfo): string {
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
function columnTable({ chunks }: PackedFileInfo): string {
  const columns = new Map<string, PackedColumnChunk[]>()
  for (const chunk of chunks) {
    const column = columns.get(chunk.column)
    if (column === undefined) columns.set(chunk.column, [chunk])
    else column.push(chunk)
  }
  if (columns.size === 0) return ''
  const rows = [...columns].map(([name, parts]) => {
    const compressed = sum(parts, (chunk) => chunk.compressedBytes)
    const uncompressed = sum(parts, (chunk) => chunk.uncompressedBytes)
    const nullsKnown = parts.every((chunk) => chunk.nullCount !== null)
    return [
      `  ${name}`,
      distinct(parts.map((chunk) => chunk.physicalType)),
      distinct(parts.flatMap((chunk) => chunk.encodings)),
      distinct(parts.map((chunk) => chunk.codec)),
      formatCount(compressed),
      formatCount(uncompressed),
      formatRatio(uncompressed, compressed),
      nullsKnown ? formatCount(sum(parts, (chunk) => chunk.nullCount ?? 0)) : '-',
    ]
  })
  const texts = ['  column', 'type', 'encodings', 'codec'].map((title) => ({ title }))
  const numbers = ['compressed', 'uncompressed', 'ratio', 'nulls'].map((title) => ({
    title,
    align: 'right' as const,
  }))
  return formatTable([...texts, ...numbers], rows)
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0)
}

function distinct(names: readonly string[]): string {
  return [...new Set(names)].join(' ')
}

function shorten(value: string): string {
  const text = value.replace(/\p{Cc}/gu, '·')
  if (text.length <= SHOWN_VALUE_LENGTH) return text
  return `${text.slice(0, SHOWN_VALUE_LENGTH)}… (${formatCount(text.length)} characters)`
}
