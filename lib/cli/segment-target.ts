import { readFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import type { LogPathLayout } from '../binlog/index.js'
import { parseExact } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { type CollectionSchema, collectionSchemaFromJson } from '../schema/index.js'
import { deriveSchema, type LocatedSegment, locateSegment } from '../segment/index.js'
import { type ChunkManager, LocalChunkManager } from '../storage/index.js'
import { parseBigId } from './arguments.js'

/** What the options of {@link addSegmentOptions} become. */
export interface SegmentOptions {
  root: string
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
    .requiredOption('--root <dir>', 'the folder that insert_log is in')
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
  const chunkManager = new LocalChunkManager({ rootPath: options.root })
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
  { schema }: SegmentOptions,
): Promise<CollectionSchema> {
  if (schema !== undefined) return schemaFromFile(schema)
  return segment.schema ?? (await deriveSchema(segment, { chunkManager }))
}

async function schemaFromFile(path: string): Promise<CollectionSchema> {
  const text = await readFile(path, 'utf8')
  try {
    return collectionSchemaFromJson(parseExact(text))
  } catch (cause) {
    const message = `Expected a collection schema in ${path} but received: ${(cause as Error).message}`
    throw new PackedError('InvalidSchema', message, { path, cause })
  }
}
