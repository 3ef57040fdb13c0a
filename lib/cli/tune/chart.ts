/** Bytes against speed, a point for each trial, as SVG. */
import type { TuneResult, TuneSpeed, TuneTrial } from '../../packed/index.js'
import { html, type Markup } from '../page/html.js'
import { formatCount } from '../table.js'
import { percent, shortBytes } from '../text.js'
import { megabytes } from './figures.js'
import { placeLabels } from './labels.js'
import { colorOf, shapeOf } from './marks.js'
import { type Scale, shareScale, speedScale } from './scale.js'

const WIDTH = 920
const HEIGHT = 480
const PLOT = { left: 66, right: 896, top: 18, bottom: 424 }
/** Stored bytes that would make the axis this many times longer are left to the table. */
const MOST_STRETCH = 1.5

/** What is on the axis of speed. */
export const VIEWS = [
  { id: 'roundTrip', title: 'Write and read', axis: 'MB/s through one write and one read' },
  { id: 'write', title: 'Write', axis: 'MB/s written' },
  { id: 'read', title: 'Read', axis: 'MB/s read' },
] as const
export type View = (typeof VIEWS)[number]

interface Dot {
  trial: TuneTrial
  index: number
  x: number
  y: number
  /** Of the slowest and of the fastest round. */
  slow: number
  fast: number
}

/** The chart of one kind of speed. */
export function tuneChart(result: TuneResult, view: View): Markup {
  const { trials } = result
  // Rows of nothing but nulls take no bytes, and no time is never measured: axes need both.
  const arrowBytes = Math.max(1, result.sample.arrowBytes)
  const speed = (ms: number): number => arrowBytes / 1e3 / Math.max(ms, 1e-3)
  const speeds = trials.map((trial) => trial[view.id])
  const x = speedScale(
    speeds.flatMap(({ leastMs, mostMs }) => [speed(leastMs), speed(mostMs)]),
    [PLOT.left, PLOT.right],
  )
  const y = shareScale(sharesOf(result), [PLOT.bottom, PLOT.top])
  const dots = trials.map((trial, index): Dot => {
    const { medianMs, leastMs, mostMs }: TuneSpeed = trial[view.id]
    return {
      trial,
      index,
      x: x.at(speed(medianMs)),
      y: y.at(trial.ratio),
      slow: x.at(speed(mostMs)),
      fast: x.at(speed(leastMs)),
    }
  })
  const front = frontOf(dots)
  return html`<svg class="chart view-${view.id}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="group" aria-label="Bytes against ${view.axis}, ${trials.length} trials">
${axes(x, y, view)}
${beaten(front)}
${storedLine(result, y)}
${levelLines(dots, trials)}
${dots.map((dot) => dotMarkup(dot, result))}
${labels(dots, front)}
</svg>`
}

/** The shares of all trials, and of the files as they are where that does not squeeze the rest. */
function sharesOf({ trials, stored }: TuneResult): number[] {
  const shares = trials.map(({ ratio }) => ratio)
  const [least, most] = [Math.min(...shares), Math.max(...shares)]
  const stretched = Math.max(most, stored.ratio) - Math.min(least, stored.ratio)
  return stretched <= MOST_STRETCH * (most - least) ? [...shares, stored.ratio] : shares
}

