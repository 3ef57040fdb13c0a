/** Parquet files whose statistics say too little, nothing, or what cannot be. */
import { chunksOf, footerOf, ID, type ThriftStruct, withFooter } from './fuzz/parquet-parts.cjs'

/** Field ids of Parquet's Statistics. */
export const STATISTIC = {
  oldMax: 1,
  oldMin: 2,
  nullCount: 3,
  max: 5,
  min: 6,
  maxExact: 7,
  minExact: 8,
}
const COLUMN_ORDERS = 7
const BINARY = 8
const I64 = 6
const FALSE = 2

type Statistics = Map<number, { type: number; value: unknown }>
/** Changes the statistics of one column chunk. */
export type Lie = (statistics: Statistics) => void

const bytesOf = (statistics: Statistics, id: number) => statistics.get(id)!.value as Buffer

function setBounds(statistics: Statistics, min: Buffer, max: Buffer, old = false): void {
  const { oldMax, oldMin } = STATISTIC
  for (const id of [oldMax, oldMin, STATISTIC.max, STATISTIC.min]) statistics.delete(id)
  statistics.set(old ? oldMax : STATISTIC.max, { type: BINARY, value: max })
  statistics.set(old ? oldMin : STATISTIC.min, { type: BINARY, value: min })
}

export const bounds =
  (min: Buffer, max = min): Lie =>
  (statistics) =>
    setBounds(statistics, min, max)

export const swapped: Lie = (statistics) =>
  setBounds(statistics, bytesOf(statistics, STATISTIC.max), bytesOf(statistics, STATISTIC.min))

/** As writers of old left them: of text in the order of signed bytes, in which `ä` is below `b`. */
export const old: Lie = (statistics) => {
  const [min, max] = [STATISTIC.min, STATISTIC.max].map((id) => bytesOf(statistics, id))
  const signed = max!.toString() === 'aä' ? Buffer.from('ab') : max!
  setBounds(statistics, min!, signed, true)
}

/** As the new fields, in that order. */
export const signed: Lie = (statistics) => {
  old(statistics)
  setBounds(
    statistics,
    bytesOf(statistics, STATISTIC.oldMin),
    bytesOf(statistics, STATISTIC.oldMax),
  )
}

/** Bounds of text that were cut short as the format wants it: below, above, and said to be so. */
export const cut: Lie = (statistics) => {
  const [min, max] = [STATISTIC.min, STATISTIC.max].map((id) => bytesOf(statistics, id))
  const above = Buffer.from([max![0]! + 1])
  setBounds(statistics, min!.subarray(0, 1), above)
  statistics.set(STATISTIC.maxExact, { type: FALSE, value: false })
  statistics.set(STATISTIC.minExact, { type: FALSE, value: false })
}

export const nullCount =
  (count: bigint | null): Lie =>
  (statistics) => {
    if (count === null) statistics.delete(STATISTIC.nullCount)
    else statistics.set(STATISTIC.nullCount, { type: I64, value: count })
  }

export const without =
  (...ids: number[]): Lie =>
  (statistics) => {
    for (const id of ids) statistics.delete(id)
  }

export const double = (value: number) => Buffer.from(Float64Array.of(value).buffer)
export const int32 = (value: number) => Buffer.from(Int32Array.of(value).buffer)

/** The file with a lie in every row group about one column. */
export function withLie(
  whole: Buffer,
  column: string,
  lie: Lie,
  change?: (tree: ThriftStruct) => void,
): Buffer {
  const { start, tree } = footerOf(whole)!
  for (const chunk of chunksOf(tree)) {
    const metadata = chunk.fields.find(({ id }) => id === ID.chunk.metadata)!.value as ThriftStruct
    const member = (id?: number) => metadata.fields.find((field) => field.id === id)!.value
    const path = member(ID.column.path) as { items: Buffer[] }
    if (path.items[0]!.toString() !== column) continue
    const struct = member(ID.column.statistics) as ThriftStruct
    const statistics: Statistics = new Map(struct.fields.map(({ id, ...field }) => [id, field]))
    lie(statistics)
    const ids = [...statistics.keys()].sort((a, b) => a - b)
    struct.fields = ids.map((id) => ({ id, ...statistics.get(id)! }))
  }
  change?.(tree)
  return withFooter(whole, start, tree)
}

export function dropColumnOrders(tree: ThriftStruct): void {
  const kept = tree.fields.filter(({ id }) => id !== COLUMN_ORDERS)
  expect(kept).toHaveLength(tree.fields.length - 1)
  tree.fields = kept
}
