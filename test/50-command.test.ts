/** The command as a process: usage, exit codes, errors, pipes. */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { COMMAND, packed, packedOutput } from './support/command.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('command')
const missing = join(directory, 'missing.arrow')
const numbers = Array.from({ length: 20_000 }, (_, id) => `{"id":${id}}\n`).join('')

test('help and version are no errors', async () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8'))
  expect(await packedOutput(['--version'])).toBe(`${version}\n`)
  expect(await packedOutput(['--help'])).toMatch(/write .*inspect .*cat .*verify /s)
  expect(await packedOutput(['cat', '--help'])).toContain('--vectors <form>')
})

test.each([
  ['an unknown verb', ['cta', 'x'], "unknown command 'cta' (Did you mean cat?)"],
  [
    'an unknown option',
    ['cat', 'x', '--limt', '3'],
    "unknown option '--limt' (Did you mean --limit?)",
  ],
  [
    'an unknown verb of a verb',
    ['segment', 'cta', '3'],
    "unknown command 'cta' (Did you mean cat?)",
  ],
  [
    'a codec that is none',
    ['write', 'x.csv', '--out', 'y', '--column', 'a=zip'],
    'Expected one of zstd, snappy',
  ],
  [
    'a level without a codec',
    ['write', 'x.csv', '--out', 'y', '--column', 'a=:9'],
    'Expected a codec for the level',
  ],
  [
    'choices of no column',
    ['write', 'x.csv', '--out', 'y', '--column', '=zstd'],
    'Expected name=codec:level:encoding',
  ],
  ['no input', ['write', '--out', 'x'], "missing required argument 'input'"],
  ['no output', ['write', 'x.csv'], "required option '--out <dir>' not specified"],
  ['an unknown format', ['cat', 'x', '--format', 'xml'], 'Allowed choices are ndjson, csv, arrow'],
  ['a limit that is no number', ['cat', 'x', '--limit', '-1'], 'Expected a whole number'],
  [
    'a name without an extension',
    ['write', 'x', '--out', 'y'],
    'Expected a format or an extension',
  ],
  ['Parquet to standard output', ['cat', 'x', '--format', 'parquet'], 'Expected --out <file>'],
  [
    'types for a typed input',
    ['write', 'x.arrow', '--out', 'y', '--types', 'a:utf8'],
    'no --types',
  ],
  ['an unknown type', ['write', 'x.csv', '--out', 'y', '--types', 'a:text'], 'received "text"'],
  ['a group without an id', ['write', 'x.csv', '--out', 'y', '--group', 'a,b'], 'id:field,field'],
])('%s is a usage error: one line, exit code 2', async (_, args, message) => {
  const { code, stdout, stderr } = await packed(args)
  expect({ code, stdout: String(stdout) }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^packed: usage: [^\n]+\n$/)
  expect(stderr).toContain(message)
})

test.each([
  ['write', [missing, '--out', directory]],
  ['inspect', [missing]],
  ['cat', [missing]],
])('%s of a missing file: its code and one line, exit code 1', async (verb, args) => {
  const { code, stderr } = await packed([verb, ...args])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^packed: NotFound: [^\n]+missing\.arrow[^\n]*\n$/)
})

test('--verbose adds where an error comes from', async () => {
  const { code, stderr } = await packed(['--verbose', 'cat', missing])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^packed: NotFound: .*\n.*PackedError: [\s\S]*\n {4}at /)
})

test('a reader that leaves early ends the command quietly', async () => {
  const out = join(directory, 'pipe')
  await packedOutput(['write', '-', '--format', 'ndjson', '--out', out], numbers)
  const cat = ['cat', join(out, '0'), '--format']
  const runs = [
    [...cat, 'ndjson'],
    [...cat, 'csv'],
    [...cat, 'arrow'],
    ['cat', '--help'],
  ]
  for (const run of runs) {
    const shell = `"$0" "$@" | true; exit \${PIPESTATUS[0]}`
    const args = [COMMAND, ...run]
    const child = spawn('bash', ['-c', shell, process.execPath, ...args])
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect({ run, code, stderr }).toEqual({ run, code: 0, stderr: '' })
  }
})

test('an interrupted write leaves nothing behind', async () => {
  const out = join(directory, 'interrupted')
  const child = spawn(process.execPath, [COMMAND, 'write', '-', '--format', 'ndjson', '--out', out])
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const started = new Promise((resolve) => {
    const timer = setInterval(() => {
      if (readable(out).length === 0) return
      clearInterval(timer)
      resolve(undefined)
    }, 20)
  })
  child.stdin.on('error', () => {}) // the interrupted command reads no further
  child.stdin.write(numbers) // and no end: the command waits for more
  await started
  child.kill('SIGINT')
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'packed: Aborted: interrupted\n' })
  expect(readable(out)).toEqual([])
})

test('an output that exists is kept unless it may be replaced', async () => {
  const file = join(directory, 'kept.csv')
  const out = join(directory, 'kept')
  writeFileSync(file, 'id\n1\n')
  await packedOutput(['write', file, '--out', out])
  expect((await packed(['write', file, '--out', out])).stderr).toMatch(/^packed: AlreadyExists: /)
  const cat = ['cat', join(out, '0'), '--out', file]
  expect((await packed(cat)).stderr).toMatch(/^packed: AlreadyExists: .*--if-exists replace/)
  writeFileSync(file, 'id\n2\n')
  await packedOutput(['write', file, '--out', out, '--if-exists', 'replace'])
  await packedOutput([...cat, '--format', 'ndjson', '--if-exists', 'replace'])
  expect(readFileSync(file, 'utf8')).toBe('{"id":2}\n')
  expect(filesBelow(directory).filter((path) => path.includes('partial'))).toEqual([])
})

function readable(path: string): string[] {
  try {
    return filesBelow(path)
  } catch {
    return []
  }
}
