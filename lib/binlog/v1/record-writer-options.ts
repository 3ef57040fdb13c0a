import type { Field, Schema } from 'apache-arrow'
import {
  expectFunction,
  expectId,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectSignal,
  unexpected,
} from '../../config/index.js'
import type { CodecName, Compression } from '../../packed/index.js'
import { allFields, type CollectionSchema, convertToArrowSchema } from '../../schema/index.js'
import type { ChunkManager } from '../../storage/index.js'
import type { SegmentLocation } from '../binlog-chunks.js'
import type { Id } from '../log-path.js'
import { buildInsertLogPath } from '../paths.js'

const WHERE = 'V1RecordWriter.open'
const KNOWN = [
  'schema',
  'chunkManager',
  'location',
  'logIds',
  'form',
  'timestampFrom',
  'timestampTo',
  'compression',
  'signal',
]

/** Options of `V1RecordWriter.open`. A name that is not listed here is InvalidArgument. */
export interface V1RecordWriterOptions {
  /** One file for each of its fields, sub-fields of struct arrays included. */
  schema: CollectionSchema
  /** Where the binlogs go. */
  chunkManager: ChunkManager
  /** The segment whose logs are written. */
  location: SegmentLocation
  /** The log id of every field, as a Map or asked for one after the other, in field order. */
  logIds: ReadonlyMap<bigint, Id> | ((fieldId: bigint) => Id)
  /**
   * `'codec'` (default): column `val`, positions and times known. `'stream'`: column named by
   * the field id, no next position, event times 1, no dictionary for the primary key.
   */
  form?: 'codec' | 'stream'
  /** Hybrid timestamps of the logs; those of the Timestamp column (field 1) if absent. */
  timestampFrom?: Id
  /** Given together with `timestampFrom`, or not at all. */
  timestampTo?: Id
  /** zstd at level 3 by default. */
  compression?: CodecName | Compression
  /** Aborting rejects what is in flight with the signal's reason; nothing is published then. */
  signal?: AbortSignal
}

/** One field of the segment, and its file. */
export interface V1ColumnPlan {
  fieldId: bigint
  dataType: number
  isPrimaryKey: boolean
  nullable: boolean
  /** As the record has it. */
  field: Field
  logId: bigint
  path: string
}

/** Checked options of a writer. */
export interface V1WriterPlan {
  chunkManager: ChunkManager
  location: SegmentLocation
  schema: Schema
  columns: readonly V1ColumnPlan[]
  streamed: boolean
  times: { from: bigint; to: bigint } | undefined
  compression: CodecName | Compression | undefined
  signal: AbortSignal | undefined
}

/** Check the options of `V1RecordWriter.open`. @throws PackedError InvalidArgument. */
export function planV1Writer(value: V1RecordWriterOptions): V1WriterPlan {
  expectKnownKeys(expectObject(value, `the options of ${WHERE}`), KNOWN, WHERE)
  const { chunkManager, location, timestampFrom, timestampTo } = value
  expectObject(chunkManager, 'chunkManager')
  expectObject(location, 'location')
  const { root, collectionId, partitionId, segmentId, layout = 'milvus' } = location
  const schema = convertToArrowSchema(value.schema)
  const columns = allFields(value.schema).map((field, index): V1ColumnPlan => {
    const { fieldId, dataType, isPrimaryKey, nullable } = field
    const logId = logIdOf(value.logIds, fieldId)
    const path = buildInsertLogPath(root, collectionId, partitionId, segmentId, fieldId, logId, {
      layout,
    })
    return {
      fieldId,
      dataType,
      isPrimaryKey,
      nullable,
      field: schema.fields[index]!,
      logId,
      path,
    }
  })
  if ((timestampFrom === undefined) !== (timestampTo === undefined)) {
    throw unexpected('both of timestampFrom and timestampTo, or none,', 'timestampTo', timestampTo)
  }
  return {
    chunkManager,
    location,
    schema,
    columns,
    streamed: expectOneOf(value.form, 'form', ['codec', 'stream'], 'codec') === 'stream',
    times:
      timestampFrom === undefined
        ? undefined
        : {
            from: expectId(timestampFrom, 'timestampFrom'),
            to: expectId(timestampTo, 'timestampTo'),
          },
    compression: value.compression,
    signal: expectSignal(value.signal, 'signal'),
  }
}

function logIdOf(logIds: V1RecordWriterOptions['logIds'], fieldId: bigint): bigint {
  const name = `the log id of field ${fieldId}`
  if (typeof logIds === 'function') return expectId(logIds(fieldId), name)
  const get = expectFunction((logIds as Partial<ReadonlyMap<bigint, Id>> | null)?.get, 'logIds')
  if (get === undefined) throw unexpected('a Map or a function', 'logIds', logIds)
  return expectId(logIds.get(fieldId), name)
}
