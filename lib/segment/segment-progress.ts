import { expectFunction } from '../config/index.js'

/** How far work on the rows of a segment is. */
export interface SegmentProgress {
  /** Rows that were read. */
  rows: number
  /** As the metadata has them. */
  totalRows: number
}

/**
 * Counts rows for an option `onProgress`.
 *
 * @throws PackedError InvalidArgument: it is no function.
 */
export function rowCounter(totalRows: number, option: unknown): (rows: number) => void {
  const onProgress = expectFunction<(progress: SegmentProgress) => void>(option, 'onProgress')
  let rows = 0
  return (more) => {
    rows += more
    onProgress?.({ rows, totalRows })
  }
}
