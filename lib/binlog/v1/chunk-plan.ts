import { PackedError } from '../../errors/index.js'
import { pathOfLog, type SegmentLocation, sortedByField } from '../binlog-chunks.js'
import type { Binlog, FieldBinlog } from '../field-binlog.js'
import { logIdOf } from '../log-id.js'

/** The logs of one chunk of rows, by field id; a field without rows in it is absent. */
export interface V1Chunk {
  /** Rows as the metadata have them; 0 where they do not say. */
  rows: number
  paths: ReadonlyMap<bigint, string>
}

/**
 * Which logs of a segment hold the same rows.
 *
 * Milvus's rule: fields in the order of their ids, logs in the order of theirs; the first field
 * says how many chunks there are, and a shorter list holds the youngest of them (its field was
 * added later).
 *
 * @throws PackedError MetadataCorrupted: a field twice, more logs than the first field has, logs
 *   of one chunk with unequal rows. InvalidArgument: a log without path and location.
 */
export function alignChunks(
  fieldBinlogs: readonly FieldBinlog[],
  location: SegmentLocation | undefined,
): V1Chunk[] {
  const fields = sortedByField(fieldBinlogs).filter(({ binlogs }) => binlogs.length > 0)
  const count = fields[0]?.binlogs.length ?? 0
  const chunks = Array.from({ length: count }, () => ({
    rows: 0,
    paths: new Map<bigint, string>(),
  }))
  for (const field of fields) {
    const { fieldId, binlogs } = field
    if (binlogs.length > count) {
      const first = `field ${fields[0]!.fieldId}: ${count}`
      throw corrupted(
        `at most as many logs as the first field has (${first})`,
        fieldId,
        binlogs.length,
      )
    }
    for (const [index, log] of sortedByLog(binlogs).entries()) {
      const chunk = chunks[count - binlogs.length + index]!
      if (chunk.paths.has(fieldId)) throw corrupted('one FieldBinlog', fieldId, 'two')
      chunk.paths.set(fieldId, pathOfLog(field, log, location))
      if (chunk.rows !== 0 && log.entriesNum !== 0 && chunk.rows !== log.entriesNum) {
        const expected = `${chunk.rows} rows in "${log.logPath}" as in other fields`
        throw corrupted(expected, fieldId, log.entriesNum)
      }
      chunk.rows = Math.max(chunk.rows, log.entriesNum)
    }
  }
  return chunks
}

function sortedByLog(logs: readonly Binlog[]): Binlog[] {
  return logs
    .map((log) => ({ log, id: logIdOf(log) }))
    .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    .map(({ log }) => log)
}

function corrupted(expected: string, fieldId: bigint, received: string | number): PackedError {
  return new PackedError(
    'MetadataCorrupted',
    `Expected ${expected} for field ${fieldId} but received ${received}`,
  )
}
