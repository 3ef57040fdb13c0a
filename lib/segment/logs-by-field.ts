import type { Binlog, FieldBinlog, LogKind } from '../binlog/index.js'
import { mapBounded } from '../storage/index.js'
import { bareBinlog } from './bare-binlog.js'
import { describeInsertLog } from './insert-log.js'
import type { FoundLog, SegmentTree } from './segment-keys.js'

/** Logs that are looked at at a time. */
const MOST_READS = 16

/** A list that is being put together. */
interface GrowingList {
  fieldId: bigint
  /** Of all logs: a field that was added later is only in the younger ones. */
  childFields: Set<bigint>
  binlogs: Binlog[]
}

/**
 * Logs as FieldBinlogs, in the order of their field ids, oldest log first.
 *
 * A field id may come out twice, as a StorageV1 field and as a column group; a delete log belongs
 * to field 0.
 */
export async function logsByField(
  tree: SegmentTree,
  kind: LogKind,
  logs: AsyncIterable<FoundLog> | Iterable<FoundLog>,
): Promise<FieldBinlog[]> {
  const found: FoundLog[] = []
  for await (const log of logs) found.push(log)
  found.sort((left, right) => compare(left.logId, right.logId))
  const lists = new Map<string, GrowingList>()
  const described = await mapBounded(found, MOST_READS, async (log) =>
    kind === 'insert' ? describeInsertLog(tree, log) : { binlog: bareBinlog(log), childFields: [] },
  )
  for (const [index, log] of found.entries()) {
    const { binlog, childFields } = described[index]!
    const fieldId = log.fieldId ?? 0n
    const key = `${fieldId}${childFields.length > 0 ? ' group' : ''}`
    const list = lists.get(key) ?? { fieldId, childFields: new Set(), binlogs: [] }
    for (const id of childFields) list.childFields.add(id)
    list.binlogs.push(binlog)
    lists.set(key, list)
  }
  return [...lists.values()]
    .sort((left, right) => compare(left.fieldId, right.fieldId))
    .map((list) => ({ ...list, childFields: [...list.childFields], format: '' }))
}

function compare(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0
}
