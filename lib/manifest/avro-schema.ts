import avsc from 'avsc'

type Schema = Parameters<typeof avsc.Type.forSchema>[0]

/** Avro integers of 64 bits as bigint: a double would round ids. */
const LONG = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer(value: bigint) {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(value)
    return bytes
  },
  fromJSON: BigInt, // defaults of the schema
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value,
  compare: (left: bigint, right: bigint) => (left < right ? -1 : Number(left > right)),
})

/** A type with bigint longs, as manifests are read and written by. */
export function readingType(schema: object): avsc.Type {
  return avsc.Type.forSchema(schema as Schema, {
    registry: { long: LONG },
    omitRecordMethods: true,
  })
}

/** The type of a file's own schema, which only tells where its values end. */
export function writtenType(schema: unknown): avsc.Type {
  return avsc.Type.forSchema(schema as Schema, { omitRecordMethods: true })
}

interface AvroField {
  name: string
  type: unknown
  default?: unknown
}

/** Members in the order in which Milvus's files print them: the text is compared, too. */
function record(name: string, fields: readonly AvroField[]) {
  return { type: 'record', namespace: 'milvus_storage', name, fields }
}

const arrayOf = (items: unknown) => ({ type: 'array', items })
const mapOf = (values: unknown) => ({ type: 'map', values })
const text = (name: string) => ({ name, type: 'string' })
const long = (name: string) => ({ name, type: 'long' })
const longOr0 = (name: string) => ({ name, type: 'long', default: 0 })
const intOr0 = (name: string) => ({ name, type: 'int', default: 0 })
const texts = (name: string) => ({ name, type: arrayOf('string') })
const textMap = (name: string) => ({ name, type: mapOf('string'), default: {} })

const COLUMN_GROUP_FILE_FIELDS = [text('path'), longOr0('start_index'), longOr0('end_index')]

const DELTA_LOG = record('DeltaLog', [
  text('path'),
  { name: 'type', type: 'int' },
  long('num_entries'),
])

const STATISTICS = record('Statistics', [texts('paths'), textMap('metadata')])

const INDEX = record('Index', [
  text('column_name'),
  { name: 'index_name', type: 'string', default: '' },
  text('index_type'),
  text('path'),
  longOr0('field_id'),
  longOr0('index_id'),
  longOr0('build_id'),
  longOr0('index_version'),
  longOr0('num_rows'),
  longOr0('serialized_size'),
  longOr0('mem_size'),
  intOr0('current_index_version'),
  intOr0('current_scalar_index_version'),
  intOr0('index_store_path_version'),
  { name: 'index_file_keys', type: arrayOf('string'), default: [] },
  textMap('properties'),
])

const LOB_FILE_INFO = record('LobFileInfo', [
  text('path'),
  long('field_id'),
  long('total_rows'),
  long('valid_rows'),
  long('file_size_bytes'),
])

function columnGroup(lastFieldOfFiles: AvroField) {
  const file = record('ColumnGroupFile', [...COLUMN_GROUP_FILE_FIELDS, lastFieldOfFiles])
  return record('ColumnGroup', [
    texts('columns'),
    { name: 'files', type: arrayOf(file) },
    text('format'),
  ])
}

function manifest(stats: unknown) {
  return record('Manifest', [
    { name: 'column_groups', type: arrayOf(columnGroup(textMap('properties'))) },
    { name: 'delta_logs', type: arrayOf(DELTA_LOG) },
    { name: 'stats', type: mapOf(stats), default: {} },
    { name: 'indexes', type: arrayOf(INDEX), default: [] },
    { name: 'lob_files', type: arrayOf(LOB_FILE_INFO), default: [] },
  ])
}

const MANIFEST = manifest(STATISTICS)

/** Schema of a manifest, to the byte as Milvus writes it into the header of its files. */
export const MANIFEST_SCHEMA_TEXT = JSON.stringify(MANIFEST)

export const MANIFEST_TYPE = readingType(MANIFEST)

/** As {@link MANIFEST_TYPE}, where statistics were paths without metadata. */
export const PATHS_ONLY_TYPE = readingType(manifest(arrayOf('string')))

/** What follows magic and version in the raw files that Milvus wrote before container files. */
export function rawSchema(version: number): object {
  return record('Manifest', [
    { name: 'column_groups', type: arrayOf(columnGroup({ name: 'metadata', type: 'bytes' })) },
    { name: 'delta_logs', type: arrayOf(DELTA_LOG) },
    { name: 'stats', type: mapOf(version < 3 ? arrayOf('string') : STATISTICS) },
    ...(version < 6 ? [] : [{ name: 'indexes', type: arrayOf(INDEX) }]),
    ...(version < 5 ? [] : [{ name: 'lob_files', type: arrayOf(LOB_FILE_INFO) }]),
  ])
}
