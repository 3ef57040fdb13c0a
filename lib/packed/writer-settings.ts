import { resolve } from 'node:path'
import type { Schema } from 'apache-arrow'
import {
  expectBoolean,
  expectFunction,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectSignal,
  expectText,
  resolveStorageConfig,
  type StorageConfig,
  unexpected,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { NativeCodec, NativeWriterOptions } from '../native/index.js'
import {
  COLUMN_GROUP_POLICIES,
  type ColumnGroup,
  groupsByPolicy,
  groupsBySpec,
  type IdentifiedSchema,
  identifyFields,
} from '../schema/index.js'
import { resolveCodec, resolveCompression } from './compression.js'
import { resolveEncryption } from './encryption.js'
import { expectSchema } from './expect-schema.js'
import { LAYOUT_DEFAULTS, type Layout } from './layouts.js'
import { resolveQuantize } from './quantize-settings.js'
import type { PackedWriterOptions, WriterProgress } from './writer-options.js'

const WHERE = 'PackedWriter.open'
const KNOWN = [
  'schema',
  'fieldIds',
  'groups',
  'directory',
  'layout',
  'compatibility',
  'compression',
  'vectors',
  'columns',
  'quantize',
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
const COLUMN_KEYS = ['codec', 'level', 'encoding', 'dim'] as const

const MOST_THREADS = 1024

/** Checked options of a writer: what the addon gets and what stays on this side. */
export interface WriterSettings {
  /** Of the batches that are written. */
  input: Schema
  /** As stored: other fields where vectors are quantized. */
  identified: IdentifiedSchema
  /** Whether vectors are. */
  quantized: boolean
  groups: ColumnGroup[]
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
  const columns = resolveColumns(stored.schema, options.columns, layout)
  const groups = resolveGroups(stored, options, columns)
  const storage = resolveStorage(options)
  const native = resolveNative({ options, layout, groups, columns, quantize, storage })
  return {
    input: given.schema,
    identified: stored,
    quantized: quantize.length > 0,
    groups,
    native,
    storage,
    spool: resolveSpool(options.spool, native),
    copy: expectBoolean(options.copy, 'copy', false),
    signal: expectSignal(options.signal, 'signal'),
    onProgress: expectFunction(options.onProgress, 'onProgress'),
  }
}

/** Say of the options of a `PackedWriter` that is opened later what its `open` would say of them. */
export function checkWriterOptions(options: PackedWriterOptions): void {
  resolveWriterSettings(options)
}

interface NativeParts {
  options: Record<string, unknown>
  layout: Layout
  groups: readonly ColumnGroup[]
  columns: NativeWriterOptions['columns']
  quantize: NativeWriterOptions['quantize']
  storage: StorageConfig | undefined
}

function resolveNative(parts: NativeParts): NativeWriterOptions {
  const { options, layout, groups, columns, quantize, storage } = parts
  const defaults = LAYOUT_DEFAULTS[layout]
  const compression: NativeCodec =
    options.compression === undefined
      ? { codec: 'zstd', level: defaults.level }
      : resolveCompression(options.compression, 'compression')
  const vectors = resolveVectors(options.vectors, layout, compression)
  const bufferBytes = expectInteger(options.bufferBytes, 'bufferBytes', { fallback: 0 })
  const encryption = resolveEncryption(options.encryption)
  return {
    groups: groups.map(({ id, path, columns: positions }) => ({ id, path, columns: positions })),
    layout,
    compatibility: expectOneOf(
      options.compatibility,
      'compatibility',
      ['current', 'milvus-2.6'],
      'current',
    ),
    compression,
    ...(vectors === undefined ? {} : { vectors }),
    columns,
    rowGroupBytes: expectInteger(options.rowGroupBytes, 'rowGroupBytes', {
      min: 1,
      fallback: defaults.rowGroupBytes,
    }),
    bufferBytes: bufferBytes === 0 ? defaults.bufferBytes : bufferBytes,
    userMetadata: resolveUserMetadata(options.userMetadata),
    quantize,
    replace: expectOneOf(options.ifExists, 'ifExists', ['error', 'replace'], 'error') === 'replace',
    fsync: expectBoolean(options.fsync, 'fsync', false),
    concurrency: expectInteger(options.concurrency, 'concurrency', {
      max: MOST_THREADS,
      fallback: 0,
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

function resolveLayout(options: Record<string, unknown>): Layout {
  const layout = expectOneOf(options.layout, 'layout', ['milvus', 'fast', 'small'], 'milvus')
  if (layout === 'small') {
    throw new PackedError('NotSupported', `The option "layout" with 'small' is not built yet`)
  }
  if (layout === 'fast' && options.compatibility !== undefined) {
    throw unexpected(`no compatibility with layout 'fast'`, 'compatibility', options.compatibility)
  }
  return layout
}

/** The codec of dense vectors; undefined leaves the choice to the layout. */
function resolveVectors(
  value: unknown,
  layout: Layout,
  compression: NativeCodec,
): NativeCodec | undefined {
  switch (value) {
    case undefined:
      return undefined
    case 'auto':
      if (layout === 'fast') return undefined
      throw unexpected(`another choice than 'auto' with layout '${layout}'`, 'vectors', value)
    case 'always':
      return compression
    case 'stored':
      return { codec: 'uncompressed' }
    default:
      return resolveCompression(value, 'vectors')
  }
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

function resolveColumns(
  schema: Schema,
  value: unknown,
  layout: Layout,
): NativeWriterOptions['columns'] {
  if (value === undefined) return []
  return Object.entries(expectObject(value, 'columns')).map(([column, choice]) => {
    const name = `columns.${column}`
    if (!schema.fields.some((field) => field.name === column)) {
      throw unexpected('names of top-level fields of the schema', 'columns', column)
    }
    const options = expectObject(choice, name)
    expectKnownKeys(options, COLUMN_KEYS, name)
    const { level, codec, encoding, dim } = options
    const resolved: NativeWriterOptions['columns'][number] = { name: column }
    if (codec !== undefined || level !== undefined) {
      resolved.compression = resolveCodec(options, name)
    }
    if (encoding !== undefined) resolved.encoding = resolveEncoding(encoding, name, layout)
    if (dim !== undefined) {
      resolved.dim = expectInteger(dim, `${name}.dim`, { min: 1, max: 2 ** 31 - 1 })
    }
    return resolved
  })
}

/** The delta encodings are the layout's to choose. */
function resolveEncoding(value: unknown, name: string, layout: Layout) {
  const unbuilt = ['deltaBinaryPacked', 'deltaByteArray', 'deltaLengthByteArray'] as const
  const built = ['plain', 'dictionary', 'byteStreamSplit'] as const
  const encoding = expectOneOf(value, `${name}.encoding`, [...built, ...unbuilt])
  const chosen = built.find((known) => known === encoding)
  if (chosen !== undefined && (chosen !== 'byteStreamSplit' || layout === 'fast')) return chosen
  const message = `The option "${name}.encoding" with '${encoding}' is not built yet`
  const where = chosen === undefined ? '' : ` in layout '${layout}'`
  throw new PackedError('NotSupported', `${message}${where}`)
}

/** A Map by what it does: one of another realm is a Map too. */
function isMapLike(value: object): value is ReadonlyMap<unknown, unknown> {
  return Object.prototype.toString.call(value) === '[object Map]'
}

function resolveUserMetadata(value: unknown): string[] {
  if (value === undefined) return []
  const object = expectObject(value, 'userMetadata')
  const entries: [unknown, unknown][] = isMapLike(object) ? [...object] : Object.entries(object)
  return entries.flatMap(([key, text]) => {
    const name = expectText(key, 'a key of userMetadata')
    if (typeof text === 'string') return [name, text]
    throw unexpected('a string', `userMetadata.${name}`, text)
  })
}
