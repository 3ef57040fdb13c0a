/** What the page of a layout does beside every page: it explains the chunk that is pointed at. */
export const INSPECT_SCRIPT = `
const data = JSON.parse(document.getElementById('result').textContent)
const count = (number) => number.toLocaleString('en-US')
const textOf = (lane, column, block) => {
  const { title, first, count: parts, start, rows, columns } = data.lanes[lane]
  const { name, type, stored, encoded, nulls, form, min, max } = columns[column]
  const last = first[block] + parts[block] - 1
  const group = parts[block] === 1 ? 'row group ' + first[block] : 'row groups ' + first[block] + ' to ' + last
  const share = encoded[block] === 0 ? 0 : stored[block] / encoded[block]
  const lines = [
    name + ' (' + type + ')',
    title + ', ' + group,
    'rows ' + count(start[block]) + ' to ' + count(start[block] + rows[block] - 1) + ' (' + count(rows[block]) + ')',
    data.forms[form[block]],
    count(stored[block]) + ' of ' + count(encoded[block]) + ' bytes: ' + (100 * share).toFixed(1) + ' %',
    nulls[block] === null ? 'nulls not said' : count(nulls[block]) + ' nulls',
  ]
  if (min && min[block] !== null) lines.push(min[block] + ' … ' + max[block])
  return lines.join('\\n')
}
const blockAt = ({ start, rows }, row) => {
  let [low, high] = [0, start.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (start[middle] <= row) low = middle
    else high = middle - 1
  }
  return row < start[low] + rows[low] ? low : -1
}

const hot = (band, on) => {
  for (const part of all('[data-band="' + band + '"]')) part.classList.toggle('hot', on)
}
for (const map of all('svg.map')) {
  const bands = data.views[map.dataset.view]
  const cursor = map.querySelector('.cursor')
  const span = data.right - data.left
  let [band, block, marked] = [0, 0, null]
  const leave = () => {
    cursor.setAttribute('visibility', 'hidden')
    tip.hidden = true
    if (marked !== null) hot(marked, false)
    marked = null
  }
  const show = () => {
    const [lane, column, y, height] = bands[band]
    const { start, rows } = data.lanes[lane]
    leave()
    if (start.length === 0) return
    const box = {
      x: data.left + (span * start[block]) / Math.max(1, data.rows),
      y: y,
      width: Math.max(2, (span * rows[block]) / Math.max(1, data.rows)),
      height: Math.max(2, height),
    }
    for (const [name, value] of Object.entries(box)) cursor.setAttribute(name, value)
    cursor.setAttribute('visibility', 'visible')
    marked = lane + '-' + column
    hot(marked, true)
    showTip(cursor.getBoundingClientRect(), textOf(lane, column, block))
  }
  map.addEventListener('pointermove', ({ clientX, clientY }) => {
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(map.getScreenCTM().inverse())
    const found = bands.findIndex(([, , top, height]) => y >= top && y < top + height + 1)
    const row = Math.floor(((x - data.left) / span) * data.rows)
    const at = found < 0 || row < 0 || row >= data.rows ? -1 : blockAt(data.lanes[bands[found][0]], row)
    if (at < 0) return leave()
    if (marked !== null && found === band && at === block) return
    ;[band, block] = [found, at]
    show()
  })
  map.addEventListener('pointerleave', leave)
  map.addEventListener('blur', leave)
  map.addEventListener('focus', () => { if (map.matches(':focus-visible') && bands.length > 0) show() })
  map.addEventListener('keydown', (event) => {
    if (bands.length === 0) return
    const blocks = (of) => data.lanes[bands[of][0]].start.length
    const moves = {
      ArrowRight: () => { block = Math.min(block + 1, blocks(band) - 1) },
      ArrowLeft: () => { block = Math.max(block - 1, 0) },
      ArrowDown: () => move(1),
      ArrowUp: () => move(-1),
      Home: () => { block = 0 },
      End: () => { block = blocks(band) - 1 },
    }
    const move = (by) => {
      const row = data.lanes[bands[band][0]].start[block] ?? 0
      band = Math.min(Math.max(band + by, 0), bands.length - 1)
      block = Math.max(0, blockAt(data.lanes[bands[band][0]], row))
    }
    if (event.key === 'Escape') return leave()
    if (moves[event.key] === undefined) return
    event.preventDefault()
    moves[event.key]()
    show()
  })
}
for (const row of all('tr[data-band]')) {
  row.addEventListener('pointerenter', () => hot(row.dataset.band, true))
  row.addEventListener('pointerleave', () => hot(row.dataset.band, false))
}
`
