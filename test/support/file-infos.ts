/** Footers that no file has, of any size. */
import { Field, Int64, Schema } from 'apache-arrow'
import type { PackedColumnChunk, PackedFileInfo } from '../../lib/packed/index.js'

export interface InfoShape {
  path?: string
  group?: number
  columns: readonly string[]
  rowGroups: number
  rowsEach?: number
}

const STORED = 1000
const ENCODED = 4000

/** Column group files whose chunks all have 1000 of 4000 bytes, a null and a range. */
export function fileInfo({
  path = 'seg/0',
  group = 0,
  columns,
  rowGroups,
  rowsEach = 10,
}: InfoShape): PackedFileInfo {
  const ids = columns.map((_, index) => String(100 + index))
  const chunks = Array.from({ length: rowGroups }, (_, rowGroup) =>
    columns.map(
      (column): PackedColumnChunk => ({
        ...{ column, rowGroup, physicalType: 'INT64', codec: 'ZSTD', encodings: ['PLAIN', 'RLE'] },
        ...{ values: rowsEach, compressedBytes: STORED, uncompressedBytes: ENCODED },
        ...{ hasDictionary: false, hasStatistics: true, nullCount: 1 },
        ...{ min: String(rowGroup - 5), max: String(rowGroup * 10 + 9) },
      }),
    ),
  ).flat()
  const fields = columns.map(
    (name, index) =>
      new Field(name, new Int64(), true, new Map([['PARQUET:field_id', ids[index]!]])),
  )
  return {
    ...{ path, layout: 'packed', fileBytes: chunks.length * STORED + 500, footerBytes: 500 },
    ...{ rows: rowGroups * rowsEach, group, createdBy: 'a test', formatVersion: '2.6' },
    ...{ storageVersion: '1.0.0', metadata: new Map([['group_field_id_list', '100;200']]) },
    rowGroups: Array.from({ length: rowGroups }, (_, index) => ({
      ...{ path, group, index, rows: rowsEach, rowOffset: index * rowsEach },
      memoryBytes: columns.length * rowsEach * 8,
      compressedBytes: columns.length * STORED,
      uncompressedBytes: columns.length * ENCODED,
    })),
    chunks,
    schema: new Schema(fields),
  } as PackedFileInfo
}
