import type { CompactionProgress } from '../sync/index.js'
import { formatCount } from './table.js'

export function progressText({
  phase,
  group,
  groups,
  rows,
  rowsWritten,
}: CompactionProgress): string {
  const of = groups === 1 ? '' : `partition ${group + 1} of ${groups} | `
  return `${of}${phase} | ${formatCount(rowsWritten)} of ${formatCount(rows)} rows`
}
