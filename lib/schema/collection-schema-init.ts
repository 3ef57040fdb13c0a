import type { DefaultValue, FieldState, FunctionType } from './collection-schema.js'
import type { DataType, DataTypeName } from './data-type.js'

/** A data type by its number (`DataType.Int64`) or its name (`'Int64'`). */
export type DataTypeInit = DataType | DataTypeName

/** Parameters; numbers and booleans become text. */
export type ParamsInit = Readonly<Record<string, string | number | bigint | boolean>>

/** One field, as `createCollectionSchema` takes it; what is absent is false, empty or none. */
export interface FieldInit {
  /** From 100 on in the order of fields when absent. */
  fieldId?: number | bigint | undefined
  name: string
  description?: string | undefined
  dataType: DataTypeInit
  isPrimaryKey?: boolean | undefined
  autoId?: boolean | undefined
  nullable?: boolean | undefined
  /** Of Array (a scalar) and ArrayOfVector (a dense vector). */
  elementType?: DataTypeInit | undefined
  elementNullable?: boolean | undefined
  isDynamic?: boolean | undefined
  isPartitionKey?: boolean | undefined
  isClusteringKey?: boolean | undefined
  isFunctionOutput?: boolean | undefined
  defaultValue?: DefaultValue | undefined
  typeParams?: ParamsInit | undefined
  indexParams?: ParamsInit | undefined
  externalField?: string | undefined
  state?: FieldState | undefined
  /** Numbers of a vector (bits of a BinaryVector): the type parameter `dim`. */
  dim?: number | undefined
  /** UTF-8 bytes of a string: the type parameter `max_length`. */
  maxLength?: number | undefined
  /** Elements of an array: the type parameter `max_capacity`. */
  maxCapacity?: number | undefined
}

/** An array of structs, as `createCollectionSchema` takes it. */
export interface StructArrayInit {
  fieldId?: number | bigint | undefined
  name: string
  description?: string | undefined
  /** Array and ArrayOfVector fields. */
  fields: readonly FieldInit[]
  typeParams?: ParamsInit | undefined
  nullable?: boolean | undefined
  /** The type parameter `max_capacity`. */
  maxCapacity?: number | undefined
}

/** A function, as `createCollectionSchema` takes it; ids and names of fields complete each other. */
export interface FunctionInit {
  name: string
  id?: number | bigint | undefined
  description?: string | undefined
  type: FunctionType | keyof typeof FunctionType
  inputFieldNames?: readonly string[] | undefined
  inputFieldIds?: readonly (number | bigint)[] | undefined
  outputFieldNames?: readonly string[] | undefined
  outputFieldIds?: readonly (number | bigint)[] | undefined
  params?: ParamsInit | undefined
}

/** A collection, as `createCollectionSchema` takes it. */
export interface CollectionSchemaInit {
  name: string
  description?: string | undefined
  autoId?: boolean | undefined
  enableDynamicField?: boolean | undefined
  fields: readonly FieldInit[]
  structArrayFields?: readonly StructArrayInit[] | undefined
  functions?: readonly FunctionInit[] | undefined
  properties?: ParamsInit | undefined
  dbName?: string | undefined
  version?: number | undefined
  externalSource?: string | undefined
  externalSpec?: string | undefined
  doPhysicalBackfill?: boolean | undefined
  fileResourceIds?: readonly (number | bigint)[] | undefined
  enableNamespace?: boolean | undefined
}

/** How strictly a collection is looked at. */
export interface CollectionSchemaOptions {
  /**
   * Refuse a collection without a primary key (default true). False for parts of a collection,
   * such as the columns of an import; two primary keys are refused all the same.
   */
  requirePrimaryKey?: boolean | undefined
}
