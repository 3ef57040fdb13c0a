/** A number as a place on the chart. */
export interface Scale {
  at(value: number): number
  ticks: readonly number[]
}

/** From a number to a number, the first one at the start of an axis. */
export type Span = readonly [from: number, to: number]

/** Numbers more than this many times apart are easier to tell on a logarithmic axis. */
const WIDE = 12

/** Speeds, from zero on, or logarithmic where they are far apart. All above zero. */
export function speedScale(values: readonly number[], pixels: Span): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  if (most <= WIDE * least) return linearScale([0, most * 1.06], pixels)
  return logScale([least / 1.25, most * 1.25], pixels)
}

/** Shares of one with room around them; all the same is a range, too. */
export function shareScale(values: readonly number[], pixels: Span): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const room = Math.max((most - least) * 0.12, most * 0.01, 0.001)
  return linearScale([Math.max(0, least - room), most + room], pixels)
}

function linearScale(domain: Span, pixels: Span): Scale {
  const [from, to] = domain
  const step = niceStep((to - from) / 5)
  const first = Math.ceil(from / step - 1e-9)
  const count = Math.floor(to / step + 1e-9) - first + 1
  return {
    at: (value) => between(pixels, (value - from) / (to - from)),
    // Multiplied, not added up: 0.30000000000000004 would be a tick.
    ticks: Array.from({ length: count }, (_, i) => rounded((first + i) * step)),
  }
}

function logScale(domain: Span, pixels: Span): Scale {
  const [from, to] = domain.map(Math.log10) as [number, number]
  const decades = Array.from(
    { length: Math.ceil(to) - Math.floor(from) + 1 },
    (_, i) => Math.floor(from) + i,
  )
  const marks = to - from > 3 ? [1] : [1, 2, 5]
  const all = decades.flatMap((decade) => marks.map((mark) => rounded(mark * 10 ** decade)))
  return {
    at: (value) => between(pixels, (Math.log10(value) - from) / (to - from)),
    ticks: all.filter((tick) => tick >= domain[0] && tick <= domain[1]),
  }
}

function between([start, end]: Span, share: number): number {
  return start + share * (end - start)
}

/** 1, 2 or 5 times a power of ten, not below `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step))
  return (([1, 2, 5] as const).find((mark) => mark * power >= step * (1 - 1e-9)) ?? 10) * power
}

function rounded(value: number): number {
  return Number(value.toPrecision(12))
}
