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
  /** Unique in the collection. */
  name: string
  /** For people. */
  description?: string | undefined
  /** A name or number of {@link DataType}, as `schemapb.DataType`. */
  dataType: DataTypeInit
  /** One field of a collection is: Int64 or VarChar. */
  isPrimaryKey?: boolean | undefined
  /** Keys are made by Milvus, not given. */
  autoId?: boolean | undefined
  /** Rows may have no value. */
  nullable?: boolean | undefined
  /** Of Array (a scalar) and ArrayOfVector (a dense vector). */
  elementType?: DataTypeInit | undefined
  /** Elements of an array may be null. */
  elementNullable?: boolean | undefined
  /** The JSON field that has what no other field takes. */
  isDynamic?: boolean | undefined
  /** Rows go to partitions by its value. */
  isPartitionKey?: boolean | undefined
  /** Compaction in Milvus sorts rows into segments by it. */
  isClusteringKey?: boolean | undefined
  /** Filled by a function of the collection. */
  isFunctionOutput?: boolean | undefined
  /** Of rows that give none. */
  defaultValue?: DefaultValue | undefined
  /** Further type parameters, as text (`schemapb.FieldSchema.type_params`). */
  typeParams?: ParamsInit | undefined
  /** Kept for Milvus; indexes are not built here. */
  indexParams?: ParamsInit | undefined
  /** Name of the column in an external source. */
  externalField?: string | undefined
  /** Whether the field is there yet (`schemapb.FieldState`). */
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
  /** Assigned when absent. */
  fieldId?: number | bigint | undefined
  /** Unique in the collection. */
  name: string
  /** For people. */
  description?: string | undefined
  /** Array and ArrayOfVector fields. */
  fields: readonly FieldInit[]
  /** Further type parameters, as text. */
  typeParams?: ParamsInit | undefined
  /** Rows may have no value. */
  nullable?: boolean | undefined
  /** The type parameter `max_capacity`. */
  maxCapacity?: number | undefined
}

/** A function, as `createCollectionSchema` takes it; ids and names of fields complete each other. */
export interface FunctionInit {
  /** Unique in the collection. */
  name: string
  /** Kept for Milvus. */
  id?: number | bigint | undefined
  /** For people. */
  description?: string | undefined
  /** A name or number of {@link FunctionType}, as `schemapb.FunctionType`. */
  type: FunctionType | keyof typeof FunctionType
  /** Fields that are read, by name. */
  inputFieldNames?: readonly string[] | undefined
  /** Fields that are read, by id. */
  inputFieldIds?: readonly (number | bigint)[] | undefined
  /** Fields that are filled, by name. */
  outputFieldNames?: readonly string[] | undefined
  /** Fields that are filled, by id. */
  outputFieldIds?: readonly (number | bigint)[] | undefined
  /** Parameters of the function, as text. */
  params?: ParamsInit | undefined
}

/** A collection, as `createCollectionSchema` takes it. */
export interface CollectionSchemaInit {
  /** Name of the collection. */
  name: string
  /** For people. */
  description?: string | undefined
  /** Keys are made by Milvus, not given. */
  autoId?: boolean | undefined
  /** Rows may have more than the fields: it goes into a JSON field. */
  enableDynamicField?: boolean | undefined
  /** The user's fields, in order. */
  fields: readonly FieldInit[]
  /** Arrays of structs. */
  structArrayFields?: readonly StructArrayInit[] | undefined
  /** Functions that fill fields. */
  functions?: readonly FunctionInit[] | undefined
  /** Properties of the collection, as text. */
  properties?: ParamsInit | undefined
  /** Name of the database. */
  dbName?: string | undefined
  /** Version of the schema; 0 by default. */
  version?: number | undefined
  /** Kept for Milvus: where rows of an external collection are. */
  externalSource?: string | undefined
  /** Kept for Milvus: how they are read. */
  externalSpec?: string | undefined
  /** Kept for Milvus. */
  doPhysicalBackfill?: boolean | undefined
  /** Kept for Milvus. */
  fileResourceIds?: readonly (number | bigint)[] | undefined
  /** Kept for Milvus. */
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
