/** What `packed tune` prints, but for the picture. */
import type { TuneResult, TuneSpeed, TuneTrial } from '../../packed/index.js'
import { formatCount, formatTable } from '../table.js'
import { percent } from '../text.js'
import { bySize, codeOf, megabytes, sampleText, storedShare } from './figures.js'

export function tuneHead(result: TuneResult): string {
  const { paths, rounds, machine } = result
  const times = rounds === 1 ? 'one round' : `medians of ${rounds} rounds`
  return [
    `${paths.join(', ')}: ${sampleText(result)}`,
    `${times} after one that does not count; ${machine.cores} cores, ${machine.cpu}; ` +
      'files in the page cache',
    '',
  ].join('\n')
}

/** A line for each trial, the smallest first, and one for the files as they are. */
export function tuneTable(result: TuneResult): string {
  const { trials, recommendation, stored } = result
  const number = (title: string) => ({ title, align: 'right' as const })
  const rows = bySize(trials).map((trial) => [
    trial === recommendation.trial ? '>' : '',
    trial.name,
    formatCount(trial.fileBytes),
    trial.ratio.toFixed(3),
    percent(trial.saving),
    megabytes(trial.write.bytesPerSecond),
    megabytes(trial.read.bytesPerSecond),
    noteOf(trial),
  ])
  const share = formatCount(storedShare(result))
  const about = result.sample.rows === result.rows ? '' : '~'
  const saving = percent(stored.saving)
  const now = ['', 'as it is', `${about}${share}`, stored.ratio.toFixed(3), saving, '-', '-']
  const titles = ['bytes', 'ratio', 'saving', 'write MB/s', 'read MB/s'].map(number)
  const table = formatTable(
    [{ title: '' }, { title: 'settings' }, ...titles, { title: '' }],
    [...rows, now],
  )
  return `${table}ratio: bytes of the files over Arrow bytes, less is better; saving: 1 - ratio\n`
}

/** Only what has to be known to read the line. */
function noteOf({ isDefault, write, read }: TuneTrial): string {
  const notes = isDefault ? ['default'] : []
  if (isUnsteady(write)) notes.push(`write ${spread(write)}`)
  if (isUnsteady(read)) notes.push(`read ${spread(read)}`)
  return notes.join(', ')
}

/** Rounds this far apart say that the machine was busy with something else. */
const STEADY = 1.5

export function isUnsteady({ leastMs, mostMs }: TuneSpeed): boolean {
  return mostMs > STEADY * leastMs
}

function spread({ leastMs, mostMs }: TuneSpeed): string {
  return `${leastMs.toFixed(0)} to ${mostMs.toFixed(0)} ms`
}

export function tuneAdvice({ recommendation, recommendations }: TuneResult): string {
  const { goal, trial, reason } = recommendation
  const others = Object.values(recommendations).filter((other) => other.goal !== goal)
  return [
    `${goal}: ${trial.name}: ${reason}`,
    `  ${codeOf(trial)}`,
    ...others.map((other) => `${other.goal}: ${other.trial.name}: ${other.reason}`),
    '',
  ].join('\n')
}
