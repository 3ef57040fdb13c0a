/** A plot of one data set as SVG: a panel per operation, a bar per peer. */

const WIDTH = 760
const LABELS = 250
const VALUES = 150
const BAR = 16
const TITLE = 34
const OURS = '#1f6feb'
const OTHERS = '#9aa4b2'
const FONT = 'font-family="system-ui, sans-serif" font-size="12"'

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

function text(x, y, content, anchor = 'start', weight = 'normal') {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-weight="${weight}">${escaped(content)}</text>`
}

/** Mapped reads hand out pages untouched: their bars would make the others vanish. */
function longest(bars) {
  const read = bars.filter(({ peer }) => !peer.includes('mapped'))
  return Math.max(...(read.length > 0 ? read : bars).map(({ value }) => value))
}

function panel({ title, bars }, top) {
  const most = longest(bars)
  const space = WIDTH - LABELS - VALUES
  const lines = [text(8, top + 20, title, 'start', 'bold')]
  for (const [index, { peer, value, label }] of bars.entries()) {
    const y = top + TITLE + index * (BAR + 4)
    const beyond = value > most
    const width = Math.max(1, (space * Math.min(value, most)) / most).toFixed(1)
    const color = peer.startsWith('ours') ? OURS : OTHERS
    lines.push(
      text(LABELS - 8, y + 12, peer, 'end'),
      `<rect x="${LABELS}" y="${y}" width="${width}" height="${BAR}" fill="${color}"/>`,
      text(LABELS + Number(width) + 6, y + 12, beyond ? `→ ${label}` : label),
    )
  }
  return lines
}

const heightOf = ({ bars }) => TITLE + bars.length * (BAR + 4) + 10

/**
 * SVG of panels `{ title, bars: [{ peer, value, label }] }`, longest bars first; `title` is what is
 * read out.
 */
export function plot(title, panels) {
  const height = panels.reduce((sum, one) => sum + heightOf(one), 0)
  const lines = []
  let top = 0
  for (const one of panels) {
    lines.push(...panel(one, top))
    top += heightOf(one)
  }
  const frame = `xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}"`
  return [
    `<svg ${frame} role="img" aria-labelledby="title" ${FONT}>`,
    `<title id="title">${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...lines,
    '</svg>',
    '',
  ].join('\n')
}
