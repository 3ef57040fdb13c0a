import {
  expectBoolean,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectSignal,
  joinRoot,
  type StorageConfig,
  unexpected,
} from '../config/index.js'
import {
  type ChunkEntry,
  type ChunkManager,
  type ChunkOptions,
  chunkManagerAt,
  isRemote,
  mapBounded,
  type OpenUpload,
  openObjectStore,
  walkTemporaries,
} from '../storage/index.js'
import { ManifestNames } from './garbage-manifests.js'
import { foldersOf, type ManifestObject, manifestObjectOf } from './garbage-places.js'
import { KnownSegments } from './garbage-segments.js'
import type { SegmentMeta } from './segment-meta.js'

/** A day: far longer than any sync takes from its first file to its metadata. */
const DEFAULT_AGE_MS = 24 * 3_600_000
/** What a worker may have begun is not to be told from what one left. */
const LEAST_AGE_MS = 60_000
const MOST_REMOVALS = 16

/** What the collector asks of a `MetaCatalog`. */
export interface GarbageCatalog {
  /** Every collection that the store knows. */
  collections(): Promise<readonly { readonly collectionId: bigint }[]>
  /** Every segment of one collection. */
  segments(filter: { collectionId: bigint }): Promise<readonly SegmentMeta[]>
}

/** Options of {@link collectGarbage}. */
export interface CollectGarbageOptions {
  /** Of the store that knows every segment of these collections below the root. */
  catalog: GarbageCatalog
  /** Where the objects are: a chunk manager, or a directory or bucket. */
  chunkManager?: ChunkManager
  /** A directory or bucket, instead of a chunk manager. */
  storage?: StorageConfig
  /** Key prefix that `insert_log` is below; the manager's own root by default. */
  root?: string
  /**
   * Only what was written before: 24 hours by default. Longer than a sync may take from writing
   * its files to saving its metadata; under a minute only with `workersStopped`.
   */
  olderThanMs?: number
  /** Only say what there is: the default. */
  dryRun?: boolean
  /** The caller's word that no worker writes below the root. */
  workersStopped?: boolean
  /** Aborting rejects with the signal's reason; what is removed stays removed. */
  signal?: AbortSignal
}

/** Why an object is garbage: no segment names it, its segment was dropped, a write was killed. */
export type GarbageReason = 'orphan' | 'dropped' | 'unfinished'

export interface GarbageObject extends ChunkEntry {
  readonly reason: GarbageReason
}

/** What {@link collectGarbage} found and did. */
export interface GarbageReport {
  readonly dryRun: boolean
  /** In key order of their folders. */
  readonly objects: readonly GarbageObject[]
  /** Unfinished uploads of parts, by whole keys. */
  readonly uploads: readonly OpenUpload[]
  /** Of `objects`. */
  readonly bytes: number
  /** Objects and uploads that are gone; none after a dry run. */
  readonly removed: number
  /**
   * Base folders with manifests of segments that the catalog does not know. What those manifests
   * name stays: whoever wrote them may yet make them known, and need not use this catalog.
   */
  readonly unknown: readonly string[]
  /**
   * What could not be removed, and manifests that could not be read: nothing of the partitions of
   * those is among `objects`.
   */
  readonly failed: readonly { readonly path: string; readonly error: unknown }[]
}

const KNOWN = [
  'catalog',
  'chunkManager',
  'storage',
  'root',
  'olderThanMs',
  'dryRun',
  'workersStopped',
  'signal',
] as const

interface Settings extends ChunkOptions {
  readonly catalog: GarbageCatalog
  readonly chunkManager: ChunkManager
  readonly root: string
  /** Milliseconds since 1970. */
  readonly before: number
}

/**
 * Find and remove what failed attempts, killed writers and dropped segments left of the
 * collections that a catalog knows: logs that no segment names, sidecars of segments that are not
 * there, files of manifest segments that no version of a manifest names, everything of a dropped
 * manifest segment, unfinished files of a local disk and unfinished uploads of a store.
 *
 * What is younger than `olderThanMs` stays, since its metadata may still come; so does whatever a
 * segment names that is not dropped, and other collections and other kinds of objects. Files are
 * listed before the catalog and the manifests are read, so that a sync that is saved, or a version
 * that is committed, meanwhile keeps its files; one that comes later named files that were written
 * before it by less than the age, which were left alone. Versions of manifests go by
 * `expireManifests` only: with their segment, here.
 *
 * @throws PackedError InvalidArgument (options), what the catalog and listing throw; the signal's
 *   reason when it is aborted. What cannot be removed is in `failed`.
 */
