import { isPackedError } from '../../errors/index.js'
import { type StorageVersion, writeSidecar } from '../../segment/index.js'
import { reserveIds } from '../meta-counter.js'
import type { SegmentMeta } from '../segment-meta.js'
import { bucketsOf } from './buckets.js'
import {
  type CompactSegmentsOptions,
  type CompactSettings,
  resolveCompaction,
} from './compact-options.js'
import type {
  CompactionGroupReport,
  CompactionProgress,
  CompactionReport,
  CompactionTarget,
} from './compact-report.js'
import { type PlannedGroup, planCompaction } from './compaction-plan.js'
import { beginReport, rowsOf, sizesOf } from './group-sizes.js'
import { NewSegments, type NextId } from './new-segments.js'
import { sortedRows } from './sorted-rows.js'
import { SourceRows } from './source-rows.js'
import { expectFiles, type Swapped, swapSegments } from './swap-segments.js'

/** Ids taken from the store at a time. */
const IDS = 32

/**
 * Merge segments of a collection into fewer and larger ones: rows that are deleted at the read
 * timestamp are left out, all others stay with their RowID and timestamp, statistics are made
 * anew, ids are new.
 *
 * The segments of each partition and channel are one transaction of the metadata store: new
 * segments in, old ones `Dropped`. Before it, nobody sees anything new; whatever ends the run
 * earlier (a failure, the signal, a kill, a full disk) changes nothing, and files that it leaves
 * are orphans for `collectGarbage`. That removes those of the old segments, too, once they are
 * dropped as long as it is told to wait: readers that are under way still need them.
 *
 * Only whole (`Flushed`) segments are compacted, so workers may go on meanwhile. Deletes after the
 * read timestamp stay: in the L0 segment that has them, or as the new segment's own. An L0 segment
 * is dropped when no row is left that it may delete.
 *
 * Memory: one batch and the keys of one log; with `sort`, `sortBytes`.
 *
 * @throws PackedError NotFound, InvalidArgument (see `planCompaction`), Conflict (a segment was
 *   changed or dropped meanwhile), NotSupported (too many rows for `sortBytes`), what reading,
 *   writing and the store throw; the signal's reason when it is aborted. Groups that were done
 *   before stay done.
 * @example
 * const { groups } = await compactSegments({ catalog, storage, collectionId, sort: true })
 */
export async function compactSegments(options: CompactSegmentsOptions): Promise<CompactionReport> {
  const settings = await resolveCompaction(options)
  settings.signal?.throwIfAborted()
  const planned = await planCompaction(settings)
  const nextId = idsOf(settings)
  const groups: CompactionGroupReport[] = []
  for (const [index, group] of planned.entries()) {
    const rows = rowsOf(group.sources)
    const onProgress = (phase: CompactionProgress['phase'], rowsWritten: number): void =>
      settings.onProgress({ phase, group: index, groups: planned.length, rows, rowsWritten })
    const run = { group, settings, nextId, onProgress }
    groups.push(settings.dryRun ? await weigh(run) : await compactGroup(run))
  }
  return { dryRun: settings.dryRun, groups }
}

/** The compaction of one group. */
interface GroupRun {
  readonly group: PlannedGroup
  readonly settings: CompactSettings
  readonly nextId: NextId
  readonly onProgress: (phase: CompactionProgress['phase'], rowsWritten: number) => void
}

async function weigh({ group, settings, onProgress }: GroupRun): Promise<CompactionGroupReport> {
  onProgress('reading', 0)
  const rowsAfter = await new SourceRows(group.sources, settings).count()
  return { ...(await beginReport(group, settings)), rowsAfter, to: [], droppedDeletes: [] }
}

async function compactGroup(run: GroupRun): Promise<CompactionGroupReport> {
  const { group, settings, nextId, onProgress } = run
  // All of the report that has to be read, as after the swap nothing may fail.
  const report = await beginReport(group, settings)
  let rowsAfter = 0
  const onRows = (rows: number): void => {
    rowsAfter += rows
    onProgress('writing', rowsAfter)
  }
  const storageVersion = storageVersionOf(group, settings)
  const written = new NewSegments({ settings, group, nextId, storageVersion, onRows })
  let to: CompactionTarget[]
  try {
    for (const bucket of await bucketsOf(group, settings)) {
      const rows = new SourceRows(bucket.sources, settings)
      onProgress(settings.sort ? 'sorting' : 'reading', rowsAfter)
      const records = settings.sort ? sortedRows(rows, settings.sortBytes) : rows.records()
      await written.write(records, bucket)
    }
    await expectFiles(written.finished, settings)
    to = await Promise.all(written.finished.map((info) => sizesOf(info, settings)))
    onProgress('swapping', rowsAfter)
  } catch (error) {
    await written.remove()
    throw error
  }
  const { segments, droppedDeletes } = await swapOrRemove(written, run)
  if (settings.sidecar) await writeSidecars(segments, group, settings)
  return { ...report, rowsAfter, to, droppedDeletes }
}

/** What the store fails with may have happened all the same: then the files have to stay. */
async function swapOrRemove(written: NewSegments, { group, settings }: GroupRun): Promise<Swapped> {
  try {
    return await swapSegments(group, written.finished, settings)
  } catch (error) {
    if (isPackedError(error) && error.code === 'Conflict') await written.remove()
    throw error
  }
}

function storageVersionOf(
  { sources }: PlannedGroup,
  { storageVersion }: CompactSettings,
): StorageVersion {
  if (storageVersion !== undefined) return storageVersion
  const versions = sources.map(({ segment }) => segment.storageVersion)
  return ([3, 2] as const).find((version) => versions.includes(version)) ?? 0
}

/** A copy for people and tools, that nobody misses who has the metadata store. */
async function writeSidecars(
  segments: readonly SegmentMeta[],
  { schema }: PlannedGroup,
  { chunkManager, root }: CompactSettings,
): Promise<void> {
  for (const segment of segments) {
    await writeSidecar(chunkManager, root, { ...segment, schema }).catch(() => {})
  }
}

/** Ids from the allocator, or from the store itself. */
function idsOf({ allocator, catalog, signal }: CompactSettings): NextId {
  let { begin, end } = { begin: 0n, end: 0n }
  return async () => {
    if (begin === end) {
      const taken =
        allocator?.allocate(IDS, { signal }) ?? reserveIds(catalog.store, IDS, { signal })
      ;({ begin, end } = await taken)
    }
    return begin++
  }
}
