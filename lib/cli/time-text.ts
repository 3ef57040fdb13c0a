import { DateUnit, TimeUnit } from 'apache-arrow'

const DAY_MS = 86_400_000n

/** Digits after the second, per unit. */
const FRACTION: Readonly<Record<TimeUnit, number>> = {
  [TimeUnit.SECOND]: 0,
  [TimeUnit.MILLISECOND]: 3,
  [TimeUnit.MICROSECOND]: 6,
  [TimeUnit.NANOSECOND]: 9,
}

/** `value = quotient * by + remainder` with `0 <= remainder`: the past counts down like clocks. */
function divide(value: bigint, by: bigint): [quotient: bigint, remainder: bigint] {
  const remainder = ((value % by) + by) % by
  return [(value - remainder) / by, remainder]
}

function pad(value: bigint | number, digits: number): string {
  return String(value).padStart(digits, '0')
}

/**
 * Proleptic Gregorian date of days since 1970. Not by `Date`, which ends at the year 275760:
 * 64-bit seconds go further. Eras of 400 years start on 1 March, so that leap days end them.
 */
function dateText(days: bigint): string {
  const [era, dayOfEra] = divide(days + 719_468n, 146_097n)
  const yearOfEra = (dayOfEra - dayOfEra / 1460n + dayOfEra / 36_524n - dayOfEra / 146_096n) / 365n
  const dayOfYear = dayOfEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n)
  const shifted = (5n * dayOfYear + 2n) / 153n
  const day = dayOfYear - (153n * shifted + 2n) / 5n + 1n
  const month = shifted < 10n ? shifted + 3n : shifted - 9n
  const year = yearOfEra + era * 400n + (month <= 2n ? 1n : 0n)
  const sign = year < 0n ? '-' : year > 9999n ? '+' : ''
  const digits = sign === '' ? 4 : 6
  return `${sign}${pad(year < 0n ? -year : year, digits)}-${pad(month, 2)}-${pad(day, 2)}`
}

/** `HH:MM:SS` and the fraction that the unit has. */
export function timeText(value: bigint, unit: TimeUnit): string {
  const digits = FRACTION[unit]
  const [seconds, fraction] = divide(value, 10n ** BigInt(digits))
  const [minutes, second] = divide(seconds, 60n)
  const [hour, minute] = divide(minutes, 60n)
  const clock = `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}`
  return digits === 0 ? clock : `${clock}.${pad(fraction, digits)}`
}

/** ISO 8601 with every digit of the unit; `Z` where the instant is of UTC. */
export function timestampText(value: bigint, unit: TimeUnit, utc: boolean): string {
  const [days, rest] = divide(value, 86_400n * 10n ** BigInt(FRACTION[unit]))
  return `${dateText(days)}T${timeText(rest, unit)}${utc ? 'Z' : ''}`
}

/** `YYYY-MM-DD` of a date32 or date64 value. */
export function dateValueText(value: bigint, unit: DateUnit): string {
  return dateText(unit === DateUnit.DAY ? value : divide(value, DAY_MS)[0])
}

/** An unscaled decimal as plain digits. */
export function decimalText(unscaled: bigint, scale: number): string {
  if (scale <= 0) return String(unscaled * 10n ** BigInt(-scale))
  const digits = pad(unscaled < 0n ? -unscaled : unscaled, scale + 1)
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** A hybrid timestamp with the time that its milliseconds are. */
export function hybridTimeText(timestamp: bigint): string {
  return `${timestamp} (${timestampText(timestamp >> 18n, TimeUnit.MILLISECOND, true)})`
}
