import type { FieldBinlog } from '../binlog/index.js'
import { expectObject } from '../config/index.js'
import { allFields, withSystemFields } from '../schema/index.js'
import type { LocatedSegment } from './locate-segment.js'
import type { SegmentIds, StorageVersion } from './segment-info.js'
import { spanOfLogs } from './time-span.js'

/** Sums over the logs of one list, or of several. */
export interface LogTotals {
  logs: number
  /** Rows, keys or deletes; 0 where nothing says it. */
  entries: number
  /** Bytes of the files. */
  logBytes: number
  /** Decoded Arrow bytes; 0 where nothing says it. */
  memoryBytes: number
}

/** One field (StorageV1) or column group (StorageV2). */
export interface GroupStats extends LogTotals {
  id: bigint
  /** Names of its fields where a schema is known, their ids otherwise. */
  fields: readonly string[]
  /** Nulls by field id, of the fields whose files or metadata say it. */
  nullCounts: ReadonlyMap<bigint, number>
}

/** What a segment is made of, by its metadata. */
export interface SegmentStats extends SegmentIds {
  storageVersion: StorageVersion
  source: 'sidecar' | 'files'
  rows: number
  /** Hybrid timestamps of the rows; undefined where the metadata does not say them. */
  timestampFrom: bigint | undefined
  timestampTo: bigint | undefined
  groups: GroupStats[]
  insert: LogTotals
  primaryKeyStats: LogTotals
  bm25Stats: LogTotals
  deletes: LogTotals
  l0Deletes: LogTotals
}

/** Sum up the metadata of a segment; no file is read. @throws PackedError InvalidArgument. */
export function segmentStats(segment: LocatedSegment): SegmentStats {
  expectObject(segment, 'segment')
  const { collectionId, partitionId, segmentId, storageVersion, source, numRows } = segment
  const names = fieldNames(segment)
  const logs = segment.binlogs.flatMap(({ binlogs }) => binlogs)
  const span = spanOfLogs(logs)
  const groups = segment.binlogs.map((list): GroupStats => {
    const ids = list.childFields.length > 0 ? list.childFields : [list.fieldId]
    return {
      id: list.fieldId,
      fields: ids.map((id) => names.get(id) ?? String(id)),
      nullCounts: nullCountsOf(list),
      ...totalsOf([list]),
    }
  })
  return {
    ...{ collectionId, partitionId, segmentId, storageVersion, source, rows: numRows },
    timestampFrom: span?.from,
    timestampTo: span?.to,
    groups,
    insert: totalsOf(segment.binlogs),
    primaryKeyStats: totalsOf(segment.statslogs),
    bm25Stats: totalsOf(segment.bm25logs),
    deletes: totalsOf(segment.deltalogs),
    l0Deletes: totalsOf(segment.l0Deltalogs),
  }
}

function fieldNames({ schema }: LocatedSegment): ReadonlyMap<bigint, string> {
  const fields = schema === undefined ? [] : allFields(withSystemFields(schema))
  return new Map(fields.map(({ fieldId, name }) => [fieldId, name]))
}

function totalsOf(lists: readonly FieldBinlog[]): LogTotals {
  const totals = { logs: 0, entries: 0, logBytes: 0, memoryBytes: 0 }
  for (const log of lists.flatMap(({ binlogs }) => binlogs)) {
    totals.logs += 1
    totals.entries += log.entriesNum
    totals.logBytes += log.logSize
    totals.memoryBytes += log.memorySize
  }
  return totals
}

function nullCountsOf({ binlogs }: FieldBinlog): Map<bigint, number> {
  const counts = new Map<bigint, number>()
  for (const { fieldNullCounts } of binlogs) {
    for (const [id, nulls] of fieldNullCounts) counts.set(id, (counts.get(id) ?? 0) + nulls)
  }
  return counts
}
