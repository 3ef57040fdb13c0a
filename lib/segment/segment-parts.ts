import {
  childFieldsOf,
  type FieldBinlog,
  hasBinlogMagic,
  logIdOf,
  pathOfLog,
  type SegmentLocation,
} from '../binlog/index.js'
import { type ChunkManager, mapBounded } from '../storage/index.js'
import type { LogStorageVersion } from './segment-info.js'

/** Chunks of one storage version: what one record reader reads. */
export interface SegmentPart {
  readonly storageVersion: LogStorageVersion
  readonly binlogs: readonly FieldBinlog[]
}

/** Where the logs of a segment are. */
export interface LogPlace {
  chunkManager: ChunkManager
  location?: SegmentLocation | undefined
  signal?: AbortSignal | undefined
}

const MAGIC_BYTES = 4
/** Logs that are looked at at a time. */
const MOST_READS = 16

/**
 * Split the insert logs of a segment by storage version, the part with the oldest log first.
 *
 * A list with child fields is a column group; of others the first bytes of a log tell.
 */
export async function segmentParts(
  binlogs: readonly FieldBinlog[],
  place: LogPlace,
): Promise<SegmentPart[]> {
  const lists = binlogs.filter((list) => list.binlogs.length > 0)
  const v1: FieldBinlog[] = []
  const v2: FieldBinlog[] = []
  const isV1 = await mapBounded(lists, MOST_READS, (list) => isBinlog(list, place))
  for (const [index, list] of lists.entries()) {
    if (isV1[index]) v1.push({ ...list, binlogs: sortedByLog(list.binlogs) })
    else v2.push(list)
  }
  const parts: SegmentPart[] = []
  if (v1.length > 0) parts.push({ storageVersion: 0, binlogs: v1 })
  if (v2.length > 0) parts.push({ storageVersion: 2, binlogs: v2 })
  return parts.sort((left, right) => (oldestLog(left) <= oldestLog(right) ? -1 : 1))
}

/** Field ids that all parts store; undefined where a part does not say what it stores. */
export function storedFields(parts: readonly SegmentPart[]): ReadonlySet<bigint> | undefined {
  let common: Set<bigint> | undefined
  for (const { storageVersion, binlogs } of parts) {
    const own = storageVersion === 0 ? completeFields(binlogs) : childFieldsOf(binlogs)
    if (own === undefined) return undefined
    common = new Set([...own].filter((id) => common === undefined || common.has(id)))
  }
  return common
}

/** Rows, deleted ones included, as the metadata has them. */
export function rowsOf(parts: readonly SegmentPart[]): number {
  return parts.reduce((sum, { binlogs }) => sum + Math.max(...binlogs.map(entriesOf)), 0)
}

function entriesOf({ binlogs }: FieldBinlog): number {
  return binlogs.reduce((sum, { entriesNum }) => sum + entriesNum, 0)
}

/** Fields with a log for every chunk; a field that was added later has fewer. */
function completeFields(binlogs: readonly FieldBinlog[]): Set<bigint> {
  const chunks = Math.max(...binlogs.map((list) => list.binlogs.length))
  const complete = binlogs.filter((list) => list.binlogs.length === chunks)
  return new Set(complete.map(({ fieldId }) => fieldId))
}

async function isBinlog(list: FieldBinlog, place: LogPlace): Promise<boolean> {
  if (list.childFields.length > 0) return false
  const { chunkManager, location, signal } = place
  const path = pathOfLog(list, list.binlogs[0]!, location)
  return hasBinlogMagic(await chunkManager.readAt(path, 0, MAGIC_BYTES, { signal }))
}

function oldestLog({ binlogs }: SegmentPart): bigint {
  const [first, ...others] = binlogs.flatMap((list) => list.binlogs.map(logIdOf))
  let least = first ?? 0n
  for (const id of others) if (id < least) least = id
  return least
}

/** Milvus takes binlogs in the order of their ids, column groups in the order of their lists. */
function sortedByLog(logs: FieldBinlog['binlogs']): FieldBinlog['binlogs'] {
  return logs
    .map((log) => ({ log, id: logIdOf(log) }))
    .sort((left, right) => (left.id < right.id ? -1 : left.id > right.id ? 1 : 0))
    .map(({ log }) => log)
}
