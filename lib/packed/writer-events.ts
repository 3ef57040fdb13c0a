/** What a writer publishes of itself; nothing is measured or built while nobody listens. */
import { publishEvent, sinceMs, startOf } from '../telemetry/index.js'
import type { PackedWriteResult, WriterProgress } from './writer-options.js'

type Paths = readonly string[]

/** An open begins; the result tells of the writer that it led to. */
export function tellOpening(): (paths: Paths) => void {
  const begun = startOf('writer.open')
  return (paths) => publishEvent('writer.open', () => ({ paths, durationMs: sinceMs(begun) }))
}

/** A write begins; the result tells of what it added when it is done. */
export function tellWriting(paths: Paths, progress: () => WriterProgress): () => void {
  const begun = startOf('writer.write')
  if (begun === 0) return () => {}
  const before = progress()
  return () =>
    publishEvent('writer.write', () => {
      const { rows, bytesIn, rowGroups } = progress()
      return {
        paths,
        rows: rows - before.rows,
        bytes: bytesIn - before.bytesIn,
        rowGroups: rowGroups - before.rowGroups,
        durationMs: sinceMs(begun),
      }
    })
}

/** A finish begins; the result tells of what it published. */
export function tellFinishing(paths: Paths): (result: PackedWriteResult) => void {
  const begun = startOf('writer.finish')
  return ({ rows, groups }) =>
    publishEvent('writer.finish', () => ({
      paths,
      rows,
      fileBytes: groups.reduce((bytes, group) => bytes + group.fileBytes, 0),
      rowGroups: groups.reduce((count, group) => count + group.rowGroups, 0),
      durationMs: sinceMs(begun),
    }))
}

/** The writer ended without publishing. */
export function tellAborted(paths: Paths, error: unknown): void {
  publishEvent('writer.abort', () => ({ paths, error }))
}
