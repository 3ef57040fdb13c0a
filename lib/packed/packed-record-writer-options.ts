import type { Schema } from 'apache-arrow'
import { expectKnownKeys, expectObject, expectText, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import {
  type CollectionSchema,
  type ColumnGroupSpec,
  convertToArrowSchema,
  type FieldGroup,
  identifyFields,
} from '../schema/index.js'
import { expectSchema } from './expect-schema.js'
import { encryptionOf, type PluginContext } from './plugin-context.js'
import type { PackedWriterOptions } from './writer-options.js'

const WHERE = 'PackedRecordWriter.open'
const OWN = ['schema', 'paths', 'columnGroups', 'bucketName', 'pluginContext'] as const

/** Options that mean the same here and in `PackedWriter.open`. */
const PASSED_ON = [
  'layout',
  'compatibility',
  'compression',
  'config',
  'vectors',
  'columns',
  'quantized',
  'rowGroupBytes',
  'bufferBytes',
  'multipartPartBytes',
  'spool',
  'userMetadata',
  'ifExists',
  'fsync',
  'concurrency',
  'storage',
  'encryption',
  'signal',
  'onProgress',
] as const

type PassedOn = Extract<(typeof PASSED_ON)[number], keyof PackedWriterOptions>

/** Options of `PackedRecordWriter.open`. A name that is not listed here is InvalidArgument. */
export interface PackedRecordWriterOptions extends Pick<PackedWriterOptions, PassedOn> {
  /** The columns to write: Arrow fields with ids, or a collection (named by logical names). */
  schema: Schema | CollectionSchema
  /** One path per column group, in the order of `columnGroups`. */
  paths: readonly string[]
  /** Every column in exactly one group. `columns`, where given, must agree with `fieldIds`. */
  columnGroups: readonly FieldGroup[]
  /**
   * Reported in front of every path on other than local storage; `storage.bucketName` if absent.
   */
  bucketName?: string
  /** What Milvus's cipher plugin gave for the collection; instead of `encryption`. */
  pluginContext?: PluginContext
}

/** Checked options of a record writer. */
export interface RecordWriterPlan {
  schema: Schema
  groups: readonly FieldGroup[]
  /** Where the files really are, in the order of `groups`. */
  truePaths: readonly string[]
  writer: PackedWriterOptions
}

/**
 * Check the options of `PackedRecordWriter.open`.
 *
 * @throws PackedError InvalidArgument, InvalidSchema; nothing is on disk yet.
 */
export function planRecordWriter(value: unknown): RecordWriterPlan {
  const options = expectObject(value, `the options of ${WHERE}`)
  expectKnownKeys(options, [...OWN, ...PASSED_ON], WHERE)
  const schema = arrowSchemaOf(options.schema)
  const groups = expectGroups(options.columnGroups, schema)
  const paths = expectPaths(options.paths, groups.length)
  const truePaths = paths.map((path) => truePath(path, options))
  const specs: ColumnGroupSpec[] = groups.map(({ id, fieldIds }, index) => {
    return { id, path: paths[index]!, fields: fieldIds }
  })
  const passedOn = PASSED_ON.filter((key) => options[key] !== undefined)
  const rest = Object.fromEntries(passedOn.map((key) => [key, options[key]]))
  const writer = { ...rest, ...pluginEncryption(options), schema, groups: specs }
  return { schema, groups, truePaths, writer }
}

function pluginEncryption({
  pluginContext,
  encryption,
}: Record<string, unknown>): Pick<PackedWriterOptions, 'encryption'> {
  if (pluginContext === undefined) return {}
  if (encryption !== undefined) {
    throw unexpected('no encryption beside a pluginContext', 'encryption', typeof encryption)
  }
  const context = expectObject(pluginContext, 'pluginContext')
  return { encryption: encryptionOf(context as unknown as PluginContext) }
}

/** An Arrow schema with field ids, from one or from a collection. */
export function arrowSchemaOf(value: unknown): Schema {
  const schema = expectObject(value, 'schema')
  return 'structArrayFields' in schema
    ? convertToArrowSchema(value as CollectionSchema)
    : expectSchema(value, 'schema')
}

/**
 * Where a file really is, as Milvus's storage layer says it: with the bucket in front of the path,
 * which names the key in it.
 */
export function truePath(path: string, options: Record<string, unknown>): string {
  const storage = (options.storage ?? {}) as { storageType?: unknown; bucketName?: unknown }
  if ((storage.storageType ?? 'local') === 'local') return path
  const bucket = options.bucketName ?? storage.bucketName
  if (bucket === undefined) return path
  return `${expectText(bucket, 'bucketName')}/${path.replace(/^\/+/, '')}`
}

function expectPaths(value: unknown, groups: number): string[] {
  if (Array.isArray(value) && value.length === groups) {
    return value.map((path, index) => expectText(path, `paths[${index}]`))
  }
  throw unexpected(`${groups} paths, one per column group,`, 'paths', value)
}

function expectGroups(value: unknown, schema: Schema): FieldGroup[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw unexpected('a non-empty array of groups', 'columnGroups', value)
  }
  const { ids } = identifyFields(schema, false)
  return (value as FieldGroup[]).map((group, index) => {
    const name = `columnGroups[${index}]`
    const { fieldIds, columns, format } = expectObject(group, name)
    if (!Array.isArray(fieldIds) || fieldIds.length === 0) {
      throw unexpected('a non-empty array of field ids', `${name}.fieldIds`, fieldIds)
    }
    if (format !== undefined && format !== '' && format !== 'parquet') {
      const message = `Expected 'parquet' for ${name}.format but received ${String(format)}`
      throw new PackedError('NotSupported', message)
    }
    const agrees = fieldIds.map((id) => ids.indexOf(id))
    if (Array.isArray(columns) && columns.length > 0 && String(columns) !== String(agrees)) {
      throw unexpected(`the positions of its field ids (${agrees})`, `${name}.columns`, columns)
    }
    return group
  })
}
