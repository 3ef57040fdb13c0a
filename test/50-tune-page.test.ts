/** The page of `packed tune`, as text and in a browser that has no network. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { embeddedJson, html } from '../lib/cli/page/html.js'
import { placeLabels } from '../lib/cli/tune/labels.js'
import { tunePage } from '../lib/cli/tune/page.js'
import { shareScale, speedScale } from '../lib/cli/tune/scale.js'
import { noBrowser } from './support/browser.js'
import { runNode } from './support/run-node.js'
import { temporaryDirectory } from './support/temporary.js'
import { resultOf, TRIALS, trialOf } from './support/tune.js'

const directory = temporaryDirectory('tune-page')

describe('the text of the page', () => {
  test('is one file that names nothing outside of it', () => {
    const page = tunePage(resultOf())
    expect(page).not.toMatch(/ (?:src|href)=|@import|url\(/)
    expect(page).toContain('default-src &#39;none&#39;')
  })

  test('keeps texts from becoming markup', () => {
    const path = `</script><script>alert("x")</script>&'`
    const page = tunePage(resultOf({ paths: [path] }))
    expect(page).not.toContain('<script>alert')
    expect(page.match(/<script/g)).toHaveLength(2)
    const [, json] = /<script type="application\/json" id="result">(.*?)<\/script>/s.exec(page)!
    expect(JSON.parse(json!)).toEqual(JSON.parse(JSON.stringify(resultOf({ paths: [path] }))))
  })

  test('markup is escaped once, lists are joined', () => {
    expect(String(html`<b>${'<&>'}</b>${[html`<i>${1}</i>`, '"']}`)).toBe(
      '<b>&lt;&amp;&gt;</b><i>1</i>&quot;',
    )
    expect(String(embeddedJson('{"a":"</x>"}'))).toBe('{"a":"\\u003c/x>"}')
  })

  test('has no place that is no number, whatever the figures', () => {
    const [usual] = TRIALS
    const none = { ...usual!, ratio: 0, saving: 0 }
    const results = [
      resultOf(),
      resultOf({ trials: [usual!] }),
      resultOf({ trials: [usual!, usual!] }),
      resultOf({ trials: [none], sample: { rows: 1, blocks: 1, arrowBytes: 0 } }),
      resultOf({ stored: { fileBytes: 9e9, ratio: 180, saving: -179 } }),
    ]
    for (const result of results) expect(tunePage(result)).not.toMatch(/NaN|Infinity|undefined/)
  })
})

test('says a level that is chosen by the kind of column, and joins it to no other', () => {
  const [usual, small] = TRIALS
  const facts = { layout: 'small', codec: 'zstd', fileBytes: 2_000_000, readMs: 30 } as const
  const auto = trialOf({ ...facts, level: 'auto', writeMs: 90 })
  const fixed = trialOf({ ...facts, level: 9, writeMs: 900 })
  const recommendation = { goal: 'balanced', trial: auto, reason: 'the least time' } as const
  const page = tunePage(
    resultOf({
      trials: [usual!, small!, fixed, auto],
      recommendation,
      recommendations: { size: recommendation, balanced: recommendation, speed: recommendation },
    }),
  )
  expect(page).toContain('<h1>small <em>zstd auto</em></h1>')
  const code =
    'layout: &#39;small&#39;, compression: { codec: &#39;zstd&#39;, level: &#39;auto&#39; }'
  expect(page).toContain(`<code>${code}</code>`)
  expect(page).toMatch(/<title>small zstd auto for /)
  // Three views with the two levels of layout milvus; of the others one is left, which joins nothing.
  expect(page.match(/<path class="levels /g)).toHaveLength(3)
})

describe('axes', () => {
  test('of speeds begin at zero, or are logarithmic where these are far apart', () => {
    const near = speedScale([100, 400], [0, 424])
    expect(near.ticks).toEqual([0, 100, 200, 300, 400])
    expect(near.at(400)).toBeCloseTo(400)
    const far = speedScale([2, 800], [0, 100])
    expect(far.ticks).toEqual([2, 5, 10, 20, 50, 100, 200, 500, 1000])
    expect(far.at(40)).toBeCloseTo(50)
  })

  test('of shares have room around them, also around a single one', () => {
    const scale = shareScale([0.3, 0.5], [400, 0])
    expect(scale.at(0.4)).toBeCloseTo(200)
    expect(scale.ticks).toEqual([0.3, 0.35, 0.4, 0.45, 0.5])
    const single = shareScale([0.4, 0.4], [400, 0])
    expect(single.at(0.4)).toBeCloseTo(200)
    expect(single.ticks.length).toBeGreaterThan(2)
  })
})

test('labels are beside their points, and left out where there is no room', () => {
  const bounds = { left: 0, right: 300, top: 0, bottom: 100 }
  const [free, edge] = placeLabels(
    [
      { x: 50, y: 50, text: 'zstd 3' },
      { x: 290, y: 50, text: 'zstd 9' },
    ],
    bounds,
  )
  expect(free).toEqual({ x: 67, y: 54, anchor: 'start' })
  expect(edge).toEqual({ x: 273, y: 54, anchor: 'end' })
  const crowd = Array.from({ length: 40 }, (_, i) => ({ x: 100 + i, y: 50, text: 'zstd 3' }))
  const placed = placeLabels(crowd, bounds).filter((label) => label !== undefined)
  expect(placed.length).toBeGreaterThan(0)
  expect(placed.length).toBeLessThan(20)
})

if (noBrowser !== undefined) process.stderr.write(`NOT RUN (${noBrowser}): a page in a browser\n`)
const inBrowser = noBrowser === undefined ? test : test.skip

inBrowser('in a browser', async () => {
  const path = join(directory, 'tune.html')
  const pictures = process.env.ARROW_PACKED_PICTURES ?? join(directory, 'pictures')
  mkdirSync(pictures, { recursive: true })
  writeFileSync(path, tunePage(resultOf()))
  const { code, lines } = await runNode('look-at-tune-page.mjs', [path, pictures])
  expect(code).toBe(0)
  const [seen] = lines as [Record<string, unknown> & Seen]
  expect({ requests: new Set(seen.requests), errors: seen.errors }).toEqual({
    requests: new Set(['tune.html']),
    errors: [],
  })
  expect(seen.title).toBe('milvus zstd 3 for seg/0, seg/101')
  expect(seen.text).toContain('200,000 of 1,000,000 rows in 16 runs')
  expect(seen.text).toContain("layout: 'milvus', compression: { codec: 'zstd', level: 3 }")

  // What is chosen changes the advice and the ring; what is looked at changes the chart.
  const chart = (view: string) => [`chart view-${view}`]
  const usual = { verdicts: ['milvus zstd 3'], charts: chart('roundTrip'), ringed: [0] }
  const fast = { ...usual, verdicts: ['fast lz4'], ringed: [3] }
  expect(seen.first).toEqual(usual)
  expect(seen['goal-size']).toEqual({ ...usual, verdicts: ['milvus zstd 9'], ringed: [1] })
  expect(seen['goal-speed']).toEqual(fast)
  expect(seen['view-write']).toEqual({ ...fast, charts: chart('write') })
  expect(seen['view-read']).toEqual({ ...fast, charts: chart('read') })
  expect(seen.withoutScript).toEqual(fast)

  const [usualName, small, gzip, lz4] = TRIALS.map(({ name }) => name)
  const sorted = (column: number, order: string) =>
    Array.from({ length: 6 }, (_, i) => (i === column ? order : 'none'))
  expect(seen.rows).toEqual([
    { rows: [small, usualName, gzip, lz4], sorted: sorted(1, 'ascending') },
    { rows: [lz4, usualName, gzip, small], sorted: sorted(4, 'descending') },
    { rows: [small, gzip, usualName, lz4], sorted: sorted(4, 'ascending') },
    { rows: [lz4, gzip, usualName, small], sorted: sorted(0, 'ascending') },
  ])

  // Of the reads: right is faster, down is smaller.
  const at = (trial: number) => seen.points.find((point) => point.trial === trial)!
  expect(at(0).x).toBeCloseTo(at(1).x, 0)
  expect(at(3).x).toBeGreaterThan(at(0).x)
  expect(at(2).x).toBeLessThan(at(0).x)
  expect(at(1).y).toBeGreaterThan(at(0).y)
  expect(at(3).y).toBeLessThan(at(2).y)
  const tip = ['milvus zstd 3', '4.00 MB, 40.0 % of Arrow', 'write 167 MB/s', 'read 250 MB/s']
  expect(seen.tip).toEqual(tip)
  expect(seen.hotRows).toEqual([usualName])
  expect(seen.noTip).toBeNull()
  expect(seen.focusTip![0]).toBe(small)

  expect(seen.dark).not.toEqual(seen.light)
  expect(seen.toggled).toEqual(seen.light)
  expect(seen.narrow.page).toBeLessThanOrEqual(seen.narrow.window)
})

interface Shown {
  verdicts: string[]
  charts: string[]
  ringed: number[]
}

/** What look-at-tune-page.mjs prints. */
interface Seen {
  requests: string[]
  errors: string[]
  first: Shown
  points: { trial: number; x: number; y: number }[]
  focusTip: string[] | null
  narrow: { page: number; window: number }
}
