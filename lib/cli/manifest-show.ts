import { Command } from 'commander'
import { stringifyExact } from '../config/index.js'
import { rowsOfFile, rowsOfGroup, rowsOfManifest } from '../manifest/index.js'
import {
  addManifestOptions,
  addVersionOption,
  type LoadedManifest,
  loadManifest,
  type ManifestOptions,
  manifestTarget,
} from './manifest-target.js'
import { bytesOf, bytesProperty, countText, filesOf, plural, windowText } from './manifest-text.js'
import { toStdout } from './output.js'
import { formatTable, type TableColumn } from './table.js'

interface ManifestShowOptions extends ManifestOptions {
  version?: number
  json: boolean
}

/** Everything that one version says. */
export function manifestShowCommand(signal: AbortSignal): Command {
  const command = new Command('show').description(
    'print a manifest: groups, files, deletes, statistics, indexes; <base> may be its file, too',
  )
  return addVersionOption(addManifestOptions(command))
    .option('--json', 'print everything as JSON', false)
    .action(async (base: string, _, run: Command) => {
      const options = run.optsWithGlobals<ManifestShowOptions>()
      const target = await manifestTarget(base, options)
      const loaded = await loadManifest(target, options.version, signal)
      const { basePath } = target
      await toStdout([options.json ? json(loaded, basePath) : describe(loaded, basePath)])
    })
}

function json({ version, manifest }: LoadedManifest, basePath: string): string {
  const rows = rowsOfManifest(manifest)
  return `${stringifyExact({ version, basePath, rows, ...manifest }, 2)}\n`
}

const number = (title: string): TableColumn => ({ title, align: 'right' })

function describe({ version, manifest }: LoadedManifest, basePath: string): string {
  const { columnGroups } = manifest
  const files = filesOf(manifest)
  const facts = [
    ['segment', basePath],
    ['version', version === 0 ? '-' : String(version)],
    ['rows', countText(rowsOfManifest(manifest))],
    ['groups', `${plural(columnGroups.length, 'group')}, ${plural(files.length, 'file')}`],
    ['bytes', countText(bytesOf(files))],
  ]
  const head = formatTable([{ title: '' }, { title: '' }], facts).replace(/^\n/, '')
  const parts = [groupTable, fileTable, deltaTable, statisticsTable, indexTable, lobTable]
  return [head, ...parts.map((part) => part(manifest))].filter((text) => text !== '').join('\n')
}

type Part = (manifest: LoadedManifest['manifest']) => string

/** Nothing where there is nothing to list. */
function tableOf(columns: readonly TableColumn[], rows: readonly string[][]): string {
  return rows.length === 0 ? '' : formatTable(columns, rows)
}

const groupTable: Part = ({ columnGroups }) =>
  tableOf(
    [
      number('group'),
      { title: 'format' },
      number('files'),
      number('rows'),
      number('bytes'),
      { title: 'columns' },
    ],
    columnGroups.map((group, index) => [
      String(index),
      group.format,
      countText(group.files.length),
      countText(rowsOfGroup(group)),
      countText(bytesOf(group.files)),
      group.columns.join(' '),
    ]),
  )

const fileTable: Part = ({ columnGroups }) =>
  tableOf(
    [
      number('group'),
      number('rows'),
      { title: 'window' },
      number('bytes'),
      number('footer'),
      { title: 'file' },
    ],
    columnGroups.flatMap(({ files }, index) =>
      files.map((file) => [
        String(index),
        countText(rowsOfFile(file)),
        windowText(file),
        countText(bytesProperty(file, 'file_size')),
        countText(bytesProperty(file, 'footer_size')),
        file.path,
      ]),
    ),
  )

const deltaTable: Part = ({ deltaLogs }) =>
  tableOf(
    [number('entries'), { title: 'deletes by' }, { title: 'delta log' }],
    deltaLogs.map(({ path, type, numEntries }) => [countText(numEntries), type, path]),
  )

const statisticsTable: Part = ({ stats }) =>
  tableOf(
    [{ title: 'statistics' }, { title: 'metadata' }, { title: 'file' }],
    Object.entries(stats).flatMap(([key, { paths, metadata }]) => {
      const text = Object.entries(metadata).map(([name, value]) => `${name}=${value}`)
      return (paths.length === 0 ? ['-'] : paths).map((path, index) =>
        index === 0 ? [key, text.join(' '), path] : ['', '', path],
      )
    }),
  )

const indexTable: Part = ({ indexes }) =>
  tableOf(
    [
      { title: 'index' },
      { title: 'type' },
      { title: 'column' },
      number('id'),
      number('rows'),
      number('bytes'),
      { title: 'path' },
    ],
    indexes.map((index) => [
      index.indexName || '-',
      index.indexType,
      index.columnName,
      String(index.indexId),
      countText(index.numRows),
      countText(index.serializedSizeBytes),
      index.path,
    ]),
  )

const lobTable: Part = ({ lobFiles }) =>
  tableOf(
    [
      number('field'),
      number('rows'),
      number('valid'),
      number('bytes'),
      { title: 'file of large values' },
    ],
    lobFiles.map(({ path, fieldId, totalRows, validRows, fileSizeBytes }) => [
      String(fieldId),
      countText(totalRows),
      countText(validRows),
      countText(fileSizeBytes),
      path,
    ]),
  )
