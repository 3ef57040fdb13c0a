/** What the page of trials does beside every page: it explains points, ties rows to them, copies. */
export const TUNE_SCRIPT = `
const mark = (trial, on) => {
  for (const part of all('[data-trial="' + trial + '"]')) part.classList.toggle('hot', on)
}
const show = (point) =>
  showTip(point.querySelector('.shape').getBoundingClientRect(), point.dataset.tip)
for (const point of all('.point')) {
  const enter = () => { show(point); mark(point.dataset.trial, true) }
  const leave = () => { tip.hidden = true; mark(point.dataset.trial, false) }
  point.addEventListener('pointerenter', enter)
  point.addEventListener('pointerleave', leave)
  point.addEventListener('focus', enter)
  point.addEventListener('blur', leave)
}
for (const row of document.querySelector('tbody').rows) {
  row.addEventListener('pointerenter', () => mark(row.dataset.trial, true))
  row.addEventListener('pointerleave', () => mark(row.dataset.trial, false))
}
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
`
