/** The program of docs/ingest.md is examples/ingest.mts, and prints what the page says. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PIPELINE_METRICS, prometheusMeter } from '../lib/telemetry/index.js'
import { blocksOf, outputOf, readPage, typeErrors } from './support/page-code.js'
import { temporaryDirectory } from './support/temporary.js'

const ROOT = join(__dirname, '..')
const PACKED = 'packed() { "$NODE" dist/cjs/cli/main.js "$@"; }; set -e\n'

describe('docs/ingest.md', () => {
  const directory = temporaryDirectory('ingest-page')
  const page = readPage('docs/ingest.md')
  const inDirectory = (code: string) => code.replaceAll('build/', `${directory}/`)
  const program = blocksOf(page, 'ts').join('\n')

  test('its blocks are the example', () => {
    const [comment, ...lines] = readPage('examples/ingest.mts').split('\n')
    expect(comment).toMatch(/^\/\/ .*docs\/ingest\.md/)
    expect(program).toBe(lines.join('\n'))
  })

  test('they type-check against the built package', () => {
    expect(typeErrors(directory, program)).toBe('')
  })

  test('they print what the page says', () => {
    expect(outputOf(directory, inDirectory(program), ROOT)).toBe(blocksOf(page, 'text').join(''))
  })

  test('the commands run as they stand', () => {
    const [commands, ...others] = blocksOf(page, 'sh')
    expect(others).toEqual([])
    const printed = execFileSync('bash', ['-c', PACKED + inDirectory(commands!)], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE: process.execPath },
    })
    expect(printed).toMatch(/^8,000 rows/)
    expect(printed).toMatch(/^ *\d+ +words-100d +\d+ +L1 +Flushed +8,000 /m)
    expect(printed).toMatch(/^0 found, 0 bytes, nothing removed/m)
  })

  test('every metric is in its table, under the name that Prometheus sees', async () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `'))
    const named = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`(\w+)`/g)])
    const inTable = new Set(named.map(([, name]) => `arrow_packed_${name}`))
    const text = await (await prometheusMeter()).page()
    const names = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name!)
    expect(names).toHaveLength(Object.keys(PIPELINE_METRICS).length)
    expect(names.filter((name) => !inTable.has(name))).toEqual([])
  })

  test('every file it links to exists', () => {
    const links = [...page.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!)
    expect(links.length).toBeGreaterThan(3)
    for (const link of links) expect(() => readFileSync(join(ROOT, 'docs', link))).not.toThrow()
  })

  test('its picture is of one size, and has colours for dark pages', () => {
    const picture = readPage('docs/ingest.svg')
    expect(picture).toMatch(/^<svg [^>]*viewBox="0 0 960 430" role="img"/)
    expect(picture).toContain('@media (prefers-color-scheme: dark)')
    expect(picture).not.toMatch(/<(script|image|foreignObject)|href=/)
  })
})
