import { buildManifestPath, buildSegmentBasePath } from '../../binlog/index.js'
import type { DeleteData } from '../../data/index.js'
import { ManifestTransaction } from '../../manifest/index.js'
import type { QuantizedField } from '../../packed/index.js'
import type { ArrowRecord } from '../../schema/index.js'
import type { SegmentIds, SegmentInfo } from '../../segment/index.js'
import type { CompactSettings } from './compact-options.js'
import type { PlannedGroup } from './compaction-plan.js'
import { ManifestFiles } from './manifest-files.js'
import type { NextId } from './new-segments.js'

/**
 * Writes a new StorageV3 segment: a folder of its own, and version 1 of its manifest.
 *
 * A manifest of a segment that the metadata does not know is nobody's garbage: it might be another
 * store's. So the segment is made known before it has one, as dropped at once.
 */
export class ManifestSegment {
  readonly #ids: SegmentIds
  readonly #basePath: string
  readonly #group: PlannedGroup
  readonly #settings: CompactSettings
  readonly #files: ManifestFiles

  constructor(
    segmentId: bigint,
    { group, settings, nextId }: { group: PlannedGroup; settings: CompactSettings; nextId: NextId },
    quantized: readonly QuantizedField[],
  ) {
    const { collectionId, partitionId, schema } = group
    this.#ids = { collectionId, partitionId, segmentId }
    this.#basePath = buildSegmentBasePath(settings.root, collectionId, partitionId, segmentId)
    this.#group = group
    this.#settings = settings
    const { basePath, ids } = { basePath: this.#basePath, ids: this.#ids }
    this.#files = new ManifestFiles({ ...settings, basePath, schema, ids, nextId, quantized })
  }

  get numRows(): number {
    return this.#files.numRows
  }

  write(record: ArrowRecord): Promise<void> {
    return this.#files.write(record)
  }

  writeDeletes(deletes: DeleteData): Promise<void> {
    return this.#files.writeDeletes(deletes)
  }

  async finish(): Promise<SegmentInfo> {
    const { catalog, chunkManager, signal } = this.#settings
    const files = await this.#files.finish()
    const { numRows, columnGroups, stats, deltaLogs, binlogs, deltalogs } = files
    const info: SegmentInfo = {
      ...this.#ids,
      storageVersion: 3,
      schema: this.#group.schema,
      numRows,
      binlogs,
      statslogs: [],
      bm25logs: [],
      deltalogs,
      manifestPath: buildManifestPath({ version: 1, basePath: this.#basePath }),
    }
    await catalog.addSegment(
      {
        ...info,
        channelName: this.#group.channelName,
        state: 'Dropped',
        level: 'L1',
        startPosition: undefined,
        checkpoint: undefined,
        currentSplit: undefined,
        manifestPath: info.manifestPath!,
        droppedAtMs: Date.now(),
      },
      { signal },
    )
    const transaction = await ManifestTransaction.open({
      chunkManager,
      basePath: this.#basePath,
      version: 0,
      // The number of the folder is nobody else's.
      singleWriter: true,
      signal,
    })
    for (const group of columnGroups) transaction.addColumnGroup(group)
    for (const log of deltaLogs) transaction.addDeltaLog(log)
    for (const [key, statistics] of Object.entries(stats)) {
      transaction.updateStatistics(key, statistics)
    }
    await transaction.commit({ signal })
    return info
  }

  /** Never fails; what was published is removed, too. */
  async abort(): Promise<void> {
    await this.#files.remove()
    await this.#settings.chunkManager.removeWithPrefix(`${this.#basePath}/`).catch(() => {})
  }
}
