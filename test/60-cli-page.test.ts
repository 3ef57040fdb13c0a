/** The commands of docs/cli.md do what their comments say. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { localManifestSegment } from './support/manifest-segment.js'
import {
  ACCESS_KEY,
  BUCKET,
  noServers,
  SECRET_KEY,
  startVersitygw,
} from './support/object-servers.js'
import { deletes, segmentIn, twoChunks } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

if (noServers !== undefined) process.stderr.write(`NOT RUN (${noServers}): stores of docs/cli.md\n`)
const ROOT = join(__dirname, '..')
const directory = temporaryDirectory('cli-page')

/** The commands of the block that has `marker`, with `packed` as the built command. */
function run(marker: string, env: Record<string, string> = {}): string {
  const page = readFileSync(join(ROOT, 'docs/cli.md'), 'utf8')
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!)
  const commands = blocks.find((block) => block.includes(marker))
  expect(commands).toBeDefined()
  return execFileSync('bash', ['-c', `packed() { "$NODE" "$MAIN" "$@"; }; set -e\n${commands}`], {
    cwd: directory,
    encoding: 'utf8',
    env: {
      ...process.env,
      NODE: process.execPath,
      MAIN: join(ROOT, 'dist/cjs/cli/main.js'),
      ...env,
    },
  })
}

test('the commands for files run as they stand', () => {
  copyFileSync(join(ROOT, 'examples/data/words-100d.arrow'), join(directory, 'words.arrow'))
  const output = run('packed write words.arrow --out seg ')
  expect(output).toMatch(/^\s*102 +seg\/102 +8,000 /m)
  expect(output).toMatch(/^seg\/0$[\s\S]*storage_version +1\.0\.0/m)
  expect(output.match(/^\{"id":\d+,"word":"[a-z]+",.*\}$/gm)).toHaveLength(3)
  expect(output).toContain('OK: 2 files, 8,000 rows')
})

test('the commands for tuning run as they stand', () => {
  copyFileSync(join(ROOT, 'examples/data/words-100d.arrow'), join(directory, 'words.arrow'))
  const output = run('packed tune books/0')
  expect(output).toMatch(/^books\/0, books\/102: all 8,000 rows, /m)
  expect(output).toMatch(/^balanced: \w+ \w+/m)
  expect(readFileSync(join(directory, 'tune.html'), 'utf8')).toMatch(/^<!doctype html>/)
})

test('the commands for ingest run as they stand', () => {
  copyFileSync(join(ROOT, 'examples/data/words-100d.arrow'), join(directory, 'words.arrow'))
  const output = run('packed ingest words.arrow --dir worker')
  expect(output).toMatch(/^8,000 rows in [\d.]+ s, /m)
  expect(output).toMatch(/^ *\d+ +words +\d+ +L1 +Flushed +8,000 /m)
  expect(output).toMatch(/^0 found, 0 bytes, nothing removed/m)
})

test('the commands for a compaction run as they stand', () => {
  const words = join(ROOT, 'examples/data/words-100d.arrow')
  for (const name of ['words.arrow', 'more.arrow']) copyFileSync(words, join(directory, name))
  const output = run('packed segment compact')
  expect(output).toMatch(/: would compact 2 segments, 16,000 rows before, 16,000 after$/m)
  expect(output).toMatch(/: 2 segments became 1, 16,000 rows before, 16,000 after$/m)
  expect(output.match(/Flushed/g)).toHaveLength(1)
})

test('the commands for segments run as they stand', async () => {
  await segmentIn(join(directory, 'files'), twoChunks(), { deletes: deletes([2n, 99]) })
  const output = run('packed segment stats')
  expect(output).toMatch(/^storage +V2, column groups$/m)
  expect(output.match(/^\{"id":\d.*\}$/gm)).toEqual([
    '{"id":1,"title":"title 1"}',
    '{"id":3,"title":"title 3"}',
    '{"id":4,"title":"title 4"}',
  ])
  expect(output).toContain('{"pages":null,"id":3}\n{"pages":10,"id":1}\n')
  expect(output).toContain('{"title":"title 4","id":4}\n{"title":"title 1","id":1}\n')
  expect(output).toContain('OK: 10 logs, 5 rows')
  expect(output).toMatch(/^V2 +3 +5 +3 /m)
  expect(output).toContain('"export/3/insert_log/1/2/"')
})

test('the commands for manifests run as they stand', async () => {
  await localManifestSegment(join(directory, 'files'), 'insert_log/1/2/7')
  const output = run('packed manifest show')
  expect(output).toMatch(/^segment +insert_log\/1\/2\/7$/m)
  expect(output).toMatch(/^ +3 .* -columns title$/m)
  expect(output).toMatch(/^\+ statistics bloom_filter\.100$/m)
  expect(output).toContain('OK: version 3 (of 1 to 3), 5 files, 150 rows')
  expect(output.match(/^\{"id":\d.*\}$/gm)).toEqual([
    '{"id":0,"title":"title 0"}',
    '{"id":1,"title":"title 1"}',
    '{"id":2,"title":null}',
  ])
  expect(output).toMatch(/^0 versions of 3 expired, nothing removed/m)
})

if (noServers !== undefined)
  console.warn(`NOT RUN (${noServers}): the commands for object stores run as they stand`)
;(noServers ? test.skip : test)('the commands for object stores run as they stand', async () => {
  const server = await startVersitygw(join(directory, 'store'))
  try {
    const output = run('s3://', {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${server.port}`,
      AWS_ACCESS_KEY_ID: ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: SECRET_KEY,
      AWS_REGION: 'us-east-1',
    })
    expect(output).toMatch(new RegExp(`^\\s*102 +s3://${BUCKET}/seg/102 +8,000 `, 'm'))
    expect(output.match(/^\{"id":\d+,"word":"[a-z]+",.*\}$/gm)).toHaveLength(3)
    expect(output).toContain('OK: 2 files, 8,000 rows')
    expect(output).toMatch(/^V2 +3 +5 +3 /m)
    expect(output).toMatch(/^no unfinished uploads$/m)
  } finally {
    await server.stop()
  }
})
