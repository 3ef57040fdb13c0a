/** One segment twice: synced with a manifest, and the same rows and deletes as StorageV2. */
import { splitByDefaultPolicies, withSystemFields } from '../../lib/schema/index.js'
import { type ChunkManager, LocalChunkManager } from '../../lib/storage/index.js'
import { BulkPackWriterV3 } from '../../lib/sync/index.js'
import { BOOKS, deletes, segmentIn, twoChunks } from './segments.js'
import { bare, CountingAllocator, targetAt } from './sync.js'

/** Where both segments lie in their trees. */
export const BASE = 'insert_log/1/2/3'

const DELETES: [bigint, number][] = [
  [1n, 15],
  [2n, 20],
  [4n, 90],
]

/** Makes the segments, each in a tree that `tree` gives. */
export function syncedSegments(tree: () => string) {
  /** The two chunks of keys 1 to 5, one sync each, with deletes in the second. */
  async function manifestSegment(
    chunkManager: ChunkManager = new LocalChunkManager({ rootPath: tree() }),
  ) {
    const groups = splitByDefaultPolicies(withSystemFields(BOOKS))
    const allocator = new CountingAllocator()
    let manifestPath = ''
    for (const [index, rows] of twoChunks().entries()) {
      const pack = bare().withInsertData([rows])
      if (index === 1) pack.withDeleteData(deletes(...DELETES)).withFlush()
      const target = targetAt(chunkManager, { allocator, manifestPath })
      manifestPath = (await new BulkPackWriterV3(target).write(pack, groups)).manifestPath!
    }
    return { chunkManager, manifestPath, source: { schema: BOOKS, chunkManager, manifestPath } }
  }

  /** The same rows and deletes as StorageV2. */
  async function sameAsV2() {
    const given = { deletes: deletes(...DELETES) }
    const { chunkManager, info } = await segmentIn(tree(), twoChunks(), given)
    const { binlogs, deltalogs } = info
    return { chunkManager, info, source: { schema: BOOKS, chunkManager, binlogs, deltalogs } }
  }

  return { manifestSegment, sameAsV2 }
}
