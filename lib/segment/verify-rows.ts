import type { Data } from 'apache-arrow'
import { type Binlog, type FieldBinlog, openBinlogRecordReader } from '../binlog/index.js'
import { TimestampRange } from '../packed/index.js'
import { allFields, primaryKeyField, TIMESTAMP_FIELD } from '../schema/index.js'
import type { KeyChecks } from './key-checks.js'
import { type SegmentPart, storedFields } from './segment-parts.js'
import type { VerifyContext } from './verify-context.js'
import type { ProblemList } from './verify-problem.js'

/** One chunk of rows: a log of every list that has one. */
interface Chunk {
  part: SegmentPart
  binlogs: readonly FieldBinlog[]
}

/** What was read of a chunk. */
interface ChunkFacts {
  storageVersion: SegmentPart['storageVersion']
  rows: number
  timestamps: TimestampRange
  nulls: Map<bigint, number>
}

/**
 * Read every chunk whole: rows, timestamps and nulls against the metadata, keys against the
 * statistics.
 *
 * @returns rows that could be read.
 */
export async function verifyRows(
  parts: readonly SegmentPart[],
  keys: KeyChecks,
  context: VerifyContext,
  problems: ProblemList,
): Promise<number> {
  let rows = 0
  for (const chunk of parts.flatMap(chunksOf)) {
    const [first] = chunk.binlogs
    const place = { path: first?.binlogs[0]?.logPath }
    await problems.attempt('readable', place, context.signal, async () => {
      const facts = await readChunk(chunk, keys, context)
      rows += facts.rows
      for (const list of chunk.binlogs) {
        verifyLog(list, list.binlogs[0]!, facts, context, problems)
      }
    })
  }
  return rows
}

/** Shorter lists of StorageV1 are aligned to the end: they miss the oldest chunks. */
function chunksOf(part: SegmentPart): Chunk[] {
  const chunks = Math.max(...part.binlogs.map(({ binlogs }) => binlogs.length))
  return Array.from({ length: chunks }, (_, index) => ({
    part,
    binlogs: part.binlogs.flatMap((list) => {
      const log = list.binlogs[index - (chunks - list.binlogs.length)]
      return log === undefined ? [] : [{ ...list, binlogs: [log] }]
    }),
  }))
}

async function readChunk(
  { part, binlogs }: Chunk,
  keys: KeyChecks,
  context: VerifyContext,
): Promise<ChunkFacts> {
  const { schema, chunkManager, decryptor, inspect, signal } = context
  const { storageVersion } = part
  const stored = storedFields([{ ...part, binlogs }])
  const columns = allFields(schema)
    .map(({ fieldId }) => fieldId)
    .filter((id) => stored?.has(id) ?? true)
  const reader = await openBinlogRecordReader(binlogs, schema, {
    storageVersion,
    chunkManager,
    columns,
    releasePrevious: true,
    ...inspect,
    ...(decryptor === undefined ? {} : { decryptor }),
    ...(signal === undefined ? {} : { signal }),
  })
  const timestamps = new TimestampRange()
  const facts: ChunkFacts = { storageVersion, rows: 0, timestamps, nulls: new Map() }
  const keyId = primaryKeyField(schema).fieldId
  try {
    for (let record = await reader.next(); record !== null; record = await reader.next()) {
      for (const id of columns) {
        const nulls = record.column(id)?.nullCount ?? 0
        facts.nulls.set(id, (facts.nulls.get(id) ?? 0) + nulls)
      }
      facts.timestamps.add(record.column(TIMESTAMP_FIELD))
      await keys.add(record.column(keyId) as Data, facts.rows)
      facts.rows += record.numRows
      context.onRows(record.numRows)
    }
  } finally {
    await reader.close()
  }
  return facts
}

function verifyLog(
  { fieldId }: FieldBinlog,
  log: Binlog,
  { rows, timestamps, nulls, storageVersion }: ChunkFacts,
  { segment }: VerifyContext,
  problems: ProblemList,
): void {
  const place = { path: log.logPath, field: fieldId }
  // Binlogs of StorageV1 do not say their rows, only metadata do.
  const unknown = log.entriesNum === 0 && storageVersion === 0 && segment.source === 'files'
  if (!unknown) problems.equal('entries', place, log.entriesNum, rows)
  for (const [id, expected] of log.fieldNullCounts) {
    const read = nulls.get(id)
    const where = { ...place, field: id }
    if (read !== undefined) problems.equal('fieldNullCounts', where, expected, read)
  }
  const { range } = timestamps
  // Metadata that came out of the files alone does not say the times of StorageV2 logs.
  if (range === undefined || log.timestampTo === 0n) return
  if (storageVersion === 2) {
    problems.equal('timestampFrom', place, log.timestampFrom, range.from)
    problems.equal('timestampTo', place, log.timestampTo, range.to)
    return
  }
  // StorageV1 records the range of the messages, which the rows are within.
  if (range.from < log.timestampFrom) {
    problems.add('timestampFrom', place, `at most ${range.from}`, log.timestampFrom)
  }
  if (range.to > log.timestampTo) {
    problems.add('timestampTo', place, `at least ${range.to}`, log.timestampTo)
  }
}
