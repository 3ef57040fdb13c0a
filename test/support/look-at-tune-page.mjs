/**
 * Looks at a page of `packed tune` as a person would, in a headless browser, and prints what there
 * is to see as JSON: `node look-at-tune-page.mjs <page.html> <folder for pictures>`. In a process of
 * its own: browsers come as ES modules, which tests are not.
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openBrowser } from './headless-chromium.mjs'

const [path, pictures] = process.argv.slice(2)
const seen = { requests: [], errors: [] }

const browser = await openBrowser()
try {
  const page = await browser.newPage()
  page.on('request', (request) => seen.requests.push(request.url().replace(/^.*\//, '')))
  page.on('pageerror', (error) => seen.errors.push(String(error)))
  page.on('console', (message) => seen.errors.push(message.text()))
  await page.setViewport({ width: 1100, height: 1500 })
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }])
  await page.goto(pathToFileURL(path).href)
  const photograph = (name) =>
    page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })

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

  seen.title = await page.title()
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
  const tip = () =>
    page.$eval('#tip', (box) => (box.checkVisibility() ? box.textContent.split('\n') : null))
  const [point] = seen.points
  await page.mouse.move(point.x, point.y)
  seen.tip = await tip()
  seen.hotRows = await page.$$eval('tr.hot th', (cells) => cells.map((cell) => cell.dataset.value))
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
  await page.setViewport({ width: 380, height: 800 })
  seen.narrow = await page.evaluate(() => ({
    page: document.documentElement.scrollWidth,
    window: innerWidth,
  }))
  await photograph('narrow')

  await page.setJavaScriptEnabled(false)
  await page.setViewport({ width: 1100, height: 900 })
  await page.reload()
  // A reload may bring back what was chosen before.
  await page.click('label:has(#view-roundTrip)')
  await page.click('label:has(#goal-speed)')
  await page.setJavaScriptEnabled(true)
  seen.withoutScript = await shown()
} finally {
  await browser.close()
}
console.log(JSON.stringify(seen))
