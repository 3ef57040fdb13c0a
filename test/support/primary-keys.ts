/** What the tests of primary-key statistics share. */
import { type PrimaryKeyColumn, PrimaryKeyStats } from '../../lib/binlog/index.js'
import { DataType } from '../../lib/schema/index.js'

export const INT64_MIN = -(2n ** 63n)
export const INT64_MAX = 2n ** 63n - 1n

/** Filters of the keys 1, 2, 3 as the Go libraries of Milvus gave them. */
export const BLOCKED =
  '{"k":119,"b":["mpqbipXHhIbwm1DQON6Ii8qKmMpa2xh6SA2NLp3KSIpNmoia2MKwhIFQ6QKU0geHHcTOpnn6KbIosgyLEvLCyg=="]}'
export const BASIC = '{"m":44,"k":11,"b":"AAAAAAAAACwAAAeSV1hVWA=="}'

export const int64 = (...keys: bigint[]) => BigInt64Array.from(keys)

export const statsOf = (...columns: PrimaryKeyColumn[]) =>
  PrimaryKeyStats.build({ fieldId: 100, pkType: DataType.Int64, keys: columns })

export const textStatsOf = (...columns: PrimaryKeyColumn[]) =>
  PrimaryKeyStats.build({ fieldId: 101, pkType: DataType.VarChar, keys: columns })

export const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString()

/** The marks of `mayContain` as a plain array. */
export const found = async (stats: PrimaryKeyStats, keys: PrimaryKeyColumn) => [
  ...(await stats.mayContain(keys)),
]
