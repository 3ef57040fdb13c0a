import { parseManifestPath } from '../../binlog/index.js'
import { DeleteData } from '../../data/index.js'
import type { QuantizedField } from '../../packed/index.js'
import { type ArrowRecord, recordBytes, SimpleArrowRecord } from '../../schema/index.js'
import { type SegmentInfo, SegmentWriter, type StorageVersion } from '../../segment/index.js'
import type { Bucket } from './buckets.js'
import type { CompactSettings } from './compact-options.js'
import type { PlannedGroup } from './compaction-plan.js'
import { ManifestSegment } from './manifest-segment.js'

/** Gives ids one by one. */
export type NextId = () => Promise<bigint>

/** What {@link NewSegments} works with. */
export interface NewSegmentsOptions {
  readonly settings: CompactSettings
  readonly group: PlannedGroup
  readonly nextId: NextId
  readonly storageVersion: StorageVersion
  readonly onRows: (rows: number) => void
}

/** Writes one new segment; whatever fails, `abort` comes after it. */
type OneSegment = Pick<SegmentWriter, 'numRows' | 'write' | 'writeDeletes' | 'finish' | 'abort'>

/**
 * Writes rows to new segments, the next one when `maxRows` or `maxBytes` is reached. Nobody reads
 * them before the metadata names them.
 */
export class NewSegments {
  readonly #options: NewSegmentsOptions
  readonly #finished: SegmentInfo[] = []
  #deletes = new DeleteData()
  #quantized: readonly QuantizedField[] = []
  #writer: OneSegment | undefined
  #bytes = 0

  constructor(options: NewSegmentsOptions) {
    this.#options = options
  }

  get finished(): readonly SegmentInfo[] {
    return this.#finished
  }

  /** Write rows to segments of their own, which have `deletes` as their own, too. */
  async write(
    records: AsyncIterable<ArrowRecord>,
    { deletes, quantized }: Pick<Bucket, 'deletes' | 'quantized'>,
  ): Promise<void> {
    this.#deletes = deletes
    this.#quantized = quantized
    for await (const record of records) await this.#add(record)
    await this.#finish()
  }

  /** Remove everything; never fails: what stays is an orphan that `collectGarbage` finds. */
  async remove(): Promise<void> {
    await this.#writer?.abort()
    for (const segment of this.#finished) await this.#removeOne(segment)
  }

  async #add(record: ArrowRecord): Promise<void> {
    const { maxRows, maxBytes } = this.#options.settings
    let bytes = 0
    for (const size of recordBytes(record).values()) bytes += size
    const bytesPerRow = bytes / record.numRows
    for (let from = 0; from < record.numRows; ) {
      this.#writer ??= await this.#open()
      const writer = this.#writer
      const ofBytes = Math.floor((maxBytes - this.#bytes) / bytesPerRow)
      const least = writer.numRows === 0 ? 1 : 0
      const room = Math.max(least, Math.min(maxRows - writer.numRows, ofBytes))
      const rows = Math.min(room, record.numRows - from)
      if (rows > 0) await writer.write(sliceOf(record, from, rows))
      this.#options.onRows(rows)
      this.#bytes += rows * bytesPerRow
      from += rows
      if (from < record.numRows) await this.#finish()
    }
  }

  async #removeOne(segment: SegmentInfo): Promise<void> {
    const { chunkManager } = this.#options.settings
    const base = parseManifestPath(segment.manifestPath ?? '')?.basePath
    const removing =
      base === undefined
        ? chunkManager.multiRemove(pathsOf(segment))
        : chunkManager.removeWithPrefix(`${base}/`)
    await removing.catch(() => {})
  }

  async #open(): Promise<OneSegment> {
    const { settings, group, nextId, storageVersion } = this.#options
    const { chunkManager, root, chunkBytes, bloomFilter, encryption, signal } = settings
    this.#bytes = 0
    const segmentId = await nextId()
    if (storageVersion === 3) return new ManifestSegment(segmentId, this.#options, this.#quantized)
    return new SegmentWriter({
      schema: group.schema,
      chunkManager,
      root,
      ids: {
        collectionId: group.collectionId,
        partitionId: group.partitionId,
        segmentId,
      },
      allocateId: nextId,
      storageVersion,
      quantized: this.#quantized,
      chunkBytes,
      // The sidecar of a segment that nobody knows would tell of one that is none.
      sidecar: false,
      ...(bloomFilter === undefined ? {} : { bloomFilter }),
      ...(encryption === undefined ? {} : { encryption }),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  async #finish(): Promise<void> {
    const writer = this.#writer
    if (writer === undefined) return
    await writer.writeDeletes(this.#deletes)
    this.#finished.push(await writer.finish())
    this.#writer = undefined
  }
}

function sliceOf(record: ArrowRecord, from: number, rows: number): ArrowRecord {
  if (rows === record.numRows) return record
  return new SimpleArrowRecord(record.toBatch().slice(from, from + rows))
}

/** Keys of all logs. */
export function pathsOf({ binlogs, statslogs, bm25logs, deltalogs }: SegmentInfo): string[] {
  return [binlogs, statslogs, bm25logs, deltalogs]
    .flat()
    .flatMap((list) => list.binlogs.map(({ logPath }) => logPath))
}
