/** The layout of files as boxes of text: groups, row groups over rows, columns over bytes. */
import { formatCount } from '../table.js'
import { percent, shortBytes } from '../text.js'
import type { FileLayout, Lane, LayoutColumn } from './layout.js'

/** What the picture is drawn on. */
export interface Canvas {
  /** Width of the terminal; undefined: not one. */
  columns: number | undefined
  color: boolean
}

const DEFAULT_COLUMNS = 100
const LEAST_COLUMNS = 40
const MOST_COLUMNS = 140
const MOST_NAME = 28
/** The largest ones of a group; the others are one line. */
const MOST_LISTED = 12
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const
const HEIGHTS = '▁▂▃▄▅▆▇█'
/** Of groups, one after the other. */
const COLORS = [34, 33, 36, 35, 32]

export function layoutPicture(layout: FileLayout, { columns, color }: Canvas): string {
  const width = Math.min(MOST_COLUMNS, Math.max(LEAST_COLUMNS, columns ?? DEFAULT_COLUMNS)) - 1
  const paint = (text: string, code: number): string =>
    color && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text
  const boxes = layout.lanes.map((lane, index) =>
    new Box(width, (text) => paint(text, COLORS[index % COLORS.length]!)).draw(lane, layout),
  )
  const total = `${shortBytes(layout.fileBytes)} in ${count(layout.lanes.flatMap(({ files }) => files).length, 'file')}`
  const from = `pages ${percent(ratio(layout.storedBytes, layout.encodedBytes))} of ${shortBytes(layout.encodedBytes)} encoded`
  const facts = [`${formatCount(layout.rows)} rows, ${total}`, from]
  const line = facts.join('; ')
  const head = line.length <= width ? line : facts.join('\n')
  return `${[head, ...boxes].join('\n')}\n`
}

/** Draws one group. */
class Box {
  readonly #inner: number
  readonly #paint: (text: string) => string

  constructor(width: number, paint: (text: string) => string) {
    this.#inner = width - 4
    this.#paint = paint
  }

  draw(lane: Lane, layout: FileLayout): string {
    const share = percent(ratio(lane.fileBytes, layout.fileBytes))
    const [first] = lane.files
    const more = lane.files.length === 1 ? '' : ` and ${lane.files.length - 1} more`
    const right = ` ${shortBytes(lane.fileBytes)}, ${share} `
    const left = cut(` ${lane.title}  ${first!.path}${more} `, this.#inner + 2 - right.length)
    const line = '─'.repeat(Math.max(0, this.#inner + 2 - left.length - right.length))
    return [
      `┌${left}${line}${right}┐`,
      ...this.#rowGroups(lane),
      ...this.#columns(lane, layout),
      `└${'─'.repeat(this.#inner + 2)}┘`,
    ].join('\n')
  }

  #line(text: string, painted = text): string {
    return `│ ${painted}${' '.repeat(Math.max(0, this.#inner - text.length))} │`
  }

  /** Ticks where row groups begin, and below them how many bytes a row has there. */
  #rowGroups({ rows, rowGroups, blocks }: Lane): string[] {
    const text = `${formatCount(rows)} rows, ${count(rowGroups, 'row group')}`
    if (rows === 0) return [this.#line(text)]
    const room = this.#inner - text.length - 2
    if (room < 8) return [this.#line(cut(text, this.#inner))]
    const cellOf = (row: number): number => Math.min(room - 1, Math.floor((row * room) / rows))
    const ticks = Array.from({ length: room }, () => '─')
    for (const { startRow } of blocks) ticks[cellOf(startRow)] = '┼'
    ticks[0] = '├'
    ticks[room - 1] = '┤'
    const dense = blocks.map(({ rows: own, storedBytes }) => (own === 0 ? 0 : storedBytes / own))
    const most = Math.max(...dense)
    let block = 0
    const heights = Array.from({ length: room }, (_, cell) => {
      const row = (cell * rows) / room
      while (block + 1 < blocks.length && blocks[block + 1]!.startRow <= row) block++
      return HEIGHTS[most === 0 ? 0 : Math.round((7 * dense[block]!) / most)]!
    }).join('')
    const under = 'bytes per row'.padEnd(text.length)
    return [
      this.#line(`${text}  ${ticks.join('')}`),
      this.#line(`${under}  ${heights}`, `${under}  ${this.#paint(heights)}`),
    ]
  }

  /** Bars as long as the encoded bytes, full as far as they are stored. */
  #columns(lane: Lane, layout: FileLayout): string[] {
    const sorted = [...lane.columns].sort(
      (one, other) => other.compressedBytes - one.compressedBytes,
    )
    const listed = sorted.slice(0, MOST_LISTED)
    const rest = sorted.slice(MOST_LISTED)
    const names = Math.min(MOST_NAME, Math.max(...listed.map(({ column }) => column.length)))
    const codecs = Math.max(...listed.map(({ codecs: all }) => all.join(' ').length))
    const most = Math.max(
      1,
      ...layout.lanes.flatMap(({ columns }) => columns).map((column) => longer(column)),
    )
    const lines = listed.map((column) => {
      const left = `${cut(column.column, names).padEnd(names)}  ${column.codecs.join(' ').padEnd(codecs)}  `
      const right = `  ${shortBytes(column.compressedBytes).padStart(8)}  ${column.ratio.toFixed(3)}`
      const room = this.#inner - left.length - right.length
      if (room < 4) return this.#line(cut(`${left}${right.trim()}`, this.#inner))
      const bar = barOf(column, { room, most })
      const blank = ' '.repeat(room - bar.length)
      return this.#line(
        `${left}${bar}${blank}${right}`,
        `${left}${this.#paint(bar)}${blank}${right}`,
      )
    })
    if (rest.length === 0) return lines
    const bytes = rest.reduce((sum, { compressedBytes }) => sum + compressedBytes, 0)
    const text = `… and ${count(rest.length, 'more column')}, ${shortBytes(bytes)}`
    return [...lines, this.#line(cut(text, this.#inner))]
  }
}

const longer = ({ compressedBytes, uncompressedBytes }: Sizes): number =>
  Math.max(compressedBytes, uncompressedBytes)

/** Full for what is stored, light for what was saved; something is never drawn as nothing. */
function barOf(column: Sizes, { room, most }: { room: number; most: number }): string {
  const stored = Math.round((8 * room * column.compressedBytes) / most)
  const whole = Math.min(room, Math.ceil((room * longer(column)) / most))
  if (longer(column) === 0) return ''
  const full = Math.max(1, stored)
  const bar = '█'.repeat(Math.floor(full / 8)) + EIGHTHS[full % 8]!
  return bar.padEnd(whole, '░')
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

export function count(number: number, what: string): string {
  return `${formatCount(number)} ${what}${number === 1 ? '' : 's'}`
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}

type Sizes = Pick<LayoutColumn, 'compressedBytes' | 'uncompressedBytes'>
