import type { FieldBinlog } from '../binlog/index.js'
import { sortedByField } from '../binlog/index.js'
import { expectObject, expectOptions } from '../config/index.js'
import type { CachedSegment } from './cached-segment.js'
import type { MetaCache } from './meta-cache.js'
import { metaFailureOf } from './meta-failure.js'
import type { MetaWriter, SaveBinlogPathsRequest, SegmentStart } from './meta-writer.js'
import type { ChannelPosition } from './position.js'
import { type RetryOptions, resolveRetry, retrying } from './retry.js'
import { setStartPosRecorded, updateBinlogs } from './segment-actions.js'
import { startPosNotRecorded, withIds, withLevel, withState } from './segment-filters.js'
import { classifySyncError, segmentNotFound } from './sync-error.js'
import type { SyncFacts } from './sync-facts.js'

/** Milvus's budget. */
const RETRY = { maxAttempts: 10, initialDelayMs: 100, maxDelayMs: 1000 }

const OPTIONS = ['facts', 'metaCache', 'metaWriter', 'retry', 'signal'] as const

/** What {@link updateSync} is told. */
export interface UpdateSyncOptions {
  /** What the sync has written. */
  readonly facts: SyncFacts
  /** Has the segment and is changed after the store. */
  readonly metaCache: MetaCache
  /** Who keeps the metadata. */
  readonly metaWriter: MetaWriter
  /** 10 attempts with pauses from 0.1 s to 1 s by default. */
  readonly retry?: RetryOptions | undefined
  /** Aborting rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Save what a sync wrote, then have the cache know its logs: in this order, so that what the cache
 * says is saved.
 *
 * That the store does not know the segment or the channel (any more) is success: they were
 * dropped, and so is what was written for them.
 *
 * @throws PackedError NotFound (a segment that the cache does not have), Conflict (misrouted; not
 *   tried again), and what the last attempt failed with; the signal's reason.
 */
export async function updateSync(options: UpdateSyncOptions): Promise<void> {
  const { facts, metaCache, metaWriter, signal } = expectOptions(options, OPTIONS, 'updateSync')
  expectObject(facts, 'options.facts')
  const request = requestOf(facts, metaCache)
  const retry = resolveRetry(options.retry, 'retry', RETRY)
  const shouldRetry = (error: unknown): boolean =>
    metaFailureOf(error) === undefined && classifySyncError(error, signal) === 'retry'
  try {
    await retrying({ retry, signal, shouldRetry }, () =>
      metaWriter.saveBinlogPaths(request, { signal }),
    )
  } catch (error) {
    const failure = metaFailureOf(error)
    if (failure === undefined || failure === 'misrouted') throw error
  }
  const started = request.startPositions.map(({ segmentId }) => segmentId)
  metaCache.updateSegments(setStartPosRecorded(), withIds(...started))
  metaCache.updateSegments(
    updateBinlogs({
      binlogs: request.field2BinlogPaths,
      statslogs: request.field2StatslogPaths,
      bm25logs: request.field2Bm25logPaths,
      deltalogs: request.deltalogs,
    }),
    withIds(facts.segmentId),
  )
}

/** @throws PackedError NotFound. */
function requestOf(facts: SyncFacts, metaCache: MetaCache): SaveBinlogPathsRequest {
  const { collectionId, partitionId, segmentId, channelName, level } = facts
  const segment = metaCache.getSegment(segmentId)
  if (segment === undefined) throw segmentNotFound(segmentId, channelName)
  return {
    collectionId,
    partitionId,
    segmentId,
    channelName,
    level,
    storageVersion: segment.storageVersion,
    field2BinlogPaths: withNew(segment.binlogs, facts.insertBinlogs.values()),
    field2StatslogPaths: withNew(segment.statslogs, facts.statsBinlogs.values()),
    field2Bm25logPaths: withNew(segment.bm25logs, facts.bm25Binlogs.values()),
    deltalogs: withNew(segment.deltalogs, facts.deltaBinlog ? [facts.deltaBinlog] : []),
    withFullBinlogs: true,
    checkPoints: [
      {
        segmentId,
        numOfRows: segment.flushedRows + facts.batchRows,
        position: facts.checkpoint ?? segment.checkpoint ?? originOf(channelName),
      },
    ],
    startPositions: startsOf(facts, segment, metaCache),
    flushed: facts.isFlush,
    dropped: facts.isDrop,
    currentSplit: facts.currentSplit ?? segment.currentSplit,
    manifestPath: facts.manifestPath || segment.manifestPath,
  }
}

/** Known lists and what is new of every field, the newest log last. */
function withNew(known: readonly FieldBinlog[], added: Iterable<FieldBinlog>): FieldBinlog[] {
  const lists = new Map(known.map((list) => [list.fieldId, list]))
  for (const list of added) {
    if (list.binlogs.length === 0) continue
    const before = lists.get(list.fieldId)?.binlogs ?? []
    lists.set(list.fieldId, { ...list, binlogs: [...before, ...list.binlogs] })
  }
  return sortedByField([...lists.values()])
}

/** Starts that nobody has saved yet: of segments with rows, and of the sync's own. */
function startsOf(facts: SyncFacts, own: CachedSegment, metaCache: MetaCache): SegmentStart[] {
  const waiting = metaCache.getSegments(
    withLevel('L1'),
    withState('Growing', 'Sealed', 'Flushing'),
    startPosNotRecorded(),
  )
  const starts = new Map(waiting.map((segment) => [segment.segmentId, segment.startPosition]))
  if (facts.level === 'L0' && !own.startPosRecorded) {
    starts.set(own.segmentId, own.startPosition ?? facts.startPosition)
  }
  return [...starts].flatMap(([segmentId, startPosition]) =>
    startPosition === undefined ? [] : [{ segmentId, startPosition }],
  )
}

/** Before every message. */
function originOf(channelName: string): ChannelPosition {
  return { channelName, messageId: 0n, timestamp: 0n }
}
