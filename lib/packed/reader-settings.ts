import {
  expectBoolean,
  expectFunction,
  expectId,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectSignal,
  expectText,
  resolveStorageConfig,
  unexpected,
} from '../config/index.js'
import type { NativeReaderOptions, NativeVisibility } from '../native/index.js'
import type { StreamPolicy } from './batch-stream.js'
import { expectSchema } from './expect-schema.js'
import { type FilterTree, filterTree, resolveFilter } from './filter/index.js'
import type { KeyRetriever } from './key-retriever.js'
import { expectFiles } from './reader-files.js'
import { expectColumnGroups } from './reader-groups.js'
import {
  importSchema,
  resolveDefaults,
  resolveLimits,
  resolvePolicy,
  STREAM_OPTIONS,
} from './stream-settings.js'

const WHERE = 'PackedReader.open'
const MATCHES = ['idThenName', 'name'] as const
const KNOWN = [
  'paths',
  'columnGroups',
  'matchBy',
  'storage',
  'schema',
  'columns',
  'defaults',
  'vectors',
  'quantized',
  'mmap',
  'lenient',
  'keyRetriever',
  'visibility',
  'filter',
  ...STREAM_OPTIONS,
] as const

/** Checked options of a reader: what the addon gets and what stays on this side. */
export interface ReaderSettings extends StreamPolicy {
  native: NativeReaderOptions
  /** Yet to be checked against the columns of the files. */
  filterOnFiles: FilterTree | undefined
  keyRetriever: KeyRetriever | undefined
  signal: AbortSignal | undefined
}

/**
 * Check the options of `PackedReader.open`.
 *
 * @throws PackedError InvalidArgument or NotSupported; no file is open yet.
 */
export function resolveReaderSettings(value: unknown): ReaderSettings {
  const options = expectObject(value, `the options of ${WHERE}`)
  expectKnownKeys(options, KNOWN, WHERE)
  const filter = options.filter === undefined ? undefined : filterTree(options.filter)
  return {
    native: {
      ...sourceOf(options),
      byName: expectOneOf(options.matchBy, 'matchBy', MATCHES, 'idThenName') === 'name',
      ...resolveProjection(options),
      vectors: expectOneOf(
        options.vectors,
        'vectors',
        ['fixed_size_binary', 'fixed_size_list'],
        'fixed_size_binary',
      ),
      quantized: expectOneOf(options.quantized, 'quantized', ['decode', 'raw'], 'decode'),
      ...resolveLimits(options),
      mmap: expectBoolean(options.mmap, 'mmap', false),
      lenient: expectBoolean(options.lenient, 'lenient', false),
      ...filterOf(options, filter),
      ...(options.visibility === undefined
        ? {}
        : { visibility: options.visibility as NativeVisibility }),
      storage: resolveStorageConfig(options.storage),
    },
    ...resolvePolicy(options),
    filterOnFiles: options.schema === undefined ? filter : undefined,
    keyRetriever: expectFunction<KeyRetriever>(options.keyRetriever, 'keyRetriever'),
    signal: expectSignal(options.signal, 'signal'),
  }
}

function filterOf(
  { schema }: Record<string, unknown>,
  filter: FilterTree | undefined,
): Pick<NativeReaderOptions, 'filter'> {
  if (schema === undefined || filter === undefined) return {}
  return { filter: resolveFilter(filter, expectSchema(schema, 'schema')) }
}

function sourceOf(
  options: Record<string, unknown>,
): Pick<NativeReaderOptions, 'paths' | 'known' | 'groups'> {
  if (options.columnGroups === undefined) return expectFiles(options.paths)
  if (options.paths !== undefined) {
    throw unexpected('either paths or columnGroups', 'paths', options.paths)
  }
  return expectColumnGroups(options.columnGroups)
}

function resolveProjection(
  options: Record<string, unknown>,
): Pick<NativeReaderOptions, 'schema' | 'columns' | 'defaults'> {
  const projection: Pick<NativeReaderOptions, 'schema' | 'columns' | 'defaults'> = {}
  if (options.columns !== undefined) projection.columns = expectColumns(options.columns)
  if (options.schema === undefined) {
    if (options.defaults !== undefined) {
      throw unexpected(
        'no defaults without a schema that has their fields',
        'defaults',
        options.defaults,
      )
    }
    return projection
  }
  const schema = expectSchema(options.schema, 'schema')
  projection.schema = importSchema(schema)
  if (options.defaults !== undefined) {
    projection.defaults = resolveDefaults(schema, options.defaults)
  }
  return projection
}

function expectColumns(value: unknown): (bigint | string)[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw unexpected('a non-empty array of names or field ids', 'columns', value)
  }
  return value.map((column, index) => {
    const name = `columns[${index}]`
    return typeof column === 'string' ? expectText(column, name) : expectId(column, name)
  })
}
