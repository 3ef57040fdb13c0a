export type { ArrowRecord } from './arrow-record.js'
export * from './collection-schema.js'
export {
  COLUMN_GROUP_POLICIES,
  type ColumnGroup,
  type ColumnGroupPolicy,
  type ColumnGroupSpec,
  groupsByPolicy,
  groupsBySpec,
} from './column-groups.js'
export { DataType, type DataTypeName, dataTypeName } from './data-type.js'
export {
  FIELD_ID_KEY,
  FIRST_USER_FIELD_ID,
  fieldIdOf,
  type IdentifiedSchema,
  identifyFields,
} from './field-ids.js'
export {
  ELEMENT_BYTES,
  elementOf,
  isFixedSizeBinary,
  isFixedSizeList,
  isVectorType,
  type VectorElement,
} from './vector-type.js'
