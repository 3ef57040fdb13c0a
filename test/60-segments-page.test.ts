/** The program of docs/segments.md is examples/segment.mts, and prints what the page says. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { blocksOf, outputOf, readPage, typeErrors } from './support/page-code.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const ROOT = join(__dirname, '..')
const PACKED = 'packed() { "$NODE" dist/cjs/cli/main.js "$@"; }; set -e\n'

describe('docs/segments.md', () => {
  const directory = temporaryDirectory('segments-page')
  const tree = join(directory, 'tree')
  const page = readPage('docs/segments.md')
  const inTree = (code: string) => code.replaceAll('build/segments', tree)
  const program = blocksOf(page, 'ts').join('\n')

  test('its blocks are the example', () => {
    const [comment, ...lines] = readPage('examples/segment.mts').split('\n')
    expect(comment).toMatch(/^\/\/ .*docs\/segments\.md/)
    expect(program).toBe(lines.join('\n'))
  })

  test('they type-check against the built package', () => {
    expect(typeErrors(directory, program)).toBe('')
  })

  test('they print what the page says, and leave trees as Milvus lays them out', () => {
    const output = outputOf(directory, inTree(program), ROOT)
    const [commands, ...others] = blocksOf(page, 'sh')
    expect(others).toEqual([])
    const printed = execFileSync('bash', ['-c', `${PACKED}${inTree(commands!)}`], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, NODE: process.execPath },
    })
    expect(output + printed).toBe(blocksOf(page, 'text').join(''))
    const files = filesBelow(tree).map((file) => file.slice(tree.length + 1))
    expect(files).toEqual(
      expect.arrayContaining([
        'insert_log/1/2/3/0/1000',
        'delta_log/1/2/3/1008',
        'stats_log/1/2/5/100/1',
        'export/words/insert_log/1/2/5/102/2002',
      ]),
    )
  })

  test('every file it links to exists', () => {
    const links = [...page.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!)
    expect(links.length).toBeGreaterThan(4)
    for (const link of links) expect(() => readFileSync(join(ROOT, 'docs', link))).not.toThrow()
  })
})
