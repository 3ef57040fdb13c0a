import { buildManifestPath, buildSegmentBasePath, parseManifestPath } from '../binlog/index.js'
import { MERGED_LOG_ID } from '../segment/index.js'
import { commitStaged } from './commit-staged.js'
import { type EarlierStatistics, writeMergedStatistics } from './pack-merge.js'
import type { PackTarget } from './pack-target.js'
import type { PackLogs } from './pack-writer.js'
import { statisticsPath } from './stage-pack.js'
import { bloomFilterKey, bm25Key, type StagedPack, type StagedStatistics } from './staged-pack.js'

/** What a commit made of a staged pack. */
export interface CommittedPack {
  /** What the metadata is to name; empty where the segment has no manifest yet. */
  readonly manifestPath: string
  /** Of the merged statistics. */
  readonly sizeBytes: number
}

/**
 * Which manifest a sync starts from: the one that the metadata names. Latest (-1) and none (0, or
 * no path) are none: only the metadata knows which of the versions that are there counts.
 */
export function manifestOf(target: PackTarget): { basePath: string; version: number } {
  const { root, collectionId, partitionId, segmentId, manifestPath = '' } = target
  const known = parseManifestPath(manifestPath)
  if (known !== undefined) return { ...known, version: Math.max(known.version, 0) }
  const basePath = buildSegmentBasePath(root, collectionId, partitionId, segmentId)
  return { basePath, version: 0 }
}

/**
 * Make a staged pack part of its segment; see `commitStaged`. Once, as it was staged for it.
 *
 * @param earlier of the syncs before a flush, whose statistics are merged with the pack's.
 */
export async function commitPack(
  target: PackTarget,
  logs: PackLogs & { readonly staged: StagedPack },
  earlier: EarlierStatistics | undefined,
  signal: AbortSignal | undefined,
): Promise<CommittedPack> {
  const { chunkManager, singleWriter = false } = target
  const { basePath, version } = manifestOf(target)
  const merged = earlier === undefined ? [] : await merge(target, logs, earlier, signal)
  const { staged } = logs
  const options = { chunkManager, basePath, version, singleWriter, staged, merged, signal }
  const committed = await commitStaged(options)
  return {
    manifestPath: committed === 0 ? '' : buildManifestPath({ version: committed, basePath }),
    sizeBytes: merged.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }
}

async function merge(
  target: PackTarget,
  logs: PackLogs,
  earlier: EarlierStatistics,
  signal: AbortSignal | undefined,
): Promise<StagedStatistics[]> {
  const { basePath } = manifestOf(target)
  const paths = {
    stats: (fieldId: bigint) => statisticsPath(basePath, bloomFilterKey(fieldId), MERGED_LOG_ID),
    bm25: (fieldId: bigint) => statisticsPath(basePath, bm25Key(fieldId), MERGED_LOG_ID),
  }
  const none = { numRows: 0, times: { from: 0n, to: 0n } }
  const { stats, bm25 } = await writeMergedStatistics(target, earlier, logs, none, signal, paths)
  return [
    ...[...stats].map(([fieldId, log]) => ({ key: bloomFilterKey(fieldId), log })),
    ...[...bm25].map(([fieldId, log]) => ({ key: bm25Key(fieldId), log })),
  ].map(({ key, log }) => ({ key, path: log.logPath, sizeBytes: log.logSize }))
}
