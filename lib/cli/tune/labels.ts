/** Finds room for texts beside the points of a chart. */

export interface Point {
  x: number
  y: number
}

export interface Label extends Point {
  anchor: 'start' | 'middle' | 'end'
}

interface Box {
  left: number
  right: number
  top: number
  bottom: number
}

/** About, of the font of the chart; places leave room for the ring of a recommendation. */
const LETTER = 6.3
const HEIGHT = 14
const RADIUS = 8

/** Where a text may be, the best place first: direction, and how it is set. */
const PLACES = [
  { x: 17, y: 4, anchor: 'start' },
  { x: -17, y: 4, anchor: 'end' },
  { x: 0, y: -17, anchor: 'middle' },
  { x: 0, y: 26, anchor: 'middle' },
  { x: 12, y: -12, anchor: 'start' },
  { x: -12, y: -12, anchor: 'end' },
  { x: 12, y: 20, anchor: 'start' },
  { x: -12, y: 20, anchor: 'end' },
] as const

/**
 * A place for each text, or undefined where there is no room for it: texts overlap neither points
 * nor each other, and stay within `bounds`. The first ones choose first.
 */
export function placeLabels(
  points: readonly (Point & { text: string })[],
  bounds: Box,
): (Label | undefined)[] {
  const taken: Box[] = points.map(({ x, y }) => ({
    left: x - RADIUS,
    right: x + RADIUS,
    top: y - RADIUS,
    bottom: y + RADIUS,
  }))
  return points.map(({ x, y, text }) => {
    const labels = PLACES.map((place) => ({ ...place, x: x + place.x, y: y + place.y }))
    const label = labels.find((candidate) => {
      const box = boxOf(candidate, text)
      return within(box, bounds) && !taken.some((other) => overlap(box, other))
    })
    if (label !== undefined) taken.push(boxOf(label, text))
    return label
  })
}

function boxOf({ x, y, anchor }: Label, text: string): Box {
  const width = LETTER * text.length
  const left = x - { start: 0, middle: width / 2, end: width }[anchor]
  return { left, right: left + width, top: y - HEIGHT + 3, bottom: y + 3 }
}

function within(box: Box, bounds: Box): boolean {
  return (
    box.left >= bounds.left &&
    box.right <= bounds.right &&
    box.top >= bounds.top &&
    box.bottom <= bounds.bottom
  )
}

function overlap(one: Box, other: Box): boolean {
  return (
    one.left < other.right &&
    one.right > other.left &&
    one.top < other.bottom &&
    one.bottom > other.top
  )
}
