import { Field, Schema } from 'apache-arrow'
import { unexpected } from '../config/index.js'
import {
  allFields,
  type CollectionSchema,
  convertToArrowSchema,
  FIRST_USER_FIELD_ID,
  fieldIdOf,
} from '../schema/index.js'

/** What a reader of a segment yields. */
export interface SegmentOutput {
  /** Schema of every batch, field ids in the metadata of its fields. */
  schema: Schema
  /** Ids of its fields. */
  fieldIds: readonly bigint[]
}

/** Which fields come out. */
export interface OutputChoice {
  columns: readonly (string | bigint)[] | undefined
  systemFields: boolean
}

/**
 * The columns that come out of a segment, in their order.
 *
 * @param schema with system fields.
 * @param stored field ids that the logs have; undefined where they do not say it. Fields that
 *   are not stored and have no default come out as nulls, and are nullable therefore.
 * @throws PackedError InvalidArgument for a column that the collection does not have, or twice.
 */
export function segmentOutput(
  schema: CollectionSchema,
  { columns, systemFields }: OutputChoice,
  stored: ReadonlySet<bigint> | undefined,
): SegmentOutput {
  const fields = convertToArrowSchema(schema).fields
  const ids = fields.map((field) => fieldIdOf(field)!)
  const positions =
    columns === undefined
      ? ids.flatMap((id, index) => (systemFields || id >= FIRST_USER_FIELD_ID ? [index] : []))
      : positionsOf(columns, fields, ids)
  const withDefault = new Set(
    allFields(schema).flatMap((field) => (field.defaultValue === undefined ? [] : [field.fieldId])),
  )
  const chosen = positions.map((position) => {
    const field = fields[position]!
    const id = ids[position]!
    const known = stored === undefined || stored.has(id) || withDefault.has(id)
    if (known || field.nullable) return field
    return new Field(field.name, field.type, true, field.metadata)
  })
  return { schema: new Schema(chosen), fieldIds: positions.map((position) => ids[position]!) }
}

function positionsOf(
  columns: readonly (string | bigint)[],
  fields: readonly Field[],
  ids: readonly bigint[],
): number[] {
  const positions = columns.map((column, index) => {
    const position =
      typeof column === 'string'
        ? fields.findIndex(({ name }) => name === column)
        : ids.indexOf(column)
    if (position >= 0) return position
    throw unexpected('a name or field id of the collection', `columns[${index}]`, column)
  })
  positions.forEach((position, index) => {
    if (positions.indexOf(position) === index) return
    throw unexpected('every column once', `columns[${index}]`, columns[index])
  })
  return positions
}
