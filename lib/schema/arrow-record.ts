import type { Data, RecordBatch, Schema } from 'apache-arrow'

/**
 * Rows in Arrow form whose columns are found by field id.
 *
 * What record writers take and record readers give; any other implementation is re-projected by
 * field id before it is written.
 */
export interface ArrowRecord {
  readonly schema: Schema
  readonly numRows: number
  /** Position of every field id in the schema. */
  readonly fieldIdToColumn: ReadonlyMap<bigint, number>
  /** The column of a field id, undefined when there is none. */
  column(fieldId: bigint): Data | undefined
  /** The same rows as a record batch over the same memory. */
  toBatch(): RecordBatch
  /**
   * Give memory that is the record's own back to whoever made it, for other rows: nobody may read
   * the record after that. What a sync calls once its files are written. Idempotent.
   */
  release?(): void
}
