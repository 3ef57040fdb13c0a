import { type Binlog, readDeleteLog } from '../../binlog/index.js'
import { DeleteData } from '../../data/index.js'
import type { QuantizedField } from '../../packed/index.js'
import { type ArrowRecord, primaryKeyField, SimpleArrowRecord } from '../../schema/index.js'
import {
  listsOfManifest,
  manifestOfSegment,
  quantizedColumns,
  SegmentReader,
  type SegmentReaderOptions,
} from '../../segment/index.js'
import type { SegmentToRead } from '../segments-to-read.js'
import type { CompactSettings } from './compact-options.js'
import { memoryBytesOf, type PlannedSegment } from './compaction-plan.js'
import type { RereadableRows } from './sorted-rows.js'

/** What the rows of a segment are found by. */
export type SourceSegment = Pick<
  SegmentToRead,
  'schema' | 'numRows' | 'binlogs' | 'deltalogs' | 'l0Deltalogs' | 'manifestPath'
>

/** How they are read. */
export type SourceSettings = Pick<
  CompactSettings,
  'chunkManager' | 'readTimestamp' | 'decryptor' | 'keyRetriever' | 'signal'
>

/** The rows of some segments that a compaction keeps: all but the deleted ones. */
export class SourceRows implements RereadableRows {
  readonly bytesPerRow: number
  readonly #sources: readonly { readonly segment: SourceSegment }[]
  readonly #settings: SourceSettings

  constructor(sources: readonly { readonly segment: SourceSegment }[], settings: SourceSettings) {
    this.#sources = sources
    this.#settings = settings
    const rows = sources.reduce((sum, { segment }) => sum + segment.numRows, 0)
    const bytes = sources.reduce((sum, { segment }) => sum + memoryBytesOf(segment), 0)
    this.bytesPerRow = bytes / rows
  }

  /** With system fields, and the fields of the collection's newest schema. */
  records(): AsyncGenerator<ArrowRecord, void> {
    return this.#read({ systemFields: true })
  }

  async *keys() {
    const { fieldId } = primaryKeyField(this.#sources[0]!.segment.schema)
    for await (const record of this.#read({ columns: [fieldId] })) yield record.column(fieldId)!
  }

  async count(): Promise<number> {
    let rows = 0
    for await (const { length } of this.keys()) rows += length
    return rows
  }

  /** Every record is there until the next one is asked for. */
  async *#read(
    what: Pick<SegmentReaderOptions, 'columns' | 'systemFields'>,
  ): AsyncGenerator<ArrowRecord, void> {
    for (const { segment } of this.#sources) {
      const reader = await SegmentReader.open({
        ...readerOptions(segment, this.#settings),
        ...what,
        releasePrevious: true,
      })
      try {
        for await (const batch of reader) yield new SimpleArrowRecord(batch)
      } finally {
        await reader.close()
      }
    }
  }
}

function readerOptions(
  { schema, binlogs, deltalogs, l0Deltalogs, manifestPath }: SourceSegment,
  { chunkManager, readTimestamp, decryptor, keyRetriever, signal }: SourceSettings,
): SegmentReaderOptions {
  return {
    schema,
    binlogs,
    deltalogs,
    l0Deltalogs,
    manifestPath,
    chunkManager,
    deletesUpTo: readTimestamp,
    ...(decryptor === undefined ? {} : { decryptor }),
    ...(keyRetriever === undefined ? {} : { keyRetriever }),
    ...(signal === undefined ? {} : { signal }),
  }
}

/** What the files of a segment say of fields whose rows are codes of vectors. */
export function quantizedIn(
  segment: SourceSegment,
  settings: SourceSettings,
): Promise<QuantizedField[]> {
  return quantizedColumns(readerOptions(segment, settings))
}

/** The deletes of a segment's own logs that are younger than the read timestamp. */
export async function laterDeletes(
  { segment }: PlannedSegment,
  { chunkManager, readTimestamp, decryptor, keyRetriever, signal }: CompactSettings,
): Promise<DeleteData> {
  const later = new DeleteData()
  const found = await manifestOfSegment(segment, chunkManager, { signal })
  const { deltalogs } = found === undefined ? segment : listsOfManifest(found.manifest)
  // The logs of a manifest do not say it.
  const isLater = ({ timestampTo }: Binlog): boolean =>
    timestampTo === 0n || timestampTo > readTimestamp
  for (const log of deltalogs.flatMap(({ binlogs }) => binlogs).filter(isLater)) {
    const options = { decryptor, keyRetriever, signal }
    const { keys, timestamps } = await readDeleteLog(chunkManager, log.logPath, options)
    timestamps.forEach((timestamp, index) => {
      if (timestamp > readTimestamp) later.append(keys[index]!, timestamp)
    })
  }
  return later
}
