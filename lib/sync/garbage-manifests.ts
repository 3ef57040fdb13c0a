import { posix } from 'node:path'
import { parseManifestPath } from '../binlog/index.js'
import { PackedError } from '../errors/index.js'
import { type Manifest, ManifestStore, manifestKey, protectedPaths } from '../manifest/index.js'
import { type ChunkManager, mapBounded } from '../storage/index.js'
import { type ManifestObject, rootPrefix } from './garbage-places.js'
import type { KnownSegments } from './garbage-segments.js'
import type { SegmentMeta } from './segment-meta.js'

const MOST_SEGMENTS = 16
/** Versions that an expiry removes between listing and reading are listed anew so often. */
const MOST_LISTINGS = 5

/** Where the manifests of a collection are. */
export interface ManifestTree {
  readonly chunkManager: ChunkManager
  readonly root: string
  readonly signal?: AbortSignal | undefined
}

/** A segment whose manifests count. */
interface ManifestSegment {
  readonly partition: string
  readonly isUnknown: boolean
  /** Where its manifests may be: keys, of which one is right. */
  readonly bases: Set<string>
  /** The version that the metadata store names; 0 where it names none. */
  needed: number
}

/**
 * What the manifests of a collection's segments name: every version that is there counts, since
 * somebody may read it, or commit on top of it.
 *
 * A manifest that cannot be read might name anything of its partition, so that nothing of the
 * partition is garbage until it can be read, or is gone.
 */
export class ManifestNames {
  readonly failed: { readonly path: string; readonly error: unknown }[] = []
  /** Base folders of manifests of segments that the catalog does not know. */
  readonly unknown: string[] = []
  readonly #named = new Set<string>()
  readonly #held = new Set<string>()
  readonly #tree: ManifestTree

  private constructor(tree: ManifestTree) {
    this.#tree = tree
  }

  /**
   * Read what is there now: call it when the objects have been listed, so that a commit which was
   * made meanwhile keeps its files. Manifests of segments that were dropped do not count.
   *
   * @param objects one of every base folder that was listed.
   */
  static async read(
    tree: ManifestTree,
    objects: Iterable<ManifestObject>,
    known: KnownSegments,
  ): Promise<ManifestNames> {
    const names = new ManifestNames(tree)
    const found = new Map<string, ManifestSegment>()
    const at = (partitionId: bigint, segmentId: bigint): ManifestSegment => {
      const key = `${partitionId}/${segmentId}`
      const isUnknown = known.stateOf(partitionId, segmentId) === 'unknown'
      const fresh = {
        partition: String(partitionId),
        isUnknown,
        bases: new Set<string>(),
        needed: 0,
      }
      return found.get(key) ?? found.set(key, fresh).get(key)!
    }
    for (const { partitionId, segmentId, base } of objects) {
      if (segmentId === undefined || known.stateOf(partitionId, segmentId) === 'dropped') continue
      at(partitionId, segmentId).bases.add(base!)
    }
    for (const segment of known.live) {
      names.#addNamed(segment, () => at(segment.partitionId, segment.segmentId))
    }
    await mapBounded(found.values(), MOST_SEGMENTS, (segment) => names.#readSegment(segment))
    names.unknown.sort()
    return names
  }

  /** True for what a manifest names, and for what is below a folder that it names. */
  has(path: string): boolean {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (this.#named.has(path.slice(0, end))) return true
    }
    return false
  }

  /** True where a manifest of the partition could not be read. */
  holds(partitionId: bigint): boolean {
    return this.#held.has(String(partitionId))
  }

  /** What the metadata store says of a segment's manifest. */
  #addNamed(segment: SegmentMeta, entry: () => ManifestSegment): void {
    try {
      const named = parseManifestPath(segment.manifestPath ?? '')
      if (named === undefined) return
      const place = entry()
      place.needed = Math.max(0, named.version)
      const keys = keysOf(named.basePath, this.#tree)
      // Where one of them was listed it is the one that is meant.
      if (!keys.some((key) => place.bases.has(key))) for (const key of keys) place.bases.add(key)
    } catch (error) {
      const path = `${rootPrefix(this.#tree.root)}insert_log/${segment.collectionId}/${segment.partitionId}/${segment.segmentId}`
      this.#fail(String(segment.partitionId), path, error)
    }
  }

  async #readSegment(segment: ManifestSegment): Promise<void> {
    const { partition, bases, needed, isUnknown } = segment
    let isThere = needed === 0
    let path = ''
    try {
      for (const base of bases) {
        path = needed > 0 ? manifestKey(base, needed) : base
        const versions = await this.#readBase(base)
        if (versions.includes(needed)) isThere = true
        if (isUnknown && versions.length > 0) this.unknown.push(base)
      }
      if (isThere) return
      const message = `Expected version ${needed} of a manifest, which the metadata store names, but received none`
      throw new PackedError('NotFound', message, { path })
    } catch (error) {
      this.#tree.signal?.throwIfAborted()
      this.#fail(partition, (error as PackedError).path ?? path, error)
    }
  }

  /** The versions that are there; an expiry may remove the oldest ones meanwhile. */
  async #readBase(base: string): Promise<number[]> {
    const { chunkManager, signal } = this.#tree
    const store = new ManifestStore(chunkManager, base)
    for (let attempt = 1; ; attempt++) {
      const versions = await store.versions({ signal })
      try {
        // Without any a readable copy may be all there is.
        if (versions.length === 0) versions.push((await store.open(-1, { signal })).version)
        for (const version of versions) this.#name(base, await store.read(version, { signal }))
        return versions.filter((version) => version > 0)
      } catch (error) {
        const isGone = error instanceof PackedError && error.code === 'NotFound'
        if (!isGone || attempt === MOST_LISTINGS) throw error
      }
    }
  }

  #name(base: string, manifest: Manifest): void {
    const paths = protectedPaths(manifest, base)
    for (const path of paths) for (const key of keysOf(path, this.#tree)) this.#named.add(key)
  }

  #fail(partition: string, path: string, error: unknown): void {
    this.#held.add(partition)
    this.failed.push({ path, error })
  }
}

/**
 * The keys that a path of a manifest or of the metadata may mean: as it stands, and without the
 * scheme, the bucket and the root path that other writers put in front. To name too much only
 * keeps garbage for longer.
 */
function keysOf(path: string, { chunkManager }: ManifestTree): string[] {
  const { bucketName } = chunkManager.storage ?? {}
  const fronts = [/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, /^\/+/]
  const keys = new Set([path.replace(/\/+$/, '')])
  for (const front of fronts) for (const key of [...keys]) keys.add(key.replace(front, ''))
  for (const front of [bucketName, chunkManager.rootPath]) {
    const folder = (front ?? '').split('/').filter(Boolean).join('/')
    if (folder === '') continue
    for (const key of [...keys]) {
      if (key.startsWith(`${folder}/`)) keys.add(key.slice(folder.length + 1))
    }
  }
  const relative = [...keys].filter((key) => !key.startsWith('/') && !key.includes('://'))
  return relative.map((key) => posix.normalize(key)).filter((key) => !/^\.{1,2}(\/|$)/.test(key))
}
