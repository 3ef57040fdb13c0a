/** The example of the README is right: it type-checks, and runs as it stands. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from './support/temporary.js'

const ROOT = join(__dirname, '..')

describe('README', () => {
  const directory = temporaryDirectory('readme')
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const examples = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1]!)

  test('it leads with the two commands', () => {
    const [title, ...body] = readme.trim().split(/\n\n+/)
    expect(title).toBe('# arrow-packed')
    expect(body[0]).toMatch(/^ {4}scripts\/quickstart.*\n {4}scripts\/test/)
    expect(examples).toHaveLength(1)
  })

  test('the example type-checks against the built package', () => {
    writeFileSync(join(directory, 'example.mts'), examples[0]!)
    const settings = {
      extends: '../../../tsconfig.examples.json',
      compilerOptions: { noEmit: true, rootDir: '.' },
      include: ['example.mts'],
    }
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(settings))
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const run = spawnSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8' })
    expect(run.stdout).toBe('')
    expect(run.status).toBe(0)
  })

  test('the example runs unchanged', () => {
    // TypeScript without a single annotation is JavaScript: no compiler in between.
    writeFileSync(join(directory, 'example.mjs'), examples[0]!)
    const output = execFileSync(process.execPath, ['example.mjs'], {
      cwd: directory,
      encoding: 'utf8',
    })
    const segment = readdirSync(join(directory, 'segment')).sort()
    expect(segment).toEqual(['0', '102'])
    expect(output).toMatch(/^segment\/0 \[ 'id', 'title' \] \d+ bytes$/m)
    expect(output).toMatch(/^segment\/102 \[ 'embedding' \] \d+ bytes$/m)
    expect(output).toMatch(/one.*two.*three.* 2 Float32Array\(6\) \[/s)
  })

  test('every file it links to exists', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1]!)
    const files = links.filter((link) => !link.includes('://'))
    expect(files.length).toBeGreaterThan(3)
    for (const file of files) expect(() => readFileSync(join(ROOT, file))).not.toThrow()
  })
})
