/**
 * What the page does beyond showing: it sorts, explains points, ties rows to points, copies, and
 * changes between dark and light. Without it everything can be read, and goals and views change.
 */
export const PAGE_SCRIPT = `
'use strict'
const all = (selector, from = document) => [...from.querySelectorAll(selector)]
const body = document.querySelector('tbody')

for (const [column, head] of all('thead th').entries()) {
  head.querySelector('button').addEventListener('click', () => {
    const first = head.dataset.better === 'less' ? 'ascending' : 'descending'
    const second = first === 'ascending' ? 'descending' : 'ascending'
    const order = head.getAttribute('aria-sort') === first ? second : first
    const valueOf = (row) => {
      const text = row.cells[column].dataset.value
      return column === 0 ? text : Number(text)
    }
    const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0) * (order === 'ascending' ? 1 : -1)
    const rows = [...body.rows].sort((a, b) => compare(valueOf(a), valueOf(b)))
    for (const other of all('thead th')) other.setAttribute('aria-sort', 'none')
    head.setAttribute('aria-sort', order)
    body.append(...rows)
  })
}

const tip = document.getElementById('tip')
const mark = (trial, on) => {
  for (const part of all('[data-trial="' + trial + '"]')) part.classList.toggle('hot', on)
}
const show = (point) => {
  const { x, y, width, height } = point.querySelector('.shape').getBoundingClientRect()
  tip.textContent = point.dataset.tip
  tip.hidden = false
  const left = x + width / 2 - tip.offsetWidth / 2
  const right = document.documentElement.clientWidth - tip.offsetWidth - 8
  tip.style.left = Math.max(8, Math.min(left, right)) + 'px'
  const above = y - tip.offsetHeight - 12
  tip.style.top = (above < 8 ? y + height + 12 : above) + 'px'
}
for (const point of all('.point')) {
  const enter = () => { show(point); mark(point.dataset.trial, true) }
  const leave = () => { tip.hidden = true; mark(point.dataset.trial, false) }
  point.addEventListener('pointerenter', enter)
  point.addEventListener('pointerleave', leave)
  point.addEventListener('focus', enter)
  point.addEventListener('blur', leave)
}
for (const row of body.rows) {
  row.addEventListener('pointerenter', () => mark(row.dataset.trial, true))
  row.addEventListener('pointerleave', () => mark(row.dataset.trial, false))
}
addEventListener('keydown', ({ key }) => { if (key === 'Escape') tip.hidden = true })
addEventListener('scroll', () => { tip.hidden = true }, { passive: true })

for (const button of all('.copy')) {
  const code = button.parentElement.querySelector('code')
  button.hidden = false
  button.addEventListener('click', async () => {
    getSelection().selectAllChildren(code)
    try {
      await navigator.clipboard.writeText(code.textContent)
      button.textContent = 'Copied'
    } catch {
      button.textContent = 'Selected'
    }
    setTimeout(() => { button.textContent = 'Copy' }, 1500)
  })
}

const root = document.documentElement
const theme = document.getElementById('theme')
theme.hidden = false
theme.addEventListener('click', () => {
  const said = root.style.colorScheme
  const dark = said ? said === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
  root.style.colorScheme = dark ? 'light' : 'dark'
})
`
