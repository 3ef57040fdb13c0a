import {
  type Binlog,
  type FieldBinlog,
  PrimaryKeyStats,
  type PrimaryKeyType,
} from '../binlog/index.js'
import { type ArrowRecord, type CollectionSchema, primaryKeyField } from '../schema/index.js'

/** What the keys of the rows of a pack are; undefined without rows. */
export async function keyStatistics(
  schema: CollectionSchema,
  records: readonly ArrowRecord[],
  signal: AbortSignal | undefined,
): Promise<PrimaryKeyStats | undefined> {
  if (records.length === 0) return undefined
  const { fieldId, dataType } = primaryKeyField(schema)
  return PrimaryKeyStats.build({
    fieldId,
    pkType: dataType as PrimaryKeyType,
    keys: records.map((record) => record.column(fieldId)!),
    ...(signal === undefined ? {} : { signal }),
  })
}

/** A list of one log. */
export function listOf(fieldId: bigint, log: Binlog): FieldBinlog {
  return { fieldId, binlogs: [log], childFields: [], format: '' }
}
