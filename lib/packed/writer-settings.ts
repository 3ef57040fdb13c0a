import { resolve } from 'node:path'
import type { Schema } from 'apache-arrow'
import {
  expectBoolean,
  expectFunction,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectOptions,
  expectSignal,
  expectText,
  resolveStorageConfig,
  type StorageConfig,
  unexpected,
} from '../config/index.js'
import type { NativeWriterOptions } from '../native/index.js'
import {
  COLUMN_GROUP_POLICIES,
  type ColumnGroup,
  groupsByPolicy,
  groupsBySpec,
  type IdentifiedSchema,
  identifyFields,
} from '../schema/index.js'
import { resolveEncryption } from './encryption.js'
import { expectSchema } from './expect-schema.js'
import { LAYOUT_DEFAULTS, LAYOUTS, type Layout } from './layouts.js'
import type { ChosenLevels } from './level-choice.js'
import { resolveQuantize } from './quantize-settings.js'
import { describeQuantized } from './quantized-columns.js'
import { resolveUserMetadata } from './user-metadata.js'
import { resolveColumns } from './writer-columns.js'
import {
  resolveConfig,
  resolveWriterCompression,
  type WriterCompression,
} from './writer-compression.js'
import type { PackedWriterOptions, WriteOptions, WriterProgress } from './writer-options.js'

const WHERE = 'PackedWriter.open'
const KNOWN = [
  'schema',
  'fieldIds',
  'groups',
  'directory',
  'layout',
  'compatibility',
  'compression',
  'config',
  'vectors',
  'columns',
  'quantize',
  'quantized',
  'rowGroupBytes',
  'bufferBytes',
  'userMetadata',
  'ifExists',
  'fsync',
  'concurrency',
  'storage',
  'copy',
  'signal',
  'onProgress',
  'encryption',
  'multipartPartBytes',
  'spool',
] as const

const MOST_THREADS = 1024

/** Checked options of a writer: what the addon gets and what stays on this side. */
export interface WriterSettings {
  /** Of the batches that are written. */
  input: Schema
  /** As stored: other fields where vectors are quantized. */
  identified: IdentifiedSchema
  /** Whether some of these are codes. */
  quantized: boolean
  groups: ColumnGroup[]
  /** Levels that were chosen, in the order of `groups`. */
  levels: readonly ChosenLevels[] | undefined
  native: NativeWriterOptions
  /** With the writer's own part size. */
  storage: StorageConfig | undefined
  spool: string | undefined
  copy: boolean
  signal: AbortSignal | undefined
  onProgress: ((progress: WriterProgress) => void) | undefined
}

/**
 * Check the options of `PackedWriter.open`.
 *
 * @throws PackedError InvalidArgument, InvalidSchema or NotSupported; nothing is on disk yet.
 */
export function resolveWriterSettings(value: unknown): WriterSettings {
  const options = expectObject(value, `the options of ${WHERE}`)
  expectKnownKeys(options, KNOWN, WHERE)
  const layout = resolveLayout(options)
  const schema = expectSchema(options.schema, 'schema')
  const auto = expectOneOf(options.fieldIds, 'fieldIds', ['auto', 'metadata'], 'metadata')
  const given = identifyFields(schema, auto === 'auto')
  const { stored, native: quantize } = resolveQuantize(given, options.quantize)
  const quantization = resolveQuantized(stored, options)
  const columns = resolveColumns(stored.schema, options.columns, layout)
  const groups = resolveGroups(stored, options, columns)
  const storage = resolveStorage(options)
  const config = resolveConfig(options.config)
  const rowGroupBytes = expectInteger(options.rowGroupBytes, 'rowGroupBytes', {
    min: 1,
    fallback: LAYOUT_DEFAULTS[layout].rowGroupBytes,
  })
  const compression = resolveWriterCompression({
    options,
    config,
    layout,
    schema: stored.schema,
    groups,
    columns,
    rowGroupBytes,
  })
  const native = resolveNative({
    options,
    config,
    layout,
    compression,
    rowGroupBytes,
    quantize,
    quantization,
    storage,
  })
  return {
    input: given.schema,
    identified: stored,
    quantized: quantize.length > 0 || quantization !== '',
    groups,
    levels: compression.levels,
    native,
    storage,
    spool: resolveSpool(options.spool, native),
    copy: expectBoolean(options.copy, 'copy', false),
    signal: expectSignal(options.signal, 'signal'),
    onProgress: expectFunction(options.onProgress, 'onProgress'),
  }
}

