/**
 * Why a segment is compacted: `small` (others of its partition are, too), `logs` (it is in many
 * small ones), `deletes` (some may concern its rows), `unsorted`, `given` (by its id).
 */
export type CompactionReason = 'small' | 'logs' | 'deletes' | 'unsorted' | 'given'

/** A segment that goes into a compaction. */
export interface CompactionSource {
  readonly segmentId: bigint
  readonly reasons: readonly CompactionReason[]
  /** Deleted ones included. */
  readonly rows: number
  /** Insert logs. */
  readonly logs: number
  /** Of their files. */
  readonly bytes: number
}

/** A segment that came out. */
export interface CompactionTarget {
  readonly segmentId: bigint
  readonly rows: number
  readonly logs: number
  readonly bytes: number
}

/** The segments of one partition and channel that others took the place of, by one transaction. */
export interface CompactionGroupReport {
  readonly collectionId: bigint
  readonly partitionId: bigint
  readonly channelName: string
  readonly from: readonly CompactionSource[]
  /** None after a dry run, and where no row is left. */
  readonly to: readonly CompactionTarget[]
  readonly rowsBefore: number
  /** Those that are not deleted at the read timestamp. */
  readonly rowsAfter: number
  /** L0 segments whose deletes no row is left for: dropped. None after a dry run. */
  readonly droppedDeletes: readonly bigint[]
}

/** What {@link compactSegments} did, or would do. */
export interface CompactionReport {
  readonly dryRun: boolean
  readonly groups: readonly CompactionGroupReport[]
}

/** Where a compaction is. */
export interface CompactionProgress {
  readonly phase: 'reading' | 'sorting' | 'writing' | 'swapping'
  /** Groups that are done, of how many. */
  readonly group: number
  readonly groups: number
  /** Of the group: rows of its segments, and rows written so far. */
  readonly rows: number
  readonly rowsWritten: number
}
