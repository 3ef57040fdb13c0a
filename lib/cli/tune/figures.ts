/** Figures of trials as texts, the same in the terminal and on the page. */
import type { TuneResult, TuneTrial } from '../../packed/index.js'
import { formatCount } from '../table.js'
import { shortBytes, threeDigits } from '../text.js'

/** Megabytes (10^6) a second. */
export function megabytes(bytesPerSecond: number): string {
  const value = bytesPerSecond / 1e6
  return value >= 99.95 ? formatCount(Math.round(value)) : threeDigits(value)
}

/** Trials from the smallest to the largest. */
export function bySize(trials: readonly TuneTrial[]): TuneTrial[] {
  return [...trials].sort((left, right) => left.fileBytes - right.fileBytes)
}

/** What the rows of the sample take in the files as they are, by their share of all rows. */
export function storedShare({ rows, sample, stored }: TuneResult): number {
  return Math.round((stored.fileBytes * sample.rows) / rows)
}

/** Which rows were tried. */
export function sampleText({ rows, sample }: TuneResult): string {
  const bytes = `${shortBytes(sample.arrowBytes)} in Arrow memory`
  if (sample.rows === rows) return `all ${formatCount(rows)} rows, ${bytes}`
  const runs = sample.blocks === 1 ? 'one run' : `${sample.blocks} runs spread evenly`
  return `${formatCount(sample.rows)} of ${formatCount(rows)} rows in ${runs}, ${bytes}`
}

/** What a program writes to get the settings of a trial. */
export function codeOf({ options: { layout, compression } }: TuneTrial): string {
  const { codec, level } = compression
  const levelText = level === undefined ? '' : `, level: ${level === 'auto' ? "'auto'" : level}`
  return `layout: '${layout}', compression: { codec: '${codec}'${levelText} }`
}
