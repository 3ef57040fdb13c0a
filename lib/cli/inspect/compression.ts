import { compressionRatio, compressionSaving } from '../../codec/index.js'
import {
  type ColumnCompression,
  columnCompression,
  type PackedFileInfo,
} from '../../packed/index.js'
import { formatCount, formatRatio, formatSaving, formatTable } from '../table.js'

const sumOf = <T>(items: readonly T[], value: (item: T) => number): number =>
  items.reduce((total, item) => total + value(item), 0)

/** Bytes before and behind, and what follows of them. */
function figures(originalBytes: number, compressedBytes: number) {
  return {
    originalBytes,
    compressedBytes,
    ratio: compressionRatio(originalBytes, compressedBytes),
    saving: compressionSaving(originalBytes, compressedBytes),
  }
}

/** What `--compression --json` prints of a file; ratios are compressed over original bytes. */
export function compressionFacts(info: PackedFileInfo) {
  const columns = columnCompression(info)
  const uncompressed = sumOf(columns, (column) => column.uncompressedBytes)
  const arrowBytes = sumOf(info.rowGroups, ({ memoryBytes }) => memoryBytes)
  return {
    path: info.path,
    columns,
    /** All columns, before and behind their codecs. */
    pages: figures(
      uncompressed,
      sumOf(columns, (column) => column.compressedBytes),
    ),
    /** The rows as Arrow has them, and the file. */
    file: figures(arrowBytes, info.fileBytes),
  }
}

/** The same as a table, a line per column. */
export function describeCompression(info: PackedFileInfo): string {
  const { columns, pages, file } = compressionFacts(info)
  const sizes = ({ original, compressed }: { original: number; compressed: number }): string[] => [
    formatCount(original),
    formatCount(compressed),
    formatRatio(original, compressed),
    formatSaving(original, compressed),
  ]
  const line = (column: ColumnCompression): string[] => [
    `  ${column.column}`,
    column.physicalType,
    column.codecs.join(' '),
    column.encodings.join(' '),
    ...sizes({ original: column.uncompressedBytes, compressed: column.compressedBytes }),
  ]
  const total = (title: string, { originalBytes, compressedBytes }: typeof pages): string[] => [
    `  ${title}`,
    '',
    '',
    '',
    ...sizes({ original: originalBytes, compressed: compressedBytes }),
  ]
  const texts = ['  column', 'type', 'codec', 'encodings'].map((title) => ({ title }))
  const numbers = ['original', 'compressed', 'compressed/original', 'saving'].map((title) => ({
    title,
    align: 'right' as const,
  }))
  const rows = [...columns.map(line), total('(all pages)', pages), total('(Arrow to file)', file)]
  return `${info.path}\n${formatTable([...texts, ...numbers], rows)}`
}
