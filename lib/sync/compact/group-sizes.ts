import { listsOfManifest, manifestOfSegment, type SegmentInfo } from '../../segment/index.js'
import type { CompactSettings } from './compact-options.js'
import type { CompactionGroupReport, CompactionSource, CompactionTarget } from './compact-report.js'
import { type PlannedGroup, type PlannedSegment, sumOf } from './compaction-plan.js'

/** What is known of the compaction of a group before it begins. */
export async function beginReport(
  { collectionId, partitionId, channelName, sources }: PlannedGroup,
  settings: CompactSettings,
): Promise<Omit<CompactionGroupReport, 'rowsAfter' | 'to' | 'droppedDeletes'>> {
  const from: CompactionSource[] = []
  for (const { segment, reasons } of sources) {
    from.push({ ...(await sizesOf(segment, settings)), reasons })
  }
  return { collectionId, partitionId, channelName, from, rowsBefore: rowsOf(sources) }
}

/** The metadata of a segment with a manifest does not say how large its files are. */
export async function sizesOf(
  segment: SegmentInfo,
  { chunkManager, signal }: CompactSettings,
): Promise<CompactionTarget> {
  const { segmentId, numRows: rows } = segment
  const found = await manifestOfSegment(segment, chunkManager, { signal })
  const { binlogs } = found === undefined ? segment : listsOfManifest(found.manifest)
  const logs = sumOf(binlogs, () => 1)
  return { segmentId, rows, logs, bytes: sumOf(binlogs, ({ logSize }) => logSize) }
}

export function rowsOf(sources: readonly PlannedSegment[]): number {
  return sources.reduce((sum, { segment }) => sum + segment.numRows, 0)
}
