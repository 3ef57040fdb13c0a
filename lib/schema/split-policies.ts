import {
  expectBoolean,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOptions,
} from '../config/index.js'
import type { CollectionSchema, FieldSchema } from './collection-schema.js'
import { DataType, isVector } from './data-type.js'
import {
  type FieldGroup,
  groupOf,
  type PlacedField,
  placedFields,
  sortedGroups,
} from './field-group.js'
import { FIRST_USER_FIELD_ID } from './field-ids.js'

/** Which fields join RowID and Timestamp; all of them by default. */
export interface SystemColumnPolicy {
  /** Default true. */
  enabled?: boolean | undefined
  includePrimaryKey?: boolean | undefined
  includePartitionKey?: boolean | undefined
  /** A vector stays on its own even when it is the clustering key. */
  includeClusteringKey?: boolean | undefined
}

/** How wide a field on its own is. */
export interface AverageSizePolicy {
  /** Default true. */
  enabled?: boolean | undefined
  /** Bytes per row, default 1024. */
  thresholdBytes?: number | undefined
}

/** Milvus's split policies (`common.storage.stv2.*`); false switches one off. */
export interface SplitPolicies {
  /** RowID, Timestamp and keys in one group, the first (default on). */
  systemColumn?: boolean | SystemColumnPolicy | undefined
  /** Wide fields on their own: `thresholdBytes` per row (1024) or more (default on). */
  averageSize?: boolean | AverageSizePolicy | undefined
  /** Vectors and Text on their own (default on). */
  selectedDataType?: boolean | undefined
  /** Fields of unlike type parameter `local_format` never share a group (default on). */
  localFormat?: boolean | undefined
}

/** Options of {@link splitByDefaultPolicies}. */
export interface SplitOptions {
  /** Decoded bytes per row by field id; fields without are not wide. */
  averageBytes?: ReadonlyMap<bigint, number> | undefined
  /** Which of Milvus's policies make groups; its defaults when absent. */
  policies?: SplitPolicies | undefined
}

/** Bytes per row from which a field has a group of its own. */
const WIDE_BYTES = 1024

const POLICY_KEYS = ['systemColumn', 'averageSize', 'selectedDataType', 'localFormat']
const SYSTEM_KEYS = ['enabled', 'includePrimaryKey', 'includePartitionKey', 'includeClusteringKey']
const AVERAGE_KEYS = ['enabled', 'thresholdBytes']

/** The policies with their defaults; undefined for one that is off. */
interface Resolved {
  isSystem: ((field: FieldSchema) => boolean) | undefined
  wideBytes: number | undefined
  selectedDataType: boolean
  localFormat: boolean
}

/**
 * Column groups as Milvus makes them for a new segment.
 *
 * In this order, each policy taking what is still free: system fields and keys (a short group),
 * wide fields and then vectors and Text (each in a group of its own field id), the rest (a short
 * group). Short groups are numbered from 0. Split a schema with its system fields
 * (`withSystemFields`), and once per segment: files of one segment must agree.
 *
 * @returns groups in the order of their ids.
 * @throws PackedError InvalidArgument for a misspelled policy.
 */
export function splitByDefaultPolicies(
  schema: CollectionSchema,
  options: SplitOptions = {},
): FieldGroup[] {
  expectOptions(options, ['averageBytes', 'policies'], 'splitByDefaultPolicies')
  const { averageBytes = new Map(), policies = {} } = options
  const { isSystem, wideBytes, selectedDataType, localFormat } = resolvePolicies(policies)
  const fields = placedFields(schema)
  const formats = localFormat ? [...new Set(fields.map(localFormatOf))] : [undefined]
  const groups: FieldGroup[] = []
  let pending = fields
  let shortGroups = 0n

  const take = (belongs: (field: FieldSchema) => boolean): PlacedField[] => {
    const taken = pending.filter(({ field }) => belongs(field))
    pending = pending.filter(({ field }) => !belongs(field))
    return taken
  }
  const takeShort = (belongs: (field: FieldSchema) => boolean): void => {
    const taken = take(belongs)
    for (const format of formats) {
      const members = taken.filter((field) => !localFormat || localFormatOf(field) === format)
      if (members.length > 0) groups.push(groupOf(shortGroups++, members))
    }
  }
  const takeAlone = (belongs: (field: FieldSchema) => boolean): void => {
    for (const one of take(belongs)) groups.push(groupOf(one.field.fieldId, [one]))
  }

  if (isSystem !== undefined) takeShort(isSystem)
  if (wideBytes !== undefined) {
    // Never a system field: its id would be that of a short group.
    takeAlone(
      ({ fieldId }) =>
        fieldId >= FIRST_USER_FIELD_ID && Math.trunc(averageBytes.get(fieldId) ?? 0) >= wideBytes,
    )
  }
  if (selectedDataType) takeAlone(({ dataType }) => standsAlone(dataType))
  takeShort(() => true)
  return sortedGroups(groups)
}

/** One group per field, its id the field's. */
export function splitBySchema(schema: CollectionSchema): FieldGroup[] {
  return sortedGroups(placedFields(schema).map((one) => groupOf(one.field.fieldId, [one])))
}

/** As the first segments with column groups have it: short fields in group 0, others alone. */
export function splitLegacy(schema: CollectionSchema): FieldGroup[] {
  return splitByDefaultPolicies(schema, { policies: { systemColumn: false, averageSize: false } })
}

function standsAlone(type: DataType): boolean {
  return isVector(type) || type === DataType.Text
}

function localFormatOf({ field }: PlacedField): string {
  return field.typeParams.local_format ?? ''
}

function resolvePolicies(policies: SplitPolicies): Resolved {
  expectKnownKeys(expectObject(policies, 'policies'), POLICY_KEYS, 'policies')
  return {
    isSystem: systemTest(optionsOf(policies.systemColumn, SYSTEM_KEYS, 'systemColumn')),
    wideBytes: thresholdOf(optionsOf(policies.averageSize, AVERAGE_KEYS, 'averageSize')),
    selectedDataType: expectBoolean(policies.selectedDataType, 'policies.selectedDataType', true),
    localFormat: expectBoolean(policies.localFormat, 'policies.localFormat', true),
  }
}

/** The options of one policy; undefined when it is off. */
function optionsOf(
  policy: boolean | object | undefined,
  keys: readonly string[],
  key: string,
): Record<string, unknown> | undefined {
  if (policy === false) return undefined
  const name = `policies.${key}`
  const options = expectObject(policy === undefined || policy === true ? {} : policy, name)
  expectKnownKeys(options, keys, name)
  return expectBoolean(options.enabled, `${name}.enabled`, true) ? options : undefined
}

function systemTest(
  options: Record<string, unknown> | undefined,
): ((field: FieldSchema) => boolean) | undefined {
  if (options === undefined) return undefined
  const includes = (key: keyof SystemColumnPolicy) =>
    expectBoolean(options[key], `policies.systemColumn.${key}`, true)
  const primary = includes('includePrimaryKey')
  const partition = includes('includePartitionKey')
  const clustering = includes('includeClusteringKey')
  return (field) =>
    field.fieldId < FIRST_USER_FIELD_ID ||
    (primary && field.isPrimaryKey) ||
    (partition && field.isPartitionKey) ||
    (clustering && field.isClusteringKey && !isVector(field.dataType))
}

function thresholdOf(options: Record<string, unknown> | undefined): number | undefined {
  if (options === undefined) return undefined
  return expectInteger(options.thresholdBytes, 'policies.averageSize.thresholdBytes', {
    min: 1,
    fallback: WIDE_BYTES,
  })
}
