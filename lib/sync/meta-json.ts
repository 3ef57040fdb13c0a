import { expectId, parseExact, stringifyExact } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import {
  type CollectionSchema,
  collectionSchemaFromJson,
  collectionSchemaToJson,
  type FieldGroup,
} from '../schema/index.js'
import { segmentInfoFromJson, segmentInfoToJson } from '../segment/index.js'
import type { MetaEntry } from './meta-store.js'
import type { ChannelPosition } from './position.js'
import type { ChannelMeta, SegmentLevel, SegmentMeta, SegmentState } from './segment-meta.js'

/** A collection as the metadata store keeps it. */
export interface CollectionMeta {
  readonly collectionId: bigint
  readonly name: string
  readonly schema: CollectionSchema
}

/** A partition as the metadata store keeps it. */
export interface PartitionMeta {
  readonly collectionId: bigint
  readonly partitionId: bigint
  readonly name: string
}

/** How a kind of record is kept: JSON with exact integers, in Milvus's names. */
export interface MetaCodec<T> {
  encode(record: T): Uint8Array
  /** @throws PackedError MetadataCorrupted naming the key. */
  decode(entry: MetaEntry): T
}

type Json = Record<string, unknown>

function codec<T>(toJson: (record: T) => Json, fromJson: (json: Json) => T): MetaCodec<T> {
  return {
    encode: (record) => new TextEncoder().encode(stringifyExact(toJson(record))),
    decode: ({ key, value }) => {
      try {
        return fromJson(parseExact(new TextDecoder().decode(value)) as Json)
      } catch (cause) {
        const message = `Expected a readable record for "${key}" of the metadata store but received one that is not: ${(cause as Error).message}`
        throw new PackedError('MetadataCorrupted', message, { path: key, cause })
      }
    },
  }
}

export const COLLECTION: MetaCodec<CollectionMeta> = codec(
  ({ collectionId, name, schema }) => ({
    collectionID: collectionId,
    name,
    schema: collectionSchemaToJson(schema),
  }),
  ({ collectionID, name, schema }) => ({
    collectionId: expectId(collectionID, 'collectionID'),
    name: name as string,
    schema: collectionSchemaFromJson(schema),
  }),
)

export const PARTITION: MetaCodec<PartitionMeta> = codec(
  ({ collectionId, partitionId, name }) => ({
    collectionID: collectionId,
    partitionID: partitionId,
    name,
  }),
  ({ collectionID, partitionID, name }) => ({
    collectionId: expectId(collectionID, 'collectionID'),
    partitionId: expectId(partitionID, 'partitionID'),
    name: name as string,
  }),
)

/** Without the schema, which is the collection's. */
export const SEGMENT: MetaCodec<SegmentMeta> = codec(
  (meta) => ({
    ...segmentInfoToJson({ ...meta, schema: undefined }),
    insert_channel: meta.channelName,
    state: meta.state,
    level: meta.level,
    start_position: positionToJson(meta.startPosition),
    dml_position: positionToJson(meta.checkpoint),
    current_split: meta.currentSplit?.map(groupToJson),
    manifest_path: meta.manifestPath,
    ...compactionToJson(meta),
  }),
  (json) => ({
    // An L0 segment may be of all partitions: -1, which is the id of none.
    ...segmentInfoFromJson({ ...json, partitionID: 0 }),
    partitionId: BigInt(json.partitionID as number | bigint),
    channelName: json.insert_channel as string,
    state: json.state as SegmentState,
    level: json.level as SegmentLevel,
    startPosition: positionFromJson(json.start_position),
    checkpoint: positionFromJson(json.dml_position),
    currentSplit: (json.current_split as Json[] | undefined)?.map(groupFromJson),
    manifestPath: (json.manifest_path as string | undefined) ?? '',
    ...compactionFromJson(json),
  }),
)

export const CHANNEL: MetaCodec<ChannelMeta> = codec(
  (meta) => ({
    channel: meta.channelName,
    collectionID: meta.collectionId,
    checkpoint: positionToJson(meta.checkpoint),
    sequences: Object.fromEntries(meta.sequences),
    delete_positions: Object.fromEntries(meta.deletePositions),
    dropped: meta.dropped,
  }),
  (json) => ({
    channelName: json.channel as string,
    collectionId: expectId(json.collectionID, 'collectionID'),
    checkpoint: positionFromJson(json.checkpoint),
    sequences: new Map(
      integers(json.sequences).map(([source, sequence]) => [source, sequence] as const),
    ),
    deletePositions: new Map(
      integers(json.delete_positions).map(([id, position]) => [BigInt(id), position] as const),
    ),
    dropped: json.dropped === true,
  }),
)

type CompactionFacts = Pick<
  SegmentMeta,
  'isSorted' | 'compactionFrom' | 'appliedDeletes' | 'droppedAtMs'
>

/** Only what there is to say: most segments were never compacted. */
function compactionToJson(meta: CompactionFacts): Json {
  const { isSorted, compactionFrom, appliedDeletes, droppedAtMs } = meta
  return {
    ...(isSorted === undefined ? {} : { is_sorted: isSorted }),
    ...(compactionFrom === undefined ? {} : { compaction_from: compactionFrom }),
    ...(appliedDeletes === undefined ? {} : { applied_deletes: appliedDeletes }),
    ...(droppedAtMs === undefined ? {} : { dropped_at_ms: droppedAtMs }),
  }
}

function compactionFromJson(json: Json): CompactionFacts {
  const ids = (name: string): bigint[] => (json[name] as unknown[]).map((id) => expectId(id, name))
  return {
    ...(json.is_sorted === undefined ? {} : { isSorted: json.is_sorted === true }),
    ...(json.compaction_from === undefined ? {} : { compactionFrom: ids('compaction_from') }),
    ...(json.applied_deletes === undefined ? {} : { appliedDeletes: ids('applied_deletes') }),
    ...(json.dropped_at_ms === undefined ? {} : { droppedAtMs: json.dropped_at_ms as number }),
  }
}

function integers(json: unknown): [string, bigint][] {
  return Object.entries(json as Record<string, number | bigint>).map(([key, value]) => [
    key,
    BigInt(value),
  ])
}

function positionToJson(position: ChannelPosition | undefined): Json | undefined {
  if (position === undefined) return undefined
  const { channelName, messageId, timestamp } = position
  return { channel_name: channelName, msgID: messageId, timestamp }
}

function positionFromJson(json: unknown): ChannelPosition | undefined {
  if (json === undefined) return undefined
  const { channel_name, msgID, timestamp } = json as Json
  return {
    channelName: channel_name as string,
    messageId: expectId(msgID, 'msgID'),
    timestamp: expectId(timestamp, 'timestamp'),
  }
}

function groupToJson({ id, fieldIds, columns, format }: FieldGroup): Json {
  return { groupID: id, fields: fieldIds, columns, format }
}

function groupFromJson({ groupID, fields, columns, format }: Json): FieldGroup {
  return {
    id: expectId(groupID, 'groupID'),
    fieldIds: (fields as unknown[]).map((id) => expectId(id, 'fields')),
    columns: columns as number[],
    ...(format === undefined ? {} : { format: format as string }),
  }
}
