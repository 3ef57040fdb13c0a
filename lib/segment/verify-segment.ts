import { type Binlog, type BinlogDecryptor, logIdOf, readDeleteLog } from '../binlog/index.js'
import {
  expectFunction,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectSignal,
  type StorageConfig,
} from '../config/index.js'
import { Bm25Stats, type DeleteData } from '../data/index.js'
import { PackedError } from '../errors/index.js'
import type { PackedReaderOptions } from '../packed/index.js'
import { allFields, type CollectionSchema, withSystemFields } from '../schema/index.js'
import { type ChunkManager, chunkManagerAt, readAhead } from '../storage/index.js'
import { KeyChecks } from './key-checks.js'
import type { LocatedSegment } from './locate-segment.js'
import { MERGED_LOG_ID } from './segment-info.js'
import { storageOf } from './segment-keys.js'
import { type SegmentPart, segmentParts } from './segment-parts.js'
import { rowCounter, type SegmentProgress } from './segment-progress.js'
import { MOST_READS, type VerifyContext } from './verify-context.js'
import { verifyChunks, verifyDescriptors, verifyGroups, verifySizes } from './verify-logs.js'
import { verifyManifestFiles, verifyManifestRows } from './verify-manifest.js'
import { ProblemList, type SegmentProblem } from './verify-problem.js'
import { verifyRows } from './verify-rows.js'

/** Options of {@link verifySegment}. */
export interface VerifySegmentOptions {
  /** Where the logs are: a chunk manager, or a directory or bucket. */
  chunkManager?: ChunkManager
  /** Where the logs are: a directory or bucket, instead of a chunk manager. */
  storage?: StorageConfig
  /** As `locateSegment` gives it. */
  segment: LocatedSegment
  /** The segment's own if absent. */
  schema?: CollectionSchema
  /** Which bytes `Binlog.logSize` counts: those of the file (default, Milvus's) or decoded ones. */
  logSize?: 'compressed' | 'uncompressed'
  /** For StorageV1 binlogs that are encrypted. */
  decryptor?: BinlogDecryptor
  /** For packed files that are encrypted. */
  keyRetriever?: NonNullable<PackedReaderOptions['keyRetriever']>
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
  /** Called while rows are read; an exception of it is a problem of the log that is being read. */
  onProgress?: (progress: SegmentProgress) => void
}

/** What {@link verifySegment} found. */
export interface SegmentVerification {
  ok: boolean
  /** Logs that were looked at. */
  logs: number
  /** Rows that were read. */
  rows: number
  problems: SegmentProblem[]
  /** What there is nothing to check against. */
  notChecked: string[]
}

const KNOWN = [
  'chunkManager',
  'storage',
  'segment',
  'schema',
  'logSize',
  'decryptor',
  'keyRetriever',
  'signal',
  'onProgress',
] as const

/**
 * Read everything of a segment and hold it against its metadata: entries, rows, timestamp ranges,
 * null counts and sizes of every log; which group a field is in by the metadata, by the files'
 * `group_field_id_list` and by their columns; every key against the bloom filters, least and
 * greatest key; deletes and BM25 statistics.
 *
 * What is wrong with a segment is a problem in the result, not an exception.
 *
 * @throws PackedError InvalidArgument, InvalidSchema (no schema, no primary key). The signal's
 *   reason when it is aborted.
 */
export async function verifySegment(options: VerifySegmentOptions): Promise<SegmentVerification> {
  const context = await resolve(options)
  const { segment } = context
  const problems = new ProblemList()
  const lists = [
    ...segment.binlogs,
    ...segment.statslogs,
    ...segment.bm25logs,
    ...segment.deltalogs,
  ]
  const notChecked: string[] = []
  const hasManifest = segment.storageVersion === 3
  const isSound = hasManifest
    ? await verifyManifestFiles(context, problems, notChecked)
    : await verifySizes(lists, context, problems)
  let rows = 0
  // Rows are only read where every file is there: else one fault would be told twice.
  if (isSound) {
    const parts = hasManifest ? [] : await partsOf(context, problems)
    const keys = await KeyChecks.open(segment.statslogs, context, problems)
    rows = await (hasManifest
      ? verifyManifestRows(keys, context, problems)
      : verifyRows(parts, keys, context, problems))
    // What could not be read is told already.
    const isWhole = problems.problems.every(({ rule }) => !UNREADABLE.has(rule))
    if (isWhole) problems.equal('numRows', {}, segment.numRows, rows)
    keys.finish(context, problems, isWhole)
    notChecked.push(...keys.notChecked)
    await verifyDeletes(context, problems)
    await verifyBm25(rows, context, problems)
  }
  if (segment.source === 'files') {
    notChecked.push('timestamp ranges and null counts (no metadata but the files themselves)')
  }
  const logs = lists.reduce((sum, { binlogs }) => sum + binlogs.length, 0)
  return { ok: problems.problems.length === 0, logs, rows, problems: problems.problems, notChecked }
}

