/** The trials as bars of text. */
import type { TuneResult, TuneTrial } from '../../packed/index.js'
import { shortBytes } from '../text.js'
import { bySize, megabytes } from './figures.js'

/** What the picture is drawn on. */
export interface Canvas {
  /** Width of the terminal; undefined: not one. */
  columns: number | undefined
  color: boolean
}

/** One column of bars. */
interface Panel {
  title: string
  value(trial: TuneTrial): number
  text(trial: TuneTrial): string
}

const PANELS: readonly Panel[] = [
  {
    title: 'size ↓',
    value: ({ fileBytes }) => fileBytes,
    text: ({ fileBytes }) => shortBytes(fileBytes),
  },
  {
    title: 'write MB/s ↑',
    value: ({ write }) => write.bytesPerSecond,
    text: ({ write }) => megabytes(write.bytesPerSecond),
  },
  {
    title: 'read MB/s ↑',
    value: ({ read }) => read.bytesPerSecond,
    text: ({ read }) => megabytes(read.bytesPerSecond),
  },
]

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const
const FULL = '█'
const BOLD_GREEN = '\u001b[1;32m'
const PLAIN = '\u001b[0m'
const GAP = 2
const DEFAULT_COLUMNS = 100
const MOST_COLUMNS = 140
const LEAST_BAR = 10

/** Bars from zero, the longest of each panel as long as there is room. */
export function tunePicture(
  { trials, recommendation }: TuneResult,
  { columns = DEFAULT_COLUMNS, color }: Canvas,
): string {
  const ordered = bySize(trials)
  const names = Math.max(...ordered.map(({ name }) => name.length))
  const texts = PANELS.map(({ text }) => Math.max(...ordered.map((trial) => text(trial).length)))
  // The mark, the names, and for each panel a gap, the bar, a space and the figure.
  const taken = 2 + names + texts.reduce((sum, width) => sum + width + GAP + 1, 0)
  const room = Math.min(columns, MOST_COLUMNS) - 1 - taken
  const longest = Math.max(LEAST_BAR, Math.floor(room / PANELS.length))
  const head = PANELS.map(({ title }, index) => title.padEnd(longest + 1 + texts[index]!))
  const lines = ordered.map((trial) => {
    const chosen = trial === recommendation.trial
    const bars = PANELS.map(({ value, text }, index) => {
      const most = Math.max(...ordered.map(value))
      const length = most === 0 ? 0 : (longest * value(trial)) / most
      return `${bar(length).padEnd(longest)} ${text(trial).padStart(texts[index]!)}`
    })
    const line = [`${chosen ? '>' : ' '} ${trial.name.padEnd(names)}`, ...bars].join(gap)
    return chosen && color ? `${BOLD_GREEN}${line}${PLAIN}` : line
  })
  const title = [' '.repeat(2 + names), ...head].join(gap).trimEnd()
  return [title, ...lines, ''].join('\n')
}

const gap = ' '.repeat(GAP)

/** A bar of so many cells, to an eighth of one; something is never drawn as nothing. */
function bar(cells: number): string {
  const eighths = Math.round(8 * cells)
  if (eighths === 0 && cells > 0) return EIGHTHS[1]
  return FULL.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!
}
