/** Values that apache-arrow gives, as text that two equal columns share and two others do not. */
import type { Vector } from 'apache-arrow'

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value
}

export function canonical(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string') return JSON.stringify(value)
  if (ArrayBuffer.isView(value)) {
    return `<${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}>`
  }
  if (typeof value === 'object' && isIterable(value)) return `[${[...value].map(canonical)}]`
  return String(value)
}

/** Index and both values of the first row that differs, or null. */
export function firstDifference(left: Vector, leftOffset: number, right: Vector): string | null {
  for (let row = 0; row < right.length; row++) {
    const a = canonical(left.get(leftOffset + row))
    const b = canonical(right.get(row))
    if (a !== b) return `row ${row}: ${a} became ${b}`
  }
  return null
}