function axes(x: Scale, y: Scale, { axis }: View): Markup {
  return html`<g class="axes">
${y.ticks.map((tick) => html`<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${at(y.at(tick))}" y2="${at(y.at(tick))}"/><text x="${PLOT.left - 8}" y="${at(y.at(tick) + 4)}" text-anchor="end">${Number((100 * tick).toPrecision(6))} %</text>`)}
${x.ticks.map((tick) => html`<line x1="${at(x.at(tick))}" x2="${at(x.at(tick))}" y1="${PLOT.top}" y2="${PLOT.bottom}"/><text x="${at(x.at(tick))}" y="${PLOT.bottom + 20}" text-anchor="middle">${formatCount(tick)}</text>`)}
<text class="name" x="${PLOT.right}" y="${HEIGHT - 10}" text-anchor="end">${axis} →</text>
<text class="name" x="${PLOT.left}" y="${HEIGHT - 10}">↓ file bytes over Arrow bytes</text>
</g>`
}

/** Trials that no other one beats in both, the slowest and smallest first. */
function frontOf(dots: readonly Dot[]): Dot[] {
  const fastest = [...dots].sort((one, other) => other.x - one.x || other.y - one.y)
  const front: Dot[] = []
  for (const dot of fastest) {
    const last = front.at(-1)
    // Down is smaller.
    if (last === undefined || dot.y > last.y) front.push(dot)
  }
  return front.reverse()
}

/** Everything that is slower and larger than something else, shaded. */
function beaten(front: readonly Dot[]): Markup {
  const steps = front.map(({ x, y }) => `V${at(y)}H${at(x)}`).join('')
  const path = `M${PLOT.left} ${at(front[0]!.y)}${steps}V${PLOT.top}`
  return html`<path class="beaten" d="${path}H${PLOT.left}Z"/><path class="front" d="${path}"/>`
}

function storedLine({ stored, sample, rows }: TuneResult, y: Scale): Markup {
  const place = y.at(stored.ratio)
  if (place < PLOT.top || place > PLOT.bottom) return html``
  const text = `as it is: ${sample.rows === rows ? '' : 'about '}${percent(stored.ratio)}`
  return html`<g class="stored"><line x1="${PLOT.left}" x2="${PLOT.right}" y1="${at(place)}" y2="${at(place)}"/><text x="${PLOT.left + 6}" y="${at(place - 6)}">${text}</text></g>`
}

/** Levels of one codec in one layout are joined: what more effort buys; `'auto'` is no such one. */
function levelLines(dots: readonly Dot[], trials: readonly TuneTrial[]): Markup[] {
  const nameOf = ({ trial: { layout, codec } }: Dot): string => `${layout} ${codec}`
  return [...new Set(dots.map(nameOf))]
    .map((name) => dots.filter((dot) => nameOf(dot) === name && dot.trial.level !== 'auto'))
    .filter((family) => family.length > 1)
    .map((family) => {
      const places = family.map((dot) => `${at(dot.x)} ${at(dot.y)}`)
      const color = colorOf(family[0]!.trial.layout, trials)
      return html`<path class="levels ${color}" d="M${places.join('L')}"/>`
    })
}

function dotMarkup(dot: Dot, { trials, recommendations }: TuneResult): Markup {
  const { trial, index } = dot
  const picks = Object.values(recommendations).filter((choice) => choice.trial === trial)
  const classes = [
    'point',
    colorOf(trial.layout, trials),
    ...picks.map(({ goal }) => `pick-${goal}`),
  ]
  const tip = [
    trial.name,
    `${shortBytes(trial.fileBytes)}, ${percent(trial.ratio)} of Arrow`,
    `write ${megabytes(trial.write.bytesPerSecond)} MB/s`,
    `read ${megabytes(trial.read.bytesPerSecond)} MB/s`,
  ]
  return html`<g class="${classes.join(' ')}" data-trial="${index}" data-tip="${tip.join('\n')}" tabindex="0" role="img" aria-label="${tip.join(', ')}">
<line class="spread" x1="${at(dot.slow)}" x2="${at(dot.fast)}" y1="${at(dot.y)}" y2="${at(dot.y)}"/>
<g transform="translate(${at(dot.x)} ${at(dot.y)})"><circle class="halo" r="13"/><circle class="reach" r="14"/>${shapeOf(trial.codec)}</g>
</g>`
}

/** Those of the front come first, where there is not room for all. */
function labels(dots: readonly Dot[], front: readonly Dot[]): Markup[] {
  const ordered = [...front, ...dots.filter((dot) => !front.includes(dot))]
  const texts = ordered.map(({ x, y, trial: { codec, level } }) => ({
    x,
    y,
    text: level === null ? codec : `${codec} ${level}`,
  }))
  return placeLabels(texts, PLOT).map((label, index) =>
    label === undefined
      ? html``
      : html`<text class="label" x="${at(label.x)}" y="${at(label.y)}" text-anchor="${label.anchor}">${texts[index]!.text}</text>`,
  )
}

function at(pixels: number): string {
  return String(Math.round(10 * pixels) / 10)
}
