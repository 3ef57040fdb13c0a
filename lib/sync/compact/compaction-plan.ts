import type { FieldBinlog } from '../../binlog/index.js'
import { PackedError } from '../../errors/index.js'
import type { CollectionSchema } from '../../schema/index.js'
import type { SegmentMeta } from '../segment-meta.js'
import { mayDeleteIn, type SegmentToRead, segmentsToRead } from '../segments-to-read.js'
import type { CompactSettings } from './compact-options.js'
import type { CompactionReason } from './compact-report.js'

/** A segment to compact, at the version of its record that was read. */
export interface PlannedSegment {
  readonly segment: SegmentToRead
  readonly version: number
  readonly reasons: readonly CompactionReason[]
}

/** Segments of one partition and channel. */
export interface PlannedGroup {
  readonly collectionId: bigint
  readonly partitionId: bigint
  readonly channelName: string
  readonly schema: CollectionSchema
  /** By id: the oldest first. */
  readonly sources: readonly PlannedSegment[]
  /** L0 segments all of whose deletes are applied to the rows of these segments. */
  readonly appliedDeletes: readonly bigint[]
}

/**
 * What to compact: the segments that are named, or those that gain by it.
 *
 * @throws PackedError NotFound (the collection, a segment that was named), InvalidArgument (one
 *   that was named and is not whole yet, has no rows of its own, or is another partition's).
 */
export async function planCompaction(settings: CompactSettings): Promise<PlannedGroup[]> {
  const { catalog, collectionId, signal } = settings
  const collection = await catalog.collection(collectionId, { signal })
  if (collection === undefined) throw missing(`collection ${collectionId}`)
  const segments = await catalog.segments({ collectionId }, { signal })
  const readable = segmentsToRead(segments, collection.schema)
  const chosen = chosenOf(readable, segments, settings)
  const groups: PlannedGroup[] = []
  for (const members of byPartitionAndChannel(chosen)) {
    const wanted = settings.segmentIds === undefined ? worthwhile(members, settings) : members
    const sources = await atVersions(wanted, settings)
    if (sources.length === 0) continue
    const [{ segment: first }] = sources as [PlannedSegment]
    const { partitionId, channelName, schema } = first
    const appliedDeletes = appliedTo(first, segments, settings)
    groups.push({ collectionId, partitionId, channelName, schema, sources, appliedDeletes })
  }
  return groups
}

type Choice = Omit<PlannedSegment, 'version'>

function chosenOf(
  readable: readonly SegmentToRead[],
  segments: readonly SegmentMeta[],
  settings: CompactSettings,
): Choice[] {
  const { segmentIds, partitionId } = settings
  const inPartition = readable.filter(
    (segment) => partitionId === undefined || segment.partitionId === partitionId,
  )
  if (segmentIds === undefined) {
    return inPartition
      .filter(({ state }) => state === 'Flushed')
      .map((segment) => ({ segment, reasons: reasonsOf(segment, settings) }))
  }
  return segmentIds.map((id) => {
    const segment = inPartition.find(({ segmentId }) => segmentId === id)
    if (segment?.state === 'Flushed') {
      return { segment, reasons: ['given', ...reasonsOf(segment, settings)] }
    }
    throw notToCompact(
      id,
      segments.find(({ segmentId }) => segmentId === id),
      settings,
    )
  })
}

function reasonsOf(segment: SegmentToRead, settings: CompactSettings): CompactionReason[] {
  const { maxRows, maxBytes, chunkBytes, readTimestamp, sort } = settings
  const reasons: CompactionReason[] = []
  const bytes = memoryBytesOf(segment)
  if (segment.numRows * 2 <= maxRows && bytes * 2 <= maxBytes) reasons.push('small')
  const logs = Math.max(...segment.binlogs.map(({ binlogs }) => binlogs.length))
  if (logs >= 2 * Math.max(1, Math.ceil(bytes / chunkBytes))) reasons.push('logs')
  const deletes = [...segment.deltalogs, ...segment.l0Deltalogs].flatMap(({ binlogs }) => binlogs)
  if (deletes.some(({ timestampFrom }) => timestampFrom <= readTimestamp)) reasons.push('deletes')
  if (sort && segment.isSorted !== true) reasons.push('unsorted')
  return reasons
}

