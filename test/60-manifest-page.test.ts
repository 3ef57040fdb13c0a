/** The program of docs/manifest.md is examples/manifest.mts, and prints what the page says. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { blocksOf, outputOf, readPage, typeErrors } from './support/page-code.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const ROOT = join(__dirname, '..')

describe('docs/manifest.md', () => {
  const directory = temporaryDirectory('manifest-page')
  const tree = join(directory, 'tree')
  const page = readPage('docs/manifest.md')
  const program = blocksOf(page, 'ts').join('\n')

  test('its blocks are the example', () => {
    const [comment, ...lines] = readPage('examples/manifest.mts').split('\n')
    expect(comment).toMatch(/^\/\/ .*docs\/manifest\.md/)
    expect(program).toBe(lines.join('\n'))
  })

  test('they type-check against the built package', () => {
    expect(typeErrors(directory, program)).toBe('')
  })

  test('they print what the page says, and leave the folders that it shows', () => {
    const output = outputOf(directory, program.replaceAll('build/manifest', tree), ROOT)
    expect(output).toBe(blocksOf(page, 'text').join(''))
    const files = filesBelow(tree).map((file) => file.slice(tree.length + 1))
    const versions = [1, 2, 3, 4].map((one) => `insert_log/1/2/3/_metadata/manifest-${one}.avro`)
    expect(files).toEqual(expect.arrayContaining([...versions, 'insert_log/1/2/3/manifest.json']))
    const data = files.filter((file) => !versions.includes(file) && !file.endsWith('.json'))
    expect(data).toHaveLength(7)
    for (const file of data) {
      expect(file).toMatch(/^insert_log\/1\/2\/3\/_data\/[01]_[0-9a-f-]{36}\.parquet$/)
    }
  })

  test('every file it links to exists', () => {
    const links = [...page.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!)
    expect(links.length).toBeGreaterThan(0)
    for (const link of links) expect(() => readFileSync(join(ROOT, 'docs', link))).not.toThrow()
  })
})
