import {
  expectBoolean,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectSignal,
  type StorageConfig,
  unexpected,
} from '../config/index.js'
import { isPackedError, PackedError } from '../errors/index.js'
import { type ChunkEntry, type ChunkManager, chunkManagerAt, mapBounded } from '../storage/index.js'
import { namedPaths, protectedPaths } from './named-files.js'
import { metadataFolder } from './paths.js'
import { ManifestStore } from './store.js'

/** Whoever commits has listed the versions before it writes one: see `expireManifests`. */
const LEAST_AGE_MS = 60_000
const MOST_READS = 16

/** Options of {@link expireManifests}. */
export interface ExpireManifestsOptions {
  /** Where the segment is: a chunk manager, or a directory or bucket. */
  chunkManager?: ChunkManager
  /** Where the manifests are: a directory or bucket, instead of a chunk manager. */
  storage?: StorageConfig
  /** Base folder of the segment. */
  basePath: string
  /** The newest versions, as many as this, stay; 1 or more. This or `olderThanMs` is needed. */
  keep?: number
  /**
   * Only versions that were replaced by the next one before that long: a reader that opened one
   * just then still has its files. A minute by default, less only with `workersStopped`.
   */
  olderThanMs?: number
  /** Versions that metadata names. They and all that came after them stay. */
  protect?: Iterable<number>
  /** Only say what there is: the default. */
  dryRun?: boolean
  /** The caller's word that nobody commits to the segment. */
  workersStopped?: boolean
  /** Aborting rejects with the signal's reason; what is removed stays removed. */
  signal?: AbortSignal
}

/** A version that {@link expireManifests} removed, or would remove. */
export interface ExpiredManifest extends ChunkEntry {
  readonly version: number
}

/** What {@link expireManifests} found and did. */
export interface ExpiredManifests {
  readonly dryRun: boolean
  /** Ascending; removed unless `dryRun`. */
  readonly expired: readonly ExpiredManifest[]
  /** Ascending, one unbroken run where the versions were one. */
  readonly kept: readonly number[]
  /** Versions of `expired` that could not be decoded: their files are not in `unreferenced`. */
  readonly unreadable: readonly number[]
  /**
   * What only expired versions name, sorted: garbage from now on, which `collectGarbage` removes
   * unless another segment names it.
   */
  readonly unreferenced: readonly string[]
}

const KNOWN = [
  'chunkManager',
  'storage',
  'basePath',
  'keep',
  'olderThanMs',
  'protect',
  'dryRun',
  'workersStopped',
  'signal',
] as const

interface Settings {
  readonly store: ManifestStore
  readonly keep: number
  /** Milliseconds since 1970. */
  readonly before: number
  /** The lowest one; infinite without any. */
  readonly firstProtected: number
  readonly dryRun: boolean
  readonly signal: AbortSignal | undefined
}

/**
 * Remove the oldest versions of a segment's manifest; data files stay, for `collectGarbage`.
 *
 * A version goes when it is not among the newest `keep`, was replaced longer than `olderThanMs`
 * ago, and neither it nor an earlier one is protected. The latest never goes. The oldest goes
 * first, one at a time: wherever this ends, what is left is an unbroken run up to the latest, and
 * since manifests are all that it removes, no version that is left loses a file.
 *
 * The age also keeps numbers from being given twice: whoever commits lists the versions, and
 * then creates the next one where there is none. Were that version made by others, replaced and
 * expired meanwhile, the late commit would take its place, below the latest, where nobody sees it.
 * It must therefore be longer than a commit may hang between its list and its create; and longer
 * than a transaction may be open that commits on top of an old version.
 *
 * @throws PackedError InvalidArgument (options), NotFound (no manifest), MetadataCorrupted (a
 *   version that would stay: nothing is removed), what the store throws; the signal's reason.
 *   What was removed before a failure is gone; the same call goes on with the rest.
 */
