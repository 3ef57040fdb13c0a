/** What stands for a layout and a codec on the chart: a colour and a shape. */
import type { TuneTrial } from '../../packed/index.js'
import { html, type Markup } from '../page/html.js'

/** Class names of as many colours as the style sheet has. */
const COLORS = ['a', 'b', 'c', 'd', 'e'] as const

const SHAPES: Readonly<Record<TuneTrial['codec'], string>> = {
  zstd: 'M-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0Z',
  lz4: 'M0 -7.5L7.5 0L0 7.5L-7.5 0Z',
  snappy: 'M0 -7L7 5.5L-7 5.5Z',
  gzip: 'M-5.5 -5.5H5.5V5.5H-5.5Z',
  brotli: 'M0 -7L6.7 -2.2L4.1 5.7L-4.1 5.7L-6.7 -2.2Z',
  uncompressed:
    'M-6.5 -3.5L-3.5 -6.5L0 -3L3.5 -6.5L6.5 -3.5L3 0L6.5 3.5L3.5 6.5L0 3L-3.5 6.5L-6.5 3.5L-3 0Z',
}

/** Class of a layout: the same for all of its trials. */
export function colorOf(layout: string, trials: readonly TuneTrial[]): string {
  const position = layoutsOf(trials).indexOf(layout as TuneTrial['layout'])
  return `layout-${COLORS[position % COLORS.length]}`
}

export function layoutsOf(trials: readonly TuneTrial[]): TuneTrial['layout'][] {
  return [...new Set(trials.map(({ layout }) => layout))]
}

export function shapeOf(codec: TuneTrial['codec']): Markup {
  return html`<path class="shape" d="${SHAPES[codec]}"/>`
}

/** What the colours and shapes mean; only those that there are. */
export function legend(trials: readonly TuneTrial[]): Markup {
  const codecs = [...new Set(trials.map(({ codec }) => codec))]
  const mark = (color: string, codec: TuneTrial['codec'], name: string): Markup =>
    html`<li><svg class="${color}" viewBox="-9 -9 18 18" width="16" height="16" aria-hidden="true">${shapeOf(codec)}</svg>${name}</li>`
  return html`<ul class="legend">
${layoutsOf(trials).map((layout) => mark(colorOf(layout, trials), 'gzip', `layout ${layout}`))}
${codecs.map((codec) => mark('layout-none', codec, codec))}
</ul>`
}
