import type { Binlog, FieldBinlog } from '../binlog/index.js'
import type { PackLogs } from './pack-writer.js'

/** Of a pack that is not written. */
export const NO_LOGS: PackLogs = {
  inserts: new Map(),
  stats: new Map(),
  bm25: new Map(),
  delta: undefined,
  sizeBytes: 0,
  pkStats: undefined,
  bm25Stats: new Map(),
}

/** Lists with the merged log of every field at their end. */
export function withMerged(
  lists: ReadonlyMap<bigint, FieldBinlog>,
  merged: ReadonlyMap<bigint, Binlog> = new Map(),
): ReadonlyMap<bigint, FieldBinlog> {
  const all = new Map(lists)
  for (const [fieldId, log] of merged) {
    const list = all.get(fieldId) ?? { fieldId, binlogs: [], childFields: [], format: '' }
    all.set(fieldId, { ...list, binlogs: [...list.binlogs, log] })
  }
  return all
}

/** Keys of all files. */
export function pathsOf({ inserts, stats, bm25, delta, staged }: PackLogs): readonly string[] {
  if (staged !== undefined) return staged.paths
  const lists = [...inserts.values(), ...stats.values(), ...bm25.values()]
  return [...lists, ...(delta === undefined ? [] : [delta])].flatMap(({ binlogs }) =>
    binlogs.map(({ logPath }) => logPath),
  )
}
