import { Command, Option } from 'commander'
import { stringifyExact } from '../../config/index.js'
import { inspectFile, type PackedFileInfo } from '../../packed/index.js'
import { FIELD_ID_KEY } from '../../schema/index.js'
import { type IfExists, refuseExisting, toFile, toStdout } from '../output.js'
import { filePlaces, isRemote, placeOf } from '../place.js'
import { progressBar } from '../progress-bar.js'
import { type StorageOptions, StorageSource } from '../storage-source.js'
import { compressionFacts, describeCompression } from './compression.js'
import { describe } from './describe.js'
import { layoutOf } from './layout.js'
import { inspectPage } from './page.js'
import { layoutPicture } from './picture.js'

interface InspectOptions extends StorageOptions {
  json: boolean
  compression: boolean
  html?: string
  ifExists: IfExists
}

export function inspectCommand(signal: AbortSignal): Command {
  return new Command('inspect')
    .description('draw the layout of Parquet files, packed or not, and show what footers say')
    .argument('<file...>', 'files, or folders with those of a segment')
    .option('--compression', 'what codecs and encodings save, column by column', false)
    .option('--html <file>', 'a page with the layout, in one file')
    .addOption(
      new Option('--if-exists <what>', 'for --html').choices(['error', 'replace']).default('error'),
    )
    .option('--json', 'everything, row group by row group', false)
    .action((files: string[], _, command: Command) =>
      inspect(files, command.optsWithGlobals<InspectOptions>(), signal),
    )
}

async function inspect(
  files: readonly string[],
  { json, compression, html, ifExists, ...options }: InspectOptions,
  signal: AbortSignal,
): Promise<void> {
  const source = new StorageSource(options)
  const page = html === undefined ? undefined : await placeOf(html, source, 'local')
  if (page !== undefined && ifExists === 'error' && !isRemote(page)) await refuseExisting(page.path)
  const infos = await readFooters(files, source, signal)
  await toStdout([textOf(infos, { json, compression })])
  if (page !== undefined) await toFile(page, [inspectPage(infos)], { ifExists, signal })
}

async function readFooters(
  files: readonly string[],
  source: StorageSource,
  signal: AbortSignal,
): Promise<PackedFileInfo[]> {
  const places = await filePlaces(files, source, signal, { isDeep: true })
  const progress = await progressBar<number>('', (done) => ({
    done,
    total: places.length,
    text: `${done} of ${places.length} footers`,
  }))
  try {
    const infos: PackedFileInfo[] = []
    for (const { path, storage, text } of places) {
      signal.throwIfAborted()
      infos.push({ ...(await inspectFile(path, { storage })), path: text })
      progress.update(infos.length)
    }
    return infos
  } finally {
    progress.end()
  }
}

function textOf(
  infos: readonly PackedFileInfo[],
  { json, compression }: Pick<InspectOptions, 'json' | 'compression'>,
): string {
  if (json) return `${stringifyExact(infos.map(compression ? compressionFacts : plainInfo), 2)}\n`
  if (compression) return infos.map(describeCompression).join('\n')
  const { isTTY, columns } = process.stdout
  const { NO_COLOR: noColor } = process.env
  const picture = layoutPicture(layoutOf(infos, Number.POSITIVE_INFINITY), {
    columns: isTTY ? columns : undefined,
    color: Boolean(isTTY) && !noColor,
  })
  return [picture, ...infos.map(describe)].join('\n')
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
