/** Rows against bytes as SVG: a band for each column, cut where row groups end. */
import { html, type Markup } from '../page/html.js'
import { shortBytes } from '../text.js'
import type { Cell, FileLayout, Lane } from './layout.js'

const WIDTH = 920
const PLOT = { left: 168, right: 908 }
/** What is drawn; what is pointed at is looked up in the data. */
const MOST_RECTS = 3000
const LETTERS = 22
const LABEL_HEIGHT = 11

/** How high bands are. */
export const VIEWS = [
  { id: 'bytes', title: 'By bytes', hint: 'A column is as high as its share of the stored bytes' },
  { id: 'equal', title: 'All equal', hint: 'Every column is as high as every other' },
] as const
export type View = (typeof VIEWS)[number]

/** One column of one group. */
interface Band {
  lane: number
  column: number
  y: number
  height: number
}

/** Where everything of a view is, in units of the drawing. */
interface Plan {
  height: number
  /** Base lines of the heads of groups. */
  heads: number[]
  bands: Band[]
}

/** Colours of groups, which the style sheet has. */
export function colorOf(lane: number): string {
  return `layout-${'abcde'[lane % 5]}`
}

function planOf({ lanes, columns, storedBytes }: FileLayout, view: View): Plan {
  const plan: Plan = { height: 26, heads: [], bands: [] }
  const equal = Math.min(20, Math.max(4, 620 / Math.max(1, columns)))
  for (const [lane, { columns: own }] of lanes.entries()) {
    plan.heads.push(plan.height + 14)
    plan.height += 22
    for (const [column, { compressedBytes }] of own.entries()) {
      const share = storedBytes === 0 ? 0 : compressedBytes / storedBytes
      const height = view.id === 'equal' ? equal : Math.max(3, 380 * share)
      plan.bands.push({ lane, column, y: plan.height, height })
      plan.height += height + 1
    }
    plan.height += 14
  }
  return plan
}

/** The drawing of one view, which the style sheet shows or not. */
export function layoutMap(layout: FileLayout, view: View): Markup {
  const plan = planOf(layout, view)
  const scale = scaleOf(layout)
  const groups = layout.lanes.length
  return html`<svg class="chart map view-${view.id}" data-view="${view.id}" viewBox="0 0 ${WIDTH} ${at(plan.height)}" tabindex="0" role="group" aria-roledescription="map" aria-label="${groups} ${groups === 1 ? 'group' : 'groups'}, ${layout.columns} columns over ${layout.rows} rows: arrow keys go from chunk to chunk">
${axis(layout, scale)}
${layout.lanes.map((lane, index) => headOf(lane, index, plan))}
${plan.bands.map((band) => bandOf(band, layout, scale))}
<rect class="cursor" visibility="hidden"/>
</svg>`
}

/** Where the bands of each view are: what the script needs. */
export function geometryOf(layout: FileLayout) {
  const bands = (view: View) =>
    planOf(layout, view).bands.map(({ lane, column, y, height }) => [
      lane,
      column,
      Number(at(y)),
      Number(at(height)),
    ])
  return {
    ...PLOT,
    width: WIDTH,
    views: Object.fromEntries(VIEWS.map((view) => [view.id, bands(view)])),
  }
}

type Scale = (row: number) => number

function scaleOf({ rows }: FileLayout): Scale {
  return (row) => PLOT.left + ((PLOT.right - PLOT.left) * row) / Math.max(1, rows)
}

function axis({ rows }: FileLayout, scale: Scale): Markup {
  const ends = [...new Set([0, Math.round(rows / 2), rows])]
  const anchors = ['start', ...(ends.length > 2 ? ['middle'] : []), 'end']
  return html`<g class="axes"><text class="name" x="${PLOT.left - 10}" y="14" text-anchor="end">rows →</text>
${ends.map((row, index) => html`<text x="${at(scale(row))}" y="14" text-anchor="${anchors[index]!}">${row.toLocaleString('en-US')}</text>`)}</g>`
}

function headOf(lane: Lane, index: number, { heads }: Plan): Markup {
  const groups = `${lane.rowGroups.toLocaleString('en-US')} row ${lane.rowGroups === 1 ? 'group' : 'groups'}`
  const text = `${shortBytes(lane.fileBytes)}, ${groups}`
  return html`<g class="head ${colorOf(index)}"><rect x="${PLOT.left}" y="${at(heads[index]! - 9)}" width="10" height="10" rx="2"/><text x="${PLOT.left + 16}" y="${at(heads[index]!)}"><tspan class="name">${lane.title}</tspan>  ${text}</text></g>
`
}

/** Neighbours are drawn as one where there are too many. */
function bandOf({ lane, column, y, height }: Band, layout: FileLayout, scale: Scale): Markup {
  const { blocks, columns } = layout.lanes[lane]!
  const { column: name, cells } = columns[column]!
  const bins = Math.max(1, Math.floor(MOST_RECTS / Math.max(1, layout.columns)))
  const join = Math.ceil(blocks.length / bins)
  const rects: Markup[] = []
  for (let first = 0; first < blocks.length; first += join) {
    const last = Math.min(blocks.length, first + join) - 1
    const from = scale(blocks[first]!.startRow)
    const to = scale(blocks[last]!.startRow + blocks[last]!.rows)
    const gap = to - from > 4 ? 1 : 0
    const shade = shadeOf(cells.slice(first, last + 1))
    rects.push(
      html`<rect x="${at(from)}" y="${at(y)}" width="${at(Math.max(0.4, to - from - gap))}" height="${at(height)}" fill-opacity="${shade}"/>`,
    )
  }
  const text = name.length <= LETTERS ? name : `${name.slice(0, LETTERS - 1)}…`
  const label =
    height < LABEL_HEIGHT
      ? ''
      : html`<text x="${PLOT.left - 10}" y="${at(y + height / 2 + 4)}" text-anchor="end">${text}</text>`
  return html`<g class="band ${colorOf(lane)}" data-band="${lane}-${column}">${label}${rects}</g>
`
}

/** The less was saved, the stronger. */
function shadeOf(cells: readonly Cell[]): string {
  const stored = cells.reduce((sum, { storedBytes }) => sum + storedBytes, 0)
  const encoded = cells.reduce((sum, { encodedBytes }) => sum + encodedBytes, 0)
  const ratio = encoded === 0 ? 0 : Math.min(1, stored / encoded)
  return (0.22 + 0.78 * ratio).toFixed(2)
}

function at(place: number): string {
  return String(Math.round(10 * place) / 10)
}