/** Check the options of one `write` or `writeAll`. */
export function resolveWrite(options: WriteOptions, method: string): WriteOptions {
  const { copy } = expectOptions(options, ['copy'], method)
  return copy === undefined ? {} : { copy: expectBoolean(copy, 'copy', false) }
}

/** Say of the options of a `PackedWriter` that is opened later what its `open` would say of them. */
export function checkWriterOptions(options: PackedWriterOptions): void {
  resolveWriterSettings(options)
}

interface NativeParts {
  options: Record<string, unknown>
  config: ReturnType<typeof resolveConfig>
  layout: Layout
  compression: WriterCompression
  rowGroupBytes: number
  quantize: NativeWriterOptions['quantize']
  quantization: string
  storage: StorageConfig | undefined
}

function resolveNative(parts: NativeParts): NativeWriterOptions {
  const { options, config, layout, compression, rowGroupBytes, storage } = parts
  const bufferBytes = expectInteger(options.bufferBytes, 'bufferBytes', { fallback: 0 })
  const encryption = resolveEncryption(options.encryption)
  const { dictionaryThreshold } = config
  return {
    ...compression.native,
    layout,
    compatibility: expectOneOf(
      options.compatibility,
      'compatibility',
      ['current', 'milvus-2.6'],
      'current',
    ),
    rowGroupBytes,
    bufferBytes: bufferBytes === 0 ? LAYOUT_DEFAULTS[layout].bufferBytes : bufferBytes,
    pageBytes: config.blockBytes ?? 0,
    ...(dictionaryThreshold === undefined ? {} : { dictionaryThreshold }),
    deltaEncoding: config.enableDeltaEncoding ?? true,
    userMetadata: resolveUserMetadata(options.userMetadata),
    quantize: parts.quantize,
    quantization: parts.quantization,
    replace: expectOneOf(options.ifExists, 'ifExists', ['error', 'replace'], 'error') === 'replace',
    fsync: expectBoolean(options.fsync, 'fsync', false),
    concurrency: expectInteger(options.concurrency, 'concurrency', {
      max: MOST_THREADS,
      fallback: config.concurrency ?? 0,
    }),
    ...(encryption === undefined ? {} : { encryption }),
    storage: resolveStorageConfig(storage),
  }
}

/** Checked by `resolveStorageConfig`, the part size with the rest. */
function resolveStorage({ storage, multipartPartBytes }: Record<string, unknown>) {
  if (multipartPartBytes === undefined) return storage as StorageConfig | undefined
  const config = storage === undefined ? {} : expectObject(storage, 'storage')
  return { ...config, multipartPartBytes } as StorageConfig
}

function resolveSpool(value: unknown, { storage }: NativeWriterOptions): string | undefined {
  if (value === undefined) return undefined
  if (storage.storageType !== 'local') return resolve(expectText(value, 'spool'))
  throw unexpected('no spool with local storage', 'spool', value)
}

function resolveQuantized(
  stored: IdentifiedSchema,
  { quantize, quantized }: Record<string, unknown>,
): string {
  if (quantize === undefined || quantized === undefined) return describeQuantized(stored, quantized)
  throw unexpected('no quantized beside quantize', 'quantized', quantized)
}

function resolveLayout(options: Record<string, unknown>): Layout {
  const layout = expectOneOf(options.layout, 'layout', LAYOUTS, 'milvus')
  if (layout !== 'milvus' && options.compatibility !== undefined) {
    const expected = `no compatibility with layout '${layout}'`
    throw unexpected(expected, 'compatibility', options.compatibility)
  }
  return layout
}

function resolveGroups(
  identified: IdentifiedSchema,
  options: Record<string, unknown>,
  columns: NativeWriterOptions['columns'],
): ColumnGroup[] {
  const { groups, directory } = options
  if (Array.isArray(groups)) {
    if (directory !== undefined) {
      throw unexpected('no directory (groups have their own paths)', 'directory', directory)
    }
    if (groups.length === 0) throw unexpected('at least one group', 'groups', groups)
    return groupsBySpec(identified, groups)
  }
  if (groups !== undefined && typeof groups !== 'string') {
    throw unexpected('an array of groups or the name of a policy', 'groups', groups)
  }
  const policy = expectOneOf(groups, 'groups', COLUMN_GROUP_POLICIES, 'milvus')
  const vectors = columns.filter(({ dim }) => dim !== undefined).map(({ name }) => name)
  return groupsByPolicy(identified, policy, expectText(directory, 'directory'), new Set(vectors))
}
