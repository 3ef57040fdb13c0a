import { type Command, Option } from 'commander'
import type { LogPathLayout } from '../binlog/index.js'
import type { CollectionSchema } from '../schema/index.js'
import { deriveSchema, type LocatedSegment, locateSegment } from '../segment/index.js'
import type { ChunkManager } from '../storage/index.js'
import { parseBigId } from './arguments.js'
import { UsageError } from './failure.js'
import { openTree, placeOf } from './place.js'
import { schemaFromFile } from './schema-file.js'
import { type StorageOptions, StorageSource } from './storage-source.js'

/** What the options of {@link addSegmentOptions} become. */
export interface SegmentOptions extends StorageOptions {
  root?: string
  collection?: bigint
  partition?: bigint
  schema?: string
  layout?: LogPathLayout
  sidecar: boolean
}

/** A segment that a verb works on. */
export interface SegmentTarget {
  chunkManager: ChunkManager
  segment: LocatedSegment
}

/** The argument and options of every verb of `packed segment`. */
export function addSegmentOptions(command: Command): Command {
  return command
    .argument('<segment>', 'its number', parseBigId)
    .option('--root <dir>', 'the folder that insert_log is in (default: that of --storage)')
    .option('--collection <id>', 'where several collections have such a segment', parseBigId)
    .option('--partition <id>', 'where several partitions have such a segment', parseBigId)
    .option('--schema <file>', 'the collection as JSON, where the tree does not say it')
    .addOption(
      new Option('--layout <layout>', 'of the tree (default: whichever fits)').choices([
        'milvus',
        'segmentFirst',
      ]),
    )
    .option('--no-sidecar', 'take the metadata from the files, not from _segment/')
}

/** Find the logs of the segment. */
export async function findSegment(
  segmentId: bigint,
  options: SegmentOptions,
  signal: AbortSignal,
): Promise<SegmentTarget> {
  const source = new StorageSource(options)
  if (options.root === undefined && !source.given) {
    throw new UsageError('Expected --root <dir> or --storage <source> but received neither')
  }
  const chunkManager = await openTree(await placeOf(options.root ?? '', source, 'storage'))
  const segment = await locateSegment({
    chunkManager,
    segmentId,
    sidecar: options.sidecar,
    signal,
    ...(options.collection === undefined ? {} : { collectionId: options.collection }),
    ...(options.partition === undefined ? {} : { partitionId: options.partition }),
    ...(options.layout === undefined ? {} : { layout: options.layout }),
  })
  return { chunkManager, segment }
}

/** The collection: as `--schema` says it, or the sidecar, or as far as the files show it. */
export async function schemaOf(
  { chunkManager, segment }: SegmentTarget,
  { schema, ...options }: SegmentOptions,
): Promise<CollectionSchema> {
  if (schema !== undefined) return schemaFromFile(schema, new StorageSource(options))
  return segment.schema ?? (await deriveSchema(segment, { chunkManager }))
}

/** Where a verb writes: `--out`, in the store of `--storage` where it is a plain path. */
export async function targetTree(out: string, options: StorageOptions): Promise<ChunkManager> {
  return openTree(await placeOf(out, new StorageSource(options), 'storage'))
}
