import { readDeleteLog } from '../binlog/index.js'
import { expectId, expectKnownKeys, expectObject } from '../config/index.js'
import { DeleteData } from '../data/index.js'
import { PackedError } from '../errors/index.js'
import { type CollectionSchema, SimpleArrowRecord, withSystemFields } from '../schema/index.js'
import { type ChunkManager, type ChunkPlace, chunkManagerAt } from '../storage/index.js'
import type { LocatedSegment } from './locate-segment.js'
import { quantizedColumns } from './quantized-columns.js'
import type { LogStorageVersion, SegmentInfo } from './segment-info.js'
import { rowCounter, type SegmentProgress } from './segment-progress.js'
import { SegmentReader } from './segment-reader.js'
import type { SegmentReaderOptions } from './segment-reader-options.js'
import { SegmentWriter } from './segment-writer.js'
import type { SegmentWriterOptions } from './segment-writer-options.js'

/** Options of {@link convertSegment}. */
export interface ConvertSegmentOptions
  extends Pick<SegmentReaderOptions, 'decryptor' | 'keyRetriever' | 'signal'>,
    Pick<SegmentWriterOptions, 'groups' | 'bloomFilter' | 'encryption' | 'chunkBytes'> {
  /** The segment as `locateSegment` gives it, and where it is. */
  source: ChunkPlace & { segment: LocatedSegment }
  /** The segment's own if absent. */
  schema?: CollectionSchema
  /** Where the new segment goes: another tree, or the same one under another number. */
  target: ChunkPlace & { root?: string }
  /** 2 (default): column groups. 0: one binlog per field. */
  storageVersion?: LogStorageVersion
  /** Number of the new segment; the old one's if absent. */
  segmentId?: bigint | number
  /** New logs are numbered from it on; by the clock, as Milvus's own, if absent. */
  firstLogId?: bigint | number
  /** Called behind each batch that is written; an exception of it ends the conversion. */
  onProgress?: (progress: SegmentProgress) => void
}

/** A conversion in progress. */
interface Conversion extends ConvertSegmentOptions {
  /** Where the logs of the source are. */
  from: ChunkManager
}

const KNOWN = [
  'source',
  'schema',
  'target',
  'storageVersion',
  'segmentId',
  'firstLogId',
  'decryptor',
  'keyRetriever',
  'signal',
  'onProgress',
  'groups',
  'bloomFilter',
  'encryption',
  'chunkBytes',
]
/** StorageV1 files are made in memory: chunks as large as Milvus makes them. */
const V1_CHUNK_BYTES = 64 << 20

/**
 * Rewrite a segment in the other storage version, or in fresh column groups.
 *
 * Every row stays, deleted ones included, and so do the segment's own delete logs; deletes of L0
 * segments are not its own and stay where they are. Quantized vectors stay codes, and say so again,
 * where the schema has them as Int8Vector. Statistics are made anew. Memory is bounded:
 * rows stream through, keys are held for one chunk, deletes for one log.
 *
 * @throws PackedError AlreadyExists (a log of the new number is there), InvalidData (not as many
 *   rows as the metadata has), NotSupported (codes of vectors to StorageV1; codes that are not
 *   decoded alike), InvalidSchema (no field for scales), and what reading and writing throw; then nothing of the new
 *   segment is left.
 */
export async function convertSegment(options: ConvertSegmentOptions): Promise<SegmentInfo> {
  const given = expectObject(options, 'convertSegment')
  expectKnownKeys(given, KNOWN, 'convertSegment')
  expectObject(expectObject(given.source, 'source').segment, 'source.segment')
  expectObject(given.target, 'target')
  const { source, target, storageVersion = 2, groups, bloomFilter, encryption, signal } = options
  const { segment } = source
  const onRows = rowCounter(segment.numRows, given.onProgress)
  const schema = withSystemFields(schemaOf(options))
  const from = await chunkManagerAt(source)
  const rows = rowsOptions(schema, { ...options, from })
  const defaultBytes = storageVersion === 0 ? { chunkBytes: V1_CHUNK_BYTES } : {}
  const writer = new SegmentWriter({
    schema,
    chunkManager: await chunkManagerAt(target),
    root: target.root ?? '',
    layout: segment.layout,
    ids: {
      collectionId: segment.collectionId,
      partitionId: segment.partitionId,
      segmentId: options.segmentId ?? segment.segmentId,
    },
    allocateId: counterFrom(options.firstLogId),
    storageVersion,
    ...defaultBytes,
    ...(options.chunkBytes === undefined ? {} : { chunkBytes: options.chunkBytes }),
    ...(groups === undefined ? {} : { groups }),
    ...(bloomFilter === undefined ? {} : { bloomFilter }),
    ...(encryption === undefined ? {} : { encryption }),
    quantized: await quantizedColumns(rows),
    ...(signal === undefined ? {} : { signal }),
  })
  try {
    await copyRows(writer, rows, onRows)
    await copyDeletes(writer, { ...options, from })
    if (segment.numRows !== writer.numRows) {
      throw new PackedError(
        'InvalidData',
        `Expected ${segment.numRows} rows of segment ${segment.segmentId} as its metadata has ` +
          `them but read ${writer.numRows}`,
      )
    }
    return await writer.finish()
  } finally {
    await writer.abort()
  }
}

function schemaOf({ schema, source }: ConvertSegmentOptions): CollectionSchema {
  const found = schema ?? source.segment.schema
  if (found !== undefined) return found
  const message = 'Expected a schema for convertSegment but neither it nor the segment has one'
  throw new PackedError('InvalidSchema', message)
}

/** Numbers in a row; the clock's are as hybrid timestamps are, and never meet Milvus's older ones. */
function counterFrom(first: bigint | number | undefined): () => bigint {
  let next = first === undefined ? BigInt(Date.now()) << 18n : expectId(first, 'firstLogId')
  return () => next++
}

function rowsOptions(
  schema: CollectionSchema,
  { source, from, decryptor, keyRetriever, signal }: Conversion,
): SegmentReaderOptions {
  return {
    schema,
    binlogs: source.segment.binlogs,
    manifestPath: source.segment.manifestPath ?? '',
    manifestDeletes: false,
    chunkManager: from,
    systemFields: true,
    releasePrevious: true,
    ...(decryptor === undefined ? {} : { decryptor }),
    ...(keyRetriever === undefined ? {} : { keyRetriever }),
    ...(signal === undefined ? {} : { signal }),
  }
}

async function copyRows(
  writer: SegmentWriter,
  options: SegmentReaderOptions,
  onRows: (rows: number) => void,
): Promise<void> {
  const reader = await SegmentReader.open(options)
  try {
    for await (const batch of reader) {
      await writer.write(new SimpleArrowRecord(batch))
      onRows(batch.numRows)
    }
  } finally {
    await reader.close()
  }
}

/** Log by log: they name their segment, whose number may be another now. */
async function copyDeletes(
  writer: SegmentWriter,
  { source, from, decryptor, keyRetriever, signal }: Conversion,
): Promise<void> {
  const { segment } = source
  for (const { logPath } of segment.deltalogs.flatMap(({ binlogs }) => binlogs)) {
    const options = { decryptor, keyRetriever, signal }
    const { keys, timestamps } = await readDeleteLog(from, logPath, options)
    const deletes = new DeleteData()
    deletes.appendColumns(keys, timestamps)
    await writer.writeDeletes(deletes)
  }
}
