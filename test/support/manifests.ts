/** Manifests of every kind, real ones and random ones. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { DELTA_LOG_TYPES, type Manifest } from '../../lib/manifest/index.js'
import { LOON } from './fixtures.js'

/** A manifest of Milvus's own writer and how its own reader prints it. */
export function realManifest(version: number): { bytes: Buffer; json: string } {
  return {
    bytes: readFileSync(join(LOON, 'seg', '_metadata', `manifest-${version}.avro`)),
    json: readFileSync(join(LOON, `manifest-${version}.json`), 'utf8'),
  }
}

/** A manifest with something in every field, for a segment at `base`. */
export function fullManifest(base: string): Manifest {
  return {
    columnGroups: [
      {
        columns: ['100', 'größe'],
        files: [
          {
            path: `${base}/_data/0_a.parquet`,
            startIndex: 0,
            endIndex: 3000,
            properties: { footer_size: '503', file_size: '25455' },
          },
          { path: 's3://other/b.parquet', startIndex: -1, endIndex: -1, properties: {} },
        ],
        format: 'parquet',
      },
      { columns: ['v'], files: [], format: 'vortex' },
    ],
    deltaLogs: [
      { path: `${base}/_delta/1`, type: 'primaryKey', numEntries: 5 },
      { path: `${base}/_delta/2`, type: 'positional', numEntries: 0 },
      { path: `${base}/_delta/3`, type: 'equality', numEntries: Number.MAX_SAFE_INTEGER },
    ],
    stats: {
      'bloom_filter.100': {
        paths: [`${base}/_stats/bloom_filter.100/1`],
        metadata: { memory_size: '123' },
      },
      'bm25.102': { paths: [], metadata: {} },
    },
    indexes: [
      {
        columnName: 'v',
        indexName: 'by vector',
        indexType: 'HNSW',
        path: `${base}/_index/7/hnsw`,
        fieldId: 103n,
        indexId: 2n ** 63n - 1n,
        buildId: 450000000000000001n,
        indexVersion: -(2n ** 63n),
        numRows: 3000,
        serializedSizeBytes: 2 ** 40,
        memSizeBytes: 2 ** 41,
        currentIndexVersion: 6,
        currentScalarIndexVersion: -1,
        indexStorePathVersion: 2 ** 31 - 1,
        indexFileKeys: ['a', 'b/c'],
        properties: { m: '16', 'ef construction': '' },
      },
    ],
    lobFiles: [
      {
        path: lobPath(base, '101/_data/x.vx'),
        fieldId: 101n,
        totalRows: 3200,
        validRows: 3100,
        fileSizeBytes: 512 << 20,
      },
    ],
  }
}

function lobPath(base: string, name: string): string {
  const partition = base.split('/').slice(0, -1)
  return [...partition, 'lobs', name].join('/')
}

const text = fc.string({ unit: 'grapheme', maxLength: 8 })
const key = text.filter((name) => name !== '__proto__')
const part = fc
  .oneof(text, fc.constantFrom('seg', '_data', '_delta', 'lobs', '..a', 'a:b', '_data2'))
  .filter((name) => !/^\.{0,2}$|[/\0\\]/.test(name))
const count = fc.maxSafeNat()
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const int32 = fc.integer()
const texts = fc.array(text, { maxLength: 3 })
const textMap = fc.dictionary(key, text, { maxKeys: 3 })

/** A key of a chunk manager. */
export const arbitraryKey = fc
  .array(part, { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join('/'))

/** A base of a segment: below a partition, at the root, or an absolute path. */
export const arbitraryBase = fc.oneof(
  arbitraryKey,
  fc.constantFrom('seg', 'a/seg', 'files/insert_log/1/2/3'),
)

/** A path that a manifest of `base` may speak of: in its folders, beside them, or elsewhere. */
export function arbitraryPath(base: string): fc.Arbitrary<string> {
  const folders = ['_data', '_delta', '_stats', '_index', '_metadata', '_data2', '']
  return fc.oneof(
    fc
      .tuple(fc.constantFrom(...folders), arbitraryKey)
      .map(([folder, name]) => [base, folder, name].filter((one) => one !== '').join('/')),
    arbitraryKey.map((name) => lobPath(base, name)),
    arbitraryKey,
    arbitraryKey.map((name) => `/${name}`),
    arbitraryKey.map((name) => `s3://bucket//${name}`),
  )
}

export function arbitraryManifest(base: string): fc.Arbitrary<Manifest> {
  const path = arbitraryPath(base)
  const file = fc
    .record({ path, startIndex: count, endIndex: count, properties: textMap })
    .map((one) => ({
      ...one,
      startIndex: Math.min(one.startIndex, one.endIndex) - (one.startIndex % 2),
    }))
    .map((one) => ({ ...one, startIndex: Math.max(one.startIndex, -1) }))
  return fc.record({
    columnGroups: fc.array(
      fc.record({ columns: texts, files: fc.array(file, { maxLength: 3 }), format: text }),
      { maxLength: 3 },
    ),
    deltaLogs: fc.array(
      fc.record({ path, type: fc.constantFrom(...DELTA_LOG_TYPES), numEntries: count }),
      { maxLength: 3 },
    ),
    stats: fc.dictionary(
      key,
      fc.record({ paths: fc.array(path, { maxLength: 3 }), metadata: textMap }),
      { maxKeys: 3 },
    ),
    indexes: fc.array(
      fc.record({
        columnName: text,
        indexName: text,
        indexType: text,
        path: fc.oneof(path, fc.constant('')),
        fieldId: int64,
        indexId: int64,
        buildId: int64,
        indexVersion: int64,
        numRows: count,
        serializedSizeBytes: count,
        memSizeBytes: count,
        currentIndexVersion: int32,
        currentScalarIndexVersion: int32,
        indexStorePathVersion: int32,
        indexFileKeys: texts,
        properties: textMap,
      }),
      { maxLength: 2 },
    ),
    lobFiles: fc.array(
      fc.record({
        path,
        fieldId: int64,
        totalRows: count,
        validRows: count,
        fileSizeBytes: count,
      }),
      { maxLength: 2 },
    ),
  })
}