export async function expireManifests(options: ExpireManifestsOptions): Promise<ExpiredManifests> {
  const settings = await resolve(options)
  const { store, dryRun, signal } = settings
  const entries = await listVersions(store, signal)
  if (entries.length === 0) {
    const path = metadataFolder(store.basePath)
    throw new PackedError('NotFound', `Expected manifests in ${path} but received none`, { path })
  }
  const count = countOfExpired(entries, settings)
  const expired = entries.slice(0, count)
  const kept = entries.slice(count).map(({ version }) => version)
  const named = new Set<string>()
  await mapBounded(count === 0 ? [] : kept, MOST_READS, async (version) => {
    const manifest = await store.read(version, { signal })
    for (const path of protectedPaths(manifest, store.basePath)) named.add(path)
  })
  const { paths, unreadable } = await filesOf(expired, settings)
  if (!dryRun) for (const { version } of expired) await store.remove(version, { signal })
  const unreferenced = [...paths].filter((path) => !named.has(path)).sort()
  return { dryRun, expired, kept, unreadable, unreferenced }
}

async function resolve(options: ExpireManifestsOptions): Promise<Settings> {
  const given = expectObject(options, 'expireManifests')
  expectKnownKeys(given, KNOWN, 'expireManifests')
  if (given.keep === undefined && given.olderThanMs === undefined) {
    throw new PackedError(
      'InvalidArgument',
      'Expected keep or olderThanMs for expireManifests but received neither',
    )
  }
  const stopped = expectBoolean(given.workersStopped, 'workersStopped', false)
  const min = stopped ? 0 : LEAST_AGE_MS
  const ageMs = expectInteger(given.olderThanMs, 'olderThanMs', { min, fallback: min })
  const settings = {
    keep: expectInteger(given.keep, 'keep', { min: 1, fallback: 1 }),
    before: Date.now() - ageMs,
    firstProtected: firstOf(given.protect),
    dryRun: expectBoolean(given.dryRun, 'dryRun', true),
    signal: expectSignal(given.signal, 'signal'),
  }
  settings.signal?.throwIfAborted()
  const chunkManager = await chunkManagerAt(options)
  return { ...settings, store: new ManifestStore(chunkManager, options.basePath) }
}

/** The lowest protected version; 0 and -1 are no versions of their own. */
function firstOf(protect: unknown): number {
  if (protect === undefined) return Number.POSITIVE_INFINITY
  if (typeof protect !== 'object' || protect === null || !(Symbol.iterator in protect)) {
    throw unexpected('versions', 'protect', protect)
  }
  const versions = [...(protect as Iterable<unknown>)].map((version) =>
    expectInteger(version, 'protect', { min: -1 }),
  )
  return Math.min(...versions.filter((version) => version > 0))
}

/** Ascending. */
async function listVersions(
  { chunkManager, basePath }: ManifestStore,
  signal: AbortSignal | undefined,
): Promise<ExpiredManifest[]> {
  const found: ExpiredManifest[] = []
  const folder = `${metadataFolder(basePath)}/`
  for await (const entry of chunkManager.walk(folder, { recursive: false, signal })) {
    const [, digits] =
      /^manifest-([1-9]\d{0,14})\.avro$/.exec(entry.path.slice(folder.length)) ?? []
    if (digits !== undefined) found.push({ ...entry, version: Number(digits) })
  }
  return found.sort((a, b) => a.version - b.version)
}

/** How many of the oldest go. */
function countOfExpired(
  entries: readonly ExpiredManifest[],
  { keep, before, firstProtected }: Settings,
): number {
  const most = Math.max(0, entries.length - keep)
  const stays = entries
    .slice(0, most)
    .findIndex(
      ({ version }, index) => version >= firstProtected || entries[index + 1]!.modifiedMs > before,
    )
  return stays === -1 ? most : stays
}

async function filesOf(
  versions: readonly ExpiredManifest[],
  { store, signal }: Settings,
): Promise<{ paths: Set<string>; unreadable: number[] }> {
  const paths = new Set<string>()
  const unreadable: number[] = []
  await mapBounded(versions, MOST_READS, async ({ version }) => {
    try {
      const manifest = await store.read(version, { signal })
      for (const path of namedPaths(manifest)) paths.add(path)
    } catch (error) {
      if (!isPackedError(error) || error.code !== 'MetadataCorrupted') throw error
      unreadable.push(version)
    }
  })
  return { paths, unreadable: unreadable.sort((a, b) => a - b) }
}
