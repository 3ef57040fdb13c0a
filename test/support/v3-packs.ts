/** Packs written as StorageV3 to the one segment, and what its manifest then says. */
import { parseManifestPath } from '../../lib/binlog/index.js'
import { type Manifest, ManifestStore } from '../../lib/manifest/index.js'
import { splitByDefaultPolicies, withSystemFields } from '../../lib/schema/index.js'
import type { ChunkManager, ChunkWriteOptions } from '../../lib/storage/index.js'
import {
  BulkPackWriterV3,
  type PackLogs,
  type PackTarget,
  type SyncPack,
} from '../../lib/sync/index.js'
import { BOOKS, book, chunk, rowsOfSegment, twoChunks } from './segments.js'
import { bare, CountingAllocator, targetAt as freshTargetAt, keysOf } from './sync.js'

export const GROUPS = splitByDefaultPolicies(withSystemFields(BOOKS))
export const BASE = 'insert_log/1/2/3'
export const METADATA = `${BASE}/_metadata/`
export const BLOOM = 'bloom_filter.100'

/** No log id comes twice, whoever writes. */
const IDS_OF_ALL = new CountingAllocator()

export function targetAt(chunks: ChunkManager, more: Partial<PackTarget> = {}): PackTarget {
  return freshTargetAt(chunks, { allocator: IDS_OF_ALL, ...more })
}

export const someBooks = (...ids: number[]) => [
  chunk(
    BOOKS,
    ids.map((id) => book(id, id * 10)),
  ),
]

export function write(pack: SyncPack, chunkManager: ChunkManager, more: Partial<PackTarget> = {}) {
  return new BulkPackWriterV3(targetAt(chunkManager, more)).write(pack, GROUPS)
}

/** A segment with keys 1 to 5, whose manifest is version 1. */
export async function firstSync(
  chunks: ChunkManager,
): Promise<PackLogs & { manifestPath: string }> {
  const logs = await write(bare().withInsertData(twoChunks()), chunks)
  return { ...logs, manifestPath: logs.manifestPath! }
}

export const versionOf = ({ manifestPath }: PackLogs) => parseManifestPath(manifestPath!)!.version

export function manifestOf(chunks: ChunkManager, logs: PackLogs): Promise<Manifest> {
  return new ManifestStore(chunks, BASE).read(versionOf(logs))
}

export async function idsIn(
  chunkManager: ChunkManager,
  { manifestPath }: PackLogs,
): Promise<unknown[]> {
  const rows = await rowsOfSegment({ schema: BOOKS, chunkManager, manifestPath: manifestPath! })
  return rows.map(({ id }) => id)
}

/** Keys of everything that a manifest names, in order. */
export function namedBy({ columnGroups, deltaLogs, stats }: Manifest): string[] {
  return [
    ...columnGroups.flatMap(({ files }) => files.map(({ path }) => path)),
    ...deltaLogs.map(({ path }) => path),
    ...Object.values(stats).flatMap(({ paths }) => paths),
  ].sort()
}

export async function filesIn(chunks: ChunkManager): Promise<string[]> {
  return (await keysOf(chunks)).filter((key) => !key.startsWith(METADATA)).sort()
}

/** A chunk manager that does something before an object whose key starts with `prefix` is written. */
export function beforeWriting(
  chunks: ChunkManager,
  prefix: string,
  action: (path: string, options?: ChunkWriteOptions) => Promise<void>,
): ChunkManager {
  return new Proxy(chunks, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'write') return value.bind(target)
      return async (path: string, content: Uint8Array, options?: ChunkWriteOptions) => {
        if (path.startsWith(prefix)) await action(path, options)
        return target.write(path, content, options)
      }
    },
  })
}
