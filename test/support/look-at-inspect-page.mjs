/** Looks at a page of `packed inspect --html` as a person would, in a headless browser. */
import { lookAtPage } from './look-at-page.mjs'

const look = async ({ page, seen, photograph, tip, hotRows, widths }) => {
  const shown = () =>
    page.$$eval('svg.map', (maps) =>
      maps.filter((map) => map.checkVisibility()).map((map) => map.dataset.view),
    )
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)

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
  seen.hotRows = await hotRows()
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
  seen.narrow = await widths(360)
  await photograph('narrow')
}

await lookAtPage({ height: 1200 }, look)
