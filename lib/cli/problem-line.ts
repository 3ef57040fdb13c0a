import type { Problem } from '../config/index.js'

/** What a check found, as a line: `path, field: rule: Expected … but received …`. */
export function problemLine({ path, field, rule, expected, received }: Problem): string {
  const where = [path, field === undefined ? undefined : `field ${field}`].filter(Boolean)
  const place = where.length === 0 ? '' : `${where.join(', ')}: `
  return `${place}${rule}: Expected ${expected} but received ${received}\n`
}
