import type { PrimaryKeyStats } from '../binlog/index.js'
import { Bm25Stats } from '../data/index.js'
import { PackedError } from '../errors/index.js'
import type { FieldGroup } from '../schema/index.js'
import type { CachedSegment, SegmentLogs } from './cached-segment.js'
import type { ChannelPosition } from './position.js'
import type { SegmentState } from './segment-meta.js'

/** A change of a segment in a {@link MetaCache}. */
export type SegmentAction = (segment: CachedSegment) => CachedSegment

/** `rows` left the write buffer for a sync. */
export function startSyncing(rows: number): SegmentAction {
  return (segment) =>
    counted(segment, {
      bufferRows: segment.bufferRows - rows,
      syncingRows: segment.syncingRows + rows,
      syncingTasks: segment.syncingTasks + 1,
    })
}

/** A sync of `rows` is saved. */
export function finishSyncing(rows: number): SegmentAction {
  return (segment) =>
    counted(segment, {
      syncingRows: segment.syncingRows - rows,
      flushedRows: segment.flushedRows + rows,
      syncingTasks: segment.syncingTasks - 1,
    })
}

/** A sync of `rows` will not be saved: the reverse of {@link startSyncing}. */
export function abortSyncing(rows: number): SegmentAction {
  return (segment) =>
    counted(segment, {
      bufferRows: segment.bufferRows + rows,
      syncingRows: segment.syncingRows - rows,
      syncingTasks: segment.syncingTasks - 1,
    })
}

/** Set (not add) the rows in the write buffer. */
export function updateBufferedRows(bufferRows: number): SegmentAction {
  return (segment) => counted(segment, { bufferRows })
}

/** Set the rows that are saved. */
export function updateNumOfRows(flushedRows: number): SegmentAction {
  return (segment) => counted(segment, { flushedRows })
}

/** Set the state. */
export function updateState(state: SegmentState): SegmentAction {
  return (segment) => ({ ...segment, state })
}

/** Set how far the logs go. */
export function updateCheckpoint(checkpoint: ChannelPosition | undefined): SegmentAction {
  return (segment) => ({ ...segment, checkpoint })
}

/** Replace the lists of logs, those that are given. */
export function updateBinlogs(logs: Partial<SegmentLogs>): SegmentAction {
  return (segment) => ({ ...segment, ...logs })
}

/** Set the version of the manifest, `{"ver":…,"base_path":…}`. */
export function updateManifestPath(manifestPath: string): SegmentAction {
  return (segment) => ({ ...segment, manifestPath })
}

/** A StorageV2 segment without logs becomes one of StorageV3. */
export function useManifest(): SegmentAction {
  return (segment) => {
    const isNew = segment.binlogs.length + segment.statslogs.length + segment.deltalogs.length === 0
    return segment.storageVersion === 2 && isNew ? { ...segment, storageVersion: 3 } : segment
  }
}

/** Freeze the column groups of all later chunks. */
export function updateCurrentSplit(currentSplit: readonly FieldGroup[]): SegmentAction {
  return (segment) => ({ ...segment, currentSplit })
}

/** Add the statistics of chunks, oldest first. */
export function rollStats(...stats: readonly PrimaryKeyStats[]): SegmentAction {
  return (segment) => ({ ...segment, pkStats: [...segment.pkStats, ...stats] })
}

/** Add the BM25 statistics of a chunk, by sparse field; `stats` stay the caller's. */
export function mergeBm25Stats(stats: ReadonlyMap<bigint, Bm25Stats>): SegmentAction {
  return (segment) => {
    const bm25Stats = new Map(segment.bm25Stats)
    for (const [fieldId, added] of stats) {
      const sum = bm25Stats.get(fieldId) ?? new Bm25Stats()
      sum.merge(added)
      bm25Stats.set(fieldId, sum)
    }
    return { ...segment, bm25Stats }
  }
}

/** The metadata store knows the start position. */
export function setStartPosRecorded(startPosRecorded = true): SegmentAction {
  return (segment) => ({ ...segment, startPosRecorded })
}

/** Set where the first message was, unless that is known. */
export function setStartPositionIfNil(position: ChannelPosition): SegmentAction {
  return (segment) => ({ ...segment, startPosition: segment.startPosition ?? position })
}

/** Several changes as one. */
export function mergeActions(...actions: readonly SegmentAction[]): SegmentAction {
  return (segment) => actions.reduce((changed, action) => action(changed), segment)
}

type Counts = Pick<CachedSegment, 'flushedRows' | 'syncingRows' | 'bufferRows' | 'syncingTasks'>

/** With other counts; rows that were never there are a mistake of the caller. */
function counted(segment: CachedSegment, counts: Partial<Counts>): CachedSegment {
  for (const [name, count] of Object.entries(counts)) {
    if (Number.isSafeInteger(count) && count >= 0) continue
    const message = `Expected 0 or more for ${name} of segment ${segment.segmentId} but received ${count}`
    throw new PackedError('Internal', message)
  }
  const changed = { ...segment, ...counts }
  const { flushedRows, syncingRows, bufferRows } = changed
  return { ...changed, numOfRows: flushedRows + syncingRows + bufferRows }
}
