import type { RecordBatch, Schema } from 'apache-arrow'
import { stringify } from 'csv-stringify/sync'
import { type CellStyle, type CellText, jsonText } from './cell-text.js'

/** Makes the text of the column of a name. */
export type CellMaker = (
  name: string,
  data: RecordBatch['data'],
  nonFinite: CellStyle['nonFinite'],
) => CellText

/** One JSON object per row and line. */
export async function* ndjsonChunks(
  batches: AsyncIterable<RecordBatch>,
  cellOf: CellMaker,
): AsyncGenerator<string> {
  for await (const batch of batches) {
    const columns = columnsOf(batch).map(({ name, data }) => ({
      key: JSON.stringify(name),
      cell: cellOf(name, data, 'null'),
    }))
    const lines: string[] = []
    for (let row = 0; row < batch.numRows; row++) {
      const members = columns.map(({ key, cell }) => `${key}:${jsonText(cell, row)}`)
      lines.push(`{${members.join(',')}}\n`)
    }
    yield lines.join('')
  }
}

/** A header line and one line per row, quoted as RFC 4180 has it. */
export async function* csvChunks(
  batches: AsyncIterable<RecordBatch>,
  schema: Schema,
  cellOf: CellMaker,
): AsyncGenerator<string> {
  yield csvLines([schema.fields.map(({ name }) => name)])
  for await (const batch of batches) {
    const cells = columnsOf(batch).map(({ name, data }) => cellOf(name, data, 'name'))
    yield csvLines(rowsOf(cells, batch.numRows))
  }
}

function rowsOf(cells: readonly CellText[], rows: number): (string | undefined)[][] {
  return Array.from({ length: rows }, (_, row) => cells.map((cell) => cell.at(row)))
}

/** A null is an empty cell; the empty text, which the pattern names, a quoted one. */
function csvLines(rows: (string | undefined)[][]): string {
  return stringify(rows, { quoted_match: /^$/ })
}

function columnsOf(batch: RecordBatch): { name: string; data: RecordBatch['data'] }[] {
  return batch.schema.fields.map(({ name }, index) => ({
    name,
    data: batch.data.children[index] as RecordBatch['data'],
  }))
}