export async function collectGarbage(options: CollectGarbageOptions): Promise<GarbageReport> {
  const given = expectObject(options, 'collectGarbage')
  expectKnownKeys(given, KNOWN, 'collectGarbage')
  const dryRun = expectBoolean(given.dryRun, 'dryRun', true)
  const root = given.root ?? ''
  if (typeof root !== 'string') throw unexpected('a key prefix', 'root', root)
  const settings: Settings = {
    catalog: expectObject(given.catalog, 'catalog') as unknown as GarbageCatalog,
    chunkManager: await chunkManagerAt(options),
    root,
    before: Date.now() - ageOf(given),
    signal: expectSignal(given.signal, 'signal'),
  }
  settings.signal?.throwIfAborted()
  const objects: GarbageObject[] = []
  const uploads: OpenUpload[] = []
  const unknown: string[] = []
  const unread: GarbageReport['failed'][number][] = []
  for (const { collectionId } of await settings.catalog.collections()) {
    const found = await garbageOf(collectionId, settings)
    objects.push(...found.objects)
    unknown.push(...found.unknown)
    unread.push(...found.unread)
    uploads.push(...(await uploadsOf(collectionId, settings)))
  }
  const failed = dryRun ? [] : await removeAll(objects, uploads, settings)
  return {
    dryRun,
    objects,
    uploads,
    bytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    removed: dryRun ? 0 : objects.length + uploads.length - failed.length,
    unknown,
    failed: [...unread, ...failed],
  }
}

function ageOf(given: Record<string, unknown>): number {
  const stopped = expectBoolean(given.workersStopped, 'workersStopped', false)
  const min = stopped ? 0 : LEAST_AGE_MS
  return expectInteger(given.olderThanMs, 'olderThanMs', { min, fallback: DEFAULT_AGE_MS })
}

/** What {@link garbageOf} finds of one collection. */
interface CollectionGarbage extends Pick<GarbageReport, 'objects' | 'unknown'> {
  /** Manifests that cannot be read. */
  readonly unread: GarbageReport['failed']
}

async function garbageOf(collectionId: bigint, settings: Settings): Promise<CollectionGarbage> {
  const { catalog, chunkManager, root, before, signal } = settings
  const written: ChunkEntry[] = []
  const unfinished: GarbageObject[] = []
  const bases = new Map<string, ManifestObject>()
  for (const folder of foldersOf(root, collectionId)) {
    for await (const entry of chunkManager.walk(folder, { signal })) {
      const object = manifestObjectOf(root, entry.path)
      if (object?.base !== undefined) bases.set(object.base, object)
      if (entry.modifiedMs <= before) written.push(entry)
    }
    if (chunkManager.storage === undefined || isRemote(chunkManager.storage)) continue
    for await (const entry of walkTemporaries(chunkManager.rootPath, folder, { signal })) {
      if (entry.modifiedMs <= before) unfinished.push({ ...entry, reason: 'unfinished' })
    }
  }
  signal?.throwIfAborted()
  const known = new KnownSegments(await catalog.segments({ collectionId }), before)
  const manifests = await ManifestNames.read(settings, bases.values(), known)
  const judged = written.map((entry) => ({
    ...entry,
    reason: known.judge(root, entry.path, manifests),
  }))
  const garbage = judged.filter((entry): entry is GarbageObject => entry.reason !== undefined)
  const { unknown, failed } = manifests
  return { objects: [...garbage, ...unfinished], unknown, unread: failed }
}

async function uploadsOf(collectionId: bigint, settings: Settings): Promise<OpenUpload[]> {
  const { chunkManager, root, before, signal } = settings
  const { storage } = chunkManager
  if (storage === undefined || !isRemote(storage)) return []
  const store = await openObjectStore(storage)
  const found: OpenUpload[] = []
  try {
    for (const folder of foldersOf(root, collectionId)) {
      for await (const upload of store.listUploads(joinRoot(storage.rootPath, folder), {
        signal,
      })) {
        if (upload.startedMs <= before) found.push(upload)
      }
    }
  } finally {
    store.close()
  }
  return found
}

/** One that cannot be removed does not keep the others. */
async function removeAll(
  objects: readonly GarbageObject[],
  uploads: readonly OpenUpload[],
  { chunkManager, root, signal }: Settings,
): Promise<{ path: string; error: unknown }[]> {
  const failed: { path: string; error: unknown }[] = []
  const attempt = async (path: string, remove: () => Promise<void>): Promise<void> => {
    signal?.throwIfAborted()
    await remove().catch((error: unknown) => {
      signal?.throwIfAborted()
      failed.push({ path, error })
    })
  }
  // A manifest before what it names: where this ends half-way the rest is orphans, not a segment
  // that nobody dropped.
  const isManifest = ({ path }: GarbageObject) => manifestObjectOf(root, path)?.isManifest === true
  for (const turn of [objects.filter(isManifest), objects.filter((one) => !isManifest(one))]) {
    await mapBounded(turn, MOST_REMOVALS, ({ path }) =>
      attempt(path, () => chunkManager.remove(path, { signal })),
    )
  }
  if (uploads.length === 0) return failed
  const store = await openObjectStore(chunkManager.storage!)
  await mapBounded(uploads, MOST_REMOVALS, ({ key, upload }) =>
    attempt(key, () => store.abort(key, upload, { signal })),
  )
  return failed
}
