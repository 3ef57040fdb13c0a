import type { Binlog } from './field-binlog.js'

/** The number of a log: its own, or the last part of its path; 0 where neither says. */
export function logIdOf({ logId, logPath }: Binlog): bigint {
  if (logId !== 0n) return logId
  const digits = /(\d+)(?:\.parquet)?$/.exec(logPath)?.[1]
  return digits === undefined ? 0n : BigInt(digits)
}
