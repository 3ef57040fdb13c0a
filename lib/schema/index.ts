export { arrowDataBytes, recordBytes } from './arrow-bytes.js'
export type { ArrowRecord } from './arrow-record.js'
export * from './collection-schema.js'
export type {
  CollectionSchemaInit,
  CollectionSchemaOptions,
  DataTypeInit,
  FieldInit,
  FunctionInit,
  ParamsInit,
  StructArrayInit,
} from './collection-schema-init.js'
export { collectionSchemaFromJson, collectionSchemaToJson } from './collection-schema-json.js'
export { collectionSchemaFromProto, collectionSchemaToProto } from './collection-schema-proto.js'
export {
  COLUMN_GROUP_POLICIES,
  type ColumnGroup,
  type ColumnGroupPolicy,
  type ColumnGroupSpec,
  groupsByPolicy,
  groupsBySpec,
} from './column-groups.js'
export { createCollectionSchema } from './create-collection-schema.js'
export {
  DataType,
  type DataTypeName,
  dataTypeName,
  dataTypeOf,
  isArrayElement,
  isDenseVector,
  isVector,
} from './data-type.js'
export { decodeScalarField } from './decode-scalar-field.js'
export { encodeScalarField, type ScalarFieldOptions } from './encode-scalar-field.js'
export { type FieldGroup, pruneGroups } from './field-group.js'
export {
  FIELD_ID_KEY,
  FIRST_USER_FIELD_ID,
  fieldIdOf,
  type IdentifiedSchema,
  identifyFields,
  LARGEST_FIELD_ID,
} from './field-ids.js'
export { convertFromArrowSchema, type FromArrowOptions } from './from-arrow.js'
export { sameType } from './same-type.js'
export type { ScalarValue } from './scalar-kinds.js'
export { projectRecord, SimpleArrowRecord } from './simple-arrow-record.js'
export { type FrozenGroup, type FrozenSplitOptions, frozenSplit } from './split-frozen.js'
export {
  type AverageSizePolicy,
  type SplitOptions,
  type SplitPolicies,
  type SystemColumnPolicy,
  splitByDefaultPolicies,
  splitBySchema,
  splitLegacy,
} from './split-policies.js'
export {
  allFields,
  expectCollectionSchema,
  primaryKeyField,
  withSystemFields,
} from './system-fields.js'
export {
  type ArrowSchemaOptions,
  arrowDefaults,
  arrowNameOf,
  arrowTypeOf,
  convertToArrowSchema,
  DIM_KEY,
  ELEMENT_TYPE_KEY,
} from './to-arrow.js'
export { dimOf, vectorWidthBytes } from './type-params.js'
export {
  ELEMENT_BYTES,
  elementOf,
  isFixedSizeBinary,
  isFixedSizeList,
  isVectorType,
  type VectorElement,
} from './vector-type.js'
