/** Small parts of manifests: what the tests of changes are about, everything else as it mostly is. */
import type {
  Manifest,
  ManifestColumnGroup,
  ManifestDeltaLog,
  ManifestFile,
  ManifestIndex,
  ManifestLobFile,
  ManifestStatistics,
} from '../../lib/manifest/index.js'
import { EMPTY_MANIFEST } from '../../lib/manifest/index.js'

export const BASE = 'files/insert_log/1/2/3'

export function fileOf(name: string, rows: number, base = BASE): ManifestFile {
  return {
    path: `${base}/_data/${name}.parquet`,
    startIndex: 0,
    endIndex: rows,
    properties: { file_size: String(rows * 8), footer_size: '64' },
  }
}

/** A group of `columns` (a text with spaces) with a file per entry of `files`. */
export function groupOf(
  columns: string,
  files: Record<string, number>,
  base = BASE,
): ManifestColumnGroup {
  return {
    columns: columns.split(' '),
    files: Object.entries(files).map(([name, rows]) => fileOf(name, rows, base)),
    format: 'parquet',
  }
}

export function manifestOf(parts: Partial<Manifest>): Manifest {
  return { ...EMPTY_MANIFEST, ...parts }
}

export function deltaLogOf(name: string, numEntries = 1, base = BASE): ManifestDeltaLog {
  return { path: `${base}/_delta/${name}`, type: 'primaryKey', numEntries }
}

export function statisticsOf(name: string, base = BASE): ManifestStatistics {
  return { paths: [`${base}/_stats/${name}`], metadata: { memory_size: '12' } }
}

export function indexOf(columnName: string, indexId: bigint, more: Partial<ManifestIndex> = {}) {
  return {
    columnName,
    indexName: `${columnName}_index`,
    indexType: 'HNSW',
    path: `${BASE}/_index/${columnName}-${indexId}`,
    fieldId: 100n,
    indexId,
    buildId: 7n,
    indexVersion: 1n,
    numRows: 10,
    serializedSizeBytes: 100,
    memSizeBytes: 200,
    currentIndexVersion: 6,
    currentScalarIndexVersion: 2,
    indexStorePathVersion: 0,
    indexFileKeys: ['HNSW'],
    properties: {},
    ...more,
  }
}

export function lobFileOf(name: string): ManifestLobFile {
  return {
    path: `files/insert_log/1/2/lobs/101/_data/${name}.vx`,
    fieldId: 101n,
    totalRows: 4,
    validRows: 3,
    fileSizeBytes: 99,
  }
}
