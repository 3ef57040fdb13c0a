/** Manifests in Avro's binary form by hand, with nothing of what reads them. */
import type { Manifest } from '../../lib/manifest/index.js'

export function long(value: number | bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}

export const bytes = (value: string | Buffer) => {
  const raw = Buffer.from(value as string)
  return Buffer.concat([long(raw.length), raw])
}
export const array = (...items: Buffer[]) =>
  Buffer.concat([...(items.length > 0 ? [long(items.length), ...items] : []), long(0)])
export const map = (entries: Record<string, Buffer>) =>
  array(...Object.entries(entries).map(([key, value]) => Buffer.concat([bytes(key), value])))
export const texts = (...values: string[]) => array(...values.map(bytes))
export const record = (...fields: Buffer[]) => Buffer.concat(fields)

const MAGIC = Buffer.from('acb1cad409', 'hex')

export function rawGroups(): Buffer {
  const file = (name: string, start: number, end: number) =>
    record(bytes(name), long(start), long(end), bytes(Buffer.from([0xff, 0, 1])))
  return array(
    record(texts('id', 'name'), array(file('0_a.parquet', 0, 10)), bytes('parquet')),
    record(texts('v'), array(file('1_a.vortex', 0, 4), file('s3://b/x', -1, -1)), bytes('vortex')),
  )
}

const rawDeltas = () => array(record(bytes('d1'), long(0), long(3)))
const rawStatistics = () =>
  map({ 'bm25.102': record(texts('bm25.102/1', '/abs/2'), map({ memory_size: bytes('9') })) })
const rawIndexes = () =>
  array(
    record(
      ...['v', 'by v', 'HNSW', 'hnsw/1'].map(bytes),
      ...[103, 2n ** 62n, -1, 4, 10, 2 ** 40, 2 ** 41, 6, 7, 8].map(long),
      texts('k1', 'k2'),
      map({ m: bytes('16') }),
    ),
  )
const rawLobs = () => array(record(bytes('101/_data/x.vx'), ...[101, 10, 9, 4096].map(long)))

const COLUMN_GROUPS: Manifest['columnGroups'] = [
  {
    columns: ['id', 'name'],
    files: [{ path: 'a/seg/_data/0_a.parquet', startIndex: 0, endIndex: 10, properties: {} }],
    format: 'parquet',
  },
  {
    columns: ['v'],
    files: [
      { path: 'a/seg/_data/1_a.vortex', startIndex: 0, endIndex: 4, properties: {} },
      { path: 's3://b/x', startIndex: -1, endIndex: -1, properties: {} },
    ],
    format: 'vortex',
  },
]
export const COMMON = {
  columnGroups: COLUMN_GROUPS,
  deltaLogs: [{ path: 'a/seg/_delta/d1', type: 'primaryKey', numEntries: 3 }],
}
export const STATS = {
  'bm25.102': { paths: ['a/seg/_stats/bm25.102/1', '/abs/2'], metadata: { memory_size: '9' } },
}
export const INDEX: Manifest['indexes'][number] = {
  columnName: 'v',
  indexName: 'by v',
  indexType: 'HNSW',
  path: 'a/seg/_index/hnsw/1',
  fieldId: 103n,
  indexId: 2n ** 62n,
  buildId: -1n,
  indexVersion: 4n,
  numRows: 10,
  serializedSizeBytes: 2 ** 40,
  memSizeBytes: 2 ** 41,
  currentIndexVersion: 6,
  currentScalarIndexVersion: 7,
  indexStorePathVersion: 8,
  indexFileKeys: ['k1', 'k2'],
  properties: { m: '16' },
}
export const LOB = {
  path: 'a/lobs/101/_data/x.vx',
  fieldId: 101n,
  totalRows: 10,
  validRows: 9,
  fileSizeBytes: 4096,
}

export function raw(version: number): Buffer {
  return Buffer.concat([
    MAGIC,
    long(version),
    rawGroups(),
    rawDeltas(),
    version < 3 ? map({ 'bm25.102': texts('bm25.102/1', '/abs/2') }) : rawStatistics(),
    ...(version < 6 ? [] : [rawIndexes()]),
    ...(version < 5 ? [] : [rawLobs()]),
  ])
}

// --- Container files

export const field = (name: string, type: unknown) => ({ name, type })
export const recordOf = (name: string, ...fields: { name: string; type: unknown }[]) => ({
  type: 'record',
  name,
  fields,
})
export const arrayOf = (items: unknown) => ({ type: 'array', items })
export const mapOf = (values: unknown) => ({ type: 'map', values })

/** The first schema in a container: `metadata` of files as bytes, an index of four fields. */
export const FIRST_SCHEMA = {
  ...recordOf(
    'Manifest',
    field(
      'column_groups',
      arrayOf(
        recordOf(
          'ColumnGroup',
          field('columns', arrayOf('string')),
          field(
            'files',
            arrayOf(
              recordOf(
                'ColumnGroupFile',
                field('path', 'string'),
                field('start_index', 'long'),
                field('end_index', 'long'),
                field('metadata', 'bytes'),
              ),
            ),
          ),
          field('format', 'string'),
        ),
      ),
    ),
    field(
      'delta_logs',
      arrayOf(
        recordOf(
          'DeltaLog',
          field('path', 'string'),
          field('type', 'int'),
          field('num_entries', 'long'),
        ),
      ),
    ),
    field(
      'stats',
      mapOf(
        recordOf(
          'Statistics',
          field('paths', arrayOf('string')),
          field('metadata', mapOf('string')),
        ),
      ),
    ),
    field(
      'indexes',
      arrayOf(
        recordOf(
          'Index',
          field('column_name', 'string'),
          field('index_type', 'string'),
          field('path', 'string'),
          field('properties', mapOf('string')),
        ),
      ),
    ),
  ),
  namespace: 'milvus_storage',
}

const SYNC = Buffer.alloc(16, 0xab)

/** A container of `schema`, given as text or as a value, with the marker behind each block. */
export function container(schema: unknown, blocks: [number, Buffer][], codec?: string): Buffer {
  const meta = {
    'avro.schema': bytes(typeof schema === 'string' ? schema : JSON.stringify(schema)),
    ...(codec === undefined ? {} : { 'avro.codec': bytes(codec) }),
  }
  return Buffer.concat([
    Buffer.from('Obj\x01'),
    map(meta),
    SYNC,
    ...blocks.flatMap(([count, data]) => [long(count), bytes(data), SYNC]),
  ])
}

export const firstRecord = () =>
  record(
    rawGroups(),
    rawDeltas(),
    rawStatistics(),
    array(record(...['v', 'HNSW', 'hnsw/1'].map(bytes), map({ m: bytes('16') }))),
  )

export const FIRST: Manifest = {
  ...COMMON,
  deltaLogs: [{ path: 'a/seg/_delta/d1', type: 'primaryKey', numEntries: 3 }],
  stats: STATS,
  indexes: [
    {
      columnName: 'v',
      indexName: '',
      indexType: 'HNSW',
      path: 'a/seg/_index/hnsw/1',
      fieldId: 0n,
      indexId: 0n,
      buildId: 0n,
      indexVersion: 0n,
      numRows: 0,
      serializedSizeBytes: 0,
      memSizeBytes: 0,
      currentIndexVersion: 0,
      currentScalarIndexVersion: 0,
      indexStorePathVersion: 0,
      indexFileKeys: [],
      properties: { m: '16' },
    },
  ],
  lobFiles: [],
}
