import { Field, Schema } from 'apache-arrow'
import {
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectSignal,
  type StorageConfig,
} from '../config/index.js'
import {
  checkWriterOptions,
  expectSchema,
  type PackedWriterOptions,
  type WriterProgress,
} from '../packed/index.js'
import { type CollectionSchema, convertToArrowSchema, identifyFields } from '../schema/index.js'
import { type ChunkManager, checkKey } from '../storage/index.js'
import { dataFolder } from './paths.js'
import {
  expectFormat,
  type Grouping,
  isSampled,
  type ManifestWriterPolicy,
  resolveGrouping,
} from './writer-policy.js'

const WHERE = 'PackedRecordManifestWriter.open'
const OWN = [
  'schema',
  'fieldIds',
  'columnNames',
  'basePath',
  'chunkManager',
  'storage',
  'policy',
  'rollingBytes',
  'format',
  'columns',
  'signal',
  'onProgress',
] as const

/** Options that mean the same here and in `PackedWriter.open`. */
const PASSED_ON = [
  'layout',
  'compatibility',
  'compression',
  'config',
  'vectors',
  'quantized',
  'rowGroupBytes',
  'bufferBytes',
  'multipartPartBytes',
  'userMetadata',
  'fsync',
  'concurrency',
  'encryption',
] as const

const DEFAULT_ROLLING_BYTES = 2 ** 31

/** Options of `PackedRecordManifestWriter.open`. A name that is not listed here is InvalidArgument. */
export interface ManifestWriterOptions
  extends Pick<
    PackedWriterOptions,
    (typeof PASSED_ON)[number] | 'fieldIds' | 'columns' | 'signal' | 'onProgress'
  > {
  /** The columns to write: Arrow fields with ids, or a collection. */
  schema: Schema | CollectionSchema
  /**
   * What columns are called in the files and in the manifest: `'name'` (default), or `'fieldId'`
   * for the decimal field id, as Milvus's segment writer has it. What is written keeps the names of
   * `schema` in either case.
   */
  columnNames?: 'name' | 'fieldId'
  /** Base of the segment: a key of the chunk manager. Files go to `<basePath>/_data`. */
  basePath: string
  /** Where the files go: a chunk manager, or a directory or bucket. */
  chunkManager?: ChunkManager
  /** Beside a chunk manager: where the addon finds its objects. */
  storage?: StorageConfig
  /** How columns are spread over column groups; `{ kind: 'single' }` by default. */
  policy?: ManifestWriterPolicy
  /**
   * Decoded Arrow bytes at which a file is ended and the next row begins another one; 2 GiB by
   * default. It is looked at behind every batch; the largest file decides for the files of all
   * groups, so that every set of files has the same rows. 0: every `flush` ends the files.
   */
  rollingBytes?: number
  /** `'parquet'` (default); Milvus's other formats are NotSupported. */
  format?: string
}

/** Checked options of a manifest writer. */
export interface ManifestWriterPlan {
  /** The caller's columns, with their ids. */
  schema: Schema
  /** The same under the names that they are stored by. */
  stored: Schema
  /** Of the data files; no slash at its end. */
  folder: string
  place: { chunkManager: ChunkManager | undefined; storage: StorageConfig | undefined }
  grouping: Grouping
  rollingBytes: number
  /** For every set of files; paths and storage come with it. */
  writer: Omit<PackedWriterOptions, 'groups' | 'storage'>
  isEncrypted: boolean
  signal: AbortSignal | undefined
  onProgress: ((progress: WriterProgress) => void) | undefined
}

/**
 * Check the options of `PackedRecordManifestWriter.open`.
 *
 * @throws PackedError InvalidArgument, InvalidSchema, NotSupported; nothing is on disk yet.
 */
export function planManifestWriter(value: unknown): ManifestWriterPlan {
  const given = expectObject(value, `the options of ${WHERE}`)
  expectKnownKeys(given, [...OWN, ...PASSED_ON], WHERE)
  const options = value as ManifestWriterOptions
  const { schema, stored } = schemasOf(given)
  const names = stored.fields.map(({ name }) => name)
  const grouping = resolveGrouping(given.policy, names)
  expectFormat(given.format, 'format')
  const signal = expectSignal(given.signal, 'signal')
  const columns = storedColumns(given.columns, schema, stored)
  const passedOn = PASSED_ON.filter((key) => given[key] !== undefined)
  const writer: ManifestWriterPlan['writer'] = {
    ...Object.fromEntries(passedOn.map((key) => [key, given[key]])),
    schema: stored,
    ...(columns === undefined ? {} : { columns }),
    ...(signal === undefined ? {} : { signal }),
  }
  const { onProgress, storage, chunkManager } = options
  checkWriterOptions({
    ...writer,
    groups: (isSampled(grouping) ? [names] : grouping).map((fields, index) => {
      return { path: `${index}`, fields }
    }),
    ...(storage === undefined ? {} : { storage }),
    ...(onProgress === undefined ? {} : { onProgress }),
  })
  return {
    schema,
    stored,
    folder: checkKey(dataFolder(given.basePath as string)),
    place: { chunkManager, storage },
    grouping,
    rollingBytes: expectInteger(given.rollingBytes, 'rollingBytes', {
      fallback: DEFAULT_ROLLING_BYTES,
    }),
    writer,
    isEncrypted: given.encryption !== undefined,
    signal,
    onProgress,
  }
}

/** The schema as the caller has it, and as it is stored. */
function schemasOf(given: Record<string, unknown>): { schema: Schema; stored: Schema } {
  const value = expectObject(given.schema, 'schema')
  const arrow =
    'structArrayFields' in value
      ? convertToArrowSchema(given.schema as CollectionSchema)
      : expectSchema(value, 'schema')
  const auto = expectOneOf(given.fieldIds, 'fieldIds', ['auto', 'metadata'], 'metadata')
  const { schema, ids } = identifyFields(arrow, auto === 'auto')
  const named = expectOneOf(given.columnNames, 'columnNames', ['name', 'fieldId'], 'name')
  if (named === 'name') return { schema, stored: schema }
  const fields = schema.fields.map(
    ({ type, nullable, metadata }, index) => new Field(`${ids[index]}`, type, nullable, metadata),
  )
  return { schema, stored: new Schema(fields, schema.metadata) }
}

/** The choices for single columns, under the names that they are stored by. */
function storedColumns(
  value: unknown,
  schema: Schema,
  stored: Schema,
): PackedWriterOptions['columns'] {
  if (value === undefined || schema === stored) return value as PackedWriterOptions['columns']
  const choices = Object.entries(expectObject(value, 'columns')).map(([name, choice]) => {
    const index = schema.fields.findIndex((field) => field.name === name)
    // A name that is none is refused with the others, by the name that the caller gave it.
    return [stored.fields[index]?.name ?? name, choice]
  })
  return Object.fromEntries(choices)
}
