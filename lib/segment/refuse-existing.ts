import type { LogKind } from '../binlog/index.js'
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
  const kinds = ['insert', 'stats', 'bm25', 'delta'] as const
  const found = await Promise.all([
    chunkManager.exist(sidecar, { signal }).then((is) => (is ? sidecar : undefined)),
    ...kinds.map((kind) => firstLog(tree, kind, ids)),
  ])
  const path = found.find((key) => key !== undefined)
  if (path !== undefined) throw exists(ids, path)
}

async function firstLog(
  tree: SegmentTree,
  kind: LogKind,
  ids: SegmentIds,
): Promise<string | undefined> {
  for await (const { path } of walkLogs(tree, kind, segmentPrefix(tree, kind, ids))) return path
  return undefined
}

function exists({ segmentId }: SegmentIds, path: string): PackedError {
  const message = `Expected no files of segment ${segmentId} yet but found ${path}`
  return new PackedError('AlreadyExists', message, { path })
}
