import type { Schema } from 'apache-arrow'
import {
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectSignal,
  type StorageConfig,
  unexpected,
} from '../config/index.js'
import {
  type CheckedFilter,
  checkedFilter,
  expectSchema,
  type Filter,
  filterOfTree,
  filterTree,
  type PackedReaderOptions,
  STREAM_OPTIONS,
} from '../packed/index.js'
import { type CollectionSchema, convertToArrowSchema } from '../schema/index.js'
import type { ChunkManager, ChunkPlace } from '../storage/index.js'
import type { Manifest } from './model.js'

const WHERE = 'ManifestReader.open'
const OWN = [
  'basePath',
  'chunkManager',
  'storage',
  'version',
  'manifest',
  'schema',
  'columns',
  'filter',
] as const

/** Options that mean the same here and in `PackedReader.open`. */
const PASSED_ON = [...STREAM_OPTIONS, 'defaults', 'vectors', 'mmap', 'keyRetriever'] as const

type PassedOn = Extract<(typeof PASSED_ON)[number], keyof PackedReaderOptions>

/** Options of `ManifestReader.open`. A name that is not listed here is InvalidArgument. */
export interface ManifestReaderOptions extends Pick<PackedReaderOptions, PassedOn> {
  /** Base of the segment: a key of the chunk manager. Not needed with a `manifest`. */
  basePath?: string
  /** Where the files are: a chunk manager, or a directory or bucket. */
  chunkManager?: ChunkManager
  /** Beside a chunk manager: where the addon finds its objects. */
  storage?: StorageConfig
  /** Which version of the manifest is read: the rows that were committed then. -1 = the latest. */
  version?: number
  /** A manifest that was read before, in the place of one that is read now. */
  manifest?: Manifest
  /**
   * The columns that there may be, matched by name: those that are not stored come out as nulls or
   * defaults. Absent = the columns of all groups, as they are stored.
   */
  schema?: Schema | CollectionSchema
  /** The columns that come out, in this order; all if absent or empty. */
  columns?: readonly string[]
  /**
   * The rows that come out; all if absent or empty. By columns of `schema`, or of the groups where
   * there is none, in `columns` or not; names, or field ids where the files have them.
   */
  filter?: Filter
}

/** Checked options of a manifest reader. */
export interface ManifestReaderPlan {
  place: ChunkPlace
  basePath: string | undefined
  /** -1 with a manifest: nobody said. */
  version: number
  manifest: Manifest | undefined
  schema: Schema | undefined
  columns: readonly string[] | undefined
  filter: CheckedFilter | undefined
  signal: AbortSignal | undefined
  passedOn: Pick<PackedReaderOptions, PassedOn>
}

/** Check the options of `ManifestReader.open`. @throws PackedError InvalidArgument. */
export function planManifestReader(value: unknown): ManifestReaderPlan {
  const given = expectObject(value, `the options of ${WHERE}`)
  expectKnownKeys(given, [...OWN, ...PASSED_ON], WHERE)
  const { basePath, manifest, chunkManager, storage } = given as ManifestReaderOptions
  if (manifest !== undefined && !Array.isArray(expectObject(manifest, 'manifest').columnGroups)) {
    throw unexpected('a manifest with columnGroups', 'manifest', manifest)
  }
  if (manifest === undefined && typeof basePath !== 'string') {
    throw unexpected('the key of a segment, or a manifest,', 'basePath', basePath)
  }
  const passedOn = PASSED_ON.filter((key) => given[key] !== undefined)
  return {
    place: { chunkManager, storage },
    basePath,
    version: expectInteger(given.version, 'version', { min: -1, fallback: -1 }),
    manifest,
    schema: schemaOf(given.schema),
    columns: expectColumns(given.columns),
    filter: filterOf(given),
    signal: expectSignal(given.signal, 'signal'),
    passedOn: Object.fromEntries(passedOn.map((key) => [key, given[key]])),
  }
}

/**
 * The columns of a call: no list, or one without a name, is no choice.
 *
 * @throws PackedError InvalidArgument, also where a name is there twice.
 */
export function expectColumns(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value)) throw unexpected('an array of names', 'columns', value)
  const stranger = value.find((name) => typeof name !== 'string')
  if (stranger !== undefined) throw unexpected('names', 'columns', stranger)
  const twice = value.find((name, index) => value.indexOf(name) !== index)
  if (twice !== undefined) throw unexpected('distinct names', 'columns', twice)
  return value.length === 0 ? undefined : value
}

/** Without a schema it is checked against the files when they are opened. */
function filterOf({ filter, schema }: Record<string, unknown>): CheckedFilter | undefined {
  if (schema !== undefined) return checkedFilter(filter, schema as Schema | CollectionSchema)
  const tree = filter === undefined ? undefined : filterTree(filter)
  return tree === undefined ? undefined : { filter: filterOfTree(tree), fields: [] }
}

function schemaOf(value: unknown): Schema | undefined {
  if (value === undefined) return undefined
  const given = expectObject(value, 'schema')
  if (!('structArrayFields' in given)) return expectSchema(given, 'schema')
  return convertToArrowSchema(value as CollectionSchema)
}
