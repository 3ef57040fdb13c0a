import type { PackedColumnChunk } from '../../packed/index.js'

type Ranged = Pick<PackedColumnChunk, 'physicalType' | 'min' | 'max'>

/** Least and greatest value of chunks together, as text; null where one of them does not say. */
export function rangeOf(chunks: readonly Ranged[]): { min: string | null; max: string | null } {
  const [first] = chunks
  if (first === undefined) return { min: null, max: null }
  let { min, max } = first
  const compare = comparisonOf(first.physicalType)
  for (const chunk of chunks) {
    if (chunk.min === null || chunk.max === null || min === null || max === null) {
      return { min: null, max: null }
    }
    if (compare(chunk.min, min) < 0) min = chunk.min
    if (compare(chunk.max, max) > 0) max = chunk.max
  }
  return { min, max }
}

/** Parquet's orders: numbers by value, texts by their bytes. */
function comparisonOf(physicalType: string): (one: string, other: string) => number {
  if (/^INT(32|64)$/.test(physicalType)) {
    return (one, other) => Math.sign(Number(BigInt(one) - BigInt(other)))
  }
  if (/^(FLOAT|DOUBLE)$/.test(physicalType)) return (one, other) => Number(one) - Number(other)
  return (one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))
}
