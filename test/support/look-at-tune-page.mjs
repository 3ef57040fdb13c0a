/** Looks at a page of `packed tune` as a person would, in a headless browser. */
import { lookAtPage } from './look-at-page.mjs'

const look = async ({ page, seen, photograph, tip, hotRows, widths }) => {
  const colors = () =>
    page.evaluate(() => {
      const { color, backgroundColor } = getComputedStyle(document.body)
      return { color, backgroundColor }
    })
  const shown = () =>
    page.evaluate(() => {
      const visible = (selector) =>
        [...document.querySelectorAll(selector)].filter((part) => part.checkVisibility())
      const stroke = (halo) => getComputedStyle(halo).stroke
      return {
        verdicts: visible('h1').map((title) => title.textContent),
        charts: visible('svg.chart').map((chart) => chart.getAttribute('class')),
        ringed: visible('.halo')
          .filter((halo) => stroke(halo) !== 'none')
          .map((halo) => Number(halo.closest('.point').dataset.trial)),
      }
    })
  const rows = () => page.$$eval('tbody th', (cells) => cells.map((cell) => cell.dataset.value))
  const sorted = () =>
    page.$$eval('thead th', (heads) => heads.map((head) => head.getAttribute('aria-sort')))

  seen.text = await page.$eval('main', (main) => main.textContent)
  seen.light = await colors()
  await photograph('light')

  seen.first = await shown()
  for (const choice of ['goal-size', 'goal-speed', 'view-write', 'view-read']) {
    await page.click(`label:has(#${choice})`)
    seen[choice] = await shown()
  }

  seen.rows = [{ rows: await rows(), sorted: await sorted() }]
  for (const column of [5, 5, 1]) {
    await page.click(`thead th:nth-child(${column}) button`)
    seen.rows.push({ rows: await rows(), sorted: await sorted() })
  }

  // Where the points are, in the chart that is shown, and what the pointer is told.
  seen.points = await page.$$eval('.view-read .point', (points) =>
    points.map((point) => {
      const { x, y, width, height } = point.querySelector('.shape').getBoundingClientRect()
      return { trial: Number(point.dataset.trial), x: x + width / 2, y: y + height / 2 }
    }),
  )
  const [point] = seen.points
  await page.mouse.move(point.x, point.y)
  seen.tip = await tip()
  seen.hotRows = await hotRows()
  await page.mouse.move(2, 2)
  seen.noTip = await tip()
  await page.$eval('.view-read .point[data-trial="1"]', (other) => other.focus())
  seen.focusTip = await tip()

  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }])
  seen.dark = await colors()
  await photograph('dark')
  await page.click('#theme')
  seen.toggled = await colors()

  // Nothing is cut off, and the page does not move sideways.
  seen.narrow = await widths(380)
  await photograph('narrow')

  await page.setJavaScriptEnabled(false)
  await page.setViewport({ width: 1100, height: 900 })
  await page.reload()
  // A reload may bring back what was chosen before.
  await page.click('label:has(#view-roundTrip)')
  await page.click('label:has(#goal-speed)')
  await page.setJavaScriptEnabled(true)
  seen.withoutScript = await shown()
}

await lookAtPage({ height: 1500 }, look)
