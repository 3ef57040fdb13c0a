/** Figures as short texts, the same in the terminal and on pages. */

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const

/** `1234567` as `1.23 MB`: three digits, units of 1000. */
export function shortBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : threeDigits(value)} ${UNITS[unit]}`
}

/** `1.23`, `12.3`, `123`. */
export function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0)
  return value.toFixed(value >= 9.995 ? 1 : 2)
}

/** `0.4123` as `41.2 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
