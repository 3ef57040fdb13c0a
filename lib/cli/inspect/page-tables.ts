/** Everything of the drawing as tables: columns, row groups, files and their footer keys. */
import { html, type Markup } from '../page/html.js'
import { sortHead } from '../page/shell.js'
import { formatCount } from '../table.js'
import { percent, shortBytes } from '../text.js'
import type { FileLayout, Lane, LayoutColumn } from './layout.js'
import { colorOf } from './map.js'
import { shorten } from './page-data.js'

/** More are not for people; `--json` has them. */
const MOST_BLOCKS = 500
const MOST_VALUE = 2000

const text = (title: string, hint: string) =>
  sortHead({ title, hint, better: 'less', kind: 'text' })
const number = (title: string, hint: string) =>
  sortHead({ title, hint, better: 'more', kind: 'number' })

/** One line for each leaf column. */
export function columnTable({ lanes }: FileLayout): Markup {
  const most = Math.max(1, ...lanes.flatMap(({ columns }) => columns).map((c) => c.compressedBytes))
  return html`<div class="wide"><table class="sortable">
<thead><tr>${text('Column', 'Dotted path of the leaf column')}${number('Group', 'Position in group_field_id_list')}${text('Type', 'Arrow type of the field, physical type in Parquet')}
${number('Stored', 'Bytes of its pages')}${number('Encoded', 'The same before the codec')}${number('Ratio', 'Stored over encoded: less is better')}${number('Nulls', 'Where all statistics say it')}${text('Codec', 'Of its pages')}${text('Encodings', 'Of its pages and levels')}${text('Least', 'By the statistics')}${text('Greatest', 'By the statistics')}</tr></thead>
<tbody>
${lanes.flatMap(({ columns }, lane) => columns.map((column, index) => columnRow(column, { lane, index, most })))}
</tbody></table></div>`
}

function columnRow(
  column: LayoutColumn,
  { lane, index, most }: { lane: number; index: number; most: number },
): Markup {
  const { compressedBytes, uncompressedBytes, ratio, nulls, min, max } = column
  const cell = (value: number, shown: string, share = 0): Markup =>
    html`<td data-value="${value}" style="--share: ${share.toFixed(4)}">${shown}</td>`
  const words = (value: string): Markup =>
    html`<td class="text" data-value="${value}">${value}</td>`
  const range = (value: string | null): Markup =>
    html`<td class="value" data-value="${shorten(value) ?? ''}">${shorten(value) ?? '-'}</td>`
  const id = column.fieldId === '' ? '' : html` <small>${column.fieldId}</small>`
  return html`<tr data-band="${lane}-${index}"><th scope="row" class="${colorOf(lane)}" data-value="${column.column}"><i></i>${column.column}${id}</th>
${cell(lane, String(lane))}<td class="text" data-value="${column.type}">${column.type} <small>${column.physicalType}</small></td>
${cell(compressedBytes, formatCount(compressedBytes), compressedBytes / most)}${cell(uncompressedBytes, formatCount(uncompressedBytes))}${cell(ratio, ratio.toFixed(3), Math.min(1, ratio))}
${cell(Number.isNaN(nulls) ? -1 : nulls, Number.isNaN(nulls) ? '-' : formatCount(nulls))}${words(column.codecs.join(' '))}${words(column.encodings.join(' '))}${range(min)}${range(max)}</tr>
`
}

/** A table of row groups for each group, folded up. */
export function rowGroupTables({ lanes }: FileLayout): Markup {
  return html`${lanes.map((lane) => rowGroupTable(lane))}`
}

function rowGroupTable({ title, rowGroups, blocks, files }: Lane): Markup {
  const shown = blocks.slice(0, MOST_BLOCKS)
  const rest = blocks.length - shown.length
  const left =
    rest === 0 ? '' : html`<p>and ${formatCount(rest)} more: packed inspect --json has them</p>`
  return html`<details><summary>${title} <small>${formatCount(rowGroups)} row ${rowGroups === 1 ? 'group' : 'groups'} in ${files.map(({ path }) => path).join(', ')}</small></summary>
<div class="wide"><table><thead><tr><th scope="col">Row group</th><th scope="col">First row</th><th scope="col">Rows</th><th scope="col">Stored</th><th scope="col">Encoded</th><th scope="col">Ratio</th></tr></thead>
<tbody>${shown.map(
    ({
      first,
      count,
      startRow,
      rows,
      storedBytes,
      encodedBytes,
    }) => html`<tr><th scope="row">${count === 1 ? first : `${first} to ${first + count - 1}`}</th><td>${formatCount(startRow)}</td><td>${formatCount(rows)}</td><td>${formatCount(storedBytes)}</td><td>${formatCount(encodedBytes)}</td><td>${encodedBytes === 0 ? '-' : (storedBytes / encodedBytes).toFixed(3)}</td></tr>
`,
  )}</tbody></table></div>${left}</details>
`
}

/** What every file says of itself. */
export function fileTable({ lanes, fileBytes }: FileLayout): Markup {
  const files = lanes.flatMap((lane) => lane.files.map((file) => ({ lane, file })))
  const share = (bytes: number): string => (fileBytes === 0 ? '-' : percent(bytes / fileBytes))
  return html`${files.map(
    ({
      lane,
      file,
    }) => html`<details><summary>${file.path} <small>${lane.title}, ${shortBytes(file.fileBytes)}, ${share(file.fileBytes)}</small></summary>
<dl class="keys"><dt>layout</dt><dd>${file.layout}</dd><dt>rows</dt><dd>${formatCount(file.rows)}</dd><dt>bytes</dt><dd>${formatCount(file.fileBytes)}, footer ${formatCount(file.footerBytes)}</dd><dt>written by</dt><dd>${file.createdBy}, Parquet ${file.formatVersion}</dd>
${[...file.metadata].map(([key, value]) => html`<dt>${key}</dt><dd>${value.length > MOST_VALUE ? `${value.slice(0, MOST_VALUE)}…` : value}</dd>`)}</dl></details>
`,
  )}`
}
