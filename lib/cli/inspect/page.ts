/** The layout of files as one HTML page that needs nothing else. */
import type { PackedFileInfo } from '../../packed/index.js'
import { html, type Markup } from '../page/html.js'
import { pageOf, radio } from '../page/shell.js'
import { formatCount } from '../table.js'
import { percent, shortBytes } from '../text.js'
import { type FileLayout, type LayoutColumn, layoutOf } from './layout.js'
import { colorOf, layoutMap, VIEWS } from './map.js'
import { pageData } from './page-data.js'
import { columnTable, fileTable, rowGroupTables } from './page-tables.js'
import { count } from './picture.js'
import { INSPECT_SCRIPT } from './script.js'
import { INSPECT_STYLE } from './style.js'

/** Cells on a page: it stays below a few megabytes, whatever the files are. */
const MOST_CELLS = 100_000
const MOST_NAMES = 4

export function inspectPage(infos: readonly PackedFileInfo[]): string {
  const layout = layoutOf(infos, MOST_CELLS)
  const paths = infos.map(({ path }) => path)
  const more = paths.length > MOST_NAMES ? ` and ${paths.length - MOST_NAMES} more` : ''
  const of = `${paths.slice(0, MOST_NAMES).join(', ')}${more}`
  return pageOf({
    title: `Layout of ${of}`,
    command: 'packed inspect',
    of,
    main: html`${head(layout, infos.length)}
${drawing(layout)}
<section><h2>Columns</h2>
${columnTable(layout)}</section>
<section><h2>Row groups</h2>
${rowGroupTables(layout)}</section>
<section><h2>Files</h2>
${fileTable(layout)}</section>`,
    style: INSPECT_STYLE,
    script: INSPECT_SCRIPT,
    data: pageData(layout),
  })
}

function head(layout: FileLayout, files: number): Markup {
  const { lanes, rows, fileBytes, storedBytes, encodedBytes, arrowBytes, rowGroups } = layout
  const ratio = encodedBytes === 0 ? 0 : storedBytes / encodedBytes
  const isPacked = lanes.every(({ files: [first] }) => first!.group >= 0)
  const groups = isPacked ? `${count(lanes.length, 'column group')}, ` : ''
  const lengths = new Set(lanes.map((lane) => lane.rows))
  const unequal = lengths.size > 1 ? html` Their rows are not as many in each.` : ''
  const average = rowGroups === 0 ? 0 : storedBytes / rowGroups
  return html`<h1>${formatCount(rows)} rows <em>in ${shortBytes(fileBytes)}</em></h1>
<p class="reason">${groups}${count(files, 'file')}, ${count(layout.columns, 'column')}. ${shortBytes(arrowBytes)} as Arrow memory has them.${unequal}</p>
<dl class="tiles">
<div><dt>Compression</dt><dd><b>${percent(ratio)}</b> of the encoded bytes</dd>
<dd class="meter"><i style="--share: ${Math.min(1, ratio).toFixed(4)}"></i></dd>
<dd class="than">${shortBytes(storedBytes)} stored of ${shortBytes(encodedBytes)}</dd></div>
<div><dt>Row groups</dt><dd><b>${formatCount(rowGroups)}</b></dd>
<dd class="than">${shortBytes(Math.round(average))} each on average</dd></div>
${largest(layout)}
</dl>`
}

function largest({ lanes, storedBytes }: FileLayout): Markup {
  const all = lanes.flatMap(({ columns }) => columns)
  const [first] = all.sort((one, other) => bytesOf(other) - bytesOf(one))
  if (first === undefined || storedBytes === 0) return html``
  return html`<div><dt>Largest column</dt><dd><b>${percent(bytesOf(first) / storedBytes)}</b></dd>
<dd class="than">${first.column}, ${shortBytes(bytesOf(first))}</dd></div>`
}

const bytesOf = ({ compressedBytes }: LayoutColumn): number => compressedBytes

function drawing(layout: FileLayout): Markup {
  const [first] = VIEWS
  return html`<section>
<div class="title"><h2>Rows against bytes</h2>
<fieldset class="choice views"><legend>Height of columns</legend>
${VIEWS.map((view) => radio('view', view.id, { title: view.title, hint: view.hint, checked: view === first }))}
</fieldset></div>
<figure>
<div class="wide">${VIEWS.map((view) => layoutMap(layout, view))}</div>
<figcaption><ul class="legend">${layout.lanes.map((lane, index) => html`<li><svg class="${colorOf(index)}" viewBox="0 0 10 10" width="12" height="12" aria-hidden="true"><rect class="shape" width="10" height="10" rx="2" fill="var(--mark)"/></svg>${lane.title}</li>`)}</ul>
<p>Every band is a column, cut where its row groups end; the stronger its colour, the less its codec saved. By bytes, the area of a piece is what it takes in the file (thin ones are drawn three units high). Point at a piece, or go through them with the arrow keys.</p></figcaption>
</figure>
</section>`
}