async function resolve(options: VerifySegmentOptions): Promise<VerifyContext> {
  const given = expectObject(options, 'verifySegment')
  expectKnownKeys(given, KNOWN, 'verifySegment')
  const { segment, keyRetriever } = options
  const schema = options.schema ?? segment.schema
  if (schema === undefined) {
    const message = 'Expected a schema for verifySegment but neither it nor the segment has one'
    throw new PackedError('InvalidSchema', message)
  }
  const chunkManager = await chunkManagerAt(options)
  const storage = storageOf(chunkManager)
  return {
    chunkManager,
    segment,
    schema: withSystemFields(schema),
    logSize: expectOneOf(
      given.logSize,
      'logSize',
      ['compressed', 'uncompressed'] as const,
      'compressed',
    ),
    decryptor: expectFunction<BinlogDecryptor>(given.decryptor, 'decryptor'),
    inspect: keyRetriever === undefined ? { storage } : { storage, keyRetriever },
    signal: expectSignal(given.signal, 'signal'),
    onRows: rowCounter(segment.numRows, given.onProgress),
  }
}

/** The parts whose structure allows to read rows. */
async function partsOf(context: VerifyContext, problems: ProblemList): Promise<SegmentPart[]> {
  const sound: SegmentPart[] = []
  for (const part of await segmentParts(context.segment.binlogs, context)) {
    const before = problems.problems.length
    verifyChunks(part, problems)
    if (part.storageVersion === 2) await verifyGroups(part.binlogs, context, problems)
    else await verifyDescriptors(part.binlogs, context, problems)
    const found = problems.problems.slice(before)
    if (found.every(({ rule }) => !UNREADABLE.has(rule))) sound.push(part)
  }
  return sound
}

/** Problems after which rows of different files cannot be put together. */
const UNREADABLE: ReadonlySet<string> = new Set([
  'logs',
  'footer',
  'descriptor',
  'entries',
  'readable',
])

async function verifyDeletes(context: VerifyContext, problems: ProblemList): Promise<void> {
  const { chunkManager, decryptor, inspect, segment, signal } = context
  const options = { decryptor, keyRetriever: inspect.keyRetriever, signal }
  const logs = segment.deltalogs.flatMap(({ binlogs }) => binlogs)
  const read = ({ logPath }: Binlog): Promise<DeleteData> =>
    readDeleteLog(chunkManager, logPath, options)
  for await (const { item: log, result } of readAhead(logs, MOST_READS, read)) {
    const place = { path: log.logPath }
    await problems.attempt('deletes', place, signal, async () => {
      const deletes = await result
      if (log.entriesNum > 0) {
        problems.equal('entries', place, log.entriesNum, deletes.timestamps.length)
      }
      if (log.timestampTo === 0n) return
      const outside = deletes.timestamps.find(
        (timestamp) => timestamp < log.timestampFrom || timestamp > log.timestampTo,
      )
      if (outside === undefined) return
      const range = `deletes from ${log.timestampFrom} to ${log.timestampTo}`
      problems.add('timestamps', place, range, outside)
    })
  }
}

/** The single files, and the merged one, count every row once. */
async function verifyBm25(
  rows: number,
  { chunkManager, schema, segment, signal }: VerifyContext,
  problems: ProblemList,
): Promise<void> {
  for (const { fieldId, binlogs } of segment.bm25logs) {
    const counts = new Map<boolean, number>()
    let readable = true
    const bytes = ({ logPath }: Binlog): Promise<Uint8Array> =>
      chunkManager.read(logPath, { signal })
    for await (const { item: log, result } of readAhead(binlogs, MOST_READS, bytes)) {
      const place = { path: log.logPath, field: fieldId }
      const read = await problems.attempt('bm25', place, signal, async () => {
        const stats = Bm25Stats.deserialize(await result)
        const merged = logIdOf(log) === MERGED_LOG_ID
        counts.set(merged, (counts.get(merged) ?? 0) + stats.numRow)
      })
      readable &&= read
    }
    if (!readable) continue
    for (const [merged, count] of counts) {
      const log = binlogs.find((candidate) => (logIdOf(candidate) === MERGED_LOG_ID) === merged)
      const place = { path: log?.logPath, field: fieldId }
      // Null documents are none.
      const isNullable = allFields(schema).find((field) => field.fieldId === fieldId)?.nullable
      if (isNullable === true && count <= rows) continue
      problems.equal('bm25Rows', place, rows, count)
    }
  }
}
