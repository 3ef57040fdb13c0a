const HALF_VALUES = 1 << 16
let halfTable: Float32Array | undefined

/** IEEE 754 binary16 by its bits. */
function decodeHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** Every half float decoded once (256 KiB), made at the first use. */
function halves(): Float32Array {
  halfTable ??= Float32Array.from({ length: HALF_VALUES }, (_, bits) => decodeHalf(bits))
  return halfTable
}

/** float16 bits as float32, exactly. */
export function decodeFloat16(bits: Uint16Array): Float32Array {
  const table = halves()
  const values = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]!]!
  return values
}

/** bfloat16 bits as float32: the upper half of its bits, exactly. */
export function decodeBfloat16(bits: Uint16Array): Float32Array {
  const values = new Float32Array(bits.length)
  const words = new Uint32Array(values.buffer)
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16
  return values
}
