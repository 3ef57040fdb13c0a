import type { FieldBinlog } from '../binlog/index.js'
import type { FieldGroup } from '../schema/index.js'
import type { SegmentIds } from '../segment/index.js'
import type { ChannelPosition } from './position.js'
import type { SegmentLevel } from './segment-meta.js'

/** What a sync has written, as far as the metadata is to know it. */
export interface SyncFacts extends SegmentIds {
  readonly channelName: string
  readonly level: SegmentLevel
  /** Rows of this sync alone. */
  readonly batchRows: number
  readonly startPosition: ChannelPosition | undefined
  readonly checkpoint: ChannelPosition | undefined
  readonly isFlush: boolean
  readonly isDrop: boolean
  /** Logs of this sync alone, by field or group id. */
  readonly insertBinlogs: ReadonlyMap<bigint, FieldBinlog>
  readonly statsBinlogs: ReadonlyMap<bigint, FieldBinlog>
  readonly bm25Binlogs: ReadonlyMap<bigint, FieldBinlog>
  readonly deltaBinlog: FieldBinlog | undefined
  /** Of the segment; undefined where no rows of it were ever written, and in StorageV1. */
  readonly currentSplit: readonly FieldGroup[] | undefined
  /** Empty outside of manifest mode, and where the sync has changed nothing. */
  readonly manifestPath: string
}
