/** The commands that docs/cli.md opens with do what their comments say. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from './support/temporary.js'

const ROOT = join(__dirname, '..')
const directory = temporaryDirectory('cli-page')

test('the first commands of docs/cli.md run as they stand', () => {
  const page = readFileSync(join(ROOT, 'docs/cli.md'), 'utf8')
  const commands = /^```sh\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? ''
  copyFileSync(join(ROOT, 'examples/data/words-100d.arrow'), join(directory, 'words.arrow'))

  const packed = `packed() { "$NODE" "$MAIN" "$@"; }; set -e\n${commands}`
  const output = execFileSync('bash', ['-c', packed], {
    cwd: directory,
    encoding: 'utf8',
    env: { ...process.env, NODE: process.execPath, MAIN: join(ROOT, 'dist/cjs/cli/main.js') },
  })

  expect(output).toMatch(/^\s*102 +seg\/102 +8,000 /m)
  expect(output).toMatch(/^seg\/0$[\s\S]*storage_version +1\.0\.0/m)
  expect(output.match(/^\{"id":\d+,"word":"[a-z]+",.*\}$/gm)).toHaveLength(3)
  expect(output).toContain('OK: 2 files, 8,000 rows')
})
