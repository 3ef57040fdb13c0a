import { compressionRatio, compressionSaving } from '../codec/index.js'

/** One column of a printed table; numbers are set to the right. */
export interface TableColumn {
  title: string
  align?: 'left' | 'right'
}

/** Rows under their titles, columns two spaces apart, every line ended. */
export function formatTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [columns.map(({ title }) => title), ...rows]
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((cells) => (cells[index] ?? '').length)),
  )
  const padded = (cells: readonly string[]): string =>
    columns
      .map(({ align }, index) => {
        const text = cells[index] ?? ''
        const width = widths[index]!
        return align === 'right' ? text.padStart(width) : text.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return lines.map((cells) => `${padded(cells)}\n`).join('')
}

/** `1234567` as `1,234,567`, whatever the locale of the machine. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

/** Compressed over original bytes: `0.382`; 0 for no input. */
export function formatRatio(original: number, compressed: number): string {
  return compressionRatio(original, compressed).toFixed(3)
}

/** What went away of the original bytes: `61.8 %`; 0 for no input. */
export function formatSaving(original: number, compressed: number): string {
  return `${(100 * compressionSaving(original, compressed)).toFixed(1)} %`
}
