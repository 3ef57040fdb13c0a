/** The trials as a table whose columns can be sorted. */
import type { TuneResult, TuneSpeed, TuneTrial } from '../../packed/index.js'
import { html, type Markup } from '../page/html.js'
import { sortHead } from '../page/shell.js'
import { formatCount } from '../table.js'
import { percent } from '../text.js'
import { bySize, megabytes, storedShare } from './figures.js'
import { colorOf, shapeOf } from './marks.js'

/** One column: what it is sorted by, how it is shown, and which way is better. */
interface Column {
  title: string
  hint: string
  /** Where the first click begins. */
  better: 'less' | 'more'
  value(trial: TuneTrial): number
  cell(trial: TuneTrial): Markup
}

const COLUMNS: readonly Column[] = [
  {
    title: 'Bytes',
    hint: 'All files of the sample, footers included',
    better: 'less',
    value: ({ fileBytes }) => fileBytes,
    cell: ({ fileBytes }) => html`${formatCount(fileBytes)}`,
  },
  {
    title: 'Ratio',
    hint: 'File bytes over Arrow bytes: less is better',
    better: 'less',
    value: ({ ratio }) => ratio,
    cell: ({ ratio }) => html`${ratio.toFixed(3)}`,
  },
  {
    title: 'Saving',
    hint: '1 - ratio',
    better: 'more',
    value: ({ saving }) => saving,
    cell: ({ saving }) => html`${percent(saving)}`,
  },
  {
    title: 'Write MB/s',
    hint: 'Arrow bytes over the median time; below it the slowest and the fastest round',
    better: 'more',
    value: ({ write }) => write.bytesPerSecond,
    cell: ({ write }) => speedCell(write),
  },
  {
    title: 'Read MB/s',
    hint: 'Arrow bytes over the median time; below it the slowest and the fastest round',
    better: 'more',
    value: ({ read }) => read.bytesPerSecond,
    cell: ({ read }) => speedCell(read),
  },
]

/** Sorted by bytes, as the chart's best is down. */
export function tunePageTable(result: TuneResult): Markup {
  const { trials, stored, sample, rows } = result
  const about = sample.rows === rows ? '' : '~'
  return html`<div class="wide"><table class="sortable">
<thead><tr>${sortHead({ title: 'Settings', hint: 'Layout, codec and level', better: 'less', kind: 'text' })}
${COLUMNS.map(({ title, hint, better }, index) => sortHead({ title, hint, better, kind: 'number', sort: index === 0 ? 'ascending' : 'none' }))}
</tr></thead>
<tbody>
${bySize(trials).map((trial) => row(trial, result))}
</tbody>
<tfoot><tr><th scope="row">as it is</th><td>${about}${formatCount(storedShare(result))}</td><td>${stored.ratio.toFixed(3)}</td><td>${percent(stored.saving)}</td><td></td><td></td></tr></tfoot>
</table></div>`
}

function row(trial: TuneTrial, { trials, recommendations }: TuneResult): Markup {
  const picks = Object.values(recommendations)
    .filter((choice) => choice.trial === trial)
    .map(({ goal }) => `pick-${goal}`)
  const color = colorOf(trial.layout, trials)
  const mark = html`<svg class="${color}" viewBox="-9 -9 18 18" width="16" height="16" aria-hidden="true">${shapeOf(trial.codec)}</svg>`
  const note = trial.isDefault ? html` <small class="tag">default</small>` : html``
  const cells = COLUMNS.map(({ value, cell }) => {
    const most = Math.max(...trials.map(value))
    const part = most > 0 ? Math.max(0, value(trial) / most) : 0
    return html`<td data-value="${value(trial)}" style="--share: ${part.toFixed(4)}">${cell(trial)}</td>`
  })
  return html`<tr class="${picks.join(' ')}" data-trial="${trials.indexOf(trial)}"><th scope="row" data-value="${trial.name}">${mark}${trial.name}${note}</th>${cells}</tr>
`
}

/** With the range of the rounds, which says how far the figure is to be trusted. */
function speedCell({ bytesPerSecond, medianMs, leastMs, mostMs }: TuneSpeed): Markup {
  const speed = (ms: number): string => megabytes((bytesPerSecond * medianMs) / ms)
  return html`${megabytes(bytesPerSecond)} <small>${speed(mostMs)}–${speed(leastMs)}</small>`
}
