import { PackedError } from '../../errors/index.js'
import { manifestKey, namedPaths } from '../../manifest/index.js'
import { manifestOfSegment, type SegmentInfo } from '../../segment/index.js'
import { mapBounded } from '../../storage/index.js'
import { segmentHomePut } from '../meta-catalog.js'
import { SEGMENT } from '../meta-json.js'
import { KEYS } from '../meta-records.js'
import type { MetaTransaction } from '../meta-store.js'
import type { ChannelPosition } from '../position.js'
import type { ChannelMeta, SegmentMeta } from '../segment-meta.js'
import { mayDeleteIn } from '../segments-to-read.js'
import type { CompactSettings } from './compact-options.js'
import { changedMeanwhile, type PlannedGroup } from './compaction-plan.js'
import { pathsOf } from './new-segments.js'

const MOST_LOOKS = 16

/** What a swap did. */
export interface Swapped {
  readonly segments: readonly SegmentMeta[]
  /** L0 segments that were dropped with the old segments. */
  readonly droppedDeletes: readonly bigint[]
}

/**
 * Put new segments in the place of old ones, by one transaction: readers of the metadata see all
 * of them, or none. L0 segments go with them where no row is left that they may delete.
 *
 * @throws PackedError Conflict: an old segment or the channel is not as it was; then nothing was
 *   changed. What the store throws: then it may have been.
 */
export async function swapSegments(
  group: PlannedGroup,
  written: readonly SegmentInfo[],
  settings: CompactSettings,
): Promise<Swapped> {
  const segments = written.map((info) => metaOf(info, group, settings))
  const { catalog } = settings
  // Not with the signal: whether an aborted transaction happens is open, and the files have to stay.
  return catalog.records.change(async () => {
    const expect: { key: string; version: number }[] = []
    const put: { key: string; value: Uint8Array }[] = []
    const drop = (segment: SegmentMeta, version: number): void => {
      const key = KEYS.segment(segment.collectionId, segment.segmentId)
      expect.push({ key, version })
      const dropped = { ...segment, state: 'Dropped' as const, droppedAtMs: Date.now() }
      put.push({ key, value: SEGMENT.encode(dropped) })
    }
    for (const { segment, version } of group.sources) {
      const now = await catalog.records.segment(segment)
      if (now.version !== version) throw changedMeanwhile(segment.segmentId)
      drop(now.record!, version)
    }
    const deletes = await spentDeletes(group, settings)
    for (const { segment, version } of deletes) drop(segment, version)
    for (const meta of segments) {
      // Of StorageV3 it is there already, as dropped.
      const { key, version } = await catalog.records.segment(meta)
      put.push({ key, value: SEGMENT.encode(meta) }, segmentHomePut(meta))
      expect.push({ key, version })
    }
    const transaction: MetaTransaction = { expect, put }
    const droppedDeletes = deletes.map(({ segment }) => segment.segmentId)
    return { transaction, result: { segments, droppedDeletes } }
  })
}

/**
 * A garbage collection takes files for orphans that are older than it was told, and not named.
 *
 * @throws PackedError Conflict naming the file that is gone; the signal's reason.
 */
export async function expectFiles(
  written: readonly SegmentInfo[],
  settings: CompactSettings,
): Promise<void> {
  const paths = await Promise.all(written.map((info) => filesOf(info, settings)))
  const { chunkManager, signal } = settings
  await mapBounded(paths.flat(), MOST_LOOKS, async (path) => {
    if (await chunkManager.exist(path, { signal })) return
    const message = `Expected the new file ${path} for the swap but it is gone: a garbage collection of files younger than this compaction removed it`
    throw new PackedError('Conflict', message, { path })
  })
  signal?.throwIfAborted()
}

async function filesOf(
  info: SegmentInfo,
  { chunkManager, signal }: CompactSettings,
): Promise<string[]> {
  const found = await manifestOfSegment(info, chunkManager, { signal })
  if (found === undefined) return pathsOf(info)
  return [...namedPaths(found.manifest), manifestKey(found.basePath, found.version)]
}

function metaOf(info: SegmentInfo, group: PlannedGroup, settings: CompactSettings): SegmentMeta {
  const sources = group.sources.map(({ segment }) => segment)
  return {
    ...info,
    schema: undefined,
    channelName: group.channelName,
    state: 'Flushed',
    level: 'L1',
    startPosition: extreme(sources, 'startPosition', (left, right) => left < right),
    checkpoint: extreme(sources, 'checkpoint', (left, right) => left > right),
    currentSplit: undefined,
    manifestPath: info.manifestPath ?? '',
    isSorted: settings.sort,
    compactionFrom: sources.map(({ segmentId }) => segmentId),
    appliedDeletes: group.appliedDeletes,
  }
}

function extreme(
  segments: readonly SegmentMeta[],
  name: 'startPosition' | 'checkpoint',
  isBetter: (left: bigint, right: bigint) => boolean,
): ChannelPosition | undefined {
  let best: ChannelPosition | undefined
  for (const { [name]: position } of segments) {
    if (position === undefined) continue
    if (best === undefined || isBetter(position.messageId, best.messageId)) best = position
  }
  return best
}

/**
 * L0 segments that no row is left for: every segment that may have one is compacted, and rows that
 * are in no segment yet are younger.
 *
 * @throws PackedError Conflict: the channel was dropped.
 */
async function spentDeletes(
  { collectionId, channelName, sources, appliedDeletes }: PlannedGroup,
  { catalog }: CompactSettings,
): Promise<{ segment: SegmentMeta; version: number }[]> {
  const channel = (await catalog.records.channel(channelName)).record
  if (channel?.dropped) throw changedMeanwhile(sources[0]!.segment.segmentId)
  const compacted = new Set(sources.map(({ segment }) => segment.segmentId))
  const others = (await catalog.segments({ collectionId })).filter(
    ({ level, state, segmentId }) =>
      level === 'L1' && state !== 'Dropped' && !compacted.has(segmentId),
  )
  const spent: { segment: SegmentMeta; version: number }[] = []
  for (const segmentId of appliedDeletes) {
    const { record, version } = await catalog.records.segment({ collectionId, segmentId })
    if (record?.state !== 'Flushed' || !areRowsSaved(channel, record)) continue
    if (others.some((segment) => mayDeleteIn(record, segment) && mayHit(record, segment))) continue
    spent.push({ segment: record, version })
  }
  return spent
}

/** Every row that was there when the last delete came is in a segment. */
function areRowsSaved(channel: ChannelMeta | undefined, { checkpoint }: SegmentMeta): boolean {
  return (channel?.checkpoint?.messageId ?? 0n) >= (checkpoint?.messageId ?? 0n)
}

/** False where every row is as young as the last delete. */
function mayHit(deletes: SegmentMeta, { binlogs }: SegmentMeta): boolean {
  const last = deletes.deltalogs.flatMap((list) =>
    list.binlogs.map(({ timestampTo }) => timestampTo),
  )
  return binlogs.some((list) =>
    list.binlogs.some(({ timestampFrom }) => last.some((timestamp) => timestampFrom <= timestamp)),
  )
}
