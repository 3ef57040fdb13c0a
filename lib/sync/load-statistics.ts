import {
  type Binlog,
  type FieldBinlog,
  logIdOf,
  type PrimaryKeyStats,
  parsePrimaryKeyStats,
  readBm25Log,
} from '../binlog/index.js'
import { expectObject } from '../config/index.js'
import { Bm25Stats } from '../data/index.js'
import { listsOfManifest, MERGED_LOG_ID, manifestOfSegment } from '../segment/index.js'
import {
  type ChunkManager,
  type ChunkOptions,
  expectChunkManager,
  mapBounded,
} from '../storage/index.js'
import type { SegmentMeta } from './segment-meta.js'

/** The statistics of all saved chunks of a segment. */
export interface SegmentStatistics {
  /** Oldest first. */
  readonly pkStats: PrimaryKeyStats[]
  /** By sparse field. */
  readonly bm25: Map<bigint, Bm25Stats>
}

/** Files that are read at a time. */
const MOST_READS = 8

/**
 * Read the statistics that a segment has in its files, by its manifest where it has one, so that a worker that starts again can
 * merge them with those of the chunks to come.
 *
 * @throws PackedError FileCorrupted, NotSupported, and what the chunk manager throws.
 */
export async function loadStatistics(
  segment: Pick<SegmentMeta, 'statslogs' | 'bm25logs'> & Partial<Pick<SegmentMeta, 'manifestPath'>>,
  chunkManager: ChunkManager,
  options: ChunkOptions = {},
): Promise<SegmentStatistics> {
  expectObject(segment, 'segment')
  expectChunkManager(chunkManager, 'chunkManager')
  const found = await manifestOfSegment(segment, chunkManager, options)
  const { statslogs, bm25logs } = found === undefined ? segment : listsOfManifest(found.manifest)
  const pkStats = await mapBounded(statslogs.flatMap(ofChunks), MOST_READS, async ({ logPath }) =>
    parsePrimaryKeyStats(await chunkManager.read(logPath, options)),
  )
  const bm25 = new Map<bigint, Bm25Stats>()
  for (const list of bm25logs) {
    const sum = bm25.get(list.fieldId) ?? new Bm25Stats()
    const read = ({ logPath }: Binlog) => readBm25Log(chunkManager, logPath, options)
    for (const stats of await mapBounded(ofChunks(list), MOST_READS, read)) sum.merge(stats)
    bm25.set(list.fieldId, sum)
  }
  return { pkStats: pkStats.flat(), bm25 }
}

/** The logs of single chunks; the merged one where there are no others. */
function ofChunks({ binlogs }: FieldBinlog): readonly Binlog[] {
  const single = binlogs.filter((log) => logIdOf(log) !== MERGED_LOG_ID)
  return single.length > 0 ? single : binlogs
}
