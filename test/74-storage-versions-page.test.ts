import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(__dirname, '..')
const MAKE = `
  import { readFileSync } from 'node:fs'
  import { pageOf } from './bench/v1-v2-page.mjs'
  process.stdout.write(pageOf(JSON.parse(readFileSync('bench/v1-v2.json', 'utf8'))))
`

test('the page of storage versions is what its measurements say', () => {
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', MAKE], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  expect(run.stderr).toBe('')
  const page = readFileSync(join(ROOT, 'docs', 'storage-versions.md'), 'utf8')
  expect(run.stdout).toBe(page)
  expect(page).toContain('| V1 is 3 to 10 times the size of V2 |')
})
