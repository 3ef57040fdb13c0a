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

/** How many times smaller `after` is than `before`. */
export function formatRatio(before: number, after: number): string {
  return after === 0 ? '-' : (before / after).toFixed(2)
}
