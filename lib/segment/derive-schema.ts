import { Field, Schema } from 'apache-arrow'
import { expectObject } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { inspectFile, type KeyRetriever } from '../packed/index.js'
import {
  type CollectionSchema,
  convertFromArrowSchema,
  fieldIdOf,
  ROW_ID_FIELD,
  TIMESTAMP_FIELD,
} from '../schema/index.js'
import type { ChunkManager } from '../storage/index.js'
import type { LocatedSegment } from './locate-segment.js'
import { storageOf } from './segment-keys.js'

/**
 * A collection as far as the footers of a StorageV2 or V3 segment show it, for looking at its rows.
 *
 * Names, ids, Arrow types and nullability are those of the files; the primary key is the field
 * that has statistics. What a binary column means (which vector, JSON, an array) no footer says.
 *
 * @throws PackedError InvalidSchema for StorageV1, whose files do not name their fields; NotFound
 *   for a segment without logs; what `inspectFile` throws.
 */
export async function deriveSchema(
  segment: LocatedSegment,
  options: { chunkManager: ChunkManager; keyRetriever?: KeyRetriever },
): Promise<CollectionSchema> {
  expectObject(segment, 'segment')
  expectObject(options, 'the options of deriveSchema')
  const { chunkManager, keyRetriever } = options
  const { segmentId, binlogs, statslogs } = segment
  if (segment.storageVersion === 0) {
    throw new PackedError(
      'InvalidSchema',
      `Expected a schema for segment ${segmentId} of StorageV1 but received none: its files do ` +
        'not name their fields',
    )
  }
  const fields = new Map<bigint, Schema['fields'][number]>()
  for (const { binlogs: logs } of binlogs) {
    // The youngest log has the fields that were added last.
    const path = logs.at(-1)?.logPath
    if (path === undefined) continue
    const { schema } = await inspectFile(path, {
      storage: storageOf(chunkManager),
      ...(keyRetriever === undefined ? {} : { keyRetriever }),
    })
    for (const field of schema.fields) fields.set(fieldIdOf(field)!, named(field))
  }
  const sorted = [...fields].sort(([left], [right]) => (left < right ? -1 : 1))
  const keyId = statslogs[0]?.fieldId
  return convertFromArrowSchema(new Schema(sorted.map(([, field]) => field)), {
    primaryKey: keyId === undefined ? undefined : fields.get(keyId)?.name,
    requirePrimaryKey: false,
    guess: true,
  })
}

const SYSTEM_NAMES = new Map([
  [ROW_ID_FIELD, 'RowID'],
  [TIMESTAMP_FIELD, 'Timestamp'],
])

/** Files of a manifest name all columns by their ids, the system's too. */
function named(field: Field): Field {
  const name = SYSTEM_NAMES.get(fieldIdOf(field)!)
  if (name === undefined) return field
  return new Field(name, field.type, field.nullable, field.metadata)
}
