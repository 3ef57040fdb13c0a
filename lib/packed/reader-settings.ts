import { flattenBatch, flattenSchema } from '../cdata/index.js'
import {
  expectBoolean,
  expectFunction,
  expectId,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectSignal,
  expectText,
  refuseUnbuilt,
  resolveStorageConfig,
  unexpected,
} from '../config/index.js'
import type { NativeReaderOptions, NativeVisibility, ReadPolicy } from '../native/index.js'
import { callSync } from '../native/index.js'
import { defaultRow } from './default-row.js'
import { expectSchema } from './expect-schema.js'
import type { KeyRetriever } from './key-retriever.js'

const WHERE = 'PackedReader.open'
const UNBUILT = ['filter'] as const
const KNOWN = [
  'paths',
  'storage',
  'schema',
  'columns',
  'defaults',
  'vectors',
  'batchRows',
  'batchBytes',
  'bufferBytes',
  'releasePrevious',
  'copy',
  'maxOutstandingBytes',
  'mmap',
  'lenient',
  'signal',
  'keyRetriever',
  'visibility',
  ...UNBUILT,
] as const

const DEFAULT_BATCH_ROWS = 8192
const DEFAULT_BUFFER_BYTES = 16 << 20
const DEFAULT_OUTSTANDING_BYTES = 2 ** 30

/** Checked options of a reader: what the addon gets and what stays on this side. */
export interface ReaderSettings {
  native: NativeReaderOptions
  policy: ReadPolicy
  releasePrevious: boolean
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
  refuseUnbuilt(options, UNBUILT, WHERE)
  const bufferBytes = expectInteger(options.bufferBytes, 'bufferBytes', { fallback: 0 })
  return {
    native: {
      paths: expectPaths(options.paths),
      ...resolveProjection(options),
      vectors: expectOneOf(
        options.vectors,
        'vectors',
        ['fixed_size_binary', 'fixed_size_list'],
        'fixed_size_binary',
      ),
      batchRows: expectInteger(options.batchRows, 'batchRows', {
        min: 1,
        fallback: DEFAULT_BATCH_ROWS,
      }),
      batchBytes: expectInteger(options.batchBytes, 'batchBytes', { fallback: 0 }),
      bufferBytes: bufferBytes === 0 ? DEFAULT_BUFFER_BYTES : bufferBytes,
      mmap: expectBoolean(options.mmap, 'mmap', false),
      lenient: expectBoolean(options.lenient, 'lenient', false),
      ...(options.visibility === undefined
        ? {}
        : { visibility: options.visibility as NativeVisibility }),
      storage: resolveStorageConfig(options.storage),
    },
    policy: {
      copy: expectBoolean(options.copy, 'copy', false),
      maxOutstandingBytes: expectInteger(options.maxOutstandingBytes, 'maxOutstandingBytes', {
        fallback: DEFAULT_OUTSTANDING_BYTES,
      }),
    },
    releasePrevious: expectBoolean(options.releasePrevious, 'releasePrevious', false),
    keyRetriever: expectFunction<KeyRetriever>(options.keyRetriever, 'keyRetriever'),
    signal: expectSignal(options.signal, 'signal'),
  }
}

function expectPaths(value: unknown): string[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw unexpected('a non-empty array of paths', 'paths', value)
  }
  return value.map((path, index) => expectText(path, `paths[${index}]`))
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
  const flat = flattenSchema(schema)
  projection.schema = callSync((addon) => addon.importSchema(flat))
  if (options.defaults !== undefined) {
    const row = defaultRow(schema, expectObject(options.defaults, 'defaults'))
    const rowSchema = flattenSchema(row.schema)
    projection.defaults = {
      schema: callSync((addon) => addon.importSchema(rowSchema)),
      batch: flattenBatch(row),
    }
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
