import { ProblemList } from '../config/index.js'
import { isPackedError, PackedError } from '../errors/index.js'
import {
  inspectFile,
  type KeyRetriever,
  type PackedFileInfo,
  PackedReader,
} from '../packed/index.js'
import { mapBounded } from '../storage/index.js'
import { rowsOfFile } from './diff.js'
import type { Manifest, ManifestColumnGroup, ManifestFile, ManifestIndex } from './model.js'
import { indexKeys } from './named-files.js'
import type { ManifestStore } from './store.js'
import { nameOf } from './verify-groups.js'

const MOST_CHECKS = 8
/** What every Parquet file that is not encrypted ends with. */
const PARQUET_MAGIC = 'PAR1'
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//

/** How files are checked, and where what is found goes. */
export interface FileChecks {
  readonly store: ManifestStore
  readonly deep: boolean
  readonly keyRetriever: KeyRetriever | undefined
  readonly signal: AbortSignal | undefined
  readonly problems: ProblemList
  /** Sentences. */
  readonly notChecked: Set<string>
  readonly onProgress: ((progress: ManifestVerifyProgress) => void) | undefined
}

/** How many files of a manifest were looked at. */
export interface ManifestVerifyProgress {
  /** Files, logs and indexes that were looked at. */
  files: number
  /** All that the manifest names. */
  totalFiles: number
}

/** A file of a group, as often as the group names it. */
interface GroupFile {
  readonly group: ManifestColumnGroup
  readonly file: ManifestFile
}

type Check = (checks: FileChecks) => Promise<void>

/**
 * Look at every file that a manifest names; gives how many there are. What is found comes in the
 * order of the manifest, whichever file answered first.
 */
export async function verifyFiles(manifest: Manifest, checks: FileChecks): Promise<number> {
  const tasks = tasksOf(manifest)
  let files = 0
  const found = await mapBounded(tasks.values(), MOST_CHECKS, async (task) => {
    const own = { ...checks, problems: new ProblemList(), notChecked: new Set<string>() }
    await task(own)
    checks.onProgress?.({ files: ++files, totalFiles: tasks.size })
    return own
  })
  for (const { problems, notChecked } of found) {
    checks.problems.problems.push(...problems.problems)
    for (const what of notChecked) checks.notChecked.add(what)
  }
  return tasks.size
}

function tasksOf(manifest: Manifest): Map<string, Check> {
  const tasks = new Map<string, Check>()
  for (const [path, uses] of filesByPath(manifest)) {
    tasks.set(path, (checks) => verifyDataFile(path, uses, checks))
  }
  for (const { path, numEntries } of manifest.deltaLogs) {
    tasks.set(path, (checks) => verifyDeltaLog(path, numEntries, checks))
  }
  for (const [field, { paths }] of Object.entries(manifest.stats)) {
    for (const path of paths) tasks.set(path, (checks) => verifyThere(path, field, checks))
  }
  for (const { path, fieldId, fileSizeBytes } of manifest.lobFiles) {
    tasks.set(path, async (checks) => {
      const size = await sizeOf(path, checks)
      if (size === undefined) return
      checks.problems.equal('fileSize', { path, field: fieldId }, fileSizeBytes, size)
    })
  }
  for (const index of manifest.indexes) {
    tasks.set(`index ${index.path}`, (checks) => verifyIndex(index, checks))
  }
  return tasks
}

function filesByPath({ columnGroups }: Manifest): Map<string, GroupFile[]> {
  const byPath = new Map<string, GroupFile[]>()
  for (const group of columnGroups) {
    for (const file of group.files) {
      byPath.set(file.path, [...(byPath.get(file.path) ?? []), { group, file }])
    }
  }
  return byPath
}

async function verifyDataFile(
  path: string,
  uses: readonly GroupFile[],
  checks: FileChecks,
): Promise<void> {
  const { problems, notChecked } = checks
  const size = await sizeOf(path, checks)
  if (size === undefined) return
  for (const { group, file } of uses) {
    const told = file.properties.file_size
    if (told === undefined) notChecked.add('sizes of files without the property file_size')
    else problems.equal('fileSize', { path, field: nameOf(group) }, told, String(size))
  }
  const others = uses.map(({ group }) => group.format).filter((format) => format !== 'parquet')
  for (const format of others) notChecked.add(`rows of files of the format ${format}`)
  if (others.length > 0) return
  const info = await footerOf(path, checks)
  if (info === undefined) return
  for (const use of uses) verifyFooter(info, use, problems)
  if (checks.deep) await decodePages(path, info.rows, checks)
}

