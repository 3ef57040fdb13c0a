const INSTANT =
  /^(\d{4}|[+-]\d{6})-(\d\d)-(\d\d)(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?(?: ?(Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d))?)?$/i
const TIME_OF_DAY = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?$/

const NANOS_PER_SECOND = 1_000_000_000n
const NANOS_PER_MS = 1_000_000n

/** Nanoseconds since 1970 of a Date; undefined for an invalid one. */
export function nanosOfDate(date: Date): bigint | undefined {
  const ms = date.getTime()
  return Number.isNaN(ms) ? undefined : BigInt(ms) * NANOS_PER_MS
}

/**
 * Nanoseconds since 1970 of ISO 8601 text: a day, or a day and a time with up to nine digits after
 * the second. Without a zone it is UTC. Undefined for anything else, February 30 included.
 */
export function nanosOfInstant(text: string): bigint | undefined {
  const [whole, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone] =
    INSTANT.exec(text) ?? []
  if (whole === undefined) return undefined
  const date = `${year}-${month}-${day}`
  const midnight = new Date(`${date}T00:00:00.000Z`)
  const isDay = !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(`${date}T`)
  if (!isDay) return undefined
  const clock = nanosOfClock(hour, minute, second, fraction)
  return BigInt(midnight.getTime()) * NANOS_PER_MS + clock - zoneNanos(zone)
}

/** Nanoseconds since midnight of `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fffffffff`. */
export function nanosOfTimeOfDay(text: string): bigint | undefined {
  const [whole, hour = '', minute = '', second = '00', fraction = ''] = TIME_OF_DAY.exec(text) ?? []
  return whole === undefined ? undefined : nanosOfClock(hour, minute, second, fraction)
}

function nanosOfClock(hour: string, minute: string, second: string, fraction: string): bigint {
  const seconds = (BigInt(hour) * 60n + BigInt(minute)) * 60n + BigInt(second)
  return seconds * NANOS_PER_SECOND + BigInt(fraction.padEnd(9, '0'))
}

function zoneNanos(zone = 'Z'): bigint {
  if (zone.toUpperCase() === 'Z') return 0n
  const digits = zone.replace(':', '')
  const ahead = nanosOfClock(digits.slice(1, 3), digits.slice(3), '0', '')
  return digits.startsWith('-') ? -ahead : ahead
}
