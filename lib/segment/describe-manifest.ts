import { buildManifestPath, type FieldBinlog } from '../binlog/index.js'
import { type Manifest, rowsOfManifest } from '../manifest/index.js'
import { inspectFile, type KeyRetriever } from '../packed/index.js'
import { fieldIdOf } from '../schema/index.js'
import type { ChunkManager } from '../storage/index.js'
import {
  type FieldIdOf,
  fieldIdsBy,
  listsOfManifest,
  type SegmentManifest,
} from './manifest-segment.js'
import type { SegmentIds, SegmentInfo } from './segment-info.js'
import { storageOf } from './segment-keys.js'

/** Which segment a manifest is of, and what is known of it besides. */
export interface DescribeManifestOptions extends SegmentIds {
  /** As the metadata has it; its lists say times, memory and nulls of the files of a sync. */
  readonly known: SegmentInfo | undefined
  readonly chunkManager: ChunkManager
  readonly keyRetriever?: KeyRetriever | undefined
}

/** A StorageV3 segment with lists of the files that its manifest names. */
export async function describeManifest(
  { basePath, version, manifest }: SegmentManifest,
  { collectionId, partitionId, segmentId, known, ...place }: DescribeManifestOptions,
): Promise<SegmentInfo> {
  const lists = listsOfManifest(manifest, await idsOfColumns(manifest, known, place))
  return {
    ...{ collectionId, partitionId, segmentId },
    storageVersion: 3,
    schema: known?.schema,
    numRows: known?.numRows ?? rowsOfManifest(manifest) ?? 0,
    ...lists,
    binlogs: lists.binlogs.map((list) => withFacts(list, known?.binlogs)),
    manifestPath: buildManifestPath({ basePath, version }),
  }
}

/** By the schema, else by the footers of files whose columns are not named by ids. */
async function idsOfColumns(
  { columnGroups }: Manifest,
  known: SegmentInfo | undefined,
  { chunkManager, keyRetriever }: Pick<DescribeManifestOptions, 'chunkManager' | 'keyRetriever'>,
): Promise<FieldIdOf> {
  const bySchema = fieldIdsBy(known?.schema)
  const byFooter = new Map<string, bigint>()
  for (const { columns, files, format } of columnGroups) {
    const path = files.at(-1)?.path
    const isKnown = columns.every((column) => bySchema(column) !== undefined)
    if (isKnown || path === undefined || format !== 'parquet') continue
    const { schema } = await inspectFile(path, {
      storage: storageOf(chunkManager),
      ...(keyRetriever === undefined ? {} : { keyRetriever }),
    })
    for (const field of schema.fields) {
      const id = fieldIdOf(field)
      if (id !== undefined) byFooter.set(field.name, id)
    }
  }
  return (column) => bySchema(column) ?? byFooter.get(column)
}

/** What the log of a sync says of its file: they come in the same order, with the same rows. */
function withFacts(list: FieldBinlog, known: readonly FieldBinlog[] = []): FieldBinlog {
  const facts = known.find(({ fieldId }) => fieldId === list.fieldId)?.binlogs ?? []
  const isSame =
    facts.length === list.binlogs.length &&
    facts.every(({ entriesNum }, index) => entriesNum === list.binlogs[index]!.entriesNum)
  if (!isSame) return list
  const binlogs = list.binlogs.map((log, index) => {
    const { timestampFrom, timestampTo, memorySize, fieldNullCounts } = facts[index]!
    return { ...log, timestampFrom, timestampTo, memorySize, fieldNullCounts }
  })
  return { ...list, binlogs }
}
