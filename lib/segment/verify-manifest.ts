import type { Data } from 'apache-arrow'
import type { Binlog } from '../binlog/index.js'
import { ManifestStore, verifyManifest } from '../manifest/index.js'
import { TimestampRange } from '../packed/index.js'
import { allFields, primaryKeyField, TIMESTAMP_FIELD } from '../schema/index.js'
import type { KeyChecks } from './key-checks.js'
import { openManifestRows } from './manifest-part.js'
import { fieldIdsBy, manifestOfSegment, storedInManifest } from './manifest-segment.js'
import { spanOfLogs } from './time-span.js'
import type { VerifyContext } from './verify-context.js'
import type { ProblemList } from './verify-problem.js'

/** Problems of a manifest after which its rows cannot be put together. */
const UNREADABLE: ReadonlySet<string> = new Set(['exists', 'footer', 'window', 'rows', 'manifest'])

/**
 * The manifest of a segment against the files that it names.
 *
 * @returns whether its rows can be read.
 */
export async function verifyManifestFiles(
  { chunkManager, segment, inspect, signal }: VerifyContext,
  problems: ProblemList,
  notChecked: string[],
): Promise<boolean> {
  const { keyRetriever } = inspect
  const before = problems.problems.length
  await problems.attempt('manifest', {}, signal, async () => {
    const found = await manifestOfSegment(segment, chunkManager, { signal })
    if (found === undefined || found.version === 0) return
    const result = await verifyManifest({
      store: new ManifestStore(chunkManager, found.basePath),
      version: found.version,
      ...(keyRetriever === undefined ? {} : { keyRetriever }),
      ...(signal === undefined ? {} : { signal }),
    })
    problems.problems.push(...result.problems)
    notChecked.push(...result.notChecked)
  })
  return problems.problems.slice(before).every(({ rule }) => !UNREADABLE.has(rule))
}

/**
 * Read every row: keys against the statistics, times and nulls against what the logs of the syncs
 * say of them all.
 *
 * @returns rows that could be read.
 */
export async function verifyManifestRows(
  keys: KeyChecks,
  context: VerifyContext,
  problems: ProblemList,
): Promise<number> {
  const { schema, chunkManager, inspect, segment, signal } = context
  const timestamps = new TimestampRange()
  const nulls = new Map<bigint, number>()
  let rows = 0
  await problems.attempt('readable', {}, signal, async () => {
    const found = await manifestOfSegment(segment, chunkManager, { signal })
    if (found === undefined || found.manifest.columnGroups.length === 0) return
    const idOf = fieldIdsBy(schema)
    const stored = storedInManifest(found.manifest, idOf)
    const fieldIds = allFields(schema)
      .map(({ fieldId }) => fieldId)
      .filter((id) => stored.has(id))
    const reader = await openManifestRows(found.manifest, {
      ...{ ...inspect, schema, fieldIds, idOf, releasePrevious: true },
      ...(signal === undefined ? {} : { signal }),
    })
    try {
      for (let record = await reader.next(); record !== null; record = await reader.next()) {
        for (const id of fieldIds) {
          nulls.set(id, (nulls.get(id) ?? 0) + (record.column(id)?.nullCount ?? 0))
        }
        timestamps.add(record.column(TIMESTAMP_FIELD))
        await keys.add(record.column(primaryKeyField(schema).fieldId) as Data, rows)
        rows += record.numRows
        context.onRows(record.numRows)
      }
    } finally {
      await reader.close()
    }
    verifyFacts(context, { nulls, timestamps }, problems)
  })
  return rows
}

function verifyFacts(
  { segment }: VerifyContext,
  { nulls, timestamps }: { nulls: ReadonlyMap<bigint, number>; timestamps: TimestampRange },
  problems: ProblemList,
): void {
  const logs = segment.binlogs.flatMap(({ binlogs }) => binlogs)
  for (const [id, read] of nulls) {
    const known = nullsOf(
      segment.binlogs.find((list) => list.childFields.includes(id))?.binlogs,
      id,
    )
    if (known !== undefined) problems.equal('fieldNullCounts', { field: id }, known, read)
  }
  const { range } = timestamps
  if (range === undefined || logs.some(({ timestampTo }) => timestampTo === 0n)) return
  const span = spanOfLogs(logs)
  if (span === undefined) return
  problems.equal('timestampFrom', {}, span.from, range.from)
  problems.equal('timestampTo', {}, span.to, range.to)
}

/** Undefined where a log does not say it. */
function nullsOf(logs: readonly Binlog[] = [], id: bigint): number | undefined {
  let sum = 0
  for (const { fieldNullCounts } of logs) {
    const nulls = fieldNullCounts.get(id)
    if (nulls === undefined) return undefined
    sum += nulls
  }
  return logs.length === 0 ? undefined : sum
}
