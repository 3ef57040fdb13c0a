/** What the script of the page looks up: numbers in lists, texts that come again once. */

import type { FileLayout, LayoutColumn } from './layout.js'
import { geometryOf } from './map.js'

/** Chunks whose least and greatest values are on the page, too. */
const MOST_RANGES = 20_000
const MOST_LETTERS = 40

export function pageData(layout: FileLayout): string {
  const forms = new Map<string, number>()
  const cells = layout.lanes.reduce(
    (sum, { blocks, columns }) => sum + blocks.length * columns.length,
    0,
  )
  const withRanges = cells <= MOST_RANGES
  const lanes = layout.lanes.map(({ title, blocks, columns }) => ({
    title,
    first: blocks.map(({ first }) => first),
    count: blocks.map(({ count }) => count),
    start: blocks.map(({ startRow }) => startRow),
    rows: blocks.map(({ rows }) => rows),
    columns: columns.map((column) => columnData(column, forms, withRanges)),
  }))
  return JSON.stringify({
    ...geometryOf(layout),
    rows: layout.rows,
    lanes,
    forms: [...forms.keys()],
  })
}

function columnData(
  { column, type, cells }: LayoutColumn,
  forms: Map<string, number>,
  withRanges: boolean,
) {
  const formOf = (form: string): number => {
    if (!forms.has(form)) forms.set(form, forms.size)
    return forms.get(form)!
  }
  return {
    name: column,
    type,
    stored: cells.map(({ storedBytes }) => storedBytes),
    encoded: cells.map(({ encodedBytes }) => encodedBytes),
    // NaN becomes null, which is what nobody knows.
    nulls: cells.map(({ nulls }) => nulls),
    form: cells.map(({ form }) => formOf(form)),
    ...(withRanges
      ? { min: cells.map(({ min }) => shorten(min)), max: cells.map(({ max }) => shorten(max)) }
      : {}),
  }
}

/** As much of a value as fits a line. */
export function shorten(value: string | null): string | null {
  if (value === null || value.length <= MOST_LETTERS) return value
  return `${value.slice(0, MOST_LETTERS - 1)}…`
}
