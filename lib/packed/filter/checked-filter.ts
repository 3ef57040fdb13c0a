import type { Field, Schema } from 'apache-arrow'
import {
  allFields,
  arrowNameOf,
  type CollectionSchema,
  convertToArrowSchema,
  DataType,
  dataTypeName,
  isVector,
} from '../../schema/index.js'
import type { Filter } from './filter.js'
import { type FilterKind, kindOfField, TIMESTAMPTZ } from './filter-kinds.js'
import { columnsOfTree, filterOfTree, filterTree } from './filter-tree.js'
import { type FilterColumns, resolveFilter } from './resolve-filter.js'

/** A filter that is on columns of a schema, and these columns. */
export interface CheckedFilter {
  /** Over the names of the columns, values as they are stored. */
  readonly filter: Filter
  /** Each once. */
  readonly fields: readonly Field[]
}

/**
 * Check an option `filter` against a schema, Arrow's or that of a collection, for readers below
 * that know less of the columns.
 *
 * @returns undefined for no filter.
 * @throws PackedError InvalidArgument, TypeMismatch, UnsupportedType; see `resolveFilter`.
 */
export function checkedFilter(
  value: unknown,
  schema: Schema | CollectionSchema,
): CheckedFilter | undefined {
  const tree = value === undefined ? undefined : filterTree(value)
  if (tree === undefined) return undefined
  const columns = 'structArrayFields' in schema ? columnsOfCollection(schema) : schema
  const node = resolveFilter(tree, columns)
  const names = new Set(columnsOfTree(node))
  return {
    filter: filterOfTree(node),
    fields: columns.fields.filter(({ name }) => names.has(name)),
  }
}

function columnsOfCollection(schema: CollectionSchema): FilterColumns {
  const { fields } = convertToArrowSchema(schema)
  const declared = new Map(allFields(schema).map((field) => [arrowNameOf(field), field]))
  const kindOf = (field: Field): FilterKind | string => {
    const { dataType, isDynamic } = declared.get(field.name)!
    if (isDynamic) return 'the dynamic field, whose keys are no columns'
    if (dataType === DataType.JSON) return { kind: 'bytes', isText: true }
    if (dataType === DataType.Timestamptz) return TIMESTAMPTZ
    const isRefused =
      isVector(dataType) || dataType === DataType.Array || dataType === DataType.Geometry
    return isRefused ? `a column of ${dataTypeName(dataType)}` : kindOfField(field)
  }
  const dynamic = allFields(schema).find(({ isDynamic }) => isDynamic)
  const hasDynamic = dynamic !== undefined || schema.enableDynamicField
  return {
    fields,
    kindOf,
    ...(hasDynamic ? { hint: 'Keys of the dynamic field are no columns.' } : {}),
  }
}
