import { isUtf8 } from 'node:buffer'
import { type Data, Type } from 'apache-arrow'
import { Command } from 'commander'
import { inspectFile, type PackedFileInfo, PackedReader } from '../packed/index.js'
import { toPackedError } from './failure.js'
import { GROUP_KEY, missingGroups, missingText } from './missing-groups.js'
import { toStdout } from './output.js'
import { commonStorage, filePlaces, type Place } from './place.js'
import { type Advance, progressBar, rowsAdvance } from './progress-bar.js'
import { type StorageOptions, StorageSource } from './storage-source.js'
import { formatCount } from './table.js'

/** Something that is wrong with a file, or with the files together (no path). */
interface Problem {
  path?: string
  code: string
  message: string
}

/** What could be learnt of one file. */
interface Examined {
  info: PackedFileInfo | undefined
  problems: Problem[]
}

interface VerifyOptions extends StorageOptions {
  json: boolean
  lenient: boolean
  partial: boolean
}

export function verifyCommand(signal: AbortSignal): Command {
  return new Command('verify')
    .description('read everything and check it against the footers; exit code 1 for a problem')
    .argument('<file...>', 'files of one segment: all of them, some, or one')
    .option('--partial', 'groups may be missing: some files of a segment on purpose', false)
    .option('--json', 'print the result as JSON', false)
    .option('--lenient', 'take plain Parquet as well', false)
    .action((files: string[], _, command: Command) =>
      verify(files, command.optsWithGlobals<VerifyOptions>(), signal),
    )
}

async function verify(
  files: readonly string[],
  { json, lenient, partial, ...options }: VerifyOptions,
  signal: AbortSignal,
): Promise<void> {
  const places = await filePlaces(files, new StorageSource(options), signal)
  commonStorage(places)
  const progress = await progressBar<FileProgress>('', advance)
  const examined: Examined[] = []
  try {
    for (const [index, place] of places.entries()) {
      const onRows: OnRows = (rows, totalRows) =>
        progress.update({ file: index, files: places.length, rows, totalRows })
      examined.push(await examine(place, lenient, { signal, onRows }))
    }
  } finally {
    progress.end()
  }
  const problems = examined.flatMap((result) => result.problems)
  const infos = examined.flatMap(({ info }) => (info === undefined ? [] : [info]))
  // Only sound files are judged together: else one fault would be told twice.
  if (problems.length === 0 && places.length > 1) {
    problems.push(...compareFooters(infos))
    if (problems.length === 0) problems.push(...(await openTogether(places, lenient, signal)))
  }
  if (infos.length === places.length && !partial) problems.push(...lostGroups(infos))
  const rows = infos[0]?.rows ?? 0
  await toStdout([report({ files: places.length, rows, problems }, json)])
  if (problems.length > 0) process.exitCode = 1
}

type OnRows = (rows: number, totalRows: number) => void

interface FileProgress {
  file: number
  files: number
  rows: number
  totalRows: number
}

function advance({ file, files, ...rows }: FileProgress): Advance {
  return rowsAdvance(files === 1 ? '' : `file ${file + 1} of ${files} | `, rows)
}

/** A segment of which a file was lost is none. */
function lostGroups(infos: readonly PackedFileInfo[]): Problem[] {
  return missingGroups(infos).map((missing) => ({
    ...(missing.path === undefined ? {} : { path: missing.path }),
    code: 'NotFound',
    message: `${missingText(missing)}; --partial takes some of the files`,
  }))
}

/** Everything that one file can prove: its footer against itself, and its data against that. */
async function examine(
  place: Place,
  lenient: boolean,
  context: { signal: AbortSignal; onRows: OnRows },
): Promise<Examined> {
  const { path, storage, text } = place
  const problems: Problem[] = []
  let info: PackedFileInfo | undefined
  try {
    info = { ...(await inspectFile(path, { storage })), path: text }
    problems.push(...(await readThrough(info, place, { lenient, ...context })))
  } catch (error) {
    context.signal.throwIfAborted()
    problems.push(problemOf(error, text))
  }
  return { info, problems }
}

