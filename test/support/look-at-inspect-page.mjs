/**
 * Looks at a page of `packed inspect --html` as a person would, in a headless browser, and prints
 * what there is to see as JSON: `node look-at-inspect-page.mjs <page.html> <folder for pictures>`.
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
  await page.setViewport({ width: 1100, height: 1200 })
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }])
  await page.goto(pathToFileURL(path).href)
  const photograph = (name) =>
    page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
  const tip = () =>
    page.$eval('#tip', (box) => (box.checkVisibility() ? box.textContent.split('\n') : null))
  const shown = () =>
    page.$$eval('svg.map', (maps) =>
      maps.filter((map) => map.checkVisibility()).map((map) => map.dataset.view),
    )
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)

  seen.title = await page.title()
  seen.heading = await page.$eval('h1', (title) => title.textContent)
  seen.light = await background()
  seen.first = await shown()
  await photograph('light')

  // The middle of the second piece of the last band.
  const { x, y } = await page.$eval(
    '.view-bytes .band:last-of-type rect:nth-of-type(2)',
    async (piece) => {
      piece.scrollIntoView({ block: 'center' })
      // Scrolling hides the tip, in the next frame.
      for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
      const box = piece.getBoundingClientRect()
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
    },
  )
  await page.mouse.move(x, y)
  seen.tip = await tip()
  seen.hotRows = await page.$$eval('tr.hot th', (cells) => cells.map((cell) => cell.dataset.value))
  await page.mouse.move(2, 2)
  seen.noTip = await tip()

  await page.$eval('.view-bytes', (map) => map.focus())
  seen.keys = []
  for (const key of ['Home', 'ArrowRight', 'ArrowDown', 'End', 'ArrowUp', 'ArrowUp', 'ArrowLeft']) {
    await page.keyboard.press(key)
    const [column, place] = await tip()
    seen.keys.push(`${key}: ${column}, ${place}`)
  }
  await page.keyboard.press('Escape')
  seen.escaped = await tip()

  await page.click('label:has(#view-equal)')
  seen.second = await shown()
  const names = () =>
    page.$$eval('table.sortable tbody th', (cells) => cells.map((cell) => cell.dataset.value))
  seen.names = [await names()]
  await page.click('table.sortable thead th:first-child button')
  seen.names.push(await names())
  await page.click('table.sortable thead th:first-child button')
  seen.names.push(await names())
  await page.$$eval('details', (all) => {
    for (const part of all) part.setAttribute('open', '')
  })
  seen.text = await page.$eval('main', (main) => main.textContent)

  await page.click('#theme')
  seen.dark = await background()
  await photograph('dark')

  // Nothing is cut off, and the page does not move sideways.
  await page.setViewport({ width: 360, height: 800 })
  seen.narrow = await page.evaluate(() => ({
    page: document.documentElement.scrollWidth,
    window: innerWidth,
  }))
  await photograph('narrow')
} finally {
  await browser.close()
}
console.log(JSON.stringify(seen))
