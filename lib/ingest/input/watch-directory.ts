import type { Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import {
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectSignal,
  expectText,
} from '../../config/index.js'
import { storageError } from '../../storage/index.js'
import type { IngestInput } from './ingest-options.js'
import { formatOfExtension, type InputFormat } from './input-format.js'
import { WaitingFiles } from './waiting-files.js'

/** Options of {@link watchDirectory}. */
export interface WatchOptions {
  /** Names of files that count, with `*` and `?`; those with a known extension by default. */
  pattern?: string | undefined
  /** Of every file; the extension's by default. */
  format?: InputFormat | undefined
  /** How long a file has to stay the same before it counts; 2,000 by default. */
  settleMs?: number | undefined
  /** Ends the watch, and with it the loop over it. */
  signal?: AbortSignal | undefined
}

const SETTLE_MS = 2000
/** How often a file is looked at while it settles. */
const LOOKS = 4

/**
 * The files of a directory: those that are there by name, then others as they come.
 *
 * A file counts when it has not changed for a while, however it came: written in place or renamed
 * in. One that grows later comes again. Which rows were read before is not for this to know: a run
 * goes on where the worker has the file, which costs next to nothing for one that is read. The
 * source of a file is its path, the directory as it was given. Folders in the directory, and names
 * that begin with a dot, do not count.
 *
 * @throws PackedError NotFound, PermissionDenied, InvalidArgument for what is no directory.
 */
export async function* watchDirectory(
  directory: string,
  options: WatchOptions = {},
): AsyncGenerator<IngestInput, void, undefined> {
  const known = expectObject(options, 'the options of watchDirectory')
  expectKnownKeys(known, ['pattern', 'format', 'settleMs', 'signal'], 'watchDirectory')
  const folder = expectText(directory, 'directory')
  const counts = nameTest(options.pattern)
  const settleMs = expectInteger(options.settleMs, 'settleMs', { fallback: SETTLE_MS })
  const signal = expectSignal(options.signal, 'signal')
  const settled = await settledFiles(folder, counts, settleMs)
  const waiting = new WaitingFiles()
  for (const path of settled.keys()) waiting.add(path)
  const watcher = await startWatching(folder, counts, settleMs)
  const take = (path: string, stats: Stats | undefined): void => {
    // What was there settled is found once more.
    const isNews = stats === undefined || stats.size !== settled.get(path)
    settled.delete(path)
    if (isNews) waiting.add(path)
  }
  watcher.on('add', take).on('change', take)
  watcher.on('error', (error) => waiting.fail(storageError(error, folder)))
  const stop = (): void => waiting.end()
  signal?.addEventListener('abort', stop)
  if (signal?.aborted === true) stop()
  try {
    for (let path = await waiting.next(); path !== undefined; path = await waiting.next()) {
      yield { place: { text: path, path }, format: options.format }
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    await watcher.close()
  }
}

type NameTest = (name: string) => boolean

function nameTest(pattern: string | undefined): NameTest {
  if (pattern === undefined) {
    return (name) => !name.startsWith('.') && formatOfExtension(name) !== undefined
  }
  const parts = expectText(pattern, 'pattern').replace(/[.+^${}()|[\]\\]/g, '\\$&')
  const matches = new RegExp(`^${parts.replaceAll('*', '.*').replaceAll('?', '.')}$`)
  return (name) => !name.startsWith('.') && matches.test(name)
}

/** Sizes of files that nobody has written to lately, in the order of their names. */
async function settledFiles(
  folder: string,
  counts: NameTest,
  settleMs: number,
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  const names = await readdir(folder).catch((error: unknown) => {
    throw storageError(error, folder)
  })
  const before = Date.now() - settleMs
  for (const name of names.filter(counts).sort()) {
    const path = join(folder, name)
    // One that is gone by now does not count.
    const stats = await stat(path).catch(() => undefined)
    if (stats?.isFile() && stats.mtimeMs <= before) sizes.set(path, stats.size)
  }
  return sizes
}

/** chokidar is only loaded by who watches. */
async function startWatching(folder: string, counts: NameTest, settleMs: number) {
  const { watch } = await import('chokidar')
  return watch(folder, {
    depth: 0,
    alwaysStat: true,
    ignored: (path, stats) => stats?.isFile() === true && !counts(basename(path)),
    awaitWriteFinish: {
      stabilityThreshold: settleMs,
      pollInterval: Math.max(1, Math.ceil(settleMs / LOOKS)),
    },
  })
}
