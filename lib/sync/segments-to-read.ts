import type { FieldBinlog } from '../binlog/index.js'
import { ALL_PARTITIONS } from '../binlog/index.js'
import type { CollectionSchema } from '../schema/index.js'
import type { SegmentMeta } from './segment-meta.js'

/** A segment with what a reader of it needs. */
export interface SegmentToRead extends SegmentMeta {
  /** The collection's newest: fields that its files do not have come as nulls or defaults. */
  readonly schema: CollectionSchema
  /** Delete logs of L0 segments that may concern its rows. */
  readonly l0Deltalogs: readonly FieldBinlog[]
}

/**
 * The segments with rows, each with the deletes of its channel and partition that are not older
 * than all its rows.
 */
export function segmentsToRead(
  segments: readonly SegmentMeta[],
  schema: CollectionSchema,
): SegmentToRead[] {
  const alive = segments.filter(({ state }) => state !== 'Dropped')
  const deletes = alive.filter(({ level }) => level === 'L0')
  return alive
    .filter(({ level, numRows }) => level === 'L1' && numRows > 0)
    .map((segment) => ({ ...segment, schema, l0Deltalogs: deletesFor(segment, deletes) }))
}

function deletesFor(segment: SegmentMeta, deletes: readonly SegmentMeta[]): FieldBinlog[] {
  const rows = segment.binlogs.flatMap(({ binlogs }) => binlogs)
  const concerns = (timestampTo: bigint): boolean =>
    rows.some(({ timestampFrom }) => timestampFrom <= timestampTo)
  return deletes
    .filter((other) => mayDeleteIn(other, segment))
    .flatMap(({ deltalogs }) => deltalogs)
    .map((list) => ({
      ...list,
      binlogs: list.binlogs.filter(({ timestampTo }) => concerns(timestampTo)),
    }))
    .filter(({ binlogs }) => binlogs.length > 0)
}

/** False where the deletes of an L0 segment are another channel's or partition's, or applied. */
export function mayDeleteIn(deletes: SegmentMeta, segment: SegmentMeta): boolean {
  const { segmentId, channelName, partitionId } = deletes
  return (
    channelName === segment.channelName &&
    (partitionId === segment.partitionId || partitionId === ALL_PARTITIONS) &&
    segment.appliedDeletes?.includes(segmentId) !== true
  )
}
