/**
 * What every page does beyond showing: tables that can be sorted, a tip beside what is pointed at,
 * dark and light. Without it everything can be read.
 */
export const PAGE_SCRIPT = `
'use strict'
const all = (selector, from = document) => [...from.querySelectorAll(selector)]

for (const table of all('table.sortable')) {
  const [body] = table.tBodies
  const heads = all('thead th', table)
  for (const [column, head] of heads.entries()) {
    head.querySelector('button').addEventListener('click', () => {
      const first = head.dataset.better === 'less' ? 'ascending' : 'descending'
      const second = first === 'ascending' ? 'descending' : 'ascending'
      const order = head.getAttribute('aria-sort') === first ? second : first
      const valueOf = (row) => {
        const text = row.cells[column].dataset.value
        return head.dataset.kind === 'text' ? text : Number(text)
      }
      const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0) * (order === 'ascending' ? 1 : -1)
      const rows = [...body.rows].sort((a, b) => compare(valueOf(a), valueOf(b)))
      for (const other of heads) other.setAttribute('aria-sort', 'none')
      head.setAttribute('aria-sort', order)
      body.append(...rows)
    })
  }
}

const tip = document.getElementById('tip')
const showTip = ({ x, y, width, height }, text) => {
  tip.textContent = text
  tip.hidden = false
  const left = x + width / 2 - tip.offsetWidth / 2
  const right = document.documentElement.clientWidth - tip.offsetWidth - 8
  tip.style.left = Math.max(8, Math.min(left, right)) + 'px'
  const above = y - tip.offsetHeight - 12
  tip.style.top = (above < 8 ? y + height + 12 : above) + 'px'
}
addEventListener('keydown', ({ key }) => { if (key === 'Escape') tip.hidden = true })
addEventListener('scroll', () => { tip.hidden = true }, { passive: true })

const root = document.documentElement
const theme = document.getElementById('theme')
theme.hidden = false
theme.addEventListener('click', () => {
  const said = root.style.colorScheme
  const dark = said ? said === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
  root.style.colorScheme = dark ? 'light' : 'dark'
})
`
