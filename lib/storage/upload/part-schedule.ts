const MIB = 1 << 20
const MOST_PARTS = 10_000
const LARGEST_OBJECT = 5 * 2 ** 40
/** So many parts have the length that was asked for; then every stage is longer by one step. */
const EQUAL_PARTS = 1000
const STAGE_PARTS = 100

/**
 * Bytes of part `number` (from 1) of an upload: as native writers cut them, so that 10,000 parts
 * hold the 5 TiB that an object may have.
 */
export function bytesOfPart(number: number, firstBytes: number): number {
  if (number <= EQUAL_PARTS) return firstBytes
  const stages = (MOST_PARTS - EQUAL_PARTS) / STAGE_PARTS
  const missing = Math.max(LARGEST_OBJECT - MOST_PARTS * firstBytes, 0)
  const step = missing / ((STAGE_PARTS * stages * (stages + 1)) / 2)
  const stage = Math.ceil((number - EQUAL_PARTS) / STAGE_PARTS)
  return firstBytes + stage * Math.ceil(step / MIB) * MIB
}