/** One small segment alone is as good as it gets. */
function worthwhile(members: readonly Choice[], { maxRows, maxBytes }: CompactSettings): Choice[] {
  const small = members.filter(({ reasons }) => reasons.includes('small'))
  const fitsAnother = (left: Choice): boolean =>
    small.some(
      (right) =>
        right !== left &&
        left.segment.numRows + right.segment.numRows <= maxRows &&
        memoryBytesOf(left.segment) + memoryBytesOf(right.segment) <= maxBytes,
    )
  return members.filter(
    (member) =>
      member.reasons.some((reason) => reason !== 'small') ||
      (member.reasons.includes('small') && fitsAnother(member)),
  )
}

function byPartitionAndChannel(chosen: readonly Choice[]): Choice[][] {
  const groups = new Map<string, Choice[]>()
  for (const choice of chosen) {
    const { partitionId, channelName } = choice.segment
    const key = `${partitionId}/${channelName}`
    const members = groups.get(key)
    if (members === undefined) groups.set(key, [choice])
    else members.push(choice)
  }
  return [...groups.values()]
}

/** The same, each with the version that the swap is going to depend on. */
async function atVersions(
  chosen: readonly Choice[],
  { catalog, signal }: CompactSettings,
): Promise<PlannedSegment[]> {
  const planned: PlannedSegment[] = []
  for (const { segment, reasons } of chosen) {
    const { version, record } = await catalog.records.segment(segment, { signal })
    if (record?.state !== 'Flushed') throw changedMeanwhile(segment.segmentId)
    planned.push({ segment: { ...segment, ...record, schema: segment.schema }, version, reasons })
  }
  return planned.sort(({ segment: left }, { segment: right }) =>
    left.segmentId < right.segmentId ? -1 : 1,
  )
}

/** Those that get no more deletes, none of them after the read timestamp. */
function appliedTo(
  first: SegmentMeta,
  segments: readonly SegmentMeta[],
  { readTimestamp }: CompactSettings,
): bigint[] {
  const { appliedDeletes: _, ...unapplied } = first
  return segments
    .filter(
      (other) =>
        other.level === 'L0' &&
        other.state === 'Flushed' &&
        mayDeleteIn(other, unapplied) &&
        other.deltalogs.every(({ binlogs }) =>
          binlogs.every(({ timestampTo }) => timestampTo <= readTimestamp),
        ),
    )
    .map(({ segmentId }) => segmentId)
}

/** Decoded bytes of the insert logs, all groups together. */
export function memoryBytesOf({ binlogs }: Pick<SegmentMeta, 'binlogs'>): number {
  return sumOf(binlogs, ({ memorySize }) => memorySize)
}

export function sumOf(
  lists: readonly FieldBinlog[],
  sizeOf: (log: FieldBinlog['binlogs'][number]) => number,
): number {
  return lists.flatMap(({ binlogs }) => binlogs).reduce((sum, log) => sum + sizeOf(log), 0)
}

/** The error for a segment that is not as it was read. */
export function changedMeanwhile(segmentId: bigint): PackedError {
  const message = `Expected segment ${segmentId} as the compaction read it but somebody changed or dropped it meanwhile: nothing was compacted, try again`
  return new PackedError('Conflict', message)
}

function missing(what: string): PackedError {
  const message = `Expected a ${what} of the metadata store for compactSegments but it has none`
  return new PackedError('NotFound', message)
}

function notToCompact(
  id: bigint,
  segment: SegmentMeta | undefined,
  { collectionId, partitionId }: CompactSettings,
): PackedError {
  if (segment === undefined || segment.state === 'Dropped') {
    return missing(`segment ${id} in collection ${collectionId} that is not dropped`)
  }
  const received =
    segment.level === 'L0'
      ? 'an L0 segment, which only has deletes'
      : partitionId !== undefined && segment.partitionId !== partitionId
        ? `one of partition ${segment.partitionId}`
        : segment.state !== 'Flushed'
          ? `one that is ${segment.state}: it may still get rows`
          : 'one without rows'
  const message = `Expected a flushed segment for segmentIds but received ${id}, ${received}`
  return new PackedError('InvalidArgument', message)
}
