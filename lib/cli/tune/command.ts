import { Command, InvalidArgumentError, Option } from 'commander'
import { stringifyExact } from '../../config/index.js'
import {
  CODECS,
  type CodecName,
  LAYOUTS,
  type Layout,
  TUNE_GOALS,
  TUNE_SETTINGS,
  type TuneGoal,
  type TuneLevel,
  type TuneOptions,
  type TuneProgress,
  type TuneResult,
  tuneFiles,
} from '../../packed/index.js'
import { parseBytes, parseCount, parseLevel, splitList } from '../arguments.js'
import { type IfExists, refuseExisting, toFile, toStdout } from '../output.js'
import { commonStorage, filePlaces, isRemote, type Place, placeOf } from '../place.js'
import { progressBar } from '../progress-bar.js'
import { type StorageOptions, StorageSource } from '../storage-source.js'
import { tunePage } from './page.js'
import { tunePicture } from './picture.js'
import { progressText } from './progress.js'
import { tuneAdvice, tuneHead, tuneTable } from './report.js'

interface TuneCommandOptions extends StorageOptions {
  layouts?: Layout[]
  codecs?: CodecName[]
  levels?: TuneLevel[]
  rows?: number
  sampleBytes?: number
  rounds?: number
  goal: TuneGoal
  scratch?: string
  html?: string
  ifExists: IfExists
  lenient: boolean
  json: boolean
}

export function tuneCommand(signal: AbortSignal): Command {
  return new Command('tune')
    .description('try layouts, codecs and levels on the rows of column-group files')
    .argument('<file...>', 'the files of one segment')
    .addOption(listOption('--layouts <a,b>', 'every one by default', LAYOUTS))
    .addOption(listOption('--codecs <a,b>', 'zstd, lz4, snappy, uncompressed by default', CODECS))
    .option(
      '--levels <n,n>',
      'of each codec that has them; of zstd 1,3,9,auto by default',
      levelsOf,
    )
    .option('--rows <n>', 'most rows of the sample', atLeastOne(parseCount))
    .option('--sample-bytes <n>', 'most Arrow bytes of the sample: 64M', atLeastOne(parseBytes))
    .option('--rounds <n>', 'measured rounds: 3', atLeastOne(parseCount))
    .addOption(
      new Option('--goal <goal>', 'what to recommend').choices(TUNE_GOALS).default('balanced'),
    )
    .option('--scratch <dir>', "folder of the trials' files: the system's temporary one")
    .option('--html <file>', 'a page with charts, in one file')
    .addOption(
      new Option('--if-exists <what>', 'for --html').choices(['error', 'replace']).default('error'),
    )
    .option('--lenient', 'take plain Parquet as well', false)
    .option('--json', 'print everything as JSON', false)
    .action((files: string[], _, command: Command) =>
      tune(files, command.optsWithGlobals<TuneCommandOptions>(), signal),
    )
}

function listOption(flags: string, description: string, known: readonly string[]): Option {
  return new Option(flags, `some of ${known.join(', ')}; ${description}`).argParser((text) => {
    const names = splitList(text)
    const stranger = names.find((name) => !known.includes(name))
    if (stranger === undefined) return names
    throw new InvalidArgumentError(
      `Expected some of ${known.join(', ')} but received "${stranger}"`,
    )
  })
}

function levelsOf(text: string): TuneLevel[] {
  return splitList(text).map(parseLevel)
}

function atLeastOne(parse: (text: string) => number): (text: string) => number {
  return (text) => {
    const count = parse(text)
    if (count > 0) return count
    throw new InvalidArgumentError(`Expected at least 1 but received "${text}"`)
  }
}

/** Those that were given: the library has the defaults. */
function settingsOf(
  options: TuneCommandOptions,
): Pick<TuneOptions, (typeof TUNE_SETTINGS)[number]> {
  const given = TUNE_SETTINGS.filter((name) => options[name] !== undefined)
  return Object.fromEntries(given.map((name) => [name, options[name]]))
}

async function tune(
  files: string[],
  options: TuneCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const { html, ifExists, json } = options
  const source = new StorageSource(options)
  const page = html === undefined ? undefined : await placeOf(html, source, 'local')
  // Better said now than after minutes.
  if (page !== undefined && ifExists === 'error' && !isRemote(page)) await refuseExisting(page.path)
  const places = await filePlaces(files, source, signal)
  const found = await tried(places, settingsOf(options), signal)
  const result = { ...found, paths: places.map(({ text }) => text) }
  await toStdout([json ? `${stringifyExact(result, 2)}\n` : reportOf(result)])
  if (page !== undefined) await toFile(page, [tunePage(result)], { ifExists, signal })
}

async function tried(
  places: readonly Place[],
  settings: ReturnType<typeof settingsOf>,
  signal: AbortSignal,
): Promise<TuneResult> {
  const progress = await progressBar<TuneProgress>('reading the sample', (now) => ({
    done: now.done,
    total: now.total,
    text: progressText(now),
  }))
  try {
    return await tuneFiles({
      ...settings,
      paths: places.map(({ path }) => path),
      storage: commonStorage(places),
      signal,
      onProgress: progress.update,
    })
  } finally {
    progress.end()
  }
}

function reportOf(result: TuneResult): string {
  const { isTTY, columns } = process.stdout
  const { NO_COLOR: noColor } = process.env
  const picture = tunePicture(result, {
    columns: isTTY ? columns : undefined,
    color: Boolean(isTTY) && !noColor,
  })
  return [tuneHead(result), tuneTable(result), picture, tuneAdvice(result)].join('\n')
}
