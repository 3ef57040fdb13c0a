/** The result of a tuning as one HTML page that needs nothing else. */
import { stringifyExact } from '../../config/index.js'
import {
  TUNE_GOALS,
  type TuneGoal,
  type TuneRecommendation,
  type TuneResult,
  type TuneSpeed,
} from '../../packed/index.js'
import { html, type Markup } from '../page/html.js'
import { pageOf, radio } from '../page/shell.js'
import { percent, shortBytes } from '../text.js'
import { tuneChart, VIEWS } from './chart.js'
import { codeOf, megabytes, sampleText } from './figures.js'
import { legend } from './marks.js'
import { tunePageTable } from './page-table.js'
import { TUNE_SCRIPT } from './script.js'
import { TUNE_STYLE } from './style.js'

const GOAL_TITLES: Readonly<Record<TuneGoal, string>> = {
  size: 'Smallest',
  balanced: 'Balanced',
  speed: 'Fastest',
}
const GOAL_HINTS: Readonly<Record<TuneGoal, string>> = {
  size: 'The smallest files',
  balanced: 'The least time to write, send, fetch at 100 MB/s, and read',
  speed: 'The least time to write and read',
}

export function tunePage(result: TuneResult): string {
  const { paths, recommendation } = result
  const of = paths.join(', ')
  return pageOf({
    title: `${recommendation.trial.name} for ${of}`,
    command: 'packed tune',
    of,
    main: html`${verdicts(result)}
${charts(result)}
<section>
<h2>Every trial</h2>
${tunePageTable(result)}
</section>
${method(result)}`,
    style: TUNE_STYLE,
    script: TUNE_SCRIPT,
    data: stringifyExact(result),
  })
}

/** The advice for each goal; the style sheet shows that of the goal which is chosen. */
function verdicts(result: TuneResult): Markup {
  const { recommendation, recommendations } = result
  return html`<fieldset class="choice goals"><legend>What counts</legend>
${TUNE_GOALS.map((goal) => radio('goal', goal, { title: GOAL_TITLES[goal], hint: GOAL_HINTS[goal], checked: goal === recommendation.goal }))}
</fieldset>
${TUNE_GOALS.map((goal) => verdict(recommendations[goal], result))}`
}

function verdict({ goal, trial, reason }: TuneRecommendation, { trials }: TuneResult): Markup {
  const usual = trials.find(({ isDefault }) => isDefault)
  const other = usual === trial ? undefined : usual
  const rest = trial.name.slice(trial.layout.length + 1)
  return html`<section class="verdict for-${goal}">
<h1>${trial.layout} <em>${rest}</em></h1>
<p class="reason">${reason[0]!.toUpperCase() + reason.slice(1)}.</p>
<dl class="tiles">
<div><dt>Size</dt><dd><b>${percent(trial.ratio)}</b> of Arrow memory</dd>
<dd class="meter"><i style="--share: ${share(trial.ratio)}"></i></dd>
<dd class="than">${shortBytes(trial.fileBytes)}, saves ${percent(trial.saving)}${other === undefined ? '' : `; ${change(trial.fileBytes, other.fileBytes)}`}</dd></div>
${speedTile('Write', trial.write, usual === trial ? 'the default' : beside(trial.write, usual?.write))}
${speedTile('Read', trial.read, usual === trial ? 'the default' : beside(trial.read, usual?.read))}
</dl>
<div class="code"><code>${codeOf(trial)}</code><button type="button" class="copy" hidden>Copy</button></div>
</section>`
}

function speedTile(title: string, { bytesPerSecond }: TuneSpeed, than: string): Markup {
  return html`<div><dt>${title}</dt><dd><b>${megabytes(bytesPerSecond)}</b> MB/s</dd>
<dd class="than">${than}</dd></div>`
}

/** A speed beside the default's, where that was tried and is another. */
function beside({ bytesPerSecond }: TuneSpeed, usual: TuneSpeed | undefined): string {
  if (usual === undefined || usual.bytesPerSecond === 0) return ''
  const times = (bytesPerSecond / usual.bytesPerSecond).toFixed(2)
  return `${times} times the default's ${megabytes(usual.bytesPerSecond)}`
}

function change(bytes: number, usual: number): string {
  const less = 1 - bytes / usual
  if (Math.abs(less) < 0.0005) return 'as the default'
  return `${percent(Math.abs(less))} ${less > 0 ? 'smaller' : 'larger'} than the default`
}

function share(ratio: number): string {
  return Math.min(1, ratio).toFixed(4)
}

function charts(result: TuneResult): Markup {
  const [first] = VIEWS
  return html`<section>
<div class="title"><h2>Size against speed</h2>
<fieldset class="choice views"><legend>Speed</legend>
${VIEWS.map((view) => radio('view', view.id, { title: view.title, hint: view.axis, checked: view === first }))}
</fieldset></div>
<figure>
<div class="wide">${VIEWS.map((view) => tuneChart(result, view))}</div>
<figcaption>${legend(result.trials)}
<p>Better is down and to the right. What is in the shaded part is slower and larger than something else. Lines join the levels of a codec; the whiskers are the slowest and the fastest round; rings mark what is recommended.</p></figcaption>
</figure>
</section>`
}

function method(result: TuneResult): Markup {
  const { rounds, machine, date, stored, paths, rows, sample } = result
  const times = rounds === 1 ? 'one measured round' : `medians of ${rounds} measured rounds`
  const exact = sample.rows === rows ? '' : 'about '
  return html`<section class="method">
<h2>How this was measured</h2>
<ul>
<li>The sample: ${sampleText(result)}. It was held in memory, and written and read whole in every round.</li>
<li>Times are ${times}, after one round that does not count. A round goes through all trials, every other one backwards.</li>
<li>A write ends when the files are published, a read when every column of every row is decoded. Files were in the page cache and not forced to the disk: this is what encoding and decoding take.</li>
<li>Bytes are those of whole files, footers included. MB/s are millions of bytes of Arrow memory a second. The ratio is file bytes over Arrow bytes: less is better.</li>
<li>As they are, ${paths.length === 1 ? 'the file takes' : `the ${paths.length} files take`} ${shortBytes(stored.fileBytes)}: ${exact}${percent(stored.ratio)} of Arrow memory.</li>
<li>${machine.cores} cores, ${machine.cpu}; Node ${machine.node}, ${machine.platform}; ${date.slice(0, 10)}.</li>
</ul>
</section>`
}
