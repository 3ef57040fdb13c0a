import { PackedError } from '../errors/index.js'
import type { SegmentIds } from './segment-info.js'
import { type SegmentTree, segmentPrefix, walkLogs } from './segment-keys.js'
import { sidecarKey } from './segment-sidecar.js'

/**
 * A segment is written once: fresh logs beside old ones would make neither.
 *
 * @throws PackedError AlreadyExists naming a log of the segment, or its sidecar.
 */
export async function refuseExisting(tree: SegmentTree, ids: SegmentIds): Promise<void> {
  const { chunkManager, root, signal } = tree
  const sidecar = sidecarKey(root, ids)
  if (await chunkManager.exist(sidecar, { signal })) throw exists(ids, sidecar)
  for (const kind of ['insert', 'stats', 'bm25', 'delta'] as const) {
    for await (const { path } of walkLogs(tree, kind, segmentPrefix(tree, kind, ids))) {
      throw exists(ids, path)
    }
  }
}

function exists({ segmentId }: SegmentIds, path: string): PackedError {
  const message = `Expected no files of segment ${segmentId} yet but found ${path}`
  return new PackedError('AlreadyExists', message, { path })
}
