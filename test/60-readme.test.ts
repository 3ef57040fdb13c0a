/** The examples of the README are right: they type-check, and run as they stand. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { blocksOf, outputOf, readPage, typeErrors } from './support/page-code.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const ROOT = join(__dirname, '..')

describe('README', () => {
  const directory = temporaryDirectory('readme')
  const readme = readPage('README.md')
  const [first, segment] = blocksOf(readme, 'ts') as [string, string]

  test('it leads with the two commands', () => {
    const [title, ...body] = readme.trim().split(/\n\n+/)
    expect(title).toBe('# arrow-packed')
    expect(body[0]).toMatch(/^ {4}scripts\/quickstart.*\n {4}scripts\/test/)
    expect(blocksOf(readme, 'ts')).toHaveLength(2)
  })

  test.each([
    ['first', first],
    ['segment', segment],
  ])('the %s example type-checks against the built package', (_, example) => {
    expect(typeErrors(directory, example)).toBe('')
  })

  test('the first example runs unchanged', () => {
    const output = outputOf(directory, first)
    const files = readdirSync(join(directory, 'segment')).sort()
    expect(files).toEqual(['0', '102'])
    expect(output).toMatch(/^segment\/0 \[ 'id', 'title' \] \d+ bytes$/m)
    expect(output).toMatch(/^segment\/102 \[ 'embedding' \] \d+ bytes$/m)
    expect(output).toMatch(/one.*two.*three.* 2 Float32Array\(6\) \[/s)
  })

  test('the command after it draws what the example wrote', () => {
    rmSync(join(directory, 'segment'), { recursive: true, force: true })
    outputOf(directory, first)
    const [line] = blocksOf(readme, 'sh') as [string]
    const [npx, packed, ...args] = line.trim().split(' ')
    expect([npx, packed]).toEqual(['npx', 'packed'])
    const command = join(ROOT, 'dist/cjs/cli/main.js')
    const output = execFileSync(process.execPath, [command, ...args], {
      cwd: directory,
      encoding: 'utf8',
    })
    expect(output).toMatch(/^3 rows, \d+ bytes in 2 files/)
    expect(readFileSync(join(directory, 'segment.html'), 'utf8')).toContain('embedding')
  })

  test('the segment example writes a tree of logs and reads at a timestamp', () => {
    const output = outputOf(directory, segment)
    expect(output.split('\n')).toEqual([
      'insert_log/1/2/3/0/100 2',
      'insert_log/1/2/3/1/101 2',
      'insert_log/1/2/3/102/102 2',
      "[ 'one' ]",
      '',
    ])
    const tree = join(directory, 'files')
    expect(filesBelow(tree).map((file) => file.slice(tree.length + 1))).toHaveLength(6)
  })

  test('every file it links to exists', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1]!)
    const files = links.filter((link) => !link.includes('://'))
    expect(files.length).toBeGreaterThan(3)
    for (const file of files) expect(() => readFileSync(join(ROOT, file))).not.toThrow()
  })
})
