import type { DataType } from './data-type.js'

/** Value of a field that a row or an old file does not have. */
export type DefaultValue = boolean | number | bigint | string | Uint8Array

/** `schema.FieldState`. */
export const FieldState = { Created: 0, Creating: 1, Dropping: 2, Dropped: 3 } as const
export type FieldState = (typeof FieldState)[keyof typeof FieldState]

/** One field of a collection, complete and checked (`schema.FieldSchema`). */
export interface FieldSchema {
  /** 0 RowID, 1 Timestamp, from 100 the user's. */
  readonly fieldId: bigint
  readonly name: string
  readonly description: string
  readonly dataType: DataType
  readonly isPrimaryKey: boolean
  readonly autoId: boolean
  readonly nullable: boolean
  /** Of Array and ArrayOfVector; `DataType.None` elsewhere. */
  readonly elementType: DataType
  /** Elements of an Array or ArrayOfVector may be null. */
  readonly elementNullable: boolean
  readonly isDynamic: boolean
  readonly isPartitionKey: boolean
  readonly isClusteringKey: boolean
  readonly isFunctionOutput: boolean
  readonly defaultValue: DefaultValue | undefined
  /** `dim`, `max_length`, `max_capacity`, … as text, as Milvus keeps them. */
  readonly typeParams: Readonly<Record<string, string>>
  readonly indexParams: Readonly<Record<string, string>>
  /** Name of the column in an external file; empty otherwise. */
  readonly externalField: string
  readonly state: FieldState
}

/** An array of structs; its sub-fields are columns of their own (`schema.StructArrayFieldSchema`). */
export interface StructArrayField {
  readonly fieldId: bigint
  readonly name: string
  readonly description: string
  /** Array and ArrayOfVector fields. */
  readonly fields: readonly FieldSchema[]
  readonly typeParams: Readonly<Record<string, string>>
  readonly nullable: boolean
}

/** `schema.FunctionType`. */
export const FunctionType = {
  Unknown: 0,
  BM25: 1,
  TextEmbedding: 2,
  Rerank: 3,
  MinHash: 4,
  MolFingerprint: 5,
} as const
export type FunctionType = (typeof FunctionType)[keyof typeof FunctionType]

/** A function whose output is stored as a field (`schema.FunctionSchema`). */
export interface FunctionSchema {
  readonly name: string
  readonly id: bigint
  readonly description: string
  readonly type: FunctionType
  readonly inputFieldNames: readonly string[]
  readonly inputFieldIds: readonly bigint[]
  readonly outputFieldNames: readonly string[]
  readonly outputFieldIds: readonly bigint[]
  readonly params: Readonly<Record<string, string>>
}

/** A collection, complete and checked (`schema.CollectionSchema`). Made by `createCollectionSchema`. */
export interface CollectionSchema {
  readonly name: string
  readonly description: string
  readonly autoId: boolean
  readonly enableDynamicField: boolean
  readonly fields: readonly FieldSchema[]
  readonly structArrayFields: readonly StructArrayField[]
  readonly functions: readonly FunctionSchema[]
  readonly properties: Readonly<Record<string, string>>
  readonly dbName: string
  /** Counts changes of the schema. */
  readonly version: number
  /** Where the rows of an external collection are; empty otherwise. */
  readonly externalSource: string
  readonly externalSpec: string
  readonly doPhysicalBackfill: boolean
  readonly fileResourceIds: readonly bigint[]
  readonly enableNamespace: boolean
}

/** Field id of the system field `RowID`. */
export const ROW_ID_FIELD = 0n
/** Field id of the system field `Timestamp`: hybrid timestamps. */
export const TIMESTAMP_FIELD = 1n
