/** The drawing of `packed inspect`: in the terminal, as a page, and in a browser without network. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { layoutOf } from '../lib/cli/inspect/layout.js'
import { inspectPage } from '../lib/cli/inspect/page.js'
import { layoutPicture } from '../lib/cli/inspect/picture.js'
import { rangeOf } from '../lib/cli/inspect/value-range.js'
import { noBrowser } from './support/browser.js'
import { packed, packedOutput } from './support/command.js'
import { fileInfo } from './support/file-infos.js'
import { runNode } from './support/run-node.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('inspect-page')
const words = join(__dirname, '..', 'examples', 'data', 'words-100d.arrow')
const two = () => [
  fileInfo({ columns: ['id', 'title'], rowGroups: 2, rowsEach: 20 }),
  fileInfo({ path: 'seg/200', group: 1, columns: ['embedding'], rowGroups: 4 }),
]
/** More than anybody has. */
const wide = () => [
  fileInfo({ columns: Array.from({ length: 200 }, (_, i) => `column ${i}`), rowGroups: 500 }),
]

describe('the layout', () => {
  test('sums up files, groups and chunks', () => {
    const layout = layoutOf(two(), 1000)
    expect(layout).toMatchObject({ rows: 40, rowGroups: 6, columns: 3 })
    expect(layout).toMatchObject({ storedBytes: 8000, encodedBytes: 32_000, fileBytes: 9000 })
    const [first, second] = layout.lanes
    expect(first!.blocks.map(({ startRow, rows }) => [startRow, rows])).toEqual([
      [0, 20],
      [20, 20],
    ])
    expect(second!.columns[0]).toMatchObject({ nulls: 4, min: '-5', max: '39', fieldId: '100' })
    expect(second!.columns[0]!.cells[3]).toMatchObject({ min: '-2', max: '39', storedBytes: 1000 })
  })

  test('files of a group follow one another; row groups are joined where there are too many', () => {
    const shape = { columns: ['id'], rowGroups: 3 }
    const files = [fileInfo({ ...shape, path: 'a' }), fileInfo({ ...shape, path: 'b' })]
    const [lane, ...others] = layoutOf(files, 3).lanes
    expect(others).toEqual([])
    expect(
      lane!.blocks.map(({ first, count, startRow, rows }) => [first, count, startRow, rows]),
    ).toEqual([
      [0, 2, 0, 20],
      [2, 2, 20, 20],
      [4, 2, 40, 20],
    ])
    expect(lane!.columns[0]!.cells.map(({ storedBytes }) => storedBytes)).toEqual([
      2000, 2000, 2000,
    ])
  })

  test('ranges are of numbers by value and of texts by bytes', () => {
    const range = (physicalType: string, ...pairs: [string | null, string | null][]) =>
      rangeOf(pairs.map(([min, max]) => ({ physicalType, min, max })))
    expect(range('INT64', ['9', '9007199254740993'], ['-10', '9007199254740992'])).toEqual({
      min: '-10',
      max: '9007199254740993',
    })
    expect(range('DOUBLE', ['1e-7', '2'], ['0.5', '10'])).toEqual({ min: '1e-7', max: '10' })
    expect(range('BYTE_ARRAY', ['b', '😀'], ['B', '｡'])).toEqual({ min: 'B', max: '😀' })
    expect(range('INT32', ['1', '2'], [null, null])).toEqual({ min: null, max: null })
    expect(rangeOf([])).toEqual({ min: null, max: null })
  })
})

describe('in the terminal', () => {
  test('boxes have the groups, ticks the row groups, bars the columns', () => {
    const lines = layoutPicture(layoutOf(two(), 1000), { columns: 70, color: false }).split('\n')
    expect(lines[0]).toBe('40 rows, 9.00 kB in 2 files; pages 25.0 % of 32.0 kB encoded')
    expect(lines[1]).toMatch(/^┌ column group 0 {2}seg\/0 ─+ 4\.50 kB, 50\.0 % ┐$/)
    expect(lines[2]).toMatch(/^│ 40 rows, 2 row groups {2}├─+┼─+┤ │$/)
    expect(lines[4]).toMatch(/^│ id +ZSTD {2}█+[▏▎▍▌▋▊▉]?░+ +2\.00 kB {2}0\.250 │$/)
    expect(lines.find((line) => line.includes('4 row groups'))!.match(/┼/g)).toHaveLength(3)
  })

  test.each([20, 40, 59, 80, 139, 500])('every line of %d columns is as wide', (columns) => {
    for (const infos of [two(), wide(), [fileInfo({ columns: ['id'], rowGroups: 0 })]]) {
      const text = layoutPicture(layoutOf(infos, 1000), { columns, color: false })
      const boxes = text.split('\n').filter((line) => /^[┌│└]/.test(line))
      const widths = new Set(boxes.map((line) => [...line].length))
      expect([...widths]).toEqual([Math.min(140, Math.max(40, columns)) - 1])
    }
  })

  test('colour only where it is asked for; of many columns the largest', () => {
    const layout = layoutOf(wide(), 1000)
    expect(layoutPicture(layout, { columns: 80, color: true })).toContain('\u001b[34m█')
    const plain = layoutPicture(layout, { columns: undefined, color: false })
    expect(plain).not.toContain('\u001b')
    expect(plain).toMatch(/… and 188 more columns, 94\.0 MB/)
  })
})

