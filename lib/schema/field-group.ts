import { expectList, unexpected } from '../config/index.js'
import type { CollectionSchema, FieldSchema } from './collection-schema.js'
import { allFields } from './system-fields.js'

/** Fields that are stored in one file. */
export interface FieldGroup {
  /** A field id for a field on its own, otherwise 0, 1, … */
  id: bigint
  /** In file order. */
  fieldIds: bigint[]
  /** Positions in the Arrow schema, in file order. */
  columns: number[]
  /** `'parquet'`, where it is said at all. */
  format?: string
}

/** A field with its place in the Arrow schema (`convertToArrowSchema`). */
export interface PlacedField {
  field: FieldSchema
  column: number
}

/** The fields of a schema in the order of its Arrow schema. */
export function placedFields(schema: CollectionSchema): PlacedField[] {
  return allFields(schema).map((field, column) => ({ field, column }))
}

export function groupOf(id: bigint, fields: readonly PlacedField[]): FieldGroup {
  return {
    id,
    fieldIds: fields.map(({ field }) => field.fieldId),
    columns: fields.map(({ column }) => column),
  }
}

/** In the order of their ids, which is the order of the files of a segment. */
export function sortedGroups(groups: readonly FieldGroup[]): FieldGroup[] {
  return [...groups].sort((left, right) => (left.id < right.id ? -1 : 1))
}

/**
 * The groups that hold at least one of the fields: the files that a projection has to open.
 * Fields that no group holds (added later) are no reason to open one.
 *
 * @throws PackedError InvalidArgument.
 */
export function pruneGroups<T extends { fieldIds: readonly bigint[] }>(
  groups: readonly T[],
  fieldIds: Iterable<bigint>,
): T[] {
  expectList(groups, 'groups')
  if (typeof fieldIds?.[Symbol.iterator] !== 'function') {
    throw unexpected('something iterable', 'fieldIds', fieldIds)
  }
  const wanted = new Set(fieldIds)
  return groups.filter((group) => group.fieldIds.some((id) => wanted.has(id)))
}
