/** How a 16-bit float splits its bits. */
export interface HalfFormat {
  /** As errors say it. */
  readonly name: string
  readonly fractionBits: number
  readonly bias: number
}

/** IEEE 754 binary16. */
export const FLOAT16: HalfFormat = { name: 'float16', fractionBits: 10, bias: 15 }

/** The upper half of a float32. */
export const BFLOAT16: HalfFormat = { name: 'bfloat16', fractionBits: 7, bias: 127 }

/**
 * The bits nearest to a number, ties to even; undefined for a finite number that would become
 * infinite.
 */
export function encodeHalf(value: number, format: HalfFormat): number | undefined {
  const { fractionBits, bias } = format
  const infinity = (2 * bias + 1) << fractionBits
  if (Number.isNaN(value)) return infinity | (1 << (fractionBits - 1))
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const magnitude = Math.abs(value)
  if (magnitude === Number.POSITIVE_INFINITY) return sign | infinity
  const exponent = Math.max(exponentOf(magnitude), 1 - bias)
  // In units of the last place; one unit too many carries into the exponent by itself.
  const units = roundToEven(magnitude * 2 ** (fractionBits - exponent))
  const bits = ((exponent + bias - 1) << fractionBits) + units
  return bits < infinity ? sign | bits : undefined
}

/** The largest `e` with `2 ** e <= value`. */
function exponentOf(value: number): number {
  if (value === 0) return Number.NEGATIVE_INFINITY
  const guess = Math.floor(Math.log2(value))
  if (2 ** guess > value) return guess - 1
  return 2 ** (guess + 1) <= value ? guess + 1 : guess
}

function roundToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1
  return floor % 2 === 0 ? floor : floor + 1
}