describe('the text of the page', () => {
  test('is one file that names nothing outside of it', () => {
    const page = inspectPage(two())
    expect(page).not.toMatch(/ (?:src|href)=|@import|url\(/)
    expect(page).toContain('default-src &#39;none&#39;')
    expect(page.slice(0, page.lastIndexOf('<script>'))).not.toMatch(/NaN|Infinity|undefined/)
  })

  test('keeps names from becoming markup', () => {
    const name = `</script><script>alert("x")</script>&'`
    const page = inspectPage([fileInfo({ path: name, columns: [name], rowGroups: 1 })])
    expect(page).not.toContain('<script>alert')
    expect(page.match(/<script/g)).toHaveLength(2)
  })

  test('is bounded: 200 columns of 500 row groups', () => {
    const page = inspectPage(wide())
    expect(page.length).toBeLessThan(4_000_000)
    expect(page.match(/<rect /g)!.length).toBeLessThan(7000)
    expect(page.match(/<tr data-band/g)).toHaveLength(200)
  })

  test('rows of nothing, and no files of it', () => {
    for (const columns of [['id'], []]) {
      expect(inspectPage([fileInfo({ columns, rowGroups: 0 })])).not.toMatch(/NaN|Infinity/)
    }
  })
})

test('the command draws, writes the page, and replaces one only when told', async () => {
  const out = join(directory, 'words')
  const page = join(directory, 'page.html')
  await packedOutput(['write', words, '--out', out])
  const text = await packedOutput(['inspect', out, '--html', page])
  expect(text).toMatch(/^8,000 rows, 3\.\d\d MB in 2 files; /)
  expect(text).toMatch(/^┌ column group 1 {2}\S+words\/102 ─* /m)
  expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/)
  const again = await packed(['inspect', out, '--html', page])
  expect({ code: again.code, stdout: again.stdout.length }).toEqual({ code: 1, stdout: 0 })
  expect(again.stderr).toMatch(/^packed: AlreadyExists: .*--if-exists replace/)
  await packedOutput(['inspect', out, '--html', page, '--if-exists', 'replace', '--json'])
  const missing = join(directory, 'none.html')
  const failed = await packed(['inspect', join(out, '7'), '--html', missing])
  expect({ code: failed.code, there: existsSync(missing) }).toEqual({ code: 1, there: false })
})

if (noBrowser !== undefined) process.stderr.write(`NOT RUN (${noBrowser}): a page in a browser\n`)
const inBrowser = noBrowser === undefined ? test : test.skip

inBrowser('in a browser', async () => {
  const path = join(directory, 'inspect.html')
  const pictures = process.env.ARROW_PACKED_PICTURES ?? join(directory, 'pictures')
  mkdirSync(pictures, { recursive: true })
  writeFileSync(path, inspectPage(two()))
  const { code, lines } = await runNode('look-at-inspect-page.mjs', [path, pictures])
  expect(code).toBe(0)
  const [seen] = lines as [Record<string, unknown> & { narrow: Record<string, number> }]
  expect({ requests: seen.requests, errors: seen.errors }).toEqual({
    requests: ['inspect.html'],
    errors: [],
  })
  expect(seen.title).toBe('Layout of seg/0, seg/200')
  expect(seen.heading).toBe('40 rows in 9.00 kB')
  expect([seen.first, seen.second]).toEqual([['bytes'], ['equal']])
  expect(seen.tip).toEqual([
    'embedding (Int64)',
    'column group 1, row group 1',
    'rows 10 to 19 (10)',
    'ZSTD · PLAIN RLE',
    '1,000 of 4,000 bytes: 25.0 %',
    '1 nulls',
    '-4 … 19',
  ])
  expect(seen.hotRows).toEqual(['embedding'])
  expect([seen.noTip, seen.escaped]).toEqual([null, null])
  expect(seen.keys).toEqual([
    'Home: embedding (Int64), column group 1, row group 0',
    'ArrowRight: embedding (Int64), column group 1, row group 1',
    'ArrowDown: embedding (Int64), column group 1, row group 1',
    'End: embedding (Int64), column group 1, row group 3',
    'ArrowUp: title (Int64), column group 0, row group 1',
    'ArrowUp: id (Int64), column group 0, row group 1',
    'ArrowLeft: id (Int64), column group 0, row group 0',
  ])
  expect(seen.names).toEqual([
    ['id', 'title', 'embedding'],
    ['embedding', 'id', 'title'],
    ['title', 'id', 'embedding'],
  ])
  expect(seen.text).toContain('group_field_id_list')
  expect(seen.dark).not.toEqual(seen.light)
  expect(seen.narrow.page).toBeLessThanOrEqual(seen.narrow.window!)
})

inBrowser('in a browser: 200 columns of 500 row groups', async () => {
  const path = join(directory, 'wide.html')
  const pictures = process.env.ARROW_PACKED_PICTURES ?? join(directory, 'pictures')
  mkdirSync(pictures, { recursive: true })
  writeFileSync(path, inspectPage(wide()))
  const { code, lines } = await runNode('look-at-wide-inspect-page.mjs', [path, pictures])
  expect(code).toBe(0)
  const [seen] = lines as [Record<string, unknown> & { widths: { page: number; window: number }[] }]
  expect({ requests: seen.requests, errors: seen.errors, cutOff: seen.cutOff }).toEqual({
    requests: ['wide.html'],
    errors: [],
    cutOff: [],
  })
  expect(seen.elements).toBeLessThan(20_000)
  expect([seen.bands, seen.rows]).toEqual([200, 200])
  expect(seen.last).toEqual(expect.arrayContaining([expect.stringMatching(/row groups? .*499/)]))
  for (const { page, window } of seen.widths) expect(page).toBeLessThanOrEqual(window)
})
