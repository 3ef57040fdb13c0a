import type { Id, LogPathLayout } from '../binlog/index.js'
import {
  expectBoolean,
  expectFunction,
  expectId,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectSignal,
  type StorageConfig,
  unexpected,
} from '../config/index.js'
import type { DeleteData, InsertData } from '../data/index.js'
import { PackedError } from '../errors/index.js'
import type { PackedWriterOptions, QuantizedField } from '../packed/index.js'
import {
  type ArrowRecord,
  type CollectionSchema,
  type FieldGroup,
  primaryKeyField,
  withSystemFields,
} from '../schema/index.js'
import type { ChunkManager } from '../storage/index.js'
import type { LogStorageVersion, SegmentIds } from './segment-info.js'
import { joinKey } from './segment-keys.js'

/** Options of `SegmentWriter`. A name that is not listed here is InvalidArgument. */
export interface SegmentWriterOptions {
  /** The collection; with or without the system fields. It needs a primary key. */
  schema: CollectionSchema
  /** Where the logs go. */
  chunkManager: ChunkManager
  /** Ids of the segment in Milvus; parts of every path. */
  ids: { collectionId: Id; partitionId: Id; segmentId: Id }
  /** Gives the number of every log that is written, 2 or more. */
  allocateId: () => Id | Promise<Id>
  /** Key prefix that `insert_log` goes below; the chunk manager's own root by default. */
  root?: string
  /** How paths are made; `'milvus'` by default. */
  layout?: LogPathLayout
  /** 2 (default): one file per column group. 0: one binlog per field. */
  storageVersion?: LogStorageVersion
  /** StorageV2: the column groups; Milvus's policies decide by the first record if absent. */
  groups?: readonly FieldGroup[]
  /** Decoded bytes after which a chunk is ended by itself; 256 MiB by default. */
  chunkBytes?: number
  /** Kind of the filter in the key statistics; `'blocked'` by default, as in Milvus. */
  bloomFilter?: 'blocked' | 'basic'
  /** Keep the metadata beside the files (see `writeSidecar`); on by default. */
  sidecar?: boolean
  /** StorageV2: encrypt the column groups. */
  encryption?: NonNullable<PackedWriterOptions['encryption']>
  /** StorageV2: Int8Vector fields whose rows are codes of vectors, see `PackedWriterOptions`. */
  quantized?: NonNullable<PackedWriterOptions['quantized']>
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

/** Options of {@link writeSegment}. */
export interface WriteSegmentOptions extends Omit<SegmentWriterOptions, 'chunkManager'> {
  /** Where the logs go: a chunk manager, or a directory or bucket. */
  chunkManager?: ChunkManager
  /** A directory or bucket, instead of a chunk manager. */
  storage?: StorageConfig
  /** Every item becomes a chunk: one log per column group or field. */
  data: Iterable<InsertData | ArrowRecord> | AsyncIterable<InsertData | ArrowRecord>
  /** Become one delete log. */
  deletes?: DeleteData
}

/** Checked options of a segment writer. */
export interface SegmentWriterSettings extends SegmentIds {
  /** With system fields. */
  schema: CollectionSchema
  chunkManager: ChunkManager
  allocateId: () => Promise<bigint>
  root: string
  layout: LogPathLayout
  storageVersion: LogStorageVersion
  groups: readonly FieldGroup[] | undefined
  chunkBytes: number
  bloomFilter: 'blocked' | 'basic'
  sidecar: boolean
  encryption: PackedWriterOptions['encryption']
  quantized: NonNullable<PackedWriterOptions['quantized']>
  signal: AbortSignal | undefined
}

const WHERE = 'SegmentWriter'
const KNOWN = [
  'schema',
  'chunkManager',
  'ids',
  'allocateId',
  'root',
  'layout',
  'storageVersion',
  'groups',
  'chunkBytes',
  'bloomFilter',
  'sidecar',
  'encryption',
  'quantized',
  'signal',
]
/** Names of the options of `writeSegment`. */
export const WRITE_SEGMENT_OPTIONS: readonly string[] = [...KNOWN, 'storage', 'data', 'deletes']
const DEFAULT_CHUNK_BYTES = 256 << 20

/** Check the options of `SegmentWriter`. @throws PackedError InvalidArgument, InvalidSchema. */
export function resolveSegmentWriter(value: unknown): SegmentWriterSettings {
  const given = expectObject(value, `the options of ${WHERE}`)
  expectKnownKeys(given, KNOWN, WHERE)
  const options = value as SegmentWriterOptions
  const ids = expectObject(given.ids, 'ids')
  expectKnownKeys(ids, ['collectionId', 'partitionId', 'segmentId'], 'ids')
  const schema = withSystemFields(expectObject(given.schema, 'schema') as never)
  primaryKeyField(schema)
  expectObject(given.chunkManager, 'chunkManager')
  const allocate = expectFunction<SegmentWriterOptions['allocateId']>(
    given.allocateId,
    'allocateId',
  )
  if (allocate === undefined) throw unexpected('a function', 'allocateId', allocate)
  return {
    schema,
    chunkManager: options.chunkManager,
    collectionId: expectId(ids.collectionId, 'ids.collectionId'),
    partitionId: expectId(ids.partitionId, 'ids.partitionId'),
    segmentId: expectId(ids.segmentId, 'ids.segmentId'),
    allocateId: async () => expectLogId(await allocate()),
    root: joinKey(options.root ?? ''),
    layout: expectOneOf(given.layout, 'layout', ['milvus', 'segmentFirst'], 'milvus'),
    storageVersion: expectStorageVersion(given.storageVersion),
    groups: options.groups,
    chunkBytes: expectInteger(given.chunkBytes, 'chunkBytes', {
      min: 1,
      fallback: DEFAULT_CHUNK_BYTES,
    }),
    bloomFilter: expectOneOf(given.bloomFilter, 'bloomFilter', ['blocked', 'basic'], 'blocked'),
    sidecar: expectBoolean(given.sidecar, 'sidecar', true),
    encryption: options.encryption,
    quantized: expectQuantized(options),
    signal: expectSignal(given.signal, 'signal'),
  }
}

/** 1 is taken: the merged statistics have it. */
function expectLogId(value: unknown): bigint {
  const id = expectId(value, 'the result of allocateId')
  if (id > 1n) return id
  throw unexpected('a log id of 2 or more', 'the result of allocateId', value)
}

/** Binlogs have nothing that could say how codes are decoded. */
function expectQuantized({
  quantized = [],
  storageVersion,
}: SegmentWriterOptions): readonly QuantizedField[] {
  const [field] = quantized
  if (field === undefined || storageVersion !== 0) return quantized
  const message = `Expected storageVersion 2 for ${WHERE} as the rows of "${field.name}" are codes of vectors but received 0: with a FloatVector for field ${field.fieldId} in the schema they are decoded`
  throw new PackedError('NotSupported', message, { field: field.name })
}

function expectStorageVersion(value: unknown): LogStorageVersion {
  if (value === undefined || value === 2) return 2
  if (value === 0) return 0
  const message = `Expected storageVersion 0 or 2 for ${WHERE} but received ${String(value)}`
  throw new PackedError('NotSupported', message)
}
