/** Bits as Arrow packs them: bit `i % 8` of byte `i / 8`, the least significant first. */

export function bitAt(bytes: Uint8Array, index: number): boolean {
  return ((bytes[index >> 3]! >> (index & 7)) & 1) === 1
}

export function putBit(bytes: Uint8Array, index: number, bit: boolean): void {
  const mask = 1 << (index & 7)
  if (bit) bytes[index >> 3]! |= mask
  else bytes[index >> 3]! &= ~mask
}

/** Set the bits from `start` up to `end`. */
export function setBits(bytes: Uint8Array, start: number, end: number): void {
  let index = start
  while (index < end && (index & 7) !== 0) putBit(bytes, index++, true)
  const wholeEnd = end - (end & 7)
  if (index < wholeEnd) {
    bytes.fill(0xff, index >> 3, wholeEnd >> 3)
    index = wholeEnd
  }
  while (index < end) putBit(bytes, index++, true)
}

/** Copy `count` bits; whole bytes where both sides start at one. */
export function copyBits(
  target: Uint8Array,
  targetStart: number,
  source: Uint8Array,
  sourceStart: number,
  count: number,
): void {
  if (((targetStart | sourceStart) & 7) === 0) {
    const first = sourceStart >> 3
    target.set(source.subarray(first, first + bytesForBits(count)), targetStart >> 3)
    return
  }
  for (let i = 0; i < count; i++) putBit(target, targetStart + i, bitAt(source, sourceStart + i))
}

/** How many of the bits from `start` up to `end` are 0. */
export function countZeros(bytes: Uint8Array, start: number, end: number): number {
  let zeros = 0
  let index = start
  while (index < end) {
    if ((index & 7) === 0 && index + 8 <= end && bytes[index >> 3] === 0xff) {
      index += 8
      continue
    }
    if (!bitAt(bytes, index++)) zeros++
  }
  return zeros
}

export function bytesForBits(bits: number): number {
  return (bits + 7) >> 3
}
