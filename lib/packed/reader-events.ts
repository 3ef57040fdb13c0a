/** What readers publish of their reads; nothing is measured or built while nobody listens. */
import type { RecordBatch } from 'apache-arrow'
import { type PackedEvents, publishEvent, sinceMs, startOf } from '../telemetry/index.js'

/** A read begins; the result tells of the rows that came of it. */
export function tellReading(
  call: PackedEvents['reader.read']['call'],
  paths: () => readonly string[],
): (batch: RecordBatch) => void {
  const begun = startOf('reader.read')
  return (batch) =>
    publishEvent('reader.read', () => ({
      call,
      paths: paths(),
      rows: batch.numRows,
      bytes: batch.data.byteLength,
      durationMs: sinceMs(begun),
    }))
}
