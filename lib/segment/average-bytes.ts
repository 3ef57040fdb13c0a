import type { InsertData } from '../data/index.js'
import { type ArrowRecord, allFields, recordBytes } from '../schema/index.js'
import { isInsertData } from './segment-input.js'

/**
 * Decoded bytes per row by field id, over all chunks: what column groups are settled by. Of
 * InsertData it is Milvus's own measure, the memory of the columns, not of their Arrow form.
 */
export function averageBytes(chunks: readonly (InsertData | ArrowRecord)[]): Map<bigint, number> {
  const sums = new Map<bigint, number>()
  let rows = 0
  for (const chunk of chunks) {
    rows += isInsertData(chunk) ? chunk.rowCount : chunk.numRows
    const bytes = isInsertData(chunk) ? columnBytes(chunk) : recordBytes(chunk)
    for (const [fieldId, size] of bytes) sums.set(fieldId, (sums.get(fieldId) ?? 0) + size)
  }
  return new Map([...sums].map(([fieldId, size]) => [fieldId, size / rows]))
}

function columnBytes(data: InsertData): Map<bigint, number> {
  return new Map(
    allFields(data.schema).map(({ fieldId }) => [fieldId, data.field(fieldId)?.memorySize() ?? 0]),
  )
}
