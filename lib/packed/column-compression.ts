import { compressionRatio, compressionSaving } from '../codec/index.js'
import { expectObject } from '../config/index.js'
import type { PackedColumnChunk, PackedFileInfo } from './file-info.js'

/** How a leaf column of a file is compressed, or all columns together. */
export interface ColumnCompression {
  /** Dotted path of the leaf column. */
  column: string
  physicalType: string
  /** Parquet's names, of all its chunks. */
  codecs: readonly string[]
  encodings: readonly string[]
  /** Values, nulls included. */
  values: number
  /** Encoded pages and their headers, before the codec and behind it. */
  uncompressedBytes: number
  compressedBytes: number
  /** Compressed over uncompressed bytes; 0 where there are none. */
  ratio: number
  /** Share of the uncompressed bytes that went away: 1 - ratio. */
  saving: number
}

/**
 * What the footer of a file says of the compression of its columns, their chunks summed up.
 *
 * What an encoding saves is gone before: bytes of a dictionary and of what points into it are
 * uncompressed bytes.
 *
 * @throws PackedError InvalidArgument.
 */
export function columnCompression(file: Pick<PackedFileInfo, 'chunks'>): ColumnCompression[] {
  expectObject(file, 'file')
  const { chunks } = file
  const columns = new Map<string, PackedColumnChunk[]>()
  for (const chunk of chunks) {
    const column = columns.get(chunk.column)
    if (column === undefined) columns.set(chunk.column, [chunk])
    else column.push(chunk)
  }
  return [...columns].map(([column, parts]) => {
    const sum = (name: 'values' | 'uncompressedBytes' | 'compressedBytes'): number =>
      parts.reduce((total, chunk) => total + chunk[name], 0)
    const [uncompressedBytes, compressedBytes] = [sum('uncompressedBytes'), sum('compressedBytes')]
    return {
      column,
      physicalType: parts[0]!.physicalType,
      codecs: [...new Set(parts.map(({ codec }) => codec))],
      encodings: [...new Set(parts.flatMap(({ encodings }) => encodings))],
      values: sum('values'),
      uncompressedBytes,
      compressedBytes,
      ratio: compressionRatio(uncompressedBytes, compressedBytes),
      saving: compressionSaving(uncompressedBytes, compressedBytes),
    }
  })
}