function verifyFooter(
  { rows, footerBytes, schema }: PackedFileInfo,
  { group, file }: GroupFile,
  problems: ProblemList,
): void {
  const place = { path: file.path, field: nameOf(group) }
  const told = file.properties.footer_size
  if (told !== undefined) problems.equal('footerSize', place, told, String(footerBytes))
  if (rowsOfFile(file) !== undefined && file.endIndex > rows) {
    const window = `[${file.startIndex}, ${file.endIndex})`
    problems.add('window', place, `rows below ${rows}`, window)
  }
  const stored = new Set(schema.fields.map(({ name }) => name))
  for (const column of group.columns.filter((name) => !stored.has(name))) {
    problems.add('columns', { path: file.path, field: column }, 'a column of the file', 'none')
  }
}

/** Undefined where there is no way to read it; a footer that cannot be read is a problem. */
async function footerOf(path: string, checks: FileChecks): Promise<PackedFileInfo | undefined> {
  const { store, keyRetriever, problems, signal } = checks
  const { storage } = store.chunkManager
  if (storage === undefined) {
    checks.notChecked.add('footers (the files are behind a chunk manager of your own)')
    return undefined
  }
  let info: PackedFileInfo | undefined
  await problems.attempt('footer', { path }, signal, async () => {
    const keys = keyRetriever === undefined ? {} : { keyRetriever }
    info = await inspectFile(path, { storage, ...keys })
  })
  return info
}

async function decodePages(path: string, rows: number, checks: FileChecks): Promise<void> {
  const { store, keyRetriever, problems, signal } = checks
  await problems.attempt('readable', { path }, signal, async () => {
    const reader = await PackedReader.open({
      paths: [path],
      lenient: true,
      releasePrevious: true,
      ...(store.chunkManager.storage === undefined ? {} : { storage: store.chunkManager.storage }),
      ...(keyRetriever === undefined ? {} : { keyRetriever }),
      ...(signal === undefined ? {} : { signal }),
    })
    try {
      let read = 0
      for await (const batch of reader) read += batch.numRows
      problems.equal('rows', { path }, `${rows} rows`, `${read} rows`)
    } finally {
      await reader.close()
    }
  })
}

async function verifyDeltaLog(path: string, entries: number, checks: FileChecks): Promise<void> {
  const size = await sizeOf(path, checks)
  if (size === undefined) return
  const { store, signal, problems, notChecked } = checks
  const tail = Math.min(size, PARQUET_MAGIC.length)
  const end = await store.chunkManager.readAt(path, size - tail, tail, { signal })
  if (Buffer.from(end).toString('latin1') !== PARQUET_MAGIC) {
    notChecked.add('entries of delta logs that are not Parquet')
    return
  }
  const info = await footerOf(path, checks)
  if (info === undefined) return
  problems.equal('entries', { path }, entries, info.rows)
  if (checks.deep) await decodePages(path, info.rows, checks)
}

async function verifyIndex(index: ManifestIndex, checks: FileChecks): Promise<void> {
  const { path, columnName, indexFileKeys } = index
  if (path !== '') await verifyThere(path, columnName, checks)
  for (const key of indexFileKeys) {
    const { store, problems, signal } = checks
    const places = indexKeys(key, path, store.basePath)
    const there = await Promise.all(places.map((place) => isThere(place, store, signal)))
    if (there.includes(true)) continue
    problems.add('exists', { path: key, field: columnName }, 'a file of the index', 'none')
  }
}

/** A file, or a folder with something in it. */
async function verifyThere(path: string, field: string, checks: FileChecks): Promise<void> {
  if (isElsewhere(path, checks)) return
  const { store, problems, signal } = checks
  if (await isThere(path, store, signal)) return
  for await (const _ of store.chunkManager.walk(`${path.replace(/\/$/, '')}/`, { signal })) return
  problems.add('exists', { path, field }, 'a file', 'none')
}

async function isThere(
  path: string,
  { chunkManager }: ManifestStore,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    return await chunkManager.exist(path, { signal })
  } catch (error) {
    // A path that no key can have, for one.
    if (isPackedError(error) && error.code === 'InvalidArgument') return false
    throw error
  }
}

/** Bytes of a file; undefined where it is not there, which is a problem, or is elsewhere. */
async function sizeOf(path: string, checks: FileChecks): Promise<number | undefined> {
  if (isElsewhere(path, checks)) return undefined
  const { store, problems, signal } = checks
  try {
    return await store.chunkManager.size(path, { signal })
  } catch (error) {
    signal?.throwIfAborted()
    if (!(error instanceof PackedError) || !ABSENT.has(error.code)) throw error
    problems.add('exists', { path }, 'a file', error.code === 'NotFound' ? 'none' : error.message)
    return undefined
  }
}

const ABSENT: ReadonlySet<string> = new Set(['NotFound', 'InvalidArgument'])

/** An address with a scheme is of a store that nobody named here. */
function isElsewhere(path: string, { notChecked }: FileChecks): boolean {
  if (!SCHEME.test(path)) return false
  notChecked.add('files by addresses with a scheme')
  return true
}
