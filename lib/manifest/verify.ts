import {
  expectBoolean,
  expectFunction,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectSignal,
  type Problem,
  ProblemList,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { KeyRetriever } from '../packed/index.js'
import { mapBounded } from '../storage/index.js'
import { decodeManifest } from './codec.js'
import { rowsOfManifest } from './diff.js'
import type { Manifest } from './model.js'
import { manifestKey, metadataFolder } from './paths.js'
import type { ManifestStore } from './store.js'
import { type FileChecks, type ManifestVerifyProgress, verifyFiles } from './verify-files.js'
import { verifyGroups, verifyLists } from './verify-groups.js'

const MOST_READS = 16

/** Options of {@link verifyManifest}. */
export interface VerifyManifestOptions {
  /** Of the segment. */
  store: ManifestStore
  /** Whose files are looked at: -1, the default, for the latest. */
  version?: number
  /** Decode every page as well, instead of the footers only. */
  deep?: boolean
  /** Gives the keys of encrypted files. */
  keyRetriever?: KeyRetriever
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
  /** Called behind each file; an exception of it ends the check. */
  onProgress?: (progress: ManifestVerifyProgress) => void
}

/** What {@link verifyManifest} found. */
export interface ManifestVerification {
  readonly ok: boolean
  /** Whose files were looked at. */
  readonly version: number
  /** Ascending: all that are there. */
  readonly versions: readonly number[]
  /** Files that were looked at. */
  readonly files: number
  /** Rows by the manifest; undefined where nobody has counted them. */
  readonly rows: number | undefined
  readonly problems: readonly Problem[]
  /** What could not be checked, and why. */
  readonly notChecked: readonly string[]
}

const KNOWN = ['store', 'version', 'deep', 'keyRetriever', 'signal', 'onProgress'] as const

/**
 * Hold a manifest against the files that it names: each is there, of the sizes of its properties,
 * has the columns of its group and at least the rows of its window; groups have equally many rows
 * and no column, window, delta log, index or large file is named twice. Versions follow each other
 * without a hole (the oldest ones may have been expired), and each decodes.
 *
 * What is wrong is a problem in the result, not an exception.
 *
 * @throws PackedError InvalidArgument, NotFound (no such version), what the store throws; the
 *   signal's reason when it is aborted.
 */
export async function verifyManifest(
  options: VerifyManifestOptions,
): Promise<ManifestVerification> {
  const given = expectObject(options, 'verifyManifest')
  expectKnownKeys(given, KNOWN, 'verifyManifest')
  const store = expectObject(given.store, 'store') as unknown as ManifestStore
  const wanted = expectInteger(given.version, 'version', { min: -1, fallback: -1 })
  const checks: FileChecks = {
    store,
    deep: expectBoolean(given.deep, 'deep', false),
    keyRetriever: expectFunction<KeyRetriever>(given.keyRetriever, 'keyRetriever'),
    signal: expectSignal(given.signal, 'signal'),
    problems: new ProblemList(),
    notChecked: new Set(),
    onProgress: expectFunction(given.onProgress, 'onProgress'),
  }
  const { problems, signal } = checks
  const versions = await store.versions({ signal })
  const version = await chosen(store, wanted, versions, signal)
  verifyRun(store, versions, problems)
  const manifests = await decodeAll(store, versions, checks)
  // Without any version a readable copy is all there is.
  const manifest =
    versions.length === 0 ? await store.read(version, { signal }) : manifests.get(version)
  let files = 0
  if (manifest !== undefined) {
    verifyGroups(manifest, problems)
    verifyLists(manifest, problems)
    files = await verifyFiles(manifest, checks)
  }
  return {
    ok: problems.problems.length === 0,
    version,
    versions,
    files,
    rows: manifest && rowsOfManifest(manifest),
    problems: problems.problems,
    notChecked: [...checks.notChecked],
  }
}

async function chosen(
  store: ManifestStore,
  wanted: number,
  versions: readonly number[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const latest = versions.at(-1) ?? (await store.latest({ signal }))
  const version = wanted === -1 ? latest : wanted
  if (version > 0 && (version === latest || versions.includes(version))) return version
  const which = wanted === -1 ? 'a manifest' : `version ${wanted} of the manifest`
  const path = wanted > 0 ? manifestKey(store.basePath, wanted) : metadataFolder(store.basePath)
  const message = `Expected ${which} of "${store.basePath}" but received none`
  throw new PackedError('NotFound', message, { path })
}

/** Old versions go oldest first: a hole is one that was lost. */
function verifyRun(store: ManifestStore, versions: readonly number[], problems: ProblemList): void {
  const [first = 1] = versions
  const missing = versions.flatMap((version, index) => {
    const before = versions[index - 1] ?? first - 1
    return before + 1 < version ? [[before + 1, version - 1]] : []
  })
  if (missing.length === 0) return
  const holes = missing.map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`))
  const place = { path: metadataFolder(store.basePath) }
  problems.add(
    'versions',
    place,
    `versions ${first} to ${versions.at(-1)}`,
    `no ${holes.join(', ')}`,
  )
}

/** From the store, not from what this process has read before. */
async function decodeAll(
  { chunkManager, basePath }: ManifestStore,
  versions: readonly number[],
  { problems, signal }: FileChecks,
): Promise<Map<number, Manifest>> {
  const manifests = new Map<number, Manifest>()
  const found = await mapBounded(versions, MOST_READS, async (version) => {
    const path = manifestKey(basePath, version)
    const bytes = await chunkManager.read(path, { signal })
    return { version, path, bytes }
  })
  for (const { version, path, bytes } of found) {
    await problems.attempt('decodes', { path }, signal, async () => {
      manifests.set(version, decodeManifest(bytes, basePath, path))
    })
  }
  return manifests
}
