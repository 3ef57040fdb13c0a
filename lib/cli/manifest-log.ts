import { Command } from 'commander'
import { stringifyExact } from '../config/index.js'
import { isPackedError, PackedError } from '../errors/index.js'
import {
  diffManifests,
  EMPTY_MANIFEST,
  type Manifest,
  type ManifestDiff,
  type ManifestStore,
  manifestKey,
  metadataFolder,
  rowsOfManifest,
} from '../manifest/index.js'
import {
  addManifestOptions,
  type ManifestOptions,
  manifestStoreOf,
  manifestTarget,
} from './manifest-target.js'
import { bytesOf, countText, filesOf, summarize } from './manifest-text.js'
import { toStdout } from './output.js'
import { formatTable } from './table.js'

interface ManifestLogOptions extends ManifestOptions {
  json: boolean
}

/** One version of the history. */
interface LogEntry {
  version: number
  /** When it was written, in milliseconds since 1970. */
  modifiedMs: number
  manifest: Manifest | undefined
  /** Against the version before; undefined for the first one where older ones are gone. */
  diff: ManifestDiff | undefined
  /** Why there is no manifest. */
  failure: PackedError | undefined
}

/** One line for every version. */
export function manifestLogCommand(signal: AbortSignal): Command {
  const command = new Command('log').description('list the versions of a manifest and what changed')
  return addManifestOptions(command)
    .option('--json', 'print as JSON, with every change', false)
    .action(async (base: string, _, run: Command) => {
      const options = run.optsWithGlobals<ManifestLogOptions>()
      const store = manifestStoreOf(await manifestTarget(base, options))
      const entries = await history(store, signal)
      await toStdout([options.json ? json(entries) : table(entries)])
    })
}

async function history(store: ManifestStore, signal: AbortSignal): Promise<LogEntry[]> {
  const folder = metadataFolder(store.basePath)
  const times = new Map<string, number>()
  const listing = store.chunkManager.walk(`${folder}/`, { recursive: false, signal })
  for await (const { path, modifiedMs } of listing) times.set(path, modifiedMs)
  const entries: LogEntry[] = []
  let before: { version: number; manifest: Manifest | undefined } = {
    version: 0,
    manifest: EMPTY_MANIFEST,
  }
  for (const version of await store.versions({ signal })) {
    const modifiedMs = times.get(manifestKey(store.basePath, version)) ?? Date.now()
    const read = await readVersion(store, version, signal)
    const { manifest } = read
    const isNext = before.version === version - 1 && before.manifest !== undefined
    const diff = isNext && manifest ? diffManifests(before.manifest!, manifest) : undefined
    entries.push({ version, modifiedMs, diff, ...read })
    before = { version, manifest }
  }
  if (entries.length > 0) return entries
  throw new PackedError('NotFound', `Expected manifests in ${folder} but received none`, {
    path: folder,
  })
}

/** One that is no manifest does not hide the others. */
async function readVersion(
  store: ManifestStore,
  version: number,
  signal: AbortSignal,
): Promise<Pick<LogEntry, 'manifest' | 'failure'>> {
  try {
    return { manifest: await store.read(version, { signal }), failure: undefined }
  } catch (error) {
    if (!isPackedError(error) || error.code !== 'MetadataCorrupted') throw error
    return { manifest: undefined, failure: error }
  }
}

function changesOf({ diff, failure }: LogEntry): string {
  if (failure !== undefined) return `cannot be read: ${failure.code}`
  return diff === undefined ? 'the version before is gone' : summarize(diff)
}

function table(entries: readonly LogEntry[]): string {
  const number = (title: string) => ({ title, align: 'right' as const })
  const columns = [
    number('version'),
    { title: 'written' },
    number('rows'),
    number('files'),
    number('bytes'),
    { title: 'changes' },
  ]
  return formatTable(
    columns,
    entries.map((entry) => {
      const files = entry.manifest && filesOf(entry.manifest)
      return [
        String(entry.version),
        new Date(entry.modifiedMs).toISOString(),
        countText(entry.manifest && rowsOfManifest(entry.manifest)),
        countText(files?.length),
        countText(files && bytesOf(files)),
        changesOf(entry),
      ]
    }),
  )
}

function json(entries: readonly LogEntry[]): string {
  const plain = entries.map(({ version, modifiedMs, manifest, diff, failure }) => {
    const files = manifest && filesOf(manifest)
    return {
      version,
      written: new Date(modifiedMs).toISOString(),
      rows: manifest && rowsOfManifest(manifest),
      files: files?.length,
      bytes: files && bytesOf(files),
      changes: diff,
      ...(failure === undefined ? {} : { error: { code: failure.code, message: failure.message } }),
    }
  })
  return `${stringifyExact(plain, 2)}\n`
}
