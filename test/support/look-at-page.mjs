/**
 * What the scripts that look at a page share: `node look-at-….mjs <page.html> <folder for pictures>`
 * prints what there is to see as JSON. In a process of its own: browsers come as ES modules, which
 * tests are not.
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openBrowser } from './headless-chromium.mjs'

/**
 * Open the page of the command line in a light window and look at it: `look` adds to `seen`, which has
 * the requests and errors of the page, and takes pictures.
 */
export async function lookAtPage({ width = 1100, height }, look) {
  const [path, pictures] = process.argv.slice(2)
  const seen = { requests: [], errors: [] }
  const browser = await openBrowser()
  try {
    const page = await browser.newPage()
    page.on('request', (request) => seen.requests.push(request.url().replace(/^.*\//, '')))
    page.on('pageerror', (error) => seen.errors.push(String(error)))
    page.on('console', (message) => seen.errors.push(message.text()))
    await page.setViewport({ width, height })
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }])
    await page.goto(pathToFileURL(path).href)
    seen.title = await page.title()
    await look({
      page,
      seen,
      photograph: (name) =>
        page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true }),
      /** The lines that the pointer is told; null where it is told nothing. */
      tip: () =>
        page.$eval('#tip', (box) => (box.checkVisibility() ? box.textContent.split('\n') : null)),
      hotRows: () => page.$$eval('tr.hot th', (cells) => cells.map((cell) => cell.dataset.value)),
      /** How wide the page is in a window of this width: no wider where nothing is cut off. */
      widths: async (windowWidth) => {
        await page.setViewport({ width: windowWidth, height: 800 })
        return page.evaluate(() => ({
          page: document.documentElement.scrollWidth,
          window: innerWidth,
        }))
      },
    })
  } finally {
    await browser.close()
  }
  console.log(JSON.stringify(seen))
}
