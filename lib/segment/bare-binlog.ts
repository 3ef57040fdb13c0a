import type { Binlog } from '../binlog/index.js'
import type { FoundLog } from './segment-keys.js'

/** What the path and the size of a log say; everything else is unknown, as zeros. */
export function bareBinlog({
  path,
  logId,
  sizeBytes,
}: Pick<FoundLog, 'path' | 'logId' | 'sizeBytes'>): Binlog {
  return {
    entriesNum: 0,
    timestampFrom: 0n,
    timestampTo: 0n,
    logPath: path,
    logSize: sizeBytes,
    logId,
    memorySize: 0,
    fieldNullCounts: new Map(),
  }
}