/** Opening cross-checks the footer; reading decodes every page. */
async function readThrough(
  info: PackedFileInfo,
  place: Place,
  { onRows, ...options }: { lenient: boolean; signal: AbortSignal; onRows: OnRows },
): Promise<Problem[]> {
  const { path } = info
  const reader = await PackedReader.open({
    paths: [place.path],
    storage: place.storage,
    ...options,
    releasePrevious: true,
  })
  const nulls = new Map<string, number>()
  const notText = new Set<string>()
  let rows = 0
  for await (const batch of reader) {
    rows += batch.numRows
    onRows(rows, info.rows)
    batch.schema.fields.forEach(({ name }, index) => {
      const data = batch.data.children[index]!
      nulls.set(name, (nulls.get(name) ?? 0) + data.nullCount)
      if (!isText(data)) notText.add(name)
    })
  }
  const problems = differences(path, 'rows', info.rows, rows)
  for (const name of notText) {
    const message = `Expected UTF-8 in column "${name}" but read other bytes`
    problems.push({ path, code: 'InvalidData', message })
  }
  for (const [name, expected] of nullsOfFooter(info)) {
    problems.push(...differences(path, `nulls in "${name}"`, expected, nulls.get(name) ?? 0))
  }
  return problems
}

/** False for a utf8 column whose values are not: readers hand such bytes out unchanged. */
function isText({ typeId, values, valueOffsets, length }: Data): boolean {
  if (typeId !== Type.Utf8 || length === 0) return true
  const bytes = (values as Uint8Array).subarray(valueOffsets[0], valueOffsets[length])
  if (!isUtf8(bytes)) return false
  // Together they are text; each is when it also starts at the first byte of a character.
  const start = valueOffsets[0]!
  for (let row = 1; row < length; row++) {
    const first = bytes[valueOffsets[row]! - start]
    if (first !== undefined && (first & 0xc0) === 0x80) return false
  }
  return true
}

/** Nulls by column, of the flat columns whose every chunk has statistics. */
function nullsOfFooter({ chunks, schema }: PackedFileInfo): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { name, type } of schema.fields) {
    const own = chunks.filter((chunk) => chunk.column === name)
    const known = own.length > 0 && own.every((chunk) => chunk.nullCount !== null)
    if (type.children?.length > 0 || !known) continue
    const total = own.reduce((sum, chunk) => sum + (chunk.nullCount ?? 0), 0)
    counts.set(name, total)
  }
  return counts
}

function differences(path: string, what: string, footer: number, read: number): Problem[] {
  if (footer === read) return []
  const message = `Expected ${footer} ${what} as the footer says but read ${read}`
  return [{ path, code: 'FileCorrupted', message }]
}

/** What footers can only prove together: one group list, one row count. */
function compareFooters(infos: readonly PackedFileInfo[]): Problem[] {
  const [first, ...others] = infos
  const problems: Problem[] = []
  const differs = (path: string, what: string, expected: unknown, received: unknown): void => {
    if (expected === received) return
    const message = `Expected ${what} ${expected} as in ${first!.path} but received ${received}`
    problems.push({ path, code: 'MetadataCorrupted', message })
  }
  for (const { path, metadata, rows } of others) {
    differs(path, GROUP_KEY, first!.metadata.get(GROUP_KEY), metadata.get(GROUP_KEY))
    differs(path, 'rows', first!.rows, rows)
  }
  return problems
}

/** The reader refuses a group that is there twice. */
async function openTogether(
  places: readonly Place[],
  lenient: boolean,
  signal: AbortSignal,
): Promise<Problem[]> {
  try {
    const paths = places.map(({ path }) => path)
    const reader = await PackedReader.open({
      paths,
      storage: commonStorage(places),
      lenient,
      signal,
    })
    await reader.close()
    return []
  } catch (error) {
    signal.throwIfAborted()
    return [problemOf(error)]
  }
}

function problemOf(error: unknown, path?: string): Problem {
  const { code, message } = toPackedError(error)
  return { ...(path === undefined ? {} : { path }), code, message }
}

function report(
  { files, rows, problems }: { files: number; rows: number; problems: Problem[] },
  json: boolean,
): string {
  const ok = problems.length === 0
  if (json) return `${JSON.stringify({ ok, files, rows, problems }, null, 2)}\n`
  if (ok) {
    const plural = files === 1 ? 'file' : 'files'
    return `OK: ${files} ${plural}, ${formatCount(rows)} rows\n`
  }
  return problems
    .map(
      ({ path, code, message }) => `${path === undefined ? '' : `${path}: `}${code}: ${message}\n`,
    )
    .join('')
}
