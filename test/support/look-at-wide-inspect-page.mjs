/** Looks at a page of `packed inspect --html` with more columns and row groups than anybody has. */
import { lookAtPage } from './look-at-page.mjs'

const look = async ({ page, seen, photograph, tip, widths }) => {
  seen.elements = await page.evaluate(() => document.querySelectorAll('*').length)
  seen.bands = await page.$$eval('.view-bytes .band', (bands) => bands.length)
  seen.rows = await page.$$eval('table.sortable tbody tr', (rows) => rows.length)
  await page.$eval('.view-bytes', (map) => map.focus())
  await page.keyboard.press('End')
  seen.last = await tip()
  await page.keyboard.press('Escape')
  await page.$$eval('details', (all) => {
    for (const part of all) part.setAttribute('open', '')
  })
  seen.widths = [await widths(1100), await widths(360)]
  // What is wider than the window has to be in something that scrolls by itself.
  seen.cutOff = await page.evaluate(() =>
    [...document.querySelectorAll('main *')]
      .filter((part) => part.getBoundingClientRect().right > innerWidth + 1)
      .filter((part) => {
        for (let box = part; box !== null; box = box.parentElement) {
          if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(box).overflowX)) return false
        }
        return true
      })
      .map((part) => part.outerHTML.slice(0, 100)),
  )
  await photograph('wide')
}

await lookAtPage({ height: 1200 }, look)
